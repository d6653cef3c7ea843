"""The parts put together: what runs, no matter who asks."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot import footing, retention
from bot.choice import Choice
from bot.config import Settings
from bot.copies import Copies
from bot.errors import BotError
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

log = logging.getLogger(__name__)

PICTURES = "bot.stills.worker:prepare"
COPIES = "bot.copies.shrink:work"
RENDERS = "bot.providers.local.worker:work"
SWEEP_EVERY = 3_600.0  # seconds
REFRESH_EVERY = 6 * 3_600.0  # seconds; fal asks that its keys be kept for a day at most


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open while the bot runs."""

    settings: Settings
    store: Store
    media: Media
    service: RenderService
    providers: Mapping[str, Provider]
    services: Mapping[str, Cloud]
    runner: LocalRunner

    async def run(self) -> None:
        """Carry jobs and sweep what is past its time, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.runner.run())
            tasks.create_task(self._keep_tidy())
            for service in self.services.values():
                tasks.create_task(self._keep_fresh(service))

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
                await retention.sweep(self.store, self.media, keep_days=days)
            except BotError as error:
                log.warning("old clips could not be swept away: %s", error)
            except Exception:
                log.exception("old clips could not be swept away")
            await asyncio.sleep(SWEEP_EVERY)


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
        media = await asyncio.to_thread(Media, settings.data / "media")
        await asyncio.to_thread(footing.check, settings, media)
        store = await open_sqlite(settings.database)
        stack.push_async_callback(store.close)
        pictures = Workshop(PICTURES, name="pictures", memory_bytes=2 << 30, seconds=20)
        stack.push_async_callback(pictures.close)
        local = LocalProvider(
            media,
            Workshop(
                RENDERS, name="renders", nice=10, memory_bytes=4 << 30, seconds=300
            ),
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
        copies = Copies(
            media,
            Workshop(COPIES, name="copies", nice=10, memory_bytes=2 << 30, seconds=300),
        )
        stack.push_async_callback(copies.close)
        jobs = Jobs(store, providers, {}, media, choice=choice, pace=pace)
        runner = LocalRunner(
            store,
            jobs,
            per_person=settings.person_renders_at_once,
            per_provider={
                name: min(provider.at_once, settings.renders_at_once)
                for name, provider in providers.items()
            },
        )
        service = RenderService(
            store,
            jobs,
            providers,
            media,
            Stills(media, pictures),
            copies,
            settings=settings,
        )
        yield House(settings, store, media, service, providers, services, runner)
