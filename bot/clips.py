"""Finished clips: looked into, measured, their first and last frame kept.

Runs in a worker: what a service sends may be anything.
"""

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bot.containers import MAX_PIXELS, open_film, pixel_aspect, video_of
from bot.errors import Fault, ProviderError
from bot.models import Size

LONGEST_SIDE = 4_096  # pixels of the two pictures

if TYPE_CHECKING:
    import av
    from PIL import Image


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


def look_into(file: Path) -> Look:
    """Measure a video and take its first and last frame. Blocks: decodes a second.

    Raises:
        ProviderError: It is not a video, or a damaged one.
    """
    import av  # noqa: PLC0415 - 20 MB that a bot without clips does without

    try:
        with open_film(file) as container:
            stream = video_of(container)
            _check(stream)
            stream.codec_context.thread_count = 1  # each thread more holds frames
            first = next(container.decode(stream))
            container.seek(max(0, (container.duration or 0) - 1_500_000))
            last = first
            for frame in container.decode(stream):
                last = frame
            aspect = pixel_aspect(stream)
            poster, last_frame = _upright(first, aspect), _upright(last, aspect)
            return Look(
                size=_shown_size(stream, first),
                seconds=_seconds(stream, last),
                poster=_encoded(poster, "JPEG"),
                last_frame=_encoded(last_frame, "PNG"),
            )
    except MemoryError:  # FFmpeg's is one of its own errors too
        raise
    except (av.FFmpegError, ValueError, IndexError, StopIteration) as error:
        raise ProviderError(
            Fault.UPSTREAM, "What came back is not a video that can be played."
        ) from error


def blank(size: Size) -> bytes:
    """A grey JPEG, for a clip of which no picture can be taken. Blocks."""
    from PIL import Image  # noqa: PLC0415

    return _encoded(Image.new("RGB", size, (64, 64, 64)), "JPEG")


def _check(stream: "av.VideoStream") -> None:
    if stream.width * stream.height > MAX_PIXELS:
        raise ValueError(stream)


def _seconds(stream: "av.VideoStream", last: "av.VideoFrame") -> float:
    """From zero to the end of the last frame, as a player shows it."""
    rate = stream.average_rate or Fraction(24)
    return round(float((last.time or 0) + 1 / rate), 3)


def _shown_size(stream: "av.VideoStream", frame: "av.VideoFrame") -> Size:
    """How large it is on a screen, upright and with square pixels."""
    width, height = round(frame.width * pixel_aspect(stream)), frame.height
    return Size(height, width) if frame.rotation % 180 else Size(width, height)


def _upright(frame: "av.VideoFrame", aspect: float) -> "Image.Image":
    """A frame as it is shown: a phone's film may be stored lying on its side."""
    from PIL import Image  # noqa: PLC0415

    shown = frame.width * aspect, frame.height
    share = min(1.0, LONGEST_SIDE / max(shown))
    width, height = round(shown[0] * share), round(shown[1] * share)
    rgb = frame.reformat(width=width, height=height, format="rgb24")
    picture = Image.fromarray(rgb.to_ndarray())
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _encoded(picture: "Image.Image", kind: str) -> bytes:
    out = BytesIO()
    picture.save(out, kind, quality=88, compress_level=1)
    return out.getvalue()
