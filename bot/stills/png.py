"""PNG read in bands: each is made into a small PNG of its own, which Pillow decodes.

A row of a PNG needs the row above it and nothing else, so a band begins with the last
row of the one before. Of 16 bits a sample the lower 8 are left out before that: the
filters treat every byte of a pixel apart.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from bot.stills.source import Data, forget

if TYPE_CHECKING:
    from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BAND_BYTES = 2 << 20
MOST_CHUNKS = 50_000
MOST_PROFILE = 4 << 20  # bytes
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type


class Head(NamedTuple):
    """What IHDR says."""

    width: int
    height: int
    depth: int
    colours: int
    interlaced: int

    @property
    def row_bytes(self) -> int:
        """Of one row, without its filter byte."""
        return (self.width * SAMPLES[self.colours] * self.depth + 7) // 8

    @property
    def banded(self) -> bool:
        """Whether it can be read in bands."""
        return self.depth >= 8 and not self.interlaced


class Beside(NamedTuple):
    """What there is beside the pixels."""

    palette: bytes  # chunks
    profile: bytes | None
    exif: bytes | None
    animated: bool


def head(data: Data) -> Head:
    """Read IHDR.

    Raises:
        ValueError: It is none.
    """
    width, height, depth, colours, _, _, interlaced = struct.unpack_from(
        ">IIBBBBB", data, 16
    )
    if (
        data[12:16] != b"IHDR"
        or colours not in SAMPLES
        or depth not in (1, 2, 4, 8, 16)
    ):
        raise ValueError(colours)
    return Head(width, height, depth, colours, interlaced)


def beside(data: Data) -> Beside:
    """Read what comes before the pixels."""
    palette, profile, exif, animated = b"", None, None, False
    for name, at, length in _chunks(data):
        if name == b"IDAT":
            break
        if name in (b"PLTE", b"tRNS"):
            palette += _chunk(name, _samples(data[at : at + length], name, data))
        elif name == b"iCCP":
            packed = data[at : at + length].partition(b"\0")[2][1:]
            profile = _unpacked(packed)
        elif name == b"eXIf":
            exif = data[at : at + length]
        animated = animated or name == b"acTL"
    return Beside(palette, profile, exif, animated)


def bands(data: Data, palette: bytes) -> "Iterator[Image.Image]":
    """The picture from the top down.

    Raises:
        EOFError: It is cut short.
    """
    top = head(data)
    stride = top.row_bytes + 1
    rows = max(1, BAND_BYTES // stride)
    before = b""
    left = top.height
    raw = bytearray()
    for piece in _inflated(data, stride * top.height):
        raw += piece
        while left and len(raw) >= stride * min(rows, left):
            count = min(rows, left)
            band = _decoded(top, bytes(raw[: stride * count]), before, palette)
            del raw[: stride * count]
            left -= count
            forget(data)
            before = band.crop((0, band.height - 1, top.width, band.height)).tobytes()
            yield band
    if left:
        raise EOFError


def _decoded(top: Head, raw: bytes, before: bytes, palette: bytes) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415 - in a worker only

    stride = top.row_bytes + 1
    if top.depth == 16:
        rows = range(0, len(raw), stride)
        raw = b"".join(raw[at : at + 1] + raw[at + 1 : at + stride : 2] for at in rows)
    count = len(raw) // (top.width * SAMPLES[top.colours] + 1)
    if before:
        raw = b"\0" + before + raw
    lines = count + bool(before)
    small = SIGNATURE + _chunk(
        b"IHDR", struct.pack(">IIBBBBB", top.width, lines, 8, top.colours, 0, 0, 0)
    )
    small += palette + _chunk(b"IDAT", zlib.compress(raw, 0)) + _chunk(b"IEND", b"")
    with Image.open(BytesIO(small), formats=["PNG"]) as opened:
        opened.load()
        if not before:
            return opened.copy()
        band = opened.crop((0, 1, top.width, lines))
        band.info.update(opened.info)
        return band


def _inflated(data: Data, most: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    for name, at, length in _chunks(data):
        if name == b"IHDR" and at != 16:
            raise ValueError(at)  # a second size
        if name != b"IDAT":
            continue
        packed = data[at : at + length]
        while packed and most > 0:
            piece = inflate.decompress(packed, BAND_BYTES)
            most -= len(piece)
            yield piece
            packed = inflate.unconsumed_tail


def _chunks(data: Data) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of each chunk that is there."""
    at = 8
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8, length
        at += length + 12
    raise ValueError(at)


def _samples(body: bytes, name: bytes, data: Data) -> bytes:
    """A transparent colour of 16 bits, as one of eight."""
    top = head(data)
    if name != b"tRNS" or top.depth != 16:
        return body
    return b"".join(b"\0" + body[at : at + 1] for at in range(0, len(body), 2))


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, MOST_PROFILE)
    except zlib.error:
        return None  # a picture with a broken profile is still a picture


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
