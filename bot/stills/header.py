"""What a file is and how large, read from its first bytes alone.

Pillow decides by itself what to allocate when it opens a file: a WebP of half a
megabyte may take gigabytes. So the size is known and checked before it gets to look.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from bot.errors import StillError

MOST_BYTES = 25 << 20  # bytes
MOST_PIXELS = 65_000_000  # the largest phones make 64.1 million
LEAST_SIDE = 64  # pixels; below it there is nothing to move
MOST_ASPECT = 6.0  # long side over short side

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # the large kind
    (b"MM\0+", "TIFF"),
)
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_BARE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers that carry nothing
_AVIF = {b"avif", b"avis"}
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_SAVE_AS = "Save it as a JPEG or PNG picture and send that."
_VIDEO = "That is a video, not a picture."
_ONE_FRAME = "Take a screenshot of the moment you want and send that."
_OTHERS = (
    (b"%PDF-", "That is a PDF, not a picture.", "Save the page as a PNG and send it."),
    (b"\x1aE\xdf\xa3", _VIDEO, _ONE_FRAME),
    (b"8BPS", "That is a Photoshop file.", _SAVE_AS),
    (b"\xff\x0a", "That is a JPEG XL picture, which few programs read.", _SAVE_AS),
    (
        b"\0\0\0\x0cJXL ",
        "That is a JPEG XL picture, which few programs read.",
        _SAVE_AS,
    ),
    (b"\0\0\0\x0cjP  ", "That is a JPEG 2000 picture, which few can read.", _SAVE_AS),
    (b"PK\x03\x04", "That is an archive, not a picture.", "Send the picture itself."),
)


class Header(NamedTuple):
    """What the first bytes say.

    Attributes:
        kind: The format, by Pillow's name.
        width: In pixels; 0 where only Pillow can tell.
        height: In pixels; 0 where only Pillow can tell.
    """

    kind: str
    width: int = 0
    height: int = 0


def read_header(data: bytes) -> Header:
    """Tell what picture this is; names and declared types are never asked.

    Raises:
        StillError: It is no picture, of a kind that is not read, too large, too
            small, or too long and thin.
    """
    check_bytes(len(data))
    try:
        header = _recognised(data)
    except (struct.error, IndexError):
        raise StillError(
            "The picture is cut short.", hint="Send it again, the whole file."
        ) from None
    if header is None:
        raise _not_a_picture(data)
    if header.width or header.height:
        check_size(header.width, header.height)
    return header


def check_bytes(count: int) -> None:
    """Refuse what is empty or too heavy.

    Raises:
        StillError: One of the two.
    """
    if count == 0:
        raise StillError("The file is empty.", hint="Send the picture again.")
    if count > MOST_BYTES:
        raise StillError(
            "The picture has {megabytes:.1f} MB; {most} MB is the most.",
            hint="Save it smaller, or as a JPEG, and send that.",
            megabytes=count / 2**20,
            most=MOST_BYTES >> 20,
        )


def check_size(width: int, height: int) -> None:
    """Refuse a picture that is too large, too small, or too long and thin.

    Raises:
        StillError: One of the three.
    """
    facts = {"width": width, "height": height}
    if width * height > MOST_PIXELS:
        raise StillError(
            "{width}x{height} is {megapixels:.0f} megapixels; {most} is the most.",
            hint="Save it smaller and send that.",
            megapixels=width * height / 1e6,
            most=MOST_PIXELS // 10**6,
            **facts,
        )
    if min(width, height) < LEAST_SIDE:
        raise StillError(
            "{width}x{height} is too small to animate.",
            hint=f"Send a picture with at least {LEAST_SIDE} pixels on each side.",
            **facts,
        )
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise StillError(
            "{width}x{height} is too long and thin to animate.",
            hint="Crop it to the part that matters and send that.",
            **facts,
        )


def _recognised(data: bytes) -> Header | None:
    kind = _kind(data)
    if kind is None:
        return None
    size = _SIZES.get(kind)
    return Header(kind) if size is None else Header(kind, *size(data))


def _kind(data: bytes) -> str | None:
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        end = min(struct.unpack_from(">I", data)[0], 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
        return "AVIF" if brands & _AVIF else "HEIF" if brands & _HEIF else None
    return None


def _png_size(data: bytes) -> tuple[int, int]:
    return struct.unpack_from(">II", data, 16)


def _gif_size(data: bytes) -> tuple[int, int]:
    return struct.unpack_from("<HH", data, 6)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk from marker to marker up to the frame header."""
    at = 2
    while True:
        while data[at] != 0xFF:
            at += 1
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker not in _BARE:
            at += max(2, struct.unpack_from(">H", data, at)[0])


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        low, high, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
        return (low | high << 16) + 1, (low_height | high_height << 16) + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _bmp_size(data: bytes) -> tuple[int, int]:
    (length,) = struct.unpack_from("<I", data, 14)
    form = "<HH" if length == 12 else "<ii"  # OS/2 and Windows
    width, height = struct.unpack_from(form, data, 18)
    return abs(width), abs(height)  # negative: stored from the top down


_SIZES: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "PNG": _png_size,
    "JPEG": _jpeg_size,
    "GIF": _gif_size,
    "WEBP": _webp_size,
    "BMP": _bmp_size,
}  # of the others the size is deep inside, and Pillow opens them lazily


def _not_a_picture(data: bytes) -> StillError:
    for start, sentence, hint in _OTHERS:
        if data.startswith(start):
            return StillError(sentence, hint=hint)
    if data[4:8] == b"ftyp" or data[8:12] == b"AVI ":
        return StillError(_VIDEO, hint=_ONE_FRAME)
    beginning = data[:4096].lower()
    if b"<svg" in beginning:
        return StillError("That is a drawing in SVG.", hint="Save it as a PNG.")
    if b"<html" in beginning or b"<!doctype html" in beginning:
        return StillError("That is a web page, not a picture.")
    if _is_text(data[:4096]):
        return StillError("That is a text file, whatever its name says.")
    return StillError("That is not a picture this bot can read.")


def _is_text(data: bytes) -> bool:
    try:
        # The last character may have been cut in two.
        return "\0" not in data[: len(data) - 3].decode()
    except UnicodeDecodeError:
        return False
