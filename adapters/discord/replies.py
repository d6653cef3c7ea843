"""Messages that mean us: a mention or a direct message with a picture, a reply.

Without the message content intent Discord shows us the words of direct messages, of
mentions and of replies that ping; of any other reply to a clip we only learn that
there was one, and say once what to do instead.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

import discord
from discord.utils import MISSING

from adapters.discord.buttons import for_clip
from adapters.discord.cards import MessageSurface
from adapters.discord.chat import DiscordChat, nonce
from adapters.discord.line import FAILED, twice
from adapters.discord.people import person_of, place_of_message
from adapters.discord.pictures import Pictures, attached_to, first_picture
from adapters.discord.text import error_text, joined
from bot.errors import BotError
from bot.languages import Say, speaker
from bot.models import Ask, Job
from bot.service import RenderService

log = logging.getLogger(__name__)

READ = frozenset({discord.MessageType.default, discord.MessageType.reply})
NO_HISTORY = 160002  # cannot reply without permission to read message history
CLOSED = frozenset({403, 404})
HELP = (
    "Send me a picture with a few words, such as: dolly in, golden hour.",
    "Or type /animate, or use the menu of any picture: Apps, Animate this picture.",
    "Reply to one of my clips to change it.",
)


class Replies:
    """Takes orders out of messages."""

    def __init__(
        self,
        client: discord.Client,
        service: RenderService,
        chat: DiscordChat,
        pictures: Pictures,
    ) -> None:
        self._client = client
        self._service = service
        self._chat = chat
        self._pictures = pictures

    async def read(self, message: discord.Message) -> None:
        """Do what a message asks, if it is for us."""
        if message.author.bot or message.type not in READ:
            return
        clip_id = await self._clip_answered(message)
        if clip_id is None and not self._is_for_us(message):
            return
        say = speaker(place_of_message(message).locale)
        words = self._words(message)
        if clip_id and not words and not attached_to(message):
            await self._explain(message, clip_id, say)
        elif not clip_id and not attached_to(message):
            await _reply(message, joined(*(say(line) for line in HELP)))
        else:
            await self._order(message, clip_id, words, say)

    async def _order(
        self, message: discord.Message, clip_id: str | None, words: str, say: Say
    ) -> None:
        try:
            with _typing(message.channel):
                job = await self._take(message, clip_id, words)
        except BotError as error:
            await _reply(message, error_text(error, say))
        else:
            await self._open_card(message, job, say)

    async def _take(
        self, message: discord.Message, clip_id: str | None, words: str
    ) -> Job:
        """A reply with a picture starts from the picture, any other from the clip."""
        permissions = None
        if isinstance(message.author, discord.Member):
            permissions = message.author.guild_permissions
        person = person_of(message.author, permissions)
        place, event = place_of_message(message), f"message {message.id}"
        upload = first_picture(attached_to(message))
        if upload is None:
            return await self._service.remix(
                clip_id or "", words, person=person, place=place, event=event
            )
        ask = Ask(prompt=words)
        await self._service.afford(ask, person=person, place=place, event=event)
        ask = replace(ask, still=await self._pictures.still(upload, person))
        return await self._service.submit(ask, person=person, place=place, event=event)

    async def _open_card(self, message: discord.Message, job: Job, say: Say) -> None:
        if job.card is not None:
            return  # the same message again, after a line was lost
        text = say("Getting ready")
        card = await _reply(message, text, known_by=f"card {job.id}"[:25])
        if card is not None:
            if card.channel.id == message.channel.id:
                await self._service.note_card(job.id, str(card.id))
            channel = self._client.get_partial_messageable(card.channel.id)
            surface = MessageSurface(channel.get_partial_message(card.id))
            self._chat.cards.open(job, surface)

    async def _explain(self, message: discord.Message, clip_id: str, say: Say) -> None:
        """Somebody replied to a clip and we cannot read how: say so, once."""
        # As `once` notes it, but only when it has been said.
        key = f"once:hint:{message.author.id}:{clip_id}"
        if await self._service.recall(key) is not None:
            return
        text = joined(
            say("I see that you replied, but not what you wrote."),
            say("Reply with the ping switched on, or press Remix."),
        )
        view = for_clip(clip_id, say)
        if hint := await _reply(message, text, view=view, known_by=nonce(key)):
            await self._service.note(key, str(hint.id))

    async def _clip_answered(self, message: discord.Message) -> str | None:
        reference = message.reference
        if reference is None or reference.message_id is None:
            return None
        place = place_of_message(message)
        return await self._service.anchored(place, str(reference.message_id))

    def _is_for_us(self, message: discord.Message) -> bool:
        me = self._client.user
        return message.guild is None or (me is not None and me in message.mentions)

    def _words(self, message: discord.Message) -> str:
        """What was written, without our own name."""
        me = self._client.user.id if self._client.user else 0
        return re.sub(rf"<@!?{me}>", " ", message.content).strip()


@contextmanager
def _typing(channel: discord.abc.Messageable) -> Iterator[None]:
    """Let people see that we are busy; an order does not depend on it."""

    async def show() -> None:
        with suppress(*FAILED):
            async with channel.typing():
                await asyncio.Event().wait()

    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        shown.cancel()


async def _reply(
    message: discord.Message,
    text: str,
    *,
    view: discord.ui.View = MISSING,
    known_by: str | None = None,
) -> discord.Message | None:
    """Answer under a message, or its author directly where we may not; else None.

    An answer that is known by the same nonce is the same message.
    """

    async def send(to: Callable[..., Awaitable[discord.Message]]) -> discord.Message:
        return await twice(partial(to, text, view=view, nonce=known_by or message.id))

    reference = message.to_reference(fail_if_not_exists=False)
    try:
        try:
            return await send(partial(message.channel.send, reference=reference))
        except discord.HTTPException as error:
            if error.code == NO_HISTORY:
                return await send(message.channel.send)
            if error.status not in CLOSED:
                raise
            return await send(message.author.send)
    except FAILED as error:
        log.info("a message could not be answered: %r", error)
        return None
