"""HEIC and AVIF as their boxes describe them, and large ones decoded tile by tile.

Phones store a photo as a grid of small tiles, each a frame of video. Libraries put the
grid together before they hand anything out, which takes some 8 bytes a pixel; a row of
tiles at a time takes next to nothing.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.stills.source import Data

MOST_BOXES = 20_000
MOST_META = 4 << 20  # bytes
MOST_TILES = 4_096
CODECS = {b"hvc1": "hevc", b"hev1": "hevc", b"av01": "libdav1d"}


class Part(NamedTuple):
    """Some bytes of the file that are one frame of video."""

    at: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heif:
    """The main picture of a file.

    Attributes:
        size: As it is stored, before it is turned.
        codec: What decodes its tiles, by FFmpeg's name; None where they are of no
            kind that is read tile by tile.
        config: What the decoder has to know first.
        parts: The tiles, row by row.
        columns: Tiles in a row.
        tile: Size of each tile.
        bits: Of a sample.
        turn: How often it is turned by 90 degrees against the clock.
        mirror: 0 where top and bottom are exchanged, 1 where left and right are.
        profile: ICC, if there is one.
        alpha: Whether some of it can be seen through.
    """

    size: tuple[int, int]
    codec: str | None = None
    config: bytes = field(default=b"", repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)
    columns: int = 1
    tile: tuple[int, int] = (0, 0)
    bits: int = 8
    turn: int = 0
    mirror: int | None = None
    profile: bytes | None = field(default=None, repr=False)
    alpha: bool = False


def read(data: Data) -> Heif | None:
    """Read the boxes; None where the file holds no single main picture.

    Raises:
        ValueError, KeyError, IndexError, struct.error: It is damaged.
    """
    meta = next((b for n, b in _boxes(data, 0, len(data)) if n == b"meta"), None)
    if meta is None or meta[1] > MOST_META:
        return None
    return _Meta(data, *meta).picture()


class _Meta:
    """The box that says where everything is."""

    def __init__(self, data: Data, at: int, length: int) -> None:
        self._data = data
        self._boxes = {
            name: data[start : start + size]
            for name, (start, size) in _boxes(data, at + 4, at + length)
        }
        self._kinds = self._read_kinds()
        self._properties = self._read_properties()
        self._references = self._read_references()

    def picture(self) -> Heif | None:
        main = _number(self._boxes[b"pitm"], 4, wide=self._boxes[b"pitm"][0] > 0)
        props = self._properties.get(main, {})
        if b"ispe" not in props:
            return None
        kind = self._kinds[main]
        size = struct.unpack_from(">II", props[b"ispe"], 4)
        tiles, columns = [main], 1
        if kind == b"grid":
            tiles = self._references.get((b"dimg", main), [])
            layout = self._bytes_of(main)
            columns = layout[3] + 1
            size = struct.unpack_from(">II" if layout[1] & 1 else ">HH", layout, 4)
            if len(tiles) != (layout[2] + 1) * columns or len(tiles) > MOST_TILES:
                raise ValueError(len(tiles))
            kind = self._kinds[tiles[0]]
        first = self._properties.get(tiles[0], {})
        config = first.get(b"hvcC") or first.get(b"av1C") or b""
        alike = all(
            self._properties.get(t, {}).get(k) == first.get(k)
            for t in tiles
            for k in (b"ispe", b"hvcC", b"av1C")
        )
        colour = props.get(b"colr") or first.get(b"colr") or b""
        whole = kind in CODECS and alike and b"ispe" in first and bool(config)
        return Heif(
            size=(size[0], size[1]),
            codec=CODECS[kind] if whole else None,
            config=config,
            parts=tuple(self._part(tile) for tile in tiles) if whole else (),
            columns=columns,
            tile=struct.unpack_from(">II", first.get(b"ispe", bytes(12)), 4),
            bits=_bits(kind, config),
            turn=props[b"irot"][0] & 3 if b"irot" in props else 0,
            mirror=props[b"imir"][0] & 1 if b"imir" in props else None,
            profile=colour[4:] if colour[:4] in (b"prof", b"rICC") else None,
            alpha=any(k == b"auxl" and main in to for (k, _), to in self._refs()),
        )

    def _refs(self) -> Iterator[tuple[tuple[bytes, int], list[int]]]:
        for (kind, item), to in self._references.items():
            aux = self._properties.get(item, {}).get(b"auxC", b"")
            if b"alpha" in aux or kind != b"auxl":
                yield (kind, item), to

    def _read_kinds(self) -> Mapping[int, bytes]:
        body = self._boxes[b"iinf"]
        kinds = {}
        for name, (at, _) in _boxes(body, 6 if body[0] == 0 else 8, len(body)):
            wide = body[at] > 2
            if name == b"infe" and body[at] >= 2:
                kind = at + (10 if wide else 8)
                kinds[_number(body, at + 4, wide=wide)] = body[kind : kind + 4]
        return kinds

    def _read_properties(self) -> Mapping[int, Mapping[bytes, bytes]]:
        body = self._boxes[b"iprp"]
        groups = dict(_boxes(body, 0, len(body)))
        at, length = groups[b"ipco"]
        known = [
            (name, body[start : start + size])
            for name, (start, size) in _boxes(body, at, at + length)
        ]
        at, _ = groups[b"ipma"]
        wide_id, wide_index = body[at] > 0, body[at + 3] & 1
        (count,) = struct.unpack_from(">I", body, at + 4)
        at += 8
        found: dict[int, dict[bytes, bytes]] = {}
        for _ in range(min(count, MOST_BOXES)):
            item = _number(body, at, wide=wide_id)
            at += 4 if wide_id else 2
            many = body[at]
            at += 1
            for _ in range(many):
                index = (
                    struct.unpack_from(">H", body, at)[0] & 0x7FFF
                    if wide_index
                    else body[at] & 0x7F
                )
                at += 2 if wide_index else 1
                if 0 < index <= len(known):
                    name, value = known[index - 1]
                    # Of two colour boxes the profile says more than the numbers do.
                    if name != b"colr" or value[:4] != b"nclx":
                        found.setdefault(item, {})[name] = value
        return found

    def _read_references(self) -> Mapping[tuple[bytes, int], list[int]]:
        body = self._boxes.get(b"iref", b"")
        found = {}
        for name, (at, _) in _boxes(body, 4, len(body)):
            wide = body[0] > 0
            step = 4 if wide else 2
            source = _number(body, at, wide=wide)
            (count,) = struct.unpack_from(">H", body, at + step)
            first = at + step + 2
            found[name, source] = [
                _number(body, first + step * n, wide=wide) for n in range(count)
            ]
        return found

    def _part(self, item: int) -> Part:
        """Where the bytes of an item are.

        Raises:
            ValueError: They are in more than one piece, or not in the file.
        """
        body = self._boxes[b"iloc"]
        version = body[0]
        widths = (body[4] >> 4, body[4] & 15, body[5] >> 4)
        index = body[5] & 15 if version else 0
        wide = version == 2
        count = _number(body, 6, wide=wide)
        at = 10 if wide else 8
        for _ in range(min(count, MOST_BOXES)):
            this = _number(body, at, wide=wide)
            at += 4 if wide else 2
            method = 0
            if version:
                method = body[at + 1] & 15
                at += 2
            base = int.from_bytes(body[at + 2 : at + 2 + widths[2]])
            at += 2 + widths[2]
            (pieces,) = struct.unpack_from(">H", body, at)
            at += 2
            if this == item:
                start = int.from_bytes(body[at + index : at + index + widths[0]])
                at += index + widths[0]
                length = int.from_bytes(body[at : at + widths[1]])
                if pieces != 1 or method not in (0, 1):
                    raise ValueError(pieces)
                # Within `idat`, places are told apart by being below zero.
                return Part(start + base - (method << 48), length)
            at += pieces * (index + widths[0] + widths[1])
        raise KeyError(item)

    def _bytes_of(self, item: int) -> bytes:
        part = self._part(item)
        if part.at < 0:
            at = part.at + (1 << 48)
            return self._boxes[b"idat"][at : at + part.length]
        return self._data[part.at : part.at + part.length]


def _bits(kind: bytes, config: bytes) -> int:
    if kind == b"av01":
        return (12 if config[2] & 0x20 else 10) if config[2] & 0x40 else 8
    return (config[17] & 7) + 8 if len(config) > 17 else 8


def _number(body: bytes, at: int, *, wide: bool) -> int:
    return int(struct.unpack_from(">I" if wide else ">H", body, at)[0])


def _boxes(data: Data, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name, and place and length of the content, of each box in a stretch."""
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", data, at)
        skip = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            skip = 16
        elif length == 0:
            length = end - at
        if length < skip:
            raise ValueError(length)
        yield name, (at + skip, min(length, end - at) - skip)
        at += length
    raise ValueError(at)
