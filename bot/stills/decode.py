"""Bytes from outside become an upright sRGB picture, or an error in words.

Nothing is held whole that need not be: see `bands`, `png`, `frames`. What each kind of
file takes is known before it is opened: see `header`.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageCms, ImageFile

from bot.errors import StillError
from bot.stills import frames, png
from bot.stills.bands import Reducer
from bot.stills.header import (
    LONGEST_SIDE,
    Header,
    check_size,
    fits,
    read_header,
    target_of,
)
from bot.stills.heif import Heif
from bot.stills.jpeg import Jpeg
from bot.stills.source import Data, opened
from bot.stills.webp import beside

FIRST_FRAME = "Only its first frame was taken."
SEEN_THROUGH = "What one can see through was filled with grey."
BLANK = "Only its first frame was taken, which is blank: send a later one as a picture."
CUT_SHORT = "The file was cut short; what had arrived was used."
MAX_MISSING = 0.1  # share of the rows of a JPEG that was cut short
_ORIENTATION = 0x0112  # EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MOVING = {"GIF", "WEBP", "PNG", "AVIF", "TIFF"}  # a JPEG's second picture is a map
_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}  # ICC colour space to Pillow's
_BAND = 64  # rows
_RAW = 50_706  # TIFF tag of a camera's raw file
_GREY = (128, 128, 128)  # dark and light things both show on it


class Decoded(NamedTuple):
    """A picture that was made safe.

    Attributes:
        picture: Upright, RGB, sRGB, without any metadata.
        notes: What had to be done to it, each a sentence for the person.
    """

    picture: Image.Image
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Read:
    """A picture that is small already, and what has still to be done to it."""

    picture: Image.Image | None
    profile: bytes | None = None
    turns: tuple[Image.Transpose, ...] = ()
    moving: bool = False
    cut_short: bool = False

    def coloured(self) -> tuple[Image.Image, bool]:
        """The picture in sRGB, once, and whether one could see through it.

        It is done in bands, and the picture as it was is let go.
        """
        picture, self.picture = self.picture, None
        if picture is None:
            raise EOFError
        made, seen_through = Image.new("RGB", picture.size), False
        to_srgb = _to_srgb(picture.mode, self.profile)
        for top in range(0, picture.height, _BAND):
            band = picture.crop(
                (0, top, picture.width, min(picture.height, top + _BAND))
            )
            colours = to_srgb(band)
            if band.mode == "RGBA":
                alpha = band.getchannel("A")
                seen_through = seen_through or alpha.getextrema() != (255, 255)
                grey = Image.new("RGB", band.size, _GREY)
                colours = Image.composite(colours, grey, alpha)
            made.paste(colours, (0, top))
        return made, seen_through


def load(data: Data) -> Decoded:
    """Decode the first frame, not larger than is of use.

    Raises:
        StillError: It is no picture, a damaged one, or over a limit.
        MemoryError: It needs more memory than there is.
    """
    header = read_header(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow only warns of, we can use
            return _finished(_read(data, header))
    except (StillError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise StillError(
            "The picture is far too large.", hint="Save it smaller and send that."
        ) from error
    except Exception as error:  # libraries raise anything over hostile bytes
        raise StillError(
            "The picture is damaged or cut short.",
            hint="Open it, save it again as a JPEG or PNG, and send that.",
        ) from error


def _read(data: Data, header: Header) -> _Read:
    match header.kind, header.detail:
        case "PNG", _ if png.head(data).banded:
            return _read_png(data, header)
        case "WEBP", _ if not header.moving:
            return _read_webp(data, header)
        case _, Heif() as heif:
            return _read_heif(data, heif)
    return _by_pillow(data, header)


def _finished(read: _Read) -> Decoded:
    notes = []
    picture, seen_through = read.coloured()
    if read.moving:
        blank = picture.getcolors(1) is not None
        notes.append(BLANK if blank else FIRST_FRAME)
    if read.cut_short:
        notes.append(CUT_SHORT)
    for turn in read.turns:
        picture = picture.transpose(turn)
    if seen_through:
        notes.append(SEEN_THROUGH)
    picture.info.clear()
    return Decoded(picture, tuple(notes))


def _read_png(data: Data, header: Header) -> _Read:
    around = png.beside(data)
    reducer = Reducer(_size(header), target_of(_size(header)))
    for band in png.bands(data, around.palette):
        reducer.add(_plain(band))
    turns = _turned(around.exif and b"Exif\0\0" + around.exif)
    return _Read(reducer.result(), around.profile, turns, around.animated)


def _read_webp(data: Data, header: Header) -> _Read:
    around = beside(data)
    picture = frames.webp(data, target_of(_size(header)), alpha=header.alpha)
    return _Read(picture, around.profile, _turned(around.exif))


def _read_heif(data: Data, heif: Heif) -> _Read:
    target = target_of(heif.size)
    if len(heif.parts) == 1:
        picture = frames.whole(data, heif, target)
    else:
        share = 2 if frames.halved(heif) else 1
        size = (heif.size[0] + share - 1) // share, (heif.size[1] + share - 1) // share
        picture = _reduced(frames.rows(data, heif), size, target)
    turns = [Image.Transpose.ROTATE_90] * heif.turn
    if heif.mirror is not None:
        turns.append(
            Image.Transpose.FLIP_LEFT_RIGHT
            if heif.mirror
            else Image.Transpose.FLIP_TOP_BOTTOM
        )
    return _Read(picture, heif.profile, tuple(turns))


def _learn_heif() -> None:
    import pillow_heif  # noqa: PLC0415 - 6 MB, and most photos do without

    # One thread, and none of what comes beside the picture: each takes memory.
    pillow_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )


def _by_pillow(data: Data, header: Header) -> _Read:
    try:
        return _opened_by_pillow(data, header)
    except OSError:
        if header.kind != "JPEG":
            raise
        with _cut_short():
            read = _opened_by_pillow(data, header)
    if read.picture is None or _missing(read.picture) > MAX_MISSING:
        raise EOFError
    read.cut_short = True
    return read


@contextmanager
def _cut_short() -> Iterator[None]:
    """Let Pillow end a JPEG that lacks its end; a setting of all its decoders."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _missing(picture: Image.Image) -> float:
    """Share of the rows at the bottom that are of one colour: they never came."""
    for row in range(picture.height - 1, -1, -1):
        colours = picture.crop((0, row, picture.width, row + 1)).getcolors(1)
        if colours is None:
            return 1 - (row + 1) / picture.height
    return 1.0


def _opened_by_pillow(data: Data, header: Header) -> _Read:
    if header.kind == "HEIF":
        _learn_heif()
    with Image.open(opened(data), formats=[header.kind]) as picture:
        size = picture.size
        _check(picture, header)
        moving = header.kind in _MOVING and getattr(picture, "is_animated", False)
        profile = picture.info.get("icc_profile")
        if isinstance(header.detail, Jpeg):
            share = _share(header.detail, header.kept)
            picture.draft(None, (size[0] // share, size[1] // share))
        picture.load()
        turns = _turned(picture.getexif())
        small = _reduced(_bands(picture), picture.size, target_of(picture.size))
    return _Read(small, profile, turns, moving)


def _check(picture: Image.Image, header: Header) -> None:
    """Look again, now that Pillow has read more of it than the first bytes."""
    if isinstance(header.detail, Jpeg):
        return
    held = header.held if header.width else 4.0
    if picture.mode in ("1", "L", "P"):
        held = min(held, 1.0)
    if picture.format == "TIFF":
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if _RAW in tags:
            raise StillError(
                "That is a raw photo of a camera.",
                hint="Save it as a JPEG or PNG picture and send that.",
            )
        # A strip is unpacked whole; some files are a single one.
        share = min(1.0, tags.get(278, tags.get(323, 0)) / max(1, picture.height))
        held += share * sum(tags.get(258, (1,))) / 8
    check_size(*picture.size, held=held)


def _share(found: Jpeg, kept: int) -> int:
    """By how much a JPEG is made smaller while it is decoded: a half, a quarter."""
    size, each = (found.width, found.height), 1 if found.colours == 1 else 4
    for share in (1, 2, 4):
        held = found.held + each / share**2
        smaller = (size[0] // share, size[1] // share)
        if max(size) < LONGEST_SIDE * 2 * share and fits(size, held, smaller, kept):
            return share
    return 8


def _bands(picture: Image.Image) -> Iterator[Image.Image]:
    scale = _scale(picture)
    for top in range(0, picture.height, _BAND):
        bottom = min(picture.height, top + _BAND)
        yield _plain(picture.crop((0, top, picture.width, bottom)), scale)


def _reduced(
    bands: Iterator[Image.Image], size: tuple[int, int], target: tuple[int, int]
) -> Image.Image:
    reducer = Reducer(size, target)
    for band in bands:
        reducer.add(band)
    return reducer.result()


def _size(header: Header) -> tuple[int, int]:
    return header.width, header.height


def _turned(exif: Image.Exif | bytes | None) -> tuple[Image.Transpose, ...]:
    """What turns a photo upright."""
    if not isinstance(exif, Image.Exif):
        said, exif = exif, Image.Exif()
        try:
            exif.load(said or b"")
        except Exception:  # noqa: BLE001 - a photo with broken EXIF is still a photo
            return ()
    turn = _TURNS.get(exif.get(_ORIENTATION, 1))
    return () if turn is None else (turn,)


def _scale(picture: Image.Image) -> tuple[float, float]:
    """What is black and what is white, where a sample has more than eight bits.

    Sixteen bits have a known range; of anything wider the darkest is black.
    """
    if picture.mode in ("I", "F"):
        match picture.getextrema():
            case (int() | float() as low, int() | float() as high):
                return low, high
    return 0.0, 65_535.0


def _plain(
    picture: Image.Image, scale: tuple[float, float] = (0.0, 65_535.0)
) -> Image.Image:
    """As eight bits of L, RGB, RGBA or CMYK, whatever it was."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture, *scale)
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image, low: float, high: float) -> Image.Image:
    scale = 255 / max(high - low, 1e-6)
    grey = picture.convert("F").point(lambda value: value * scale - low * scale)
    return grey.convert("L")


def _to_srgb(mode: str, profile: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """Through its own colour profile, where that is sound and says something else."""
    colours = "RGB" if mode in ("RGBA", "RGBX") else mode
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            known = "srgb" in ImageCms.getProfileDescription(source).lower()
            fits_it = _MODES.get(source.profile.xcolor_space.strip()) == colours
            if fits_it and not known:
                target = ImageCms.createProfile("sRGB")
                through = ImageCms.buildTransform(source, target, colours, "RGB")
                return lambda band: _applied(through, band.convert(colours))
        except (ImageCms.PyCMSError, OSError):
            pass  # a photo with a broken profile is still a photo
    return lambda band: band.convert("RGB")


def _applied(through: ImageCms.ImageCmsTransform, band: Image.Image) -> Image.Image:
    return ImageCms.applyTransform(band, through) or band.convert("RGB")
