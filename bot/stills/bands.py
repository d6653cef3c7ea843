"""A picture made smaller while it is read, band by band: it is never held whole."""

from math import ceil, floor

from PIL import Image

SLICE = 64  # rows that are worked on at once
REACH = 3.0  # Lanczos looks at so many pixels of the result to each side


class Reducer:
    """Takes the bands of a picture from the top down and makes a smaller one.

    The result is the same as if the whole had been resized at once.

    Args:
        size: Of what comes.
        target: Of the result; not larger.
    """

    def __init__(self, size: tuple[int, int], target: tuple[int, int]) -> None:
        self._width, self._height = size
        self._target = target
        self._step = size[1] / target[1]
        self._made: Image.Image | None = None
        self._band: Image.Image | None = None
        self._top = 0  # row at which the kept band begins
        self._done = 0  # rows of the result

    def add(self, band: Image.Image) -> None:
        """Take the next rows."""
        for top in range(0, band.height, SLICE):
            bottom = min(band.height, top + SLICE)
            self._take(band.crop((0, top, band.width, bottom)))

    def result(self) -> Image.Image:
        """The smaller picture.

        Raises:
            EOFError: Rows are missing.
        """
        if self._made is None or self._done < self._target[1]:
            raise EOFError
        return self._made

    def _take(self, band: Image.Image) -> None:
        if self._made is None:
            self._made = Image.new(band.mode, self._target)
        self._band = band if self._band is None else _stacked(self._band, band)
        there = self._top + self._band.height
        ready = self._target[1]
        if there < self._height:
            ready = floor((there - 1) / self._step - REACH)
        if ready > self._done:
            self._shrink(self._band, ready)

    def _shrink(self, band: Image.Image, ready: int) -> None:
        size = (self._target[0], ready - self._done)
        first = self._done * self._step - self._top
        last = min(ready * self._step - self._top, band.height)
        part = band.resize(
            size,
            Image.Resampling.LANCZOS,
            box=(0, first, band.width, last),
            reducing_gap=1.0,  # halves, thirds, ... are averages: fast, and good
        )
        if self._made is not None:
            self._made.paste(part, (0, self._done))
        self._done = ready
        # What lies above is of no use to the rows that come.
        spare = max(0, floor((ready - REACH) * self._step) - ceil(self._step))
        spare = min(max(spare - self._top, 0), band.height)
        self._band = band.crop((0, spare, band.width, band.height))
        self._top += spare


def _stacked(upper: Image.Image, lower: Image.Image) -> Image.Image:
    both = Image.new(upper.mode, (upper.width, upper.height + lower.height))
    both.paste(upper, (0, 0))
    both.paste(lower, (0, upper.height))
    return both
