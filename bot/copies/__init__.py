"""Smaller copies of clips, for places that take no large file.

The original stays as it is. `shrink` makes the copy, in a process of its own.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.errors import BotError, DeliveryError
from bot.media import Media
from bot.models import Clip
from bot.workshop import Workshop


class Copies:
    """Makes copies that fit and clears them away.

    Args:
        media: Where the clips are.
        workshop: Where they are encoded; its target is `bot.copies.shrink:work`.
    """

    def __init__(self, media: Media, workshop: Workshop) -> None:
        self._media = media
        self._workshop = workshop

    @asynccontextmanager
    async def fitted(self, clip: Clip, most: int) -> AsyncGenerator[Path]:
        """A copy of a clip in at most so many bytes, for as long as it is held.

        Raises:
            DeliveryError: It cannot be made that small.
        """
        copy = self._media.scratch(f"copy-{secrets.token_hex(8)}.mp4")
        try:
            await self._make(self._media.path(clip.media), copy, most)
            yield copy
        finally:
            await asyncio.to_thread(copy.unlink, missing_ok=True)

    async def _make(self, clip: Path, copy: Path, most: int) -> None:
        try:
            await self._workshop.call(
                {"clip": str(clip), "to": str(copy), "most": most}
            )
        except BotError as error:
            raise DeliveryError(
                "The clip could not be made small enough for this place."
            ) from error

    async def close(self) -> None:
        """End the worker."""
        await self._workshop.close()
