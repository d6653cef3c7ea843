"""Stills: pictures from outside, made safe before anybody else looks at them.

`header` refuses what is no picture or too large, `decode` makes the rest upright
sRGB, `worker` does so in a process of its own, `fit` crops a still to a frame. `film`
looks at the one kind of video that people send; `bot.films` runs it.
"""

import asyncio
import importlib.util
import secrets
import stat
from functools import cache
from pathlib import Path

from bot.errors import StillError, WorkshopError
from bot.media import Media
from bot.models import Json, Size, Still
from bot.stills.header import MOST_BYTES, check_bytes
from bot.workshop import Workshop
from bot.workshop.strikes import Strikes


class Stills:
    """Makes stills of what people send.

    Args:
        media: Where they are kept.
        workshop: Where they are decoded; its target is `bot.stills.worker:prepare`.
        strikes: Who sent something lately that broke a worker.
    """

    def __init__(
        self, media: Media, workshop: Workshop, *, strikes: Strikes | None = None
    ) -> None:
        self._media = media
        self._workshop = workshop
        self._strikes = strikes or Strikes()

    async def from_bytes(self, data: bytes, *, person: str = "") -> Still:
        """Make a picture safe and keep it.

        Args:
            data: As it came.
            person: Key of whoever sent it; people take turns.

        Raises:
            RateError: The last one broke a worker; says how long to wait.
            StillError: It cannot be animated; says why and what to do.
            StorageError: It cannot be kept.
        """
        check_bytes(len(data))
        stem = secrets.token_hex(8)
        picture = self._media.scratch(f"{stem}.picture")
        safe = self._media.scratch(f"{stem}.jpg")
        try:
            made = await self._prepare(data, picture, safe, person=person)
            key = await self._media.adopt(safe, ".jpg")
        finally:
            await asyncio.to_thread(_clear, picture, safe)
        size = Size(made["width"], made["height"])
        return Still(media=key, size=size, notes=tuple(made["notes"]))

    async def from_path(self, path: Path) -> Still:
        """Make a picture on this machine safe and keep it.

        Raises:
            StillError: It cannot be read or animated; says why and what to do.
            StorageError: It cannot be kept.
        """
        try:
            data = await asyncio.to_thread(_read, path)
        except FileNotFoundError:
            raise StillError(
                "There is no file {path}.", hint="Check its name.", path=path
            ) from None
        except OSError as error:
            raise StillError(
                "{path} cannot be read: {reason}.",
                hint="Check its permissions, or send another picture.",
                path=path,
                reason=error.strerror,
            ) from error
        return await self.from_bytes(data)

    async def _prepare(
        self, data: bytes, picture: Path, safe: Path, *, person: str
    ) -> Json:
        args = {"picture": str(picture), "to": str(safe)}
        try:
            with self._strikes.of(person):
                await self._media.write(picture, data)
                return await self._workshop.call(args, person=person)
        except WorkshopError as error:
            raise StillError(
                "The picture could not be read in reasonable time and memory.",
                hint="Save it again as a smaller JPEG and send that.",
            ) from error


@cache
def reads_heic() -> bool:
    """Whether photos as an iPhone keeps them can be read."""
    return importlib.util.find_spec("pillow_heif") is not None


def _read(path: Path) -> bytes:
    """Read a file that fits; a device or a pipe would never end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise StillError("{path} is not a file.", hint="Name a picture.", path=path)
    check_bytes(found.st_size)
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _clear(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
