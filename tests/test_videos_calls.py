"""The owner's address is told what became of a program's video, until it has heard."""

import json
import logging
import time
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from bot.errors import Fault, ProviderError
from bot.providers import hooks
from tests.fakes.programs import AT_ONCE, Audience, Heard, Programs, open_programs
from tests.fakes.providers.videos import SECRET
from tests.fakes.world import FakeProvider


async def kept(programs: Programs) -> int:
    """How many calls are still to be made."""
    return len(await programs.house.store.rows("SELECT job FROM outbox"))


async def read(heard: Heard) -> tuple[str, str]:
    """What happened to which video, as the official SDK verifies and reads it."""
    client = AsyncOpenAI(api_key="none")
    event = client.webhooks.unwrap(heard.body, heard.headers, secret=SECRET)
    await client.close()
    assert event.type in {"video.completed", "video.failed"}
    return event.type, event.data.id


async def test_a_finished_video_is_told_signed_as_standard_webhooks_say(
    tmp_path: Path,
) -> None:
    async with (
        Audience().listening() as audience,
        open_programs(tmp_path, webhook_url=audience.url) as programs,
    ):
        program = await programs.program()
        video = await program.made()

        heard = await audience.next()

        assert await read(heard) == ("video.completed", video["id"])
        name = hooks.standard(heard.headers, heard.body, secret=SECRET, now=time.time())
        assert name == json.loads(heard.body)["id"] == f"evt_{video['id']}"


async def test_a_failed_video_is_told_and_a_stopped_one_is_not(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with (
        Audience().listening() as audience,
        open_programs(tmp_path, provider=provider, webhook_url=audience.url) as all_,
    ):
        program = await all_.program()
        stopped = await program.create("a")
        await program.ask("DELETE", f"/videos/{stopped['id']}")
        while await all_.house.unfinished():
            await program.ask("GET", "/videos")
        provider.looks = 0
        provider.fails = ProviderError(Fault.UPSTREAM, "It broke.")
        failed = await program.made("b")

        assert await read(await audience.next()) == ("video.failed", failed["id"])


async def test_what_was_not_heard_is_said_again_with_the_same_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A redirect is followed nowhere: the address is the owner's, not a stranger's."""
    async with (
        Audience(answers=[500, 307, 404, 200]).listening() as audience,
        open_programs(tmp_path, webhook_url=audience.url) as programs,
    ):
        with caplog.at_level(logging.INFO):
            await (await programs.program()).made()
            calls = [await audience.next() for _ in range(4)]

        assert {call.path for call in calls} == {"/told"}
        assert len({call.headers["webhook-id"] for call in calls}) == 1
        while await kept(programs):
            pass
        assert audience.heard.empty()
        assert SECRET not in caplog.text
        assert caplog.text.count("was not heard") == 3


async def test_what_is_never_heard_is_given_up(tmp_path: Path) -> None:
    tries = 1 + len(AT_ONCE)
    async with (
        Audience(answers=[503] * 99).listening() as audience,
        open_programs(tmp_path, webhook_url=audience.url) as programs,
    ):
        await (await programs.program()).made()
        for _ in range(tries):
            await audience.next()

        while await kept(programs):
            pass
        assert audience.heard.empty()


async def test_a_call_that_was_not_heard_outlives_a_restart(tmp_path: Path) -> None:
    async with Audience().listening() as gone:
        nowhere = gone.url
    hour = (3_600.0,)
    async with open_programs(tmp_path, webhook_url=nowhere, pauses=hour) as programs:
        video = await (await programs.program()).made()
        while not await programs.house.store.rows("SELECT 1 FROM outbox WHERE tries"):
            pass
        await programs.house.store.rows("UPDATE outbox SET due = 0")

    async with (
        Audience().listening() as audience,
        open_programs(tmp_path, webhook_url=audience.url) as programs,
    ):
        assert await read(await audience.next()) == ("video.completed", video["id"])


async def test_nobody_is_told_where_no_address_is_set(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        await (await programs.program()).made()

        assert await kept(programs) == 0
