"""The whole core over a fake provider and a fake chat, in one folder."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Caps, Settings
from bot.copies import Copies
from bot.films import FILMS, Films
from bot.jobs import Jobs
from bot.media import Media
from bot.models import Ask, Job, Person, Place
from bot.pacing import Pace
from bot.runners import LocalRunner
from bot.service import RenderService
from bot.stills import Stills
from bot.store import Store, open_sqlite
from bot.store.schema import ENDED
from bot.store.sqlite import Sqlite
from bot.workshop import Workshop
from tests.fakes.threads import ThreadWorkshop
from tests.fakes.world import FakeChat, FakeProvider

ANN = Person(chat="fake", id="ann")
BOB = Person(chat="fake", id="bob")
HERE = Place(chat="fake", workspace="guild", channel="general")
AT_ONCE = Pace(
    first=0.0,
    growth=1.0,
    longest=0.0,
    tries=3,
    settle=0.0,
    outage=0.0,
    gone=0.0,
    grace=0.0,
    fetch=0.0,
    fetch_longest=0.0,
)
PLENTY = Caps(
    person_day=None,
    workspace_day=None,
    month_micros=None,
    free_per_hour=10**6,
    at_once=10**6,
)


@dataclass
class Ticks:
    """A monotonic clock on which every look at it takes some seconds."""

    step: float = 1.0
    at: float = 1_000.0

    def __call__(self) -> float:
        self.at += self.step
        return self.at


@dataclass
class FakeHouse:
    """Everything a test may look at."""

    store: Store
    media: Media
    provider: FakeProvider
    chat: FakeChat
    jobs: Jobs
    service: RenderService
    runner: LocalRunner

    async def submit(self, prompt: str = "push in", *, person: Person = ANN) -> Job:
        """Order four seconds."""
        ask = Ask(prompt=prompt, seconds=4)
        return await self.service.submit(ask, person=person, place=HERE)

    async def remix(self, clip_id: str, words: str) -> Job:
        """Answer one of Ann's clips."""
        return await self.service.remix(clip_id, words, person=ANN, place=HERE)

    async def extend(self, clip_id: str, seconds: int) -> Job:
        """Make one of Ann's clips longer."""
        return await self.service.extend(clip_id, "", seconds, person=ANN, place=HERE)

    @asynccontextmanager
    async def busy(self) -> AsyncGenerator[None]:
        """Let everybody wait for the database meanwhile."""
        assert isinstance(self.store, Sqlite)
        async with self.store._lock:
            yield

    async def settled(self) -> None:
        """Run until no job is unfinished."""
        running = asyncio.create_task(self.runner.run())
        await self.finish()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def finish(self) -> None:
        """Wait until no job is unfinished."""
        while await self.unfinished():
            await self.chat.changed.wait()
            self.chat.changed.clear()

    async def unfinished(self) -> int:
        """How many jobs have not ended."""
        [row] = await self.store.rows(
            f"SELECT count(*) AS n FROM jobs WHERE state NOT IN {ENDED}"
        )
        return int(row["n"])

    async def ledger(self) -> list[tuple[str, int]]:
        """Kind and units of every entry, in order."""
        rows = await self.store.rows("SELECT kind, units FROM ledger ORDER BY held_at")
        return [(row["kind"], row["units"]) for row in rows]


@asynccontextmanager
async def open_fake_house(
    folder: Path,
    *,
    provider: FakeProvider | None = None,
    chat: FakeChat | None = None,
    caps: Caps = PLENTY,
    per_person: int = 1_000,
    jobs_class: Callable[..., Jobs] = Jobs,
    now: Callable[[], float] | None = None,
    ticks: Callable[[], float] = time.monotonic,
    pace: Pace = AT_ONCE,
    min_free_mb: int = 0,
) -> AsyncGenerator[FakeHouse]:
    """Open the core in a folder; what is in the folder already goes on."""
    clock: dict[str, Any] = {} if now is None else {"now": now}
    store = await open_sqlite(folder / "vivant.sqlite3")
    provider = provider or FakeProvider(folder)
    chat = chat or FakeChat(folder)
    media = await asyncio.to_thread(Media, folder / "media")
    providers = {provider.name: provider}
    films = Films(media, ThreadWorkshop(FILMS, name="films"))
    chats = {chat.name: chat}
    jobs = jobs_class(
        store, providers, chats, media, films=films, pace=pace, clock=ticks, **clock
    )
    settings = Settings(
        data=folder, draft=(f"{provider.name}/one",), caps=caps, min_free_mb=min_free_mb
    )
    pictures = ThreadWorkshop("bot.stills.worker:prepare", name="pictures")
    copies = Workshop("bot.copies.shrink:work", name="copies")
    runner = LocalRunner(
        store,
        jobs,
        per_person=per_person,
        per_provider={provider.name: provider.at_once},
        patience=0.0,
        breath=min(pace.first, 0.01),
        **clock,
    )
    service = RenderService(
        store,
        jobs,
        providers,
        media,
        Stills(media, pictures),
        Copies(media, copies),
        settings=settings,
        **clock,
    )
    try:
        yield FakeHouse(store, media, provider, chat, jobs, service, runner)
    finally:
        await provider.close()
        await pictures.close()
        await films.close()
        await copies.close()
        chat.posts.close()
        await store.close()
