"""LiteLLM's own proxy between us and a `/v1/videos` server.

    python -m venv /somewhere && /somewhere/bin/pip install 'litellm[proxy]'
    LITELLM=/somewhere/bin/litellm pytest tests/test_litellm_peer.py

It weighs 760 MB and takes half a minute to start, so nothing installs it by itself.
"""

import asyncio
import os
import re
import secrets
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import Service
from bot.models import Op, State
from tests.fakes.providers.rig import KIND, Rig, colour_of, open_rig
from tests.fakes.providers.service import KEY

LITELLM = os.environ.get("LITELLM", "")
STARTING = 120.0  # seconds

pytestmark = pytest.mark.skipif(
    not LITELLM, reason="LITELLM does not name LiteLLM's program"
)


@asynccontextmanager
async def behind_litellm(folder: Path) -> AsyncGenerator[Rig]:
    """A provider that reaches its server through LiteLLM alone."""
    async with open_rig(KIND["openai"], folder) as rig:
        key = f"sk-{secrets.token_hex(24)}"
        (folder / "litellm.yaml").write_text(
            "model_list: [{model_name: m, litellm_params: {model: openai/m,"
            f" api_base: '{rig.service.url}/v1', api_key: {KEY}}}}}]"
        )
        process = await asyncio.create_subprocess_exec(
            *(LITELLM, "--config", folder / "litellm.yaml"),
            *("--host", "127.0.0.1", "--port", "0"),
            stdout=DEVNULL,
            stderr=PIPE,
            env=os.environ
            | {"LITELLM_MASTER_KEY": key, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )
        try:
            async with asyncio.timeout(STARTING):
                address = await _address(process)
            service = Service(key=key, base_url=f"{address}/v1", profile="litellm")
            rig.settings = replace(rig.settings, services={"openai": service})
            await rig.restart()
            rig.kind = KIND["litellm"]
            yield rig
        finally:
            process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    told = b""
    while line := await process.stderr.readline():
        told += line
        if found := re.search(rb"running on (http://[\d.:]+)", line):
            return found[1].decode()
    raise AssertionError(told.decode())


async def test_a_picture_becomes_a_clip_a_remix_and_an_extension(
    tmp_path: Path,
) -> None:
    async with behind_litellm(tmp_path) as rig:
        clip = await rig.made()
        await rig.provider.download(clip, tmp_path / "got.mp4")
        for op in (Op.REMIX, Op.EXTEND):
            job = await rig.ordered_again(op, clip.ref)
            assert (await rig.watched(job)).state is State.DONE

        assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip
        first, *later = rig.service.steps("create")
        assert first.fields["prompt"] == "push in"
        assert colour_of(first.files[0][1])[1] == "red"
        assert [seen.path for seen in later] == ["/v1/videos"] * 2
