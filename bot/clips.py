"""Finished clips: looked into, measured, their first and last frame kept."""

import asyncio
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import Fault, ProviderError
from bot.media import Media
from bot.models import Clip, Job, Size

if TYPE_CHECKING:
    import av


class Look(NamedTuple):
    """What is in a video file.

    Attributes:
        seconds: Its length.
        poster: Its first frame as a JPEG.
        last_frame: Its last frame as a PNG.
    """

    size: Size
    seconds: float
    poster: bytes
    last_frame: bytes


async def describe(job: Job, media: Media, *, now: float) -> Clip:
    """Make the clip of a job whose file has arrived.

    Raises:
        ProviderError: What the provider sent is not a video.
    """
    if job.media is None:
        raise ProviderError(Fault.UPSTREAM, "The clip's file is gone.")
    file = media.path(job.media)
    look = await asyncio.to_thread(look_into, file)
    source = job.request.source
    return Clip(
        id=job.id,
        person=job.person,
        place=job.place,
        request=job.request,
        media=job.media,
        poster=await media.add_bytes(look.poster, ".jpg"),
        last_frame=await media.add_bytes(look.last_frame, ".png"),
        size=look.size,
        seconds=look.seconds,
        bytes=await asyncio.to_thread(lambda: file.stat().st_size),
        price=job.price,
        created=now,
        parent=source.clip_id if source else None,
        ref=job.ref,
        plan=job.plan,
        notes=job.notes,
        cannot=job.cannot,
    )


def look_into(file: Path) -> Look:
    """Measure a video and take its first and last frame. Blocks: decodes a second.

    Raises:
        ProviderError: It is not a video, or a damaged one.
    """
    import av  # noqa: PLC0415 - 20 MB that a bot without clips does without

    try:
        with av.open(file) as container:
            stream = container.streams.video[0]
            first = next(container.decode(stream))
            container.seek(max(0, (container.duration or 0) - 1_500_000))
            last = first
            for frame in container.decode(stream):
                last = frame
            return Look(
                size=Size(stream.width, stream.height),
                seconds=_seconds(stream, last),
                poster=_picture(first, "JPEG"),
                last_frame=_picture(last, "PNG"),
            )
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise ProviderError(
            Fault.UPSTREAM, "What came back is not a video that can be played."
        ) from error


def _seconds(stream: "av.VideoStream", last: "av.VideoFrame") -> float:
    """From zero to the end of the last frame, as a player shows it."""
    rate = stream.average_rate or Fraction(24)
    return round(float((last.time or 0) + 1 / rate), 3)


def _picture(frame: "av.VideoFrame", kind: str) -> bytes:
    from PIL import Image  # noqa: PLC0415

    out = BytesIO()
    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    picture.save(out, kind, quality=88, compress_level=1)
    return out.getvalue()
