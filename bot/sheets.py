"""Small pictures of a clip, for who wants to see it without playing it."""

from io import BytesIO
from pathlib import Path

import av
from PIL import Image

from bot.containers import open_film, video_of
from bot.errors import Fault, ProviderError

COLUMNS, ROWS = 5, 5
CELLS = COLUMNS * ROWS
CELL = 256  # pixels of a cell's longer side


def thumbnail(poster: Path) -> bytes:
    """A clip's first frame as WebP. Blocks."""
    out = BytesIO()
    with Image.open(poster) as picture:
        picture.save(out, "WEBP", quality=85)
    return out.getvalue()


def sheet(clip: Path, seconds: float) -> bytes:
    """Frames at equal distances, row by row, as one JPEG. Blocks: decodes all of it.

    Raises:
        ProviderError: It is not a video that can be played.
    """
    try:
        with open_film(clip) as container:
            return _joined(_cells(container, seconds))
    except MemoryError:  # FFmpeg's is one of its own errors too
        raise
    except (av.FFmpegError, IndexError) as error:
        raise ProviderError(
            Fault.UPSTREAM, "What came back is not a video that can be played."
        ) from error


def _cells(container: av.container.InputContainer, seconds: float) -> list[Image.Image]:
    stream = video_of(container)
    stream.thread_type = "AUTO"
    cells: list[Image.Image] = []
    for frame in container.decode(stream):
        # A short clip has fewer frames than cells: then one fills several.
        while len(cells) < CELLS and _is_due(frame, seconds, len(cells)):
            cells.append(_cell(frame))
    return cells + cells[-1:] * (CELLS - len(cells))


def _is_due(frame: av.VideoFrame, seconds: float, cell: int) -> bool:
    """Whether a frame is the first at or after the moment of a cell."""
    return (frame.time or 0.0) >= seconds * cell / CELLS - 1e-6


def _cell(frame: av.VideoFrame) -> Image.Image:
    share = CELL / max(frame.width, frame.height)
    width, height = (
        max(1, round(side * share)) for side in (frame.width, frame.height)
    )
    small = frame.reformat(width=width, height=height, format="rgb24")
    return Image.fromarray(small.to_ndarray())


def _joined(cells: list[Image.Image]) -> bytes:
    width, height = cells[0].size
    whole = Image.new("RGB", (COLUMNS * width, ROWS * height))
    for number, cell in enumerate(cells):
        row, column = divmod(number, COLUMNS)
        whole.paste(cell, (column * width, row * height))
    out = BytesIO()
    whole.save(out, "JPEG", quality=85)
    return out.getvalue()
