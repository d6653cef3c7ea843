"""`/v1/videos` over the core with its fake provider, and programs that talk to it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from openai import AsyncOpenAI

from adapters.web import create_app
from adapters.web.server import Site
from bot import keys
from bot.config import Caps, Settings
from bot.jobs import Jobs
from bot.outbox import Outbox
from tests.fakes.house import PLENTY, FakeHouse, open_fake_house
from tests.fakes.providers.videos import SECRET
from tests.fakes.world import FakeProvider

PATIENCE = 100.0  # a limit, in seconds, for what takes well under one
AT_ONCE = (0.0,) * 5


@dataclass
class Program:
    """A program with a key of its own."""

    address: str
    key: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        headers = {"Authorization": f"Bearer {self.key}"} | more.pop("headers", {})
        url = f"{self.address}/v1{path}"
        async with self.session.request(method, url, headers=headers, **more) as answer:
            return answer.status, await answer.json()

    async def create(self, prompt: str = "push in", **more: Any) -> Any:
        """Order a video in JSON."""
        status, video = await self.ask(
            "POST", "/videos", json={"prompt": prompt} | more
        )
        assert status == 200, video
        return video

    async def ended(self, video: Any) -> Any:
        """A video once it has ended."""
        while video["status"] in {"queued", "in_progress"}:
            _, video = await self.ask("GET", f"/videos/{video['id']}")
        return video

    async def made(self, prompt: str = "push in", **more: Any) -> Any:
        """Order a video and wait for it."""
        return await self.ended(await self.create(prompt, **more))

    async def content(
        self, video: Any, variant: str | None = None, **headers: str
    ) -> tuple[int, str, bytes]:
        """Status, type and bytes of a video's file."""
        url = f"{self.address}/v1/videos/{video['id']}/content"
        query = {"variant": variant} if variant else {}
        headers |= {"Authorization": f"Bearer {self.key}"}
        async with self.session.get(url, params=query, headers=headers) as answer:
            return answer.status, answer.content_type, await answer.read()

    @asynccontextmanager
    async def sdk(self) -> AsyncGenerator[AsyncOpenAI]:
        """The official client, pointed here."""
        url = f"{self.address}/v1"
        async with AsyncOpenAI(api_key=self.key, base_url=url) as client:
            yield client


class Heard(NamedTuple):
    """A call as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Audience:
    """Whom the owner wants to be told; `answers` are its next ones, then 204."""

    answers: list[int] = field(default_factory=list)
    heard: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    url: str = ""

    async def next(self) -> Heard:
        """The next call."""
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    async def hear(self, request: web.Request) -> web.Response:
        call = Heard(request.path, dict(request.headers), await request.read())
        await self.heard.put(call)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["Audience"]:
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", self.hear)
        async with served(app) as address:
            self.url = f"{address}/told"
            yield self


@dataclass
class Programs:
    """A Vivant that programs talk to."""

    house: FakeHouse
    address: str
    session: aiohttp.ClientSession

    async def program(self, name: str = "montage") -> Program:
        """A program with a new key."""
        key = await keys.create(self.house.store, name, now=time.time())
        assert key
        return Program(self.address, key, self.session)

    async def untouched(self) -> bool:
        """Whether nothing was ordered and nothing was charged."""
        return not await self.house.ledger() and not await self.house.unfinished()


@asynccontextmanager
async def served(app: web.Application) -> AsyncGenerator[str]:
    """Serve an application on a port of its own; its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await Site(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_programs(
    folder: Path,
    *,
    provider: FakeProvider | None = None,
    caps: Caps = PLENTY,
    pauses: Sequence[float] = AT_ONCE,
    jobs_class: type[Jobs] = Jobs,
    **settings: Any,
) -> AsyncGenerator[Programs]:
    """Serve everything over a fake provider in a folder."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            open_fake_house(folder, provider=provider, caps=caps, jobs_class=jobs_class)
        )
        house.service.outbox = Outbox(house.store, now=time.time, pauses=pauses)
        chosen = Settings(data=folder, webhook_secret=SECRET, **settings)
        app = await asyncio.to_thread(create_app, chosen, house.service)
        address = await stack.enter_async_context(served(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        running = asyncio.create_task(house.runner.run())
        try:
            yield Programs(house, address, session)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def form(*parts: tuple[str, str | bytes]) -> aiohttp.FormData:
    """A form; bytes are a file."""
    made = aiohttp.FormData(default_to_multipart=True)
    for name, value in parts:
        if isinstance(value, bytes):
            made.add_field(name, BytesIO(value), filename="cat.jpg")
        else:
            made.add_field(name, value)
    return made
