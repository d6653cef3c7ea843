"""What the markers of a JPEG say of the work that it will be."""

import re
from typing import NamedTuple

from bot.stills.source import Data

MOST_SEGMENTS = 2_000  # with a profile, maps and long XMP a photo has some hundred
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_BARE = {0x01, *range(0xD0, 0xD8)}  # markers that carry nothing
_SCAN, _END = 0xDA, 0xD9
_NEXT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # no stuffed byte, no restart


class Jpeg(NamedTuple):
    """A JPEG as its markers describe it.

    Attributes:
        progressive: Whether it comes in rounds, all held until the last.
        samples: For each pixel, of all colours, after those that are coarser.
        colours: How many there are.
        scans: How many rounds over the picture there are.
    """

    width: int
    height: int
    progressive: bool
    samples: float
    colours: int
    scans: int

    @property
    def held(self) -> float:
        """Bytes a pixel that are held until the last round."""
        return self.samples * 2 if self.progressive else 0.0


def read(data: Data) -> Jpeg | None:
    """Walk from marker to marker; None when there are far too many.

    Raises:
        IndexError: It ends before its frame.
    """
    at, scans, frame = 2, 0, None
    for _ in range(MOST_SEGMENTS):
        found = _NEXT.search(data, at)
        if found is None:
            break
        marker, at = data[found.end() - 1], found.end()
        if marker in _FRAMES and frame is None:
            frame = (marker, data[at + 2 : at + 8 + 3 * data[at + 7]])
        scans += marker == _SCAN
        if marker == _END:
            break
        if marker not in _BARE:
            at += max(2, int.from_bytes(data[at : at + 2]))
    else:
        return None
    if frame is None:
        raise IndexError
    return _described(*frame, scans)


def _described(marker: int, body: bytes, scans: int) -> Jpeg:
    height, width = (int.from_bytes(body[at : at + 2]) for at in (1, 3))
    shares = [(body[at] >> 4) * (body[at] & 15) for at in range(7, len(body), 3)]
    whole = max(shares)
    return Jpeg(
        width=width,
        height=height,
        progressive=marker in _PROGRESSIVE,
        samples=sum(shares) / max(1, whole),
        colours=len(shares),
        scans=scans,
    )
