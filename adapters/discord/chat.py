"""Discord as the core's chat: the card, the clip, the bad news."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import discord

from adapters.discord.answers import Answer, Answers
from adapters.discord.buttons import row
from adapters.discord.cards import GAP, Cards, MessageSurface
from adapters.discord.line import LOST
from adapters.discord.parcel import Parcel
from adapters.discord.people import CHAT, jump
from adapters.discord.roads import (
    DEFAULT_LIMIT,
    ClosedError,
    Limits,
    Road,
    send,
    worded,
)
from adapters.discord.text import ended_text, joined
from bot.errors import DeliveryError
from bot.languages import speaker
from bot.models import Clip, Job, State
from bot.service import RenderService

log = logging.getLogger(__name__)

EPOCH = 1_420_070_400_000  # milliseconds; Discord's ids count from there (docs)
LOOK_BACK = 500  # messages of a channel that are looked through after a restart
QUIET = discord.AllowedMentions.none()

Post = Callable[[Road, list[str]], Awaitable[discord.Message]]


class DiscordChat:
    """Posts what became of jobs. Satisfies `Chat`.

    Args:
        client: Whose token is used; it need not be connected yet.
        service: The core.
        gap: Seconds between two edits of one card.
        clock: Monotonic seconds, for what lasts.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        client: discord.Client,
        service: RenderService,
        *,
        gap: float = GAP,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.answers = Answers(clock)
        self.cards = Cards(service, gap=gap, now=now)
        self.limits = Limits()
        self.logged_in = asyncio.Event()
        self._client = client
        self._service = service

    async def show(self, job: Job) -> None:
        """Bring the job's card up to date, also one from before a restart."""
        if job.card and not self.cards.knows(job.id) and self.logged_in.is_set():
            channel = self._client.get_partial_messageable(int(job.place.channel))
            message = channel.get_partial_message(int(job.card))
            born = discord.utils.snowflake_time(message.id).timestamp()
            self.cards.open(job, MessageSurface(message), born=born)
        self.cards.show(job)

    async def catch_up(self) -> None:
        """Bring the cards to their end that a restart has left behind."""
        for job in await self._service.unshown(CHAT):
            posted = await self._service.posted(job.id, job.place)
            await self.show(job)
            for message in posted[:1]:
                url = jump(job.place, job.place.channel, message)
                self.cards.link(job.id, url)

    async def find(self, job: Job, key: str) -> str | None:
        """Look for a message that was posted just before we were stopped."""
        if key != job.id:  # sent again by hand: the nonce guards it
            return None
        await self.logged_in.wait()
        channel = self._client.get_partial_messageable(int(job.place.channel))
        since = discord.Object(int((job.created - 60) * 1000 - EPOCH) << 22)
        try:
            async for message in channel.history(
                limit=LOOK_BACK, after=since, oldest_first=False
            ):
                if message.author == self._client.user and _names(message, job.id):
                    return str(message.id)
        except discord.HTTPException as error:
            log.info("job %s: its channel cannot be read: %s", job.id, error)
        except LOST as error:
            raise DeliveryError("Discord does not answer.", passing=True) from error
        return None

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:
        """Post a clip as an ordinary message, so that replies to it can be read."""
        await self.logged_in.wait()
        parcel = Parcel(self._service, self.limits, job, clip, file)
        message = await self._by_any_road(job, key, parcel.post)
        if str(message.channel.id) != job.place.channel:  # a direct message
            there = replace(job.place, channel=str(message.channel.id))
            await self._service.anchor(clip.id, there, str(message.id))
        self.cards.link(job.id, jump(job.place, message.channel.id, message.id))
        self.answers.forget(key)
        return str(message.id)

    async def report(self, job: Job, key: str) -> str:
        """Tell why there is no clip. What somebody stopped is told by its card."""
        if job.end is State.CANCELLED:
            return job.card or key
        await self.logged_in.wait()
        say = speaker(job.place.locale)
        text = joined(f"<@{job.person.id}> {ended_text(job, say)}")
        view = row(job.id, ("again",), say)

        async def post(road: Road, notes: list[str]) -> discord.Message:
            return await send(road, joined(text, *notes), view=view)

        message = await self._by_any_road(job, key, post)
        self.answers.forget(key)
        return str(message.id)

    async def _by_any_road(self, job: Job, key: str, post: Post) -> discord.Message:
        """Post by the first road that is open; a later one says why it was taken.

        Raises:
            DeliveryError: None is.
        """
        closed: list[str] = []
        for to in self._roads(job, key):
            notes = [speaker(job.place.locale)(sentence) for sentence in closed[:1]]
            try:
                return await post(await to(), notes)
            except ClosedError as error:
                log.info("job %s: %s", job.id, error.sentence)
                closed.append(error.sentence)
        raise DeliveryError(closed[0])

    def _roads(self, job: Job, key: str) -> list[Callable[[], Awaitable[Road]]]:
        """The ways to the person, the best first."""
        roads: list[Callable[[], Awaitable[Road]]] = []
        if self.answers.may_post(key):
            roads.append(partial(self._to_channel, job, key))
        if answer := self.answers.get(key):
            roads.append(partial(_to_answer, answer, job))
        return [*roads, partial(self._to_person, job, key)]

    async def _to_channel(self, job: Job, key: str) -> Road:
        channel = self._client.get_partial_messageable(int(job.place.channel))
        guild = None
        if job.place.workspace.isdecimal():
            guild = self._client.get_guild(int(job.place.workspace))
        limit = guild.filesize_limit if guild else DEFAULT_LIMIT
        say = partial(
            channel.send, nonce=nonce(key), allowed_mentions=_only(job.person.id)
        )
        return Road(say, f"workspace {job.place.workspace}", limit)

    async def _to_person(self, job: Job, key: str) -> Road:
        """Raises ClosedError for somebody who cannot be written to."""
        try:
            person = discord.Object(int(job.person.id))
            channel = await self._client.create_dm(person)
        except discord.HTTPException as error:
            raise ClosedError("I may not write to you.") from error
        except LOST as error:
            raise DeliveryError("Discord does not answer.", passing=True) from error
        say = partial(channel.send, nonce=nonce(key), allowed_mentions=QUIET)
        return Road(say, "direct", DEFAULT_LIMIT)


async def _to_answer(answer: Answer, job: Job) -> Road:
    """The answer to the command, which needs no permission of the bot."""
    interaction, pinged = answer.interaction, _only(job.person.id)
    with worded():
        await answer.begin(speaker(job.place.locale)("Sending"))
    return Road(
        partial(interaction.followup.send, wait=True, allowed_mentions=pinged),
        f"answers {interaction.guild_id}",
        interaction.filesize_limit,
        repeats=True,
    )


def _only(person: str) -> discord.AllowedMentions:
    """Only who asked is told by a sound."""
    asker = discord.Object(int(person))
    return discord.AllowedMentions(
        everyone=False, roles=False, users=[asker], replied_user=False
    )


def nonce(key: str) -> str:
    """What Discord knows a delivery by, so that a repeated one is the same message."""
    return hashlib.sha256(key.encode()).hexdigest()[:25]  # at most 25 characters


def _names(message: discord.Message, job_id: str) -> bool:
    """Whether a message has buttons of this job, and is not its card."""
    ids = [
        child.custom_id or ""
        for part in message.components
        if isinstance(part, discord.ActionRow)
        for child in part.children
        if isinstance(child, discord.Button)
    ]
    return any(i.endswith(f":{job_id}") and ":cancel:" not in i for i in ids)
