"""Bytes from outside become an upright sRGB picture, or an error in words."""

import warnings
from io import BytesIO
from typing import NamedTuple

import pillow_heif
from PIL import Image, ImageCms

from bot.errors import StillError
from bot.stills.header import Header, check_size, read_header

LONGEST_SIDE = 2560  # pixels; twice what a clip shows leaves room to push in

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
_GREY = (128, 128, 128)  # dark and light things both show on it


pillow_heif.register_heif_opener()


class Decoded(NamedTuple):
    """A picture that was made safe.

    Attributes:
        picture: Upright, RGB, sRGB, without any metadata.
        notes: What had to be done to it, each a sentence for the person.
    """

    picture: Image.Image
    notes: tuple[str, ...]


def load(data: bytes) -> Decoded:
    """Decode the first frame, not larger than is of use.

    Raises:
        StillError: It is no picture, a damaged one, or over a limit.
        MemoryError: It needs more memory than there is.
    """
    header = read_header(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow only warns of, we can use
            return _decode(data, header)
    except (StillError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise StillError(
            "The picture is far too large.", hint="Save it smaller and send that."
        ) from error
    except Exception as error:  # Pillow raises anything over hostile bytes
        raise StillError(
            "The picture is damaged or cut short.",
            hint="Open it, save it again as a JPEG or PNG, and send that.",
        ) from error


def _decode(data: bytes, header: Header) -> Decoded:
    notes = []
    with Image.open(BytesIO(data), formats=[header.kind]) as opened:
        check_size(*opened.size)
        if header.kind in _MOVING and getattr(opened, "is_animated", False):
            notes.append("Only its first frame was taken.")
        profile = opened.info.get("icc_profile")
        opened.draft(None, _reduced(opened.size))  # of a JPEG, only what is needed
        opened.load()
        picture = _upright(opened)
    picture = _plain(picture)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    picture = _to_srgb(picture, profile)
    if alpha is not None and any(alpha.histogram()[:255]):
        notes.append("What one can see through was filled with grey.")
        picture = Image.composite(picture, Image.new("RGB", picture.size, _GREY), alpha)
    picture.info.clear()
    return Decoded(picture, tuple(notes))


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    share = min(1.0, LONGEST_SIDE / max(size))
    return round(size[0] * share), round(size[1] * share)


def _upright(picture: Image.Image) -> Image.Image:
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    return picture.copy() if turn is None else picture.transpose(turn)


def _plain(picture: Image.Image) -> Image.Image:
    """As eight bits of L, RGB, RGBA or CMYK, whatever it was."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _eight_bits(picture)
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits have a known range; of anything wider the darkest is black."""
    low, high = 0.0, 65_535.0
    if not picture.mode.startswith("I;16"):
        match picture.getextrema():
            case (int() | float() as low, int() | float() as high):
                pass
    scale = 255 / max(high - low, 1e-6)
    grey = picture.convert("F").point(lambda value: value * scale - low * scale)
    return grey.convert("L")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Through its own colour profile, where that is sound and says something else."""
    colours = picture.convert("RGB") if picture.mode == "RGBA" else picture
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            known = "srgb" in ImageCms.getProfileDescription(source).lower()
            fits = _MODES.get(source.profile.xcolor_space.strip()) == colours.mode
            if fits and not known:
                target = ImageCms.createProfile("sRGB")
                found = ImageCms.profileToProfile(
                    colours, source, target, outputMode="RGB"
                )
                return found or colours.convert("RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a photo with a broken profile is still a photo
    return colours.convert("RGB")
