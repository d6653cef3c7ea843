"""Messages that mean us: a mention or a direct message with a picture, a thread.

A mention in a channel comes as two events, in either order, and each up to four times;
the message's own timestamp makes them one order.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack.anchors import thread_of
from adapters.slack.blocks import Block, section
from adapters.slack.doors import Doors, words_of
from adapters.slack.people import Spot
from adapters.slack.pictures import Upload, first_picture
from adapters.slack.spoken import HELP
from adapters.slack.text import first_address, typed
from adapters.slack.wire import LOST
from bot.errors import BotError, MissingError

Json = Mapping[str, Any]

READ = frozenset({None, "file_share", "thread_broadcast"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, read.

    Attributes:
        ts: Its timestamp; with the channel, what it is known by.
        words: What is said, without the mention.
        link: An address in it, if there is one.
        mentioned: Whether it names us.
        began: Who began the thread it is in.
        ours: Whether that was us.
    """

    ts: str
    words: str
    link: str
    upload: Upload | None
    mentioned: bool
    began: str
    ours: bool

    @classmethod
    def of(cls, event: Json, me: str) -> "Letter":
        """A message, or a mention, as Slack tells of it."""
        text = str(event.get("text") or "")
        mention = re.compile(rf"<@{re.escape(me)}(\|[^>]*)?>")
        link, rest = first_address(mention.sub(" ", text))
        root = event.get("root") or {}  # told of a reply that the channel sees too
        began = str(event.get("parent_user_id") or root.get("user") or "")
        return cls(
            ts=str(event["ts"]),
            words=typed(rest),
            link=link or "",
            upload=first_picture(event.get("files") or []),
            mentioned=bool(me and mention.search(text)),
            began=began,
            ours=bool(me) and began == me,
        )


class Replies:
    """Takes orders out of messages."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service

    async def read(self, event: Json, spot: Spot, me: str) -> None:
        """Do what a message asks, if it is for us.

        Args:
            event: A `message` or an `app_mention`.
            spot: Who wrote it, and in which thread.
            me: The bot's id as a user there.
        """
        if event.get("subtype") not in READ or event.get("bot_id") or not spot.user:
            return
        letter = Letter.of(event, me)
        clip_id = await self._clip_answered(spot, letter) if spot.thread else None
        for_us = letter.mentioned or event.get("channel_type") == "im"
        if not for_us and not (clip_id and await self._is_meant(spot, letter, clip_id)):
            return
        if await self._doors.desk.told(_told(spot, letter)):
            return  # whoever was refused may have sent it again by now
        try:
            await self._order(letter, spot, clip_id)
        except BotError as error:
            locale = await self._doors.desk.people.tongue(spot)
            await self._whisper(letter, spot, words_of(error, locale))

    async def _order(self, letter: Letter, spot: Spot, clip_id: str | None) -> None:
        """A reply with a picture starts from the picture, any other from the clip."""
        event = _event(spot.channel, letter.ts)
        if letter.upload or (letter.link and not clip_id):
            await self._doors.animate(
                spot, letter.words, event, upload=letter.upload, link=letter.link
            )
        elif clip_id and letter.words:
            await self._doors.remix(spot, clip_id, letter.words, event)
        else:
            say = await self._doors.desk.people.say(spot)
            await self._whisper(letter, spot, [section([say(line) for line in HELP])])

    async def _is_meant(self, spot: Spot, letter: Letter, clip_id: str) -> bool:
        """Whether an answer is for us.

        All is in a thread that began with us or with an order. In one that people began
        it is what somebody says while the latest clip there is their own.
        """
        starter = replace(spot, user=letter.began).person()
        root = _event(spot.channel, spot.thread or "")
        if letter.ours or await self._service.ordered(starter, root):
            return True
        with suppress(MissingError):
            return bool(await self._service.clip(clip_id, person=spot.person()))
        return False

    async def _clip_answered(self, spot: Spot, letter: Letter) -> str | None:
        """The clip that a thread is about: the latest that was finished in it."""
        root, place = spot.thread or "", spot.place()
        for message in (thread_of(root), root):
            if clip_id := await self._service.anchored(place, message):
                return clip_id
        return await self._looked_up(spot) if letter.ours else None

    async def _looked_up(self, spot: Spot) -> str | None:
        """The clip in a message of ours whose own event never reached us."""
        client = await self._doors.desk.wire.client(spot.workspace)
        try:
            found = await client.conversations_replies(
                channel=spot.channel, ts=spot.thread or "", limit=1
            )
        except (SlackApiError, *LOST):
            return None
        messages: list[Json] = found["messages"]
        for file in messages[0].get("files") or [] if messages else []:
            clip_id = await self._service.recall(f"slack file {file['id']}")
            if clip_id:
                root = thread_of(spot.thread or "")
                await self._service.anchor(clip_id, spot.place(), root)
                return clip_id
        return None

    async def _whisper(self, letter: Letter, spot: Spot, blocks: list[Block]) -> None:
        await self._doors.desk.whisper(spot, blocks, key=_told(spot, letter))


def _event(channel: str, ts: str) -> str:
    return f"message {channel} {ts}"


def _told(spot: Spot, letter: Letter) -> str:
    return f"told {spot.workspace} {spot.channel} {letter.ts}"
