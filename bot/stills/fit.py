"""A still at exactly the size of a frame."""

from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from bot.models import Size

MOST_CUT = 0.45  # share of the picture; beyond it a crop tells another story
BLUR = 16  # the surround is blurred at this fraction of the frame


def fit(
    still: Path, to: Path, *, size: Size, centre: tuple[float, float] = (0.5, 0.5)
) -> None:
    """Write a still as a JPEG of exactly this size. Blocks: decodes and encodes.

    It is cropped around its subject, or, where that would cut too much away, shown
    whole on a blurred surround of itself. It is never stretched.

    Args:
        still: A picture that was made safe.
        to: Where to write.
        size: Of the frame.
        centre: Of the subject, as shares of width and height.
    """
    with Image.open(still) as picture:
        fitted = fitted_to(picture, size, centre=centre)
    fitted.save(to, "JPEG", quality=95, subsampling=0)


def fitted_to(
    picture: Image.Image, size: Size, *, centre: tuple[float, float] = (0.5, 0.5)
) -> Image.Image:
    """The same in memory."""
    shapes = (picture.width / picture.height, size.width / size.height)
    if 1 - min(shapes) / max(shapes) > MOST_CUT:
        return _padded(picture, size)
    return _covering(picture, size, centre)


def _covering(
    picture: Image.Image, size: Size, centre: tuple[float, float]
) -> Image.Image:
    scale = min(picture.width / size.width, picture.height / size.height)
    width, height = size.width * scale, size.height * scale
    left = _clamped(centre[0] * picture.width - width / 2, picture.width - width)
    top = _clamped(centre[1] * picture.height - height / 2, picture.height - height)
    box = (left, top, left + width, top + height)
    return picture.resize(size, Image.Resampling.LANCZOS, box=box)


def _padded(picture: Image.Image, size: Size) -> Image.Image:
    small = Size(max(1, size.width // BLUR), max(1, size.height // BLUR))
    surround = _covering(picture, small, (0.5, 0.5))
    surround = surround.filter(ImageFilter.GaussianBlur(2))
    frame = surround.resize(size, Image.Resampling.BICUBIC)
    whole = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    place = ((size.width - whole.width) // 2, (size.height - whole.height) // 2)
    frame.paste(whole, place)
    return frame


def _clamped(value: float, most: float) -> float:
    return min(max(0.0, value), most)
