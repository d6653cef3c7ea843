"""Whether a file from outside is a short MP4; to be asked in the worker process."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import FilmError

if TYPE_CHECKING:
    from av.container import InputContainer

MOST_BYTES = 20 << 20  # what is sent along to a service
MOST_FRAMES = 15 * 240
SHORTEST, LONGEST = 1.0, 15.0  # seconds
EARLY = 0.05  # seconds that a file may lack, or have over, by its own clock


def check_bytes(data: bytes) -> None:
    """Refuse what is surely none, before it touches the disk.

    Raises:
        FilmError: It is too large, or no MP4.
    """
    if len(data) > MOST_BYTES:
        most = MOST_BYTES >> 20
        raise FilmError("That video has more than {limit} MB.", limit=most)
    if data[4:8] != b"ftyp":
        raise _no_film()


def measure(file: Path) -> float:
    """Seconds of an MP4. Blocks: decodes a frame and counts all the others.

    What the file says of its own length is not believed, and it is read as an MP4
    and nothing else: a list of other files would be followed.

    Raises:
        FilmError: It cannot be played, or is too short or too long.
    """
    import av  # noqa: PLC0415 - slow to import, and pictures do without

    try:
        with file.open("rb") as opened, av.open(opened, "r", format="mp4") as film:
            next(film.decode(film.streams.video[0]))
            film.seek(0)
            seconds = _counted(film)
    except MemoryError:  # FFmpeg's is one of its own errors too
        raise
    except (av.FFmpegError, ValueError, IndexError, StopIteration) as error:
        raise _no_film() from error
    if not SHORTEST - EARLY <= seconds <= LONGEST + EARLY:
        raise FilmError(
            "A video of a character has {first:g} to {last:g} seconds.",
            hint="Cut it to the part that shows the character best.",
            first=SHORTEST,
            last=LONGEST,
        )
    return seconds


def _counted(film: "InputContainer") -> float:
    """From its first picture to the end of its last, or until that is too late."""
    stream = film.streams.video[0]
    frame = 1 / (stream.average_rate or Fraction(24))
    first, last = None, Fraction(0)
    for number, packet in enumerate(film.demux(stream)):
        if number > MOST_FRAMES:
            raise ValueError(number)  # pictures of nothing, to keep us busy
        if packet.pts is None or packet.time_base is None:
            continue
        at = packet.pts * packet.time_base
        first = at if first is None else min(first, at)
        length = (packet.duration or 0) * packet.time_base or frame
        last = max(last, at + length)
        if last - first > LONGEST + 1:
            break
    return float(last - (first or 0))


def _no_film() -> FilmError:
    return FilmError("That is not an MP4 video that can be played.")
