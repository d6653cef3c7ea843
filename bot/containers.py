"""Films that others made, opened as video containers and as nothing else.

FFmpeg would also open playlists and lists of other files, and follow them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
MATROSKA = "matroska,webm"
MAX_FRAME_RATE = 240
MAX_PIXELS = 8_192 * 4_352  # of a frame; where H.264 and H.265 end
_EBML = b"\x1aE\xdf\xa3"


def open_film(file: Path) -> "InputContainer":
    """Open an MP4, a WebM or a Matroska file. Blocks.

    Raises:
        av.FFmpegError: It is none of them, or a damaged one.
        OSError: It cannot be read.
    """
    import av  # noqa: PLC0415 - 20 MB that a bot without clips does without

    with file.open("rb") as opened:
        ebml = opened.read(len(_EBML)) == _EBML
    return av.open(
        file,
        "r",
        format=MATROSKA if ebml else MP4,
        options={"protocol_whitelist": "file"},
    )


def video_of(container: "InputContainer") -> "av.VideoStream":
    """The video stream that players show: not the cover picture of a film.

    Raises:
        ValueError: There is none, or its codec is not known.
    """
    import av  # noqa: PLC0415

    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.codec_context is None:
        raise ValueError(stream)
    return stream


def pixel_aspect(stream: "av.VideoStream") -> float:
    """Width over height of a pixel; nonsense counts as square."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 0.25 <= aspect <= 4 else 1.0
