"""What a WebP carries beside its pixels."""

import struct
from typing import NamedTuple

from bot.stills.source import Data

MOST_CHUNKS = 1_000
MOST_BESIDE = 4 << 20  # bytes


class Beside(NamedTuple):
    """The colour profile and what the camera told."""

    profile: bytes | None
    exif: bytes | None


def beside(data: Data) -> Beside:
    """Read the chunks around the picture."""
    found: dict[bytes, bytes] = {}
    at = 12
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(data):
            break
        name, length = struct.unpack_from("<4sI", data, at)
        if name in (b"ICCP", b"EXIF") and length <= MOST_BESIDE:
            found[name] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return Beside(found.get(b"ICCP"), found.get(b"EXIF"))
