"""Cards: one message per job that shows how far it is, edited now and then.

A job may change many times a second; a card shows the latest state, at most once in a
few seconds, and not at all once its message is old: Discord then takes edits as abuse.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
import discord

from adapters.discord.answers import Answer, Answers
from adapters.discord.buttons import for_card
from adapters.discord.text import card_text, joined
from bot.errors import BotError
from bot.languages import speaker
from bot.models import Job, State
from bot.service import RenderService

log = logging.getLogger(__name__)

GAP = 5.0  # seconds between two edits of a message
OLDEST = (
    55 * 60.0
)  # seconds; edits of messages over an hour old are answered with 30046
PATIENCE = 10.0  # seconds for an edit that the next one replaces anyway
OVER = frozenset({401, 403, 404})

View = discord.ui.View | None


class Surface(Protocol):
    """A message that can be changed."""

    async def edit(self, text: str, view: View) -> None:
        """Show this from now on."""
        ...


@dataclass(slots=True)
class MessageSurface:
    """A message of ours, edited in the bot's own name."""

    message: discord.PartialMessage

    async def edit(self, text: str, view: View) -> None:
        """Show this from now on."""
        await self.message.edit(content=text, view=view)


@dataclass(slots=True)
class AnswerSurface:
    """The answer to an interaction: by its token, later in the bot's own name."""

    answer: Answer
    answers: Answers
    later: MessageSurface | None

    async def edit(self, text: str, view: View) -> None:
        """Show this from now on."""
        if self.answers.is_open(self.answer):
            interaction = self.answer.interaction
            await interaction.edit_original_response(content=text, view=view)
        elif self.later is not None:
            await self.later.edit(text, view)


@dataclass(slots=True)
class _Card:
    job: Job
    surface: Surface
    born: float
    note: str = ""
    shown: str = ""
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Cards:
    """Keeps every card up to date.

    Args:
        gap: Seconds between two edits of one card.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        service: RenderService,
        *,
        gap: float = GAP,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._service = service
        self._gap = gap
        self._now = now
        self._cards: dict[str, _Card] = {}
        self._links: dict[str, str] = {}

    def open(
        self, job: Job, surface: Surface, *, note: str = "", born: float | None = None
    ) -> None:
        """Show a job on a message from now on.

        Args:
            job: What is shown.
            surface: The message.
            note: A line of the chat's own.
            born: Unix time when the message was posted, if it was not just now.
        """
        born = self._now() if born is None else born
        if job.id in self._cards or self._now() - born > OLDEST:
            return
        card = _Card(job, surface, born, note=note)
        self._cards[job.id] = card
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
        if moved_on:
            for other in self._cards.values():
                if other.job.state is State.QUEUED:
                    other.bell.set()

    def knows(self, job_id: str) -> bool:
        """Whether a job has a card that is kept."""
        return job_id in self._cards

    def link(self, job_id: str, url: str) -> None:
        """Let the card lead to the message with the clip."""
        if job_id in self._cards:
            self._links[job_id] = url

    async def close(self) -> None:
        """Leave every card as it is."""
        tasks = [card.task for card in self._cards.values() if card.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, card: _Card) -> None:
        try:
            while True:
                await card.bell.wait()
                card.bell.clear()
                is_old = self._now() - card.born > OLDEST
                if is_old or await self._draw(card):
                    return
                await asyncio.sleep(self._gap)
        except BotError as error:
            log.info("the card of job %s is left: %s", card.job.id, error)
        finally:
            self._cards.pop(card.job.id, None)
            self._links.pop(card.job.id, None)

    async def _draw(self, card: _Card) -> bool:
        """Edit the message where its text changed; True when it was the last time."""
        job = card.job
        entry = await self._service.entry(job.id, person=job.person)
        say = speaker(job.place.locale)
        link = self._links.get(job.id)
        text = card_text(entry, say, now=self._now(), link=link)
        if card.note and not entry.job.state.ended:
            text = joined(text, f"-# {card.note}")
        ended = entry.job.state.ended
        if text == card.shown:
            return ended
        view = None if ended else for_card(job.id, say)
        try:
            if await _edited(card.surface.edit(text, view), last=ended):
                card.shown = text
        except discord.HTTPException as error:
            log.info("the card of job %s: %s", job.id, error)
            return ended or error.status in OVER
        return ended


async def _edited(edit: Awaitable[None], *, last: bool) -> bool:
    """Whether an edit went through; a slow one is dropped, as a newer will follow."""
    try:
        async with asyncio.timeout(None if last else PATIENCE):
            await edit
    except (TimeoutError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
        log.info("an edit was dropped: %r", error)
        return False
    return True
