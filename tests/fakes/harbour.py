"""The core with a fake provider, on a fake Discord, through the real client."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import discord
from PIL import Image

from adapters.discord.client import Parts, assemble
from bot.config import Settings
from bot.jobs import Jobs
from bot.models import Job, Person
from bot.pacing import Pace
from bot.service import RenderService
from tests.fakes.discord_api import (
    Channel,
    FakeDiscord,
    Guild,
    Sent,
    Upload,
    open_discord,
)
from tests.fakes.discord_api import Person as Human
from tests.fakes.house import FakeHouse, open_fake_house
from tests.fakes.world import FakeProvider

QUICK = Pace(first=0.002, growth=1.0, longest=0.002, tries=3, settle=0.0, outage=0.0)


def photo(colour: str = "teal") -> Upload:
    """A small picture, as somebody attaches it."""
    out = BytesIO()
    Image.new("RGB", (160, 96), colour).save(out, "PNG")
    return Upload("photo.png", out.getvalue())


class NoisyJobs(Jobs):
    """Jobs that tell when one has moved."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.moved = asyncio.Event()

    async def move(self, job: Job, to: Job) -> Job:
        try:
            return await super().move(job, to)
        finally:
            self.moved.set()


@dataclass
class Clock:
    """A clock that a test moves."""

    ahead: float = 0.0

    def move(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.ahead += seconds


@dataclass
class Harbour:
    """Everything a test on Discord may look at.

    Attributes:
        guild: A server with the bot, `channel`, and two people.
    """

    discord: FakeDiscord
    house: FakeHouse
    settings: Settings
    clock: Clock
    parts: Parts
    guild: Guild
    channel: Channel
    ada: Human
    bob: Human
    seen: set[int] = field(default_factory=set)

    async def clip(self, words: str = "pan left", **options: Any) -> Sent:
        """Ada asks for a clip in words alone; the message with it."""
        await self.ada.slash(self.channel, "animate", prompt=words, **options)
        return await self.next_clip()

    async def next_clip(self, channel: Channel | None = None) -> Sent:
        """The next clip to come, once every job has ended."""
        seen = self.seen
        clip = await (channel or self.channel).until(
            lambda m: bool(m.files) and m.id not in seen
        )
        seen.add(clip.id)
        await self.idle()
        return clip

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

    async def jobs(self, person: Human | None = None) -> list[Job]:
        """A person's jobs, the newest first."""
        whose = Person(chat="discord", id=str((person or self.ada).id))
        return [e.job for e in await self.house.service.history(whose)]

    async def connect(self) -> None:
        """Bring a client online, in place of the one before."""
        self.parts = make(self.settings, self.house.service, self.clock)
        client = self.parts.client
        self._running = asyncio.create_task(client.start(self.discord.token))
        ready = asyncio.create_task(client.wait_until_ready())
        await asyncio.wait([self._running, ready], return_when="FIRST_COMPLETED")
        if self._running.done():
            await self._running

    async def disconnect(self) -> None:
        """Take the client offline, as a restart does."""
        await self.parts.close()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


def make(settings: Settings, service: RenderService, clock: Clock) -> Parts:
    """Our client, in a hurry, by the test's clock."""
    loop = asyncio.get_running_loop()
    parts = assemble(
        settings,
        service,
        gap=0.0,
        clock=lambda: loop.time() + clock.ahead,
        now=lambda: time.time() + clock.ahead,
    )
    hurry(parts.client)
    return parts


def hurry(client: discord.Client) -> None:
    """Leave out discord.py's own pauses at the start."""
    client._connection.guild_ready_timeout = 0.002

    async def at_once(shard_id: int | None, *, initial: bool = False) -> None:
        """Identify without waiting for others."""

    client.before_identify_hook = at_once  # type: ignore[method-assign]


@asynccontextmanager
async def open_harbour(
    folder: Path,
    *,
    provider: FakeProvider | None = None,
    pace: Pace = QUICK,
    online: bool = True,
    tier: int = 0,
    conform: bool = False,
    **settings: Any,
) -> AsyncGenerator[Harbour]:
    """Open the core in a folder, run its jobs, and be on Discord."""
    clock = Clock()
    async with (
        open_discord(clock=lambda: time.time() + clock.ahead, conform=conform) as fake,
        open_fake_house(
            folder, provider=provider, pace=pace, jobs_class=NoisyJobs
        ) as house,
    ):
        chosen = Settings(
            discord_token=fake.token,
            discord_api_url=fake.api_url,
            discord_gateway_url=fake.gateway_url,
            **settings,
        )
        guild = fake.guild("Harbour", tier=tier)
        ada, bob = fake.person("Ada"), fake.person("Bob")
        guild.join(ada)
        guild.join(bob)
        parts = make(chosen, house.service, clock)
        harbour = Harbour(
            fake, house, chosen, clock, parts, guild, guild.channel("general"), ada, bob
        )
        running = asyncio.create_task(house.runner.run())
        try:
            if online:
                await harbour.connect()
            yield harbour
        finally:
            if online:
                await harbour.disconnect()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
