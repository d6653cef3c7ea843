"""The page notices that the bot is gone, and that it is back; and history has pages."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import aiohttp
import pytest

from bot.models import Clip, Source, State
from bot.store import Rows
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from tests.fakes.browsers import in_each_browser, open_window, until
from tests.fakes.site import Site, open_site

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()
BANNER = "document.querySelector('#link-state')"
MOST = 130  # clips; more than two pages of them
SHOWN = "document.querySelectorAll('article').length"


def free_port() -> int:
    """A port that nothing listens on: the bot has to come back to the same one."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@asynccontextmanager
async def a_life(folder: Path, port: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """The bot in a process of its own, until it is killed."""
    names = ("PATH", "HOME", "VIRTUAL_ENV", "LANG")
    known = {name: os.environ[name] for name in names if name in os.environ}
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env=known | {"VIVANT_DATA": str(folder), "VIVANT_WEB_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await listens(bot, port)
        yield bot
    finally:
        if bot.returncode is None:
            bot.kill()
        await bot.wait()


async def listens(bot: asyncio.subprocess.Process, port: int) -> None:
    async with aiohttp.ClientSession() as session:
        while bot.returncode is None:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise AssertionError(f"it ended with {bot.returncode}")


@in_each_browser
async def test_the_page_says_that_the_bot_is_gone_until_it_is_back(
    tmp_path: Path, browser: str
) -> None:
    port = free_port()
    async with open_window(browser) as window:
        async with a_life(tmp_path, port) as bot:
            await window.go(f"http://127.0.0.1:{port}")
            await until(window, "document.querySelector('#empty').checkVisibility()")
            assert not await window.run(f"{BANNER}.checkVisibility()")

            bot.kill()
            told = await until(
                window, f"{BANNER}.checkVisibility() && {BANNER}.innerText"
            )
            assert told == "Lost touch with the bot. Trying again…"
        async with a_life(tmp_path, port):
            await until(window, f"{BANNER}.innerText.startsWith('Back in touch')")
            await until(window, f"!{BANNER}.checkVisibility()")


async def fill(site: Site) -> None:
    """Keep many clips, some of them ordered in the same moment; none has a film."""
    card = await site.animate(CAT, "pan left", seconds=1)
    job = await job_rows.get(site.house.store, card["id"])
    assert job
    nothing = "0" * 64
    root = Source(
        clip_id=f"clip{MOST - 1}",
        media=f"{nothing}.mp4",
        provider="local",
        model="parallax",
        seconds=1,
        prompt="pan left",
    )
    clip = Clip(
        id=job.id,
        person=job.person,
        place=job.place,
        request=job.request,
        media=f"{nothing}.mp4",
        poster=f"{nothing}.jpg",
        last_frame=f"{nothing}.png",
        size=job.request.size,
        seconds=1.0,
        bytes=1,
        price=job.price,
        created=job.created,
    )

    async def write(db: Rows) -> None:
        for number in range(1, MOST):
            name, at = f"clip{number:03}", job.created - number // 3
            request = replace(job.request, source=root if number == 1 else None)
            older = replace(job, id=name, created=at, state=State.DONE, request=request)
            await job_rows.add(db, older, event=None)
            await clip_rows.put(db, replace(clip, id=name, created=at))

    await site.house.store.transaction(write)


@in_each_browser
async def test_every_clip_can_be_reached(tmp_path: Path, browser: str) -> None:
    last = "document.querySelector('article:last-of-type')"
    async with open_site(tmp_path) as site, open_window(browser) as window:
        await fill(site)
        await window.go(site.address)
        await until(window, f"{SHOWN} === 60")
        loaded = await window.run("document.querySelectorAll('video[src]').length")
        assert loaded < 20, "those far away load nothing"
        parent = "document.querySelector('#card-clip001 .lineage').innerText"
        assert await window.run(parent) == "Remix of an earlier clip"
        for shown in (120, MOST):
            await window.click("#more")
            await until(window, f"{SHOWN} === {shown}")
            await until(window, "document.activeElement.matches('article')")
        assert await window.run(parent) == "Remix of “pan left”"
        assert not await window.run("document.querySelector('#more').checkVisibility()")
        await window.run(f"{last}.scrollIntoView()")
        await until(window, f"{last}.querySelector('video').hasAttribute('src')")
        loaded = await window.run("document.querySelectorAll('video[src]').length")
        assert loaded < 20, "what is far away again lets its film go"


async def test_history_comes_in_pages(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await fill(site)
        seen: list[str] = []
        path = "/api/jobs"
        while path:
            async with site.session.get(f"{site.address}{path}") as answer:
                cards = await answer.json()
                more = answer.links.get("next")
            path = str(more["url"]).removeprefix(site.address) if more else ""
            seen += [card["id"] for card in cards]
            assert len(cards) <= 60

        assert len(seen) == len(set(seen)) == MOST


@pytest.mark.parametrize("place", ["", "soon", "1-a", "1.0-", "1.0-../a", "9" * 99])
async def test_a_page_that_is_none_is_refused_in_words(
    tmp_path: Path, place: str
) -> None:
    async with open_site(tmp_path) as site:
        status, told = await site.get(f"/api/jobs?before={place}")

        assert (status, told["error"]) == (422, "There is no such page of clips.")
