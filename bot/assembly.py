"""The parts put together: what runs, no matter who asks."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot import footing, retention
from bot.backup import swap
from bot.choice import Choice
from bot.clock import Clock, boot_id, keep, open_clock
from bot.config import Settings
from bot.copies import Copies
from bot.errors import BotError
from bot.fence import fenced
from bot.films import FILMS, Films
from bot.jobs import Jobs
from bot.media import Media
from bot.pacing import Pace
from bot.providers import Provider
from bot.providers.cloud import Cloud
from bot.providers.local.provider import LocalProvider
from bot.providers.opening import open_services
from bot.runners import LocalRunner
from bot.service import RenderService
from bot.stills import Stills
from bot.store import Store, open_sqlite
from bot.workshop import Workshop
from bot.workshop.strikes import Strikes

log = logging.getLogger(__name__)

PICTURES = "bot.stills.worker:prepare"
COPIES = "bot.copies.shrink:work"
RENDERS = "bot.providers.local.worker:work"
JOBS = "jobs"  # the part that carries them, to its health
LOOK_EVERY = 5.0  # seconds between two looks at the workers
PICTURE_MEMORY = 96 << 20  # bytes beside the 43 MB of a child; not all are ever used
PICTURE_CPU = 3  # seconds
SWEEP_EVERY = 3_600.0  # seconds
KEEP_TIME_EVERY = 60.0  # seconds
REFRESH_EVERY = 6 * 3_600.0  # seconds; fal asks that its keys be kept for a day at most


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open while the bot runs.

    Attributes:
        resting: Held by whoever needs that no file is swept away meanwhile.
    """

    settings: Settings
    store: Store
    media: Media
    service: RenderService
    providers: Mapping[str, Provider]
    services: Mapping[str, Cloud]
    runner: LocalRunner
    clock: Clock
    workshops: Sequence[Workshop]
    resting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Carry jobs and sweep what is past its time, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fenced(JOBS, self._carry, self.service.health))
            tasks.create_task(self._watch_workers())
            tasks.create_task(self._keep_tidy())
            tasks.create_task(self._keep_time())
            for service in self.services.values():
                tasks.create_task(self._keep_fresh(service))

    async def _carry(self) -> None:
        self.service.health.up(JOBS)
        await self.runner.run()

    async def _watch_workers(self) -> None:
        while True:
            for shop in self.workshops:
                if shop.starts:
                    self.service.health.up(shop.name)
                else:
                    self.service.health.down(shop.name, "its worker does not start")
            await asyncio.sleep(LOOK_EVERY)

    async def _keep_fresh(self, service: Cloud) -> None:
        while True:
            try:
                await service.refresh()
            except BotError as error:
                log.warning("%s cannot be refreshed: %s", service.name, error)
            except Exception:
                log.exception("%s cannot be refreshed", service.name)
            await asyncio.sleep(REFRESH_EVERY)

    async def _keep_tidy(self) -> None:
        while True:
            try:
                days = self.settings.keep_days
                async with self.resting:
                    await retention.sweep(
                        self.store, self.media, keep_days=days, now=self.clock
                    )
            except BotError as error:
                log.warning("old clips could not be swept away: %s", error)
            except Exception:
                log.exception("old clips could not be swept away")
            await asyncio.sleep(SWEEP_EVERY)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(KEEP_TIME_EVERY)
            try:
                await keep(self.store, self.clock)
            except BotError as error:
                log.warning("the time could not be kept: %s", error)
            except Exception:
                log.exception("the time could not be kept")


def open_pictures() -> Workshop:
    """Where pictures are decoded: 120 MB with the child itself, and 3 s of CPU."""
    return Workshop(
        PICTURES,
        name="pictures",
        children=2,
        memory_bytes=PICTURE_MEMORY,
        cpu_seconds=PICTURE_CPU,
        seconds=20,
    )


def open_films() -> Workshop:
    """Where films that others made are opened."""
    return Workshop(
        FILMS,
        name="films",
        children=2,
        nice=5,
        memory_bytes=1 << 30,
        cpu_seconds=300,
        seconds=600,
    )


@asynccontextmanager
async def open_house(
    settings: Settings, *, pace: Pace | None = None, hooks: bool = False
) -> AsyncGenerator[House]:
    """Open the database and the workers; close them in the end.

    Args:
        settings: What the owner has set up.
        pace: How patient jobs are.
        hooks: Whether somebody serves `/hooks/NAME`, so that services may call.

    Raises:
        SetupError: The owner has to change something first.
    """
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(swap.finish, settings.data, settings.database)
        media = await asyncio.to_thread(Media, settings.data / "media")
        await asyncio.to_thread(footing.check, settings, media)
        store = await open_sqlite(settings.database)
        stack.push_async_callback(store.close)
        clock = await open_clock(store, boot=await asyncio.to_thread(boot_id))
        strikes = Strikes()
        pictures = open_pictures()
        stack.push_async_callback(pictures.close)
        filming = open_films()
        films = Films(media, filming, strikes=strikes)
        stack.push_async_callback(films.close)
        renders = Workshop(
            RENDERS, name="renders", nice=10, memory_bytes=4 << 30, seconds=300
        )
        local = LocalProvider(
            media,
            renders,
            mark=settings.mark,
            max_seconds=settings.max_seconds,
        )
        stack.push_async_callback(local.close)
        services = await asyncio.to_thread(
            open_services, settings, media, store=store, hooks=hooks
        )
        for opened in services.values():
            stack.push_async_callback(opened.close)
        providers: dict[str, Provider] = {local.name: local, **services}
        choice = Choice(
            providers,
            draft=settings.draft,
            final=settings.final,
            draft_in=settings.draft_in,
            final_in=settings.final_in,
        )
        small = Workshop(
            COPIES, name="copies", nice=10, memory_bytes=2 << 30, seconds=300
        )
        copies = Copies(media, small)
        stack.push_async_callback(copies.close)
        jobs = Jobs(
            store,
            providers,
            {},
            media,
            films=films,
            choice=choice,
            pace=pace,
            now=clock,
        )
        runner = LocalRunner(
            store,
            jobs,
            per_person=settings.person_renders_at_once,
            per_provider={
                name: min(provider.at_once, settings.renders_at_once)
                for name, provider in providers.items()
            },
            now=clock,
        )
        service = RenderService(
            store,
            jobs,
            providers,
            media,
            Stills(media, pictures, strikes=strikes),
            copies,
            settings=settings,
            now=clock,
        )
        shops = (pictures, filming, renders, small)
        yield House(
            settings, store, media, service, providers, services, runner, clock, shops
        )
