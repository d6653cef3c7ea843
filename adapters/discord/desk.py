"""The desk: takes an order from an interaction, acknowledges it, opens its card."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import discord
from discord.utils import MISSING

from adapters.discord.acks import TooLateError, answer
from adapters.discord.answers import ACK, Answer, Answers
from adapters.discord.cards import AnswerSurface, MessageSurface
from adapters.discord.chat import DiscordChat
from adapters.discord.line import FAILED, twice
from adapters.discord.people import may_post
from adapters.discord.text import error_text, joined, quoted, whole
from bot.errors import BotError
from bot.languages import Say, speaker
from bot.models import Job
from bot.service import RenderService

log = logging.getLogger(__name__)

HEAD_START = 0.02  # seconds; Discord itself is farther away than that
BROKEN = BotError("Something broke on our side.")
FAR = "I may not post here: the clip comes as an answer to you, or as a direct message."

Take = Callable[[], Awaitable[Job]]
Compose = Callable[[], Awaitable[str]]
T = TypeVar("T")


class Desk:
    """Where every interaction is answered.

    Discord wants its first answer within three seconds, so it is sent first and the
    order is taken while it is on its way.
    """

    def __init__(
        self, client: discord.Client, service: RenderService, chat: DiscordChat
    ) -> None:
        self._client = client
        self._service = service
        self._chat = chat
        self._answered = Answers()

    async def order(
        self, interaction: discord.Interaction, take: Take, words: str = ""
    ) -> None:
        """Take an order and open its card; what goes wrong only its person sees.

        Args:
            interaction: What they did.
            take: Takes the order.
            words: What they wrote; they get it back when nothing comes of it.
        """

        async def keep() -> tuple[Answer, Job]:
            job = await take()
            return self.remember(job.id, interaction), job

        kept, met = await _meet(interaction, keep, thinking=True)
        if met.late:
            if kept is not None and self._is_new(interaction):
                await self._service.withdraw(kept[1])
        elif kept is None:
            await self.refuse(interaction, met.trouble, words)
        else:
            self._answered.keep(str(interaction.id), interaction, may_post=False)
            await self._open_card(*kept, met.message)

    async def whisper(self, interaction: discord.Interaction, compose: Compose) -> None:
        """Answer so that only who asked can read it."""
        said, met = await _meet(interaction, compose, thinking=True, ephemeral=True)
        if not met.late:
            await self._finish(interaction, met.words(interaction, said))

    async def do(self, interaction: discord.Interaction, work: Compose) -> None:
        """Do what a button says; its message stays, words go to who pressed it."""
        said, met = await _meet(interaction, work)
        if not met.late and (text := met.words(interaction, said)):
            await self._aside(interaction, text)

    async def open_form(
        self, interaction: discord.Interaction, form: discord.ui.Modal
    ) -> None:
        """Show a form; it has to be the first answer."""
        form.stop()  # what is sent back is read from its ids, also after a restart
        try:
            await answer(lambda: interaction.response.send_modal(form))
        except TooLateError as error:
            log.warning("a form came too late: %r", error.__cause__)

    async def say_now(
        self,
        interaction: discord.Interaction,
        text: str,
        view: discord.ui.View = MISSING,
        words: str = "",
    ) -> None:
        """Answer at once with words for who asked; long ones of theirs go along."""
        try:
            await answer(
                lambda: interaction.response.send_message(
                    text, ephemeral=True, view=view, file=whole(words)
                )
            )
        except TooLateError as error:
            log.warning("an answer came too late: %r", error.__cause__)

    async def say_lost(
        self, interaction: discord.Interaction, error: BotError, words: str
    ) -> None:
        """Say why a form came to nothing, and give back what was written in it."""
        text = error_text(error, say_of(interaction))
        await self.say_now(interaction, joined(text, quoted(words)), words=words)

    def remember(self, key: str, interaction: discord.Interaction) -> Answer:
        """Let a delivery answer an interaction, where it cannot post."""
        answers, here = self._chat.answers, may_post(interaction)
        return answers.get(key) or answers.keep(key, interaction, may_post=here)

    def show(self, job: Job) -> None:
        """Bring the card of a job up to date."""
        self._chat.cards.show(job)

    async def refuse(
        self, interaction: discord.Interaction, error: BotError, words: str = ""
    ) -> None:
        """Say what is wrong so that only who asked can read it, and give words back.

        The answer that is "thinking" for everyone is taken away first: words that
        follow it would be shown to everyone too.
        """
        text = joined(error_text(error, say_of(interaction)), quoted(words))
        try:
            with suppress(discord.NotFound):  # an earlier try has arrived
                await twice(interaction.delete_original_response)
        except FAILED as refused:
            log.info("an answer could not be taken back: %r", refused)
            await self._finish(interaction, text)
        else:
            await self._aside(interaction, text, words)

    def _is_new(self, interaction: discord.Interaction) -> bool:
        """Whether we have not answered it before; a lost line may bring it twice."""
        return self._answered.get(str(interaction.id)) is None

    async def _open_card(self, held: Answer, job: Job, message: int | None) -> None:
        interaction, later = held.interaction, None
        if message is not None and interaction.channel_id is not None:
            channel = self._client.get_partial_messageable(interaction.channel_id)
            later = MessageSurface(channel.get_partial_message(message))
        surface = AnswerSurface(held, self._chat.answers, later)
        note = "" if held.may_post else say_of(interaction)(FAR)
        self._chat.cards.open(job, surface, note=note)
        if later is not None:  # a full disk shall not leave the card unopened
            await self._service.note_card(job.id, str(message))

    async def _finish(self, interaction: discord.Interaction, text: str) -> None:
        try:
            await twice(lambda: interaction.edit_original_response(content=text))
        except FAILED as error:
            log.warning("an answer could not be given: %r", error)

    async def _aside(
        self, interaction: discord.Interaction, text: str, words: str = ""
    ) -> None:
        """Say something to who asked; better twice than not at all."""
        try:
            await twice(
                lambda: interaction.followup.send(
                    text, ephemeral=True, file=whole(words)
                )
            )
        except FAILED as error:
            log.warning("an answer could not be given: %r", error)


def say_of(interaction: discord.Interaction) -> Say:
    """The language of who caused an interaction."""
    return speaker(interaction.locale.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """How answering and working went, side by side.

    Attributes:
        late: Whether nobody waits for an answer any more.
        message: Id of the message that will be the answer, where it was told.
        trouble: What went wrong, if nothing came of the work.
    """

    late: bool = False
    message: int | None = None
    trouble: BotError = BROKEN

    def words(self, interaction: discord.Interaction, said: str | None) -> str:
        """What came of it, or why nothing did."""
        return error_text(self.trouble, say_of(interaction)) if said is None else said


async def _meet(
    interaction: discord.Interaction,
    work: Callable[[], Awaitable[T]],
    **how: bool,
) -> tuple[T | None, _Met]:
    """Let the answer leave, then work while it is on its way."""
    ack = asyncio.create_task(_defer(interaction, **how))
    interaction.extras[ACK] = ack
    await asyncio.wait([ack], timeout=HEAD_START)
    made, trouble = await _outcome(work)
    try:
        return made, _Met(message=await ack, trouble=trouble)
    except TooLateError as error:
        log.warning("an interaction came too late: %r", error.__cause__)
        return made, _Met(late=True, trouble=trouble)


async def _defer(interaction: discord.Interaction, **how: bool) -> int | None:
    """Acknowledge; the id of the message that will be the answer, where it is told.

    Raises:
        TooLateError: Discord has given up on us.
    """
    called = await answer(lambda: interaction.response.defer(**how))
    return called.message_id if called else None


async def _outcome(work: Callable[[], Awaitable[T]]) -> tuple[T | None, BotError]:
    """What came of it, or None and what went wrong."""
    try:
        return await work(), BROKEN
    except BotError as error:
        return None, error
    except Exception:
        log.exception("an interaction broke in a way nobody foresaw")
        return None, BROKEN
