"""A clip as a message: as it is, else a smaller copy, else its address."""

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import discord

from adapters.discord.buttons import for_clip
from adapters.discord.roads import Limits, Road, TooLargeError, send
from adapters.discord.text import caption
from bot.errors import DeliveryError
from bot.languages import speaker
from bot.models import Clip, Job
from bot.service import RenderService

log = logging.getLogger(__name__)

ROOM = 0.95  # share of the limit that a copy aims at
COPIES = 3  # attempts to make one that Discord takes


@dataclass(frozen=True, slots=True)
class Parcel:
    """A finished clip on its way to its person.

    Attributes:
        file: The original.
    """

    service: RenderService
    limits: Limits
    job: Job
    clip: Clip
    file: Path

    async def post(self, road: Road, notes: list[str]) -> discord.Message:
        """Post it; the words arrive even where no file does.

        Raises:
            ClosedError: Nothing can be posted there.
            DeliveryError: Discord cannot be reached.
        """
        most = self.limits.of(road)
        if self.clip.bytes <= most:
            try:
                return await self._send(road, notes, self.file)
            except TooLargeError:
                most = self.limits.refused(road, self.clip.bytes)
        say = speaker(self.job.place.locale)
        link = await self.service.link_to(self.clip)
        whole = [say("The whole clip: {link}", link=link)] if link else []
        for _ in range(COPIES):
            told = [*notes, say("Made smaller to fit in here."), *whole]
            if sent := await self._send_copy(road, told, int(most * ROOM)):
                return sent
            most = self.limits.of(road)
        told = [*notes, say("The clip is too large for this place."), *whole]
        return await self._send(road, told, None)

    async def _send_copy(
        self, road: Road, notes: list[str], most: int
    ) -> discord.Message | None:
        """Post a copy of at most so many bytes; None when that was too large too."""
        async with AsyncExitStack() as stack:
            try:
                fitted = self.service.fitted(self.clip, most)
                copy = await stack.enter_async_context(fitted)
            except DeliveryError as error:
                log.warning("clip %s in %s bytes: %s", self.clip.id, most, error)
                return None
            try:
                return await self._send(road, notes, copy)
            except TooLargeError:
                self.limits.refused(road, most)
                return None

    async def _send(
        self, road: Road, notes: list[str], file: Path | None
    ) -> discord.Message:
        say = speaker(self.job.place.locale)
        person, place = self.job.person, self.job.place
        allowance = await self.service.allowance(person, place)
        return await send(
            road,
            caption(self.clip, allowance, say, notes=notes),
            file=file,
            name=f"vivant-{self.clip.id}.mp4",
            view=for_clip(self.clip.id, say, final=self.service.has_final(self.clip)),
        )
