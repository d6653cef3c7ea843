"""Pictures that are frames of video inside, decoded by FFmpeg: half the memory.

A frame is kept as it was coded, 1.5 bytes a pixel and not 4, and is made smaller and
turned into colours in one go.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import av
from PIL import Image

from bot.stills.header import LONGEST_SIDE
from bot.stills.heif import Heif
from bot.stills.source import Data, forget, opened

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext


def webp(data: Data, target: tuple[int, int], *, alpha: bool) -> Image.Image:
    """A still WebP at this size, as RGBX or RGBA.

    Raises:
        av.FFmpegError: It is damaged.
    """
    with av.open(opened(data), "r", format="webp_pipe") as source:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        return _picture(next(source.decode(stream)), target, alpha=alpha)


def whole(data: Data, heif: Heif, target: tuple[int, int]) -> Image.Image:
    """A HEIC or AVIF of a single tile, at this size, as RGBX."""
    return _picture(_frame(data, heif, 0, _decoder(heif)), target)


def halved(heif: Heif) -> bool:
    """Whether it is so large that its tiles are made smaller one by one."""
    even = not (heif.tile[0] % 2 or heif.tile[1] % 2)
    return even and max(heif.size) >= 2 * LONGEST_SIDE


def rows(data: Data, heif: Heif) -> Iterator[Image.Image]:
    """The picture from the top down, a row of tiles at a time; perhaps halved."""
    share = 2 if halved(heif) else 1
    width, height = ((side + share - 1) // share for side in heif.size)
    tile = (heif.tile[0] // share, heif.tile[1] // share)
    decoder = _decoder(heif)
    for row in range(len(heif.parts) // heif.columns):
        band = Image.new("RGB", (width, min(tile[1], height - row * tile[1])))
        for column in range(heif.columns):
            frame = _frame(data, heif, row * heif.columns + column, decoder)
            band.paste(_picture(frame, tile).convert("RGB"), (column * tile[0], 0))
        forget(data)
        yield band


def _decoder(heif: Heif) -> "VideoCodecContext":
    context = cast("VideoCodecContext", av.CodecContext.create(str(heif.codec), "r"))
    context.thread_count = 1
    context.extradata = heif.config
    return context


def _frame(
    data: Data, heif: Heif, number: int, decoder: "VideoCodecContext"
) -> av.VideoFrame:
    part = heif.parts[number]
    packet = av.Packet(data[part.at : part.at + part.length])
    found = [*decoder.decode(packet), *decoder.decode(None)]
    decoder.flush_buffers()
    if not found or (found[0].width, found[0].height) != heif.tile:
        raise EOFError(number)
    return found[0]


def _picture(
    frame: av.VideoFrame, size: tuple[int, int], *, alpha: bool = False
) -> Image.Image:
    mode, form = ("RGBA", "rgba") if alpha else ("RGBX", "rgb0")
    colours = frame.reformat(width=size[0], height=size[1], format=form)
    plane = colours.planes[0]
    # Pillow looks at these bytes where they are; three a pixel it would copy.
    rows = cast("bytes", memoryview(plane))
    return Image.frombuffer(mode, size, rows, "raw", mode, plane.line_size, 1)
