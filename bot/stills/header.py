"""What a file is, how large, and how much work: read from its bytes, not decoded.

Libraries decide by themselves what to allocate when they open a file: a WebP of 46
bytes may take a gigabyte. So what it will take is known and checked before one looks.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from bot.errors import StillError
from bot.stills import heif, jpeg, png
from bot.stills.heif import Heif
from bot.stills.jpeg import Jpeg
from bot.stills.source import Data

MOST_BYTES = 25 << 20  # bytes
MOST_PIXELS = 250_000_000  # the largest phones make 200 million
ROOM = 70 << 20  # bytes for a decoder and its result: 120 MB with the process itself
ROUNDS_SPARE = 11 << 20  # bytes that a JPEG may take more: its rounds are let go first
LONGEST_SIDE = 2560  # pixels; twice what a clip shows leaves room to push in
MOST_ROWS = 64 << 20  # bytes of a PNG once it is unpacked; a matter of time
MOST_ROUNDS = 500_000_000  # pixels times scans of a JPEG; a matter of time too
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
        held: Bytes a pixel that its decoder holds at once.
        least: The largest number that its sides can be divided by in decoding.
        kept: Bytes of the file that are held meanwhile.
        most: Pixels, where more would take too long.
        detail: What else is known of some kinds.
        alpha: Whether a WebP may be seen through.
        moving: Whether a WebP moves.
    """

    kind: str
    width: int = 0
    height: int = 0
    held: float = 4.0
    detail: Jpeg | Heif | None = None
    least: int = 1
    kept: int = 0
    most: int = MOST_PIXELS
    alpha: bool = False
    moving: bool = False


def read_header(data: Data) -> Header:
    """Tell what picture this is; names and declared types are never asked.

    Raises:
        StillError: It is no picture, of a kind that is not read, too large, too
            small, or too long and thin.
    """
    check_bytes(len(data))
    try:
        header = _recognised(data)
    except (struct.error, IndexError, ValueError):
        raise StillError(
            "The picture is cut short.", hint="Send it again, the whole file."
        ) from None
    if header is None:
        raise _not_a_picture(data)
    if header.width or header.height:
        check_size(
            header.width,
            header.height,
            held=header.held,
            least=header.least,
            kept=header.kept,
            most=header.most,
        )
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


def check_size(
    width: int,
    height: int,
    *,
    held: float = 0.0,
    least: int = 1,
    kept: int = 0,
    most: int = MOST_PIXELS,
) -> None:
    """Refuse a picture that is too large, too small, or too long and thin.

    Args:
        width: In pixels.
        height: In pixels.
        held: Bytes a pixel that its decoder holds at once.
        least: The largest number that its sides can be divided by in decoding.
        kept: Bytes of the file that are held meanwhile.
        most: Pixels, where more would take too long.

    Raises:
        StillError: One of the three.
    """
    facts = {"width": width, "height": height}
    size, decoded = (width, height), (width // least, height // least)
    if width * height > most or not fits(size, held, decoded, kept):
        made = target_of(decoded)
        room = max(0, ROOM - kept - 4 * made[0] * made[1])
        most = min(most, int(room / held)) if held else most
        raise StillError(
            "{width}x{height} is {megapixels:.0f} megapixels; {most} is the most for "
            "a file of this kind.",
            hint="Save it as a JPEG, or smaller, and send that.",
            megapixels=width * height / 1e6,
            most=most // 10**6,
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


def fits(
    size: tuple[int, int], held: float, decoded: tuple[int, int], kept: int = 0
) -> bool:
    """Whether there is room for a decoder and for what is made of its picture.

    Args:
        size: Of the file.
        held: Bytes a pixel of it that its decoder holds at once.
        decoded: The size that it hands out.
        kept: Bytes of the file that are held meanwhile.
    """
    made = target_of(decoded)
    return size[0] * size[1] * held + made[0] * made[1] * 4 + kept <= ROOM


def target_of(size: tuple[int, int]) -> tuple[int, int]:
    """How large a still is that is made of a picture of this size."""
    share = min(1.0, LONGEST_SIDE / max(*size, 1))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _recognised(data: Data) -> Header | None:
    kind = _kind(data)
    return None if kind is None else _READERS[kind](data)


def _kind(data: Data) -> str | None:
    for start, kind in _STARTS:
        if data[: len(start)] == start:
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        end = min(struct.unpack_from(">I", data)[0], 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
        return "AVIF" if brands & _AVIF else "HEIF" if brands & _HEIF else None
    return None


def _png(data: Data) -> Header:
    """In bands where that is possible: then its rows only cost time."""
    top = png.head(data)
    held, most = 0.0, MOST_PIXELS
    if top.banded:
        most = MOST_ROWS * top.width // max(1, top.row_bytes)
        if top.depth == 8 and png.SAMPLES[top.colours] in (2, 4):
            most = most * 3 // 4  # what can be seen through takes longer to reduce
    else:
        held = 1.0 if png.SAMPLES[top.colours] == 1 and top.depth <= 8 else 4.0
    return Header("PNG", top.width, top.height, held, most=most)


def _jpeg(data: Data) -> Header:
    """Only as large as it is of use, but all rounds of a progressive one are held."""
    found = jpeg.read(data)
    if found is None or found.scans * found.width * found.height > MOST_ROUNDS:
        raise StillError(
            "The picture is put together in too many pieces.",
            hint="Open it, save it again as a JPEG or PNG, and send that.",
        )
    # A quarter is good enough yet, and takes next to nothing beside all the rounds.
    held = found.held + 4 / 4**2
    kept = -ROUNDS_SPARE if found.progressive else 0
    return Header("JPEG", found.width, found.height, held, found, least=4, kept=kept)


def _gif(data: Data) -> Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return Header("GIF", width, height, 1.0)


def _webp(data: Data) -> Header:
    kind = data[12:16]
    alpha = moving = False
    held = 1.7  # FFmpeg's frame
    if kind == b"VP8X":
        low, high, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
        size = (low | high << 16) + 1, (low_height | high_height << 16) + 1
        alpha, moving = bool(data[20] & 0x10), bool(data[20] & 0x02)
        held = 2.7 if alpha else held
        if b"VP8L" in data[12:4096]:
            held = 5.0
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        alpha, held = bool(bits >> 28 & 1), 5.0
    else:
        width, height = struct.unpack_from("<HH", data, 26)
        size = width & 0x3FFF, height & 0x3FFF
    held = 16.0 if moving else held
    kept = 2 * len(data)
    width, height = size
    return Header("WEBP", width, height, held, kept=kept, alpha=alpha, moving=moving)


def _bmp(data: Data) -> Header:
    (length,) = struct.unpack_from("<I", data, 14)
    form = "<HH" if length == 12 else "<ii"  # OS/2 and Windows
    width, height = struct.unpack_from(form, data, 18)
    # Negative: stored from the top down.
    return Header("BMP", abs(width), abs(height))


def _tiff(_: Data) -> Header:
    """Its size is deep inside, and Pillow opens it lazily."""
    return Header("TIFF")


def _avif(data: Data) -> Header:
    return _of_boxes(data, "AVIF", 12.0)


def _heif(data: Data) -> Header:
    return _of_boxes(data, "HEIF", 9.0)


def _of_boxes(data: Data, kind: str, held: float) -> Header:
    """Small ones by their own library, large ones tile by tile."""
    try:
        found = heif.read(data)
    except (ValueError, KeyError, IndexError, struct.error):
        found = None
    if found is None:
        raise StillError(
            "The picture is damaged or cut short.",
            hint="Open it, save it again as a JPEG or PNG, and send that.",
        )
    width, height = found.size
    kept = 2 * len(data)
    small = fits(found.size, held * found.bits / 8, found.size, kept)
    if found.codec is None or found.alpha or small:
        return Header(kind, width, height, held * found.bits / 8, kept=kept)
    each = 1.0 if found.bits == 8 else 2.0
    if len(found.parts) == 1:
        each *= 3.8 if kind == "HEIF" else 2.05
    else:
        check_size(*found.tile, held=8.0)
        kept, each = 0, each * 0.25
    return Header(kind, width, height, each, found, kept=kept)


_READERS: dict[str, Callable[[Data], Header]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "GIF": _gif,
    "WEBP": _webp,
    "BMP": _bmp,
    "TIFF": _tiff,
    "AVIF": _avif,
    "HEIF": _heif,
}


def _not_a_picture(data: Data) -> StillError:
    for start, sentence, hint in _OTHERS:
        if data[: len(start)] == start:
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
