"""A still as a provider takes it: at exactly the size, small enough, and wrapped."""

import asyncio
import base64
import secrets
from pathlib import Path

from bot.errors import StillError
from bot.media import Media
from bot.models import Size

MIME = "image/jpeg"
NAME = "still.jpg"


async def fitted(media: Media, key: str, size: Size, *, most: int) -> bytes:
    """The JPEG of a still at exactly this size.

    Args:
        media: Where it is kept.
        key: Of the still.
        size: Of the frame; a service refuses a picture of any other.
        most: Bytes that the service takes.

    Raises:
        StillError: The picture is gone, or too large for the service.
    """
    work = media.scratch(f"fit-{secrets.token_hex(8)}.jpg")
    data = await asyncio.to_thread(_fit, media.path(key), work, size)
    if len(data) > most:
        raise StillError(
            "That picture is larger than the {most} MB that this model takes.",
            hint="Pick another model or a smaller picture.",
            most=most >> 20,
        )
    return data


async def data_url(data: bytes, mime: str = MIME) -> str:
    """Bytes as an address that holds them."""
    text = await asyncio.to_thread(base64.b64encode, data)
    return f"data:{mime};base64,{text.decode()}"


async def clip_bytes(media: Media, key: str, *, most: int) -> bytes:
    """Our own file of a clip.

    Raises:
        StillError: It is gone, or too large to be sent.
    """
    file = media.path(key)
    try:
        data = await asyncio.to_thread(_read, file, most)
    except FileNotFoundError:
        data = None
    if data is None:
        raise StillError(
            "The clip's own file is gone or too large to be sent.",
            hint="Start again from the picture.",
        )
    return data


def _read(file: Path, most: int) -> bytes | None:
    return file.read_bytes() if file.stat().st_size <= most else None


def _fit(still: Path, work: Path, size: Size) -> bytes:
    from bot.stills.fit import fit  # noqa: PLC0415 - 10 MB: Pillow

    try:
        fit(still, work, size=size)
        return work.read_bytes()
    except OSError as error:
        raise StillError(
            "That picture is gone or damaged.", hint="Send the picture again."
        ) from error
    finally:
        work.unlink(missing_ok=True)
