"""Stills: pictures from outside, made safe before anybody else looks at them.

`header` refuses what is no picture or too large, `decode` makes the rest upright
sRGB, `worker` does so in a process of its own, `fit` crops a still to a frame. `film`
looks at the one kind of video that comes from outside, in the same process.
"""

import asyncio
import importlib.util
import secrets
import stat
from functools import cache
from pathlib import Path

from bot.errors import FilmError, StillError, WorkshopError
from bot.media import Media
from bot.models import Json, Size, Still
from bot.stills import film
from bot.stills.header import MOST_BYTES, check_bytes
from bot.workshop import Workshop


class Stills:
    """Makes stills of what people send.

    Args:
        media: Where they are kept.
        workshop: Where they are decoded; its target is `bot.stills.worker:prepare`.
    """

    def __init__(self, media: Media, workshop: Workshop) -> None:
        self._media = media
        self._workshop = workshop

    async def from_bytes(self, data: bytes) -> Still:
        """Make a picture safe and keep it.

        Raises:
            StillError: It cannot be animated; says why and what to do.
            StorageError: It cannot be kept.
        """
        check_bytes(len(data))
        stem = secrets.token_hex(8)
        picture = self._media.scratch(f"{stem}.picture")
        safe = self._media.scratch(f"{stem}.jpg")
        try:
            await self._media.write(picture, data)
            made = await self._prepare(picture, safe)
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

    async def film_from_bytes(self, data: bytes) -> str:
        """Keep a short MP4 as it is; its key.

        Raises:
            FilmError: It cannot be used; says why.
            StorageError: It cannot be kept.
        """
        film.check_bytes(data)
        file = self._media.scratch(f"{secrets.token_hex(8)}.mp4")
        try:
            await self._media.write(file, data)
            await self._workshop.call({"film": str(file)})
            return await self._media.adopt(file, ".mp4")
        except WorkshopError as error:
            raise FilmError(
                "The video could not be read in reasonable time and memory."
            ) from error
        finally:
            await asyncio.to_thread(_clear, file)

    async def _prepare(self, picture: Path, safe: Path) -> Json:
        try:
            return await self._workshop.call({"picture": str(picture), "to": str(safe)})
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
