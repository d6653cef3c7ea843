"""What the boxes of an MP4 say of it. Pure Python: nothing is decoded or believed."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bot.models import Size

MOST_INDEX = 16 << 20  # bytes of `moov`
MOST_BOXES = 1_000  # at one level


class Outline(NamedTuple):
    """What an MP4 says of itself; seconds are 0 where it does not know."""

    size: Size
    seconds: float


def outline(file: Path) -> Outline | None:
    """The frame and length that a file claims; None when it is no MP4. Blocks."""
    try:
        with file.open("rb") as opened:
            index = _index(opened)
        return None if index is None else _read(index)
    except (struct.error, OSError, ZeroDivisionError):
        return None


def _index(opened: BinaryIO) -> bytes | None:
    """The content of `moov`."""
    for number in range(MOST_BOXES):
        head = opened.read(16)
        length, name = struct.unpack_from(">I4s", head)
        skip = 8
        if number == 0 and name != b"ftyp":
            return None
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            skip = 16
        if length < skip:
            return None
        opened.seek(skip - len(head), 1)
        if name == b"moov":
            return opened.read(min(length - skip, MOST_INDEX))
        opened.seek(length - skip, 1)
    return None


def _read(index: bytes) -> Outline | None:
    seconds, size = 0.0, None
    for name, body in _boxes(index):
        if name == b"mvhd":
            form = ">IQ" if body[0] == 1 else ">II"
            scale, length = struct.unpack_from(form, body, 20 if body[0] == 1 else 12)
            seconds = length / scale
        if name == b"trak" and size is None:
            size = _frame(body)
    return None if size is None else Outline(size, seconds)


def _frame(track: bytes) -> Size | None:
    boxes = dict(_boxes(track))
    kinds = dict(_boxes(boxes.get(b"mdia", b"")))
    if kinds.get(b"hdlr", b"")[8:12] != b"vide" or b"tkhd" not in boxes:
        return None
    width, height = struct.unpack(">II", boxes[b"tkhd"][-8:])
    return Size(width >> 16, height >> 16)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield name, data[at + 8 : at + length]
        at += length
