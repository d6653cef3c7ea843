"""Cards on Discord.

They are edited at most once in a few seconds, and not at all once their message is
old: Discord then takes edits for abuse.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import discord

from adapters.discord.answers import Answer, Answers
from adapters.discord.buttons import for_card
from adapters.discord.line import LOST, code_of
from adapters.discord.text import card_text, joined
from bot import following
from bot.following import Drawing
from bot.languages import speaker
from bot.models import Entry, Job
from bot.service import RenderService

log = logging.getLogger(__name__)

GAP = 5.0  # seconds between two edits of a message
OLDEST = (
    55 * 60.0
)  # seconds; edits of messages over an hour old are answered with 30046
PATIENCE = 10.0  # seconds for an edit that the next one replaces anyway
OVER = frozenset({401, 403, 404})
BUSY = frozenset({429, 500, 502, 503, 504})
GONE = frozenset({10003, 10008})  # unknown channel, unknown message

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
            await self.answer.show(text, view)
        elif self.later is not None:
            await self.later.edit(text, view)


@dataclass(slots=True)
class Drawn:
    """A card on Discord. Satisfies `bot.following.Surface`.

    Attributes:
        born: Unix time when its message was posted.
        note: A line of the chat's own.
        link: Address of the message with the clip.
        gone: Is called when the message turns out to be deleted.
    """

    surface: Surface
    born: float
    now: Callable[[], float]
    gone: Callable[[], None]
    note: str = ""
    link: str | None = None
    shown: str = ""

    async def draw(self, entry: Entry) -> Drawing:
        """Edit the message where its text changed."""
        job, ended = entry.job, entry.job.state.ended
        if self.now() - self.born > OLDEST:
            return Drawing.GONE
        say = speaker(job.place.locale)
        text = card_text(entry, say, now=self.now(), link=self.link)
        if self.note and not ended:
            text = joined(text, f"-# {self.note}")
        if text == self.shown:
            return Drawing.SHOWN
        view = None if ended else for_card(job.id, say)
        try:
            if not await _edited(self.surface.edit(text, view), last=ended):
                return Drawing.LATER
        except discord.HTTPException as error:
            log.info("the card of job %s: %s", job.id, error)
            if code_of(error) in GONE:
                self.gone()
            if error.status in OVER:
                return Drawing.GONE
            return Drawing.LATER if error.status in BUSY else Drawing.SHOWN
        self.shown = text
        return Drawing.SHOWN


class Cards:
    """Keeps every card up to date.

    Args:
        service: The core.
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
        self._now = now
        self._gone: set[str] = set()
        self._kept: following.Cards[Drawn] = following.Cards(service, gap=lambda _: gap)
        self.show = self._kept.show
        self.close = self._kept.close

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
        if self._now() - born <= OLDEST:
            gone = partial(self._gone.add, job.id)
            self._kept.open(job, Drawn(surface, born, self._now, gone, note))

    def knows(self, job_id: str) -> bool:
        """Whether a job has a card that is kept, or had one that was deleted."""
        return job_id in self._gone or self._kept.surface(job_id) is not None

    def link(self, job_id: str, url: str) -> None:
        """Let the card lead to the message with the clip."""
        if drawn := self._kept.surface(job_id):
            drawn.link = url


async def _edited(edit: Awaitable[None], *, last: bool) -> bool:
    """Whether an edit went through; a slow one is dropped, as a newer will follow."""
    try:
        async with asyncio.timeout(None if last else PATIENCE):
            await edit
    except LOST as error:
        log.info("an edit was dropped: %r", error)
        return False
    return True
