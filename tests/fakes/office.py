"""The core with a fake provider, on a fake Slack, through the real Bolt app."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import web
from PIL import Image
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.http_retry.builtin_interval_calculators import (
    FixedValueRetryIntervalCalculator,
)

from adapters.slack.app import Pace, Parts, assemble
from adapters.slack.http import add_routes
from adapters.slack.manifest import manifest
from adapters.slack.paths import EVENTS
from adapters.web import create_app
from bot.config import Settings
from bot.models import Job
from bot.models import Person as Asker
from bot.pacing import Pace as RenderPace
from tests.fakes.harbour import QUICK, Clock, NoisyJobs
from tests.fakes.house import FakeHouse, open_fake_house
from tests.fakes.slack_api import (
    Channel,
    FakeSlack,
    FileUpload,
    Message,
    Person,
    Team,
    open_slack,
)
from tests.fakes.world import FakeProvider

LOOKS = (0.02,) * 10  # seconds between looks for what Slack is not done with


def photo(colour: str = "teal", name: str = "photo.png") -> FileUpload:
    """A small picture, as somebody sends it."""
    out = BytesIO()
    Image.new("RGB", (160, 96), colour).save(out, "PNG")
    return FileUpload(name, out.getvalue())


@dataclass
class Office:
    """Everything a test on Slack may look at.

    Attributes:
        transport: `socket` or `http`.
        team: A workspace with the bot, `channel`, and two people.
    """

    slack: FakeSlack
    house: FakeHouse
    settings: Settings
    clock: Clock
    transport: str
    team: Team
    channel: Channel
    ada: Person
    bob: Person
    pace: dict[str, Any]
    seen: set[str] = field(default_factory=set)
    parts: Parts = field(init=False)
    _online: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def clip(self, words: str = "pan left", **fields: Any) -> Message:
        """Ada asks for a clip by the studio; the message with it."""
        await self.order(words, **fields)
        return await self.next_clip()

    async def order(self, words: str = "pan left", **fields: Any) -> None:
        """Ada sends the studio, with no picture unless there is one in the fields."""
        await self.ada.slash(self.channel, "/animate", words)
        await self.ada.submit(await self.ada.modal(), fields)

    async def next_clip(self, channel: Channel | None = None) -> Message:
        """The next clip to come, once every job has ended."""
        clip = await (channel or self.channel).until(
            lambda m: bool(m.uploads) and m.ts not in self.seen
        )
        self.seen.add(clip.ts)
        await self.idle()
        return clip

    async def card(
        self,
        words: str,
        *,
        button: str = "",
        about: str = "",
        channel: Channel | None = None,
    ) -> Message:
        """The latest card that says this, there or to come.

        Args:
            words: What it says.
            button: What may be pressed on it.
            about: The clip or job that its buttons are for.
            channel: Where; the first channel when left out.
        """
        there = channel or self.channel

        def fits(message: Message) -> bool:
            values = (e["element"].get("value") for e in message.elements)
            ids = {str(value).partition(" ")[0] for value in values}
            return (
                message.by_bot
                and not message.uploads
                and words in message.words
                and (not button or button in message.buttons)
                and (not about or about in ids)
            )

        def look() -> Message | None:
            return next((m for m in reversed(there.messages) if fits(m)), None)

        return await self.slack.bell.until(look, 5, there.dump)

    async def idle(self, jobs: int = 1) -> None:
        """Wait until there have been so many jobs, and all have ended."""
        assert isinstance(self.house.jobs, NoisyJobs)
        while await self._count() < jobs or await self.house.unfinished():
            async with asyncio.timeout(10):
                await self.house.jobs.moved.wait()
            self.house.jobs.moved.clear()

    async def _count(self) -> int:
        [row] = await self.house.store.rows("SELECT count(*) AS n FROM jobs")
        return int(row["n"])

    def asker(self, person: Person | None = None) -> Asker:
        """Somebody, as the core knows them."""
        who = person or self.ada
        enterprise = who.team.enterprise
        org = enterprise.id if enterprise else who.team.id
        return Asker(chat="slack", id=f"{org}.{who.id}")

    async def jobs(self, person: Person | None = None) -> list[Job]:
        """A person's jobs, the newest first."""
        entries = await self.house.service.history(self.asker(person))
        return [entry.job for entry in entries]

    async def connect(self) -> None:
        """Bring an app online, in place of the one before."""
        if self.transport == "http":
            await self._listen()
        else:
            await self.connect_apart()
            await self._dial()
        await self.parts.chat.catch_up()

    async def connect_apart(self) -> None:
        """Put an app together that nothing reaches yet."""
        loop = asyncio.get_running_loop()
        times: dict[str, Any] = {
            "gap": 0.0,
            "drip": 0.0,
            "looks": LOOKS,
            "later": (0.02,),
            "picture_looks": (0.0, *LOOKS),
            "echo": 0.1,
            "pauses": FixedValueRetryIntervalCalculator(0.01),
            "clock": lambda: loop.time() + self.clock.ahead,
            "now": lambda: time.time() + self.clock.ahead,
        }
        pace = Pace(**(times | self.pace))
        self.parts = assemble(self.settings, self.house.service, pace=pace)
        self._online.push_async_callback(self.parts.close)

    async def disconnect(self) -> None:
        """Take the app offline, as a restart does."""
        await self._online.aclose()

    async def _dial(self) -> None:
        for _ in range(2):
            handler = AsyncSocketModeHandler(
                self.parts.app, self.slack.app_token, ping_interval=0.5
            )
            await handler.connect_async()  # type: ignore[no-untyped-call]
            self._online.push_async_callback(_hang_up, handler)
        await self.slack.socket.until(2)

    async def _listen(self) -> None:
        door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        self.settings = replace(
            self.settings, public_url=self.url, web_token="a-word-for-the-page"
        )
        await self.connect_apart()
        app = await asyncio.to_thread(create_app, self.settings, self.house.service)
        add_routes(app, self.parts, self.settings)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, door).start()
        self._online.push_async_callback(runner.cleanup)
        await self.slack.deliver_over("http", f"{self.url}{EVENTS}")


async def _hang_up(handler: AsyncSocketModeHandler) -> None:
    client = handler.client
    await handler.close_async()  # type: ignore[no-untyped-call]
    left = [client.message_processor, client.message_receiver]
    left.append(client.current_session_monitor)
    await asyncio.gather(*(task for task in left if task), return_exceptions=True)


@asynccontextmanager
async def open_office(
    folder: Path,
    *,
    transport: str = "socket",
    provider: FakeProvider | None = None,
    online: bool = True,
    low: bool = False,
    rotates: bool = False,
    installs: bool = False,
    pace: dict[str, Any] | None = None,
    render_pace: RenderPace = QUICK,
    **settings: Any,
) -> AsyncGenerator[Office]:
    """Open the core in a folder, run its jobs, and be on Slack.

    Args:
        folder: Where the core keeps everything.
        transport: `socket` or `http`.
        provider: What renders.
        online: Whether to be reached at once.
        low: Whether the app has the manifest with fewer scopes.
        rotates: Whether tokens end after twelve hours.
        installs: Whether other workspaces may install it.
        pace: Differences from a pace in a hurry.
        render_pace: How patient jobs are.
        settings: Differences from the usual settings.
    """
    clock = Clock()
    url = "http://127.0.0.1" if transport == "http" else None
    asked = manifest(low=low, url=url)
    asked["settings"]["token_rotation_enabled"] = rotates
    async with (
        open_slack(asked, clock=lambda: time.time() + clock.ahead) as fake,
        open_fake_house(
            folder, provider=provider, pace=render_pace, jobs_class=NoisyJobs
        ) as house,
    ):
        team = fake.team("Harbour")
        chosen = {
            "slack_bot_token": fake.bot_token,
            "slack_app_token": fake.app_token,
            "slack_signing_secret": fake.signing_secret,
            "slack_api_url": fake.api_url.rstrip("/"),
        }
        if installs:
            chosen |= {
                "slack_client_id": fake.client_id,
                "slack_client_secret": fake.client_secret,
            }
        office = Office(
            fake,
            house,
            Settings(data=folder, **(chosen | settings)),
            clock,
            transport,
            team,
            team.channel("general"),
            team.person("Ada"),
            team.person("Bob"),
            pace or {},
        )
        running = asyncio.create_task(house.runner.run())
        try:
            if online:
                await office.connect()
            yield office
        finally:
            await office.disconnect()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
