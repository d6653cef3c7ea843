"""The page and everything behind it, on a port of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from adapters.web import create_app
from adapters.web.server import Site as Listening
from bot.assembly import House, open_house
from bot.config import Settings
from bot.pacing import Pace

ORDER = {"X-Vivant": "1"}


@dataclass
class Site:
    """A running page and a program that talks to it."""

    house: House
    address: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        async with self.session.get(self.address + path, **more) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: object, **more: Any) -> tuple[int, Any]:
        """Send JSON as the page does; status and JSON of the answer."""
        headers = {"Content-Type": "application/json"} | more.pop("headers", ORDER)
        data = BytesIO(json.dumps(body).encode())
        url = self.address + path
        async with self.session.post(url, data=data, headers=headers, **more) as answer:
            return answer.status, await answer.json()

    async def upload(self, data: bytes, name: str = "cat.jpg") -> tuple[int, Any]:
        """Send a picture as the page does."""
        form = aiohttp.FormData()
        form.add_field("file", BytesIO(data), filename=name, content_type="image/jpeg")
        url = f"{self.address}/api/stills"
        async with self.session.post(url, data=form, headers=ORDER) as answer:
            return answer.status, await answer.json()

    async def animate(self, photo: bytes, prompt: str, **more: object) -> Any:
        """Upload a photo and order a clip of it; the card."""
        _, still = await self.upload(photo)
        order = {"event": f"event {prompt}", "prompt": prompt, "still": still} | more
        status, card = await self.post("/api/jobs", order)
        assert status == 202, card
        return card

    async def ended(self, job_id: str) -> Any:
        """The card of a job once it has ended, told by the live updates."""
        async with self.session.get(f"{self.address}/api/events") as events:
            _, card = await self.get(f"/api/jobs/{job_id}")
            while not card["ended"]:
                await events.content.readuntil(b"\n\n")
                _, card = await self.get(f"/api/jobs/{job_id}")
        return card


@asynccontextmanager
async def open_site(
    folder: Path,
    *,
    pace: Pace | None = None,
    limits: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncGenerator[Site]:
    """Serve the page over the real core in a folder."""
    chosen = Settings(
        data=folder,
        database_url=f"sqlite:///{folder}/vivant.sqlite3",
        **{"min_free_mb": 0} | settings,
    )
    async with open_house(chosen, pace=pace, hooks=True) as house:
        app = await asyncio.to_thread(create_app, chosen, house.service)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await Listening(runner, "127.0.0.1", 0, **(limits or {})).start()
        running = asyncio.create_task(house.run())
        try:
            async with aiohttp.ClientSession() as session:
                host, port = runner.addresses[0]
                yield Site(house, f"http://{host}:{port}", session)
        finally:
            await runner.cleanup()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
