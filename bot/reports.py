"""What a job tells: its card on the way, and once its result, where it was ordered."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from bot.errors import BotError, DeliveryError
from bot.media import Media
from bot.models import Clip, Job
from bot.store import Store
from bot.store import clips as clip_rows

log = logging.getLogger(__name__)


class Chat(Protocol):
    """A platform that jobs report to."""

    async def show(self, job: Job) -> None:
        """Bring the job's card up to date. May be called often; must not fail."""
        ...

    async def find(self, job: Job, key: str) -> str | None:
        """Id of the message that delivery `key` already made, if it did."""
        ...

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:
        """Post a finished clip and return the id of its message.

        Raises:
            DeliveryError: It could not be posted.
        """
        ...

    async def report(self, job: Job, key: str) -> str:
        """Post why there is no clip (`job.error`, or cancelled); the message's id.

        Raises:
            DeliveryError: It could not be posted.
        """
        ...


class Reports:
    """Tells the chats what becomes of their jobs."""

    def __init__(
        self,
        store: Store,
        media: Media,
        chats: Mapping[str, Chat],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._media = media
        self._chats = dict(chats)
        self._now = now

    def connect(self, name: str, chat: Chat) -> None:
        """Report to a chat from now on, in place of an earlier one."""
        self._chats[name] = chat

    async def show(self, job: Job) -> None:
        """A card that cannot be drawn must never stop a job."""
        try:
            if chat := self._chats.get(job.place.chat):
                await chat.show(job)
        except Exception:
            log.exception("job %s: its card could not be shown", job.id)

    async def post(self, job: Job, *, key: str, again: bool) -> str:
        """Post a job's result where it reports, and remember the message.

        Raises:
            DeliveryError: The chat said no, or is not connected.
        """
        place = job.place
        chat = self._chats.get(place.chat)
        if chat is None:
            raise DeliveryError("The bot is not connected to {chat}.", chat=place.chat)
        message = await chat.find(job, key) if again else None
        clip = await clip_rows.get(self._store, job.id) if job.end is None else None
        if message is None and clip is not None:
            file = self._media.path(clip.media)
            message = await chat.deliver(job, clip, file, key)
        elif message is None:
            message = await chat.report(job, key)
        done = clip_rows.Delivery(key=key, job=job.id, place=place, message=message)
        await clip_rows.note_delivery(self._store, done, now=self._now())
        if clip is not None:
            await clip_rows.anchor(self._store, clip.id, place, message)
        return message

    async def missed(self, job: Job, error: BotError) -> None:
        """Remember why a job's result could not be posted, and tell the owner."""
        log.warning("job %s could not be posted: %s", job.id, error)
        missed = clip_rows.Delivery(
            key=job.id, job=job.id, place=job.place, trouble=str(error)
        )
        await clip_rows.note_delivery(self._store, missed, now=self._now())
