"""Cards: one message per job that shows how far it is, edited now and then.

A job may change many times a second; its card shows the latest state, with a pause
after each edit. The message itself is the chat's business.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from bot.errors import BotError
from bot.library import Library
from bot.models import Entry, Job, State

log = logging.getLogger(__name__)


LEAST = 0.01  # seconds before the second try of an edit
NUDGE = 0.1  # seconds in which those who move up are told of it together
MOST_TRIES = 30  # of an edit that does not go through, each after a longer pause


class Drawing(Enum):
    """What became of an edit."""

    SHOWN = auto()
    LATER = auto()  # it did not go through; another may
    GONE = auto()  # the message will not change any more


class Surface(Protocol):
    """A message that shows a job."""

    async def draw(self, entry: Entry) -> Drawing:
        """Show a job."""
        ...


S = TypeVar("S", bound=Surface)


@dataclass(slots=True)
class _Card(Generic[S]):
    job: Job
    surface: S
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Cards(Generic[S]):
    """Keeps every card up to date.

    Args:
        service: The core.
        gap: Tells how many seconds to pause after an edit.
        hurry: Whether the end of a job cuts that pause short.
    """

    def __init__(
        self, service: Library, *, gap: Callable[[Job], float], hurry: bool = False
    ) -> None:
        self._service = service
        self._gap = gap
        self._hurry = hurry
        self._cards: dict[str, _Card[S]] = {}
        self._nudge: asyncio.TimerHandle | None = None

    def open(self, job: Job, surface: S) -> None:
        """Show a job on a message from now on."""
        if job.id in self._cards:
            return
        card = self._cards[job.id] = _Card(job, surface)
        card.bell.set()
        card.task = asyncio.create_task(self._keep(card), name=f"card {job.id}")

    def show(self, job: Job) -> None:
        """A job has changed; others in the queue may have moved up."""
        card = self._cards.get(job.id)
        if card is None:
            return
        moved_on = card.job.state is State.QUEUED is not job.state
        card.job = job
        card.bell.set()
        if job.state.ended:
            card.ended.set()
        if moved_on and self._nudge is None:
            loop = asyncio.get_running_loop()
            self._nudge = loop.call_later(NUDGE, self._move_up)

    def _move_up(self) -> None:
        """Let those who wait say how many are ahead of them now."""
        self._nudge = None
        for card in self._cards.values():
            if card.job.state is State.QUEUED:
                card.bell.set()

    def surface(self, job_id: str) -> S | None:
        """The message that a job is shown on, while it is."""
        card = self._cards.get(job_id)
        return card.surface if card else None

    def jobs(self) -> list[Job]:
        """The jobs that have a card now."""
        return [card.job for card in self._cards.values()]

    async def close(self) -> None:
        """Leave every card as it is."""
        if self._nudge is not None:
            self._nudge.cancel()
        tasks = [card.task for card in self._cards.values() if card.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, card: _Card[S]) -> None:
        tries = 0
        try:
            while tries < MOST_TRIES:
                card.bell.clear()
                job = card.job
                entry = await self._service.entry(job.id, person=job.person)
                drawing = await card.surface.draw(entry)
                if drawing is Drawing.LATER:
                    tries += 1
                    await asyncio.sleep(max(self._gap(card.job), LEAST) * tries)
                    continue
                if drawing is Drawing.GONE:
                    break
                if entry.job.state.ended:
                    await self._service.shown_last(job.id)
                    break
                tries = 0
                await self._pause(card)
                await card.bell.wait()
        except BotError as error:
            log.info("the card of job %s is left: %s", card.job.id, error)
        finally:
            self._cards.pop(card.job.id, None)

    async def _pause(self, card: _Card[S]) -> None:
        gap = self._gap(card.job)
        if not self._hurry:
            await asyncio.sleep(gap)
            return
        ended = asyncio.create_task(card.ended.wait())
        await asyncio.wait([ended], timeout=gap)
        ended.cancel()
