"""`vivant run` as a process: whatever happens around it, it goes on by itself."""

import asyncio
import os
import resource
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from adapters.slack.manifest import manifest
from tests.fakes.discord_api import open_discord
from tests.fakes.garbage import answers, open_garbage
from tests.fakes.slack_api import open_slack

PATIENCE = 60.0  # seconds; a limit for what takes a few


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def bot(
    folder: Path, *, files: int | None = None, **env: str
) -> AsyncGenerator[tuple[Process, str, aiohttp.ClientSession]]:
    """A running bot, its address, and a session to ask it with."""
    port = free_port()

    def limit() -> None:
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=folder,
        stdout=PIPE,
        stderr=PIPE,
        preexec_fn=limit,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parent.parent),
        }
        | {
            "VIVANT_WEB_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            "VIVANT_MIN_FREE_MB": "0",
        }
        | env,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session:
            await until(lambda told: told["status"] == "ok", address, session)
            yield process, address, session
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def until(
    good: Callable[[dict[str, Any]], bool], address: str, session: aiohttp.ClientSession
) -> dict[str, Any]:
    """What the health says once it is like this."""
    told: dict[str, Any] = {}
    for _ in range(int(PATIENCE * 10)):
        try:
            async with session.get(f"{address}/healthz") as answer:
                told = await answer.json()
            if good(told):
                return told
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError(told)


async def stopped(process: Process) -> str:
    """End it as a service manager does; what it logged."""
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert process.returncode == 0
    return (out + err).decode()


async def test_chats_that_answer_nonsense_end_nothing_and_are_met_again(
    tmp_path: Path,
) -> None:
    """Both are away behind a page of somebody's; both come back by themselves."""
    odd = answers()
    async with (
        open_slack(manifest()) as slack,
        open_discord() as discord,
        open_garbage(odd["200 a JSON word"]) as instead_of_slack,
        open_garbage(odd["200 a page"]) as instead_of_discord,
        bot(
            tmp_path,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            SLACK_API_URL=f"{instead_of_slack.address}/api",
            DISCORD_TOKEN=discord.token,
            DISCORD_API_URL=f"{instead_of_discord.address}/api/v10",
            DISCORD_GATEWAY_URL=discord.gateway_url,
        ) as (process, address, session),
    ):
        slack.team("Harbour")
        told = await until(
            lambda told: all(not told["parts"][n]["up"] for n in ("slack", "discord")),
            address,
            session,
        )
        assert told["status"] == "ok"
        instead_of_slack.answer = odd["reset"]
        await instead_of_slack.heard(instead_of_slack.asked + 1)
        async with session.get(f"{address}/api/jobs") as answer:
            assert answer.status == 200

        instead_of_slack.onward = slack.address
        instead_of_discord.onward = discord.api_url
        told = await until(
            lambda told: all(told["parts"][n]["up"] for n in ("slack", "discord")),
            address,
            session,
        )
        assert told["status"] == "ok"
        log = await stopped(process)

    assert "Traceback" not in log
    assert slack.bot_token not in log
    assert discord.token not in log


async def test_a_bot_without_descriptors_says_so_once_and_recovers(
    tmp_path: Path,
) -> None:
    async with bot(tmp_path, files=64) as (process, address, session):
        host, port = address.removeprefix("http://").split(":")
        async with AsyncExitStack() as stack:
            for _ in range(120):
                connecting = asyncio.open_connection(host, int(port))
                _, writer = await asyncio.wait_for(connecting, PATIENCE)
                stack.callback(writer.close)
            await until(lambda told: told["status"] == "ok", address, session)
        await until(lambda told: told["status"] == "ok", address, session)
        log = await stopped(process)

    assert "Traceback" not in log
    assert len(log.splitlines()) < 12
