"""The visible mark: a few words in a corner that no face is in."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bot.models import Size
from bot.providers.local.plates import Plane

PLATE = 110  # opacity of the dark plate behind the words, of 255
INK = 0.85  # opacity of the words


@dataclass(frozen=True, slots=True)
class Mark:
    """A patch over the luma, multiplied by its own opacity.

    Attributes:
        x: Left edge in the frame, even.
        y: Top edge in the frame, even.
        opacity: Of the patch, 0 to 255; sides are even.
    """

    x: int
    y: int
    luma: Plane
    opacity: Plane

    def draw(self, luma: Plane, chroma: Plane) -> None:
        """Lay the patch over a frame; colours under it fade to grey."""
        height, width = self.luma.shape
        part = luma[self.y : self.y + height, self.x : self.x + width]
        part[:] = cv2.add(
            cv2.multiply(part, cv2.bitwise_not(self.opacity), scale=1 / 255), self.luma
        )
        small = cv2.resize(
            self.opacity, (width // 2, height // 2), interpolation=cv2.INTER_AREA
        ).astype(np.uint16)[..., None]
        top, left = self.y // 2, self.x // 2
        colours = chroma[top : top + height // 2, left : left + width // 2]
        colours[:] = (colours.astype(np.uint16) * (255 - small) + 128 * small) // 255


def make(words: str, size: Size, faces: Sequence[tuple[float, ...]]) -> Mark | None:
    """The mark for a frame.

    Args:
        words: What it says; nothing makes no mark.
        size: The frame.
        faces: Left, top, width, height in the frame.
    """
    if not words:
        return None
    unit = min(size) / 720
    ink = _written(words, max(9, round(20 * unit)))
    height, width = ink.shape
    margin = _even(14 * unit)
    if width + 2 * margin > size.width or height + 2 * margin > size.height:
        return None
    x, y = _corner(size, (width, height), margin, faces)
    plate = np.full_like(ink, PLATE)
    opacity = np.maximum(plate, (ink * INK).astype(np.uint8))
    share = ink.astype(np.float32) / 255
    luma = 16 * (1 - share) * PLATE / 255 + 235 * share * INK
    return Mark(x, y, luma.astype(np.uint8), opacity)


def _written(words: str, points: int) -> Plane:
    """The words as opacity, with some air around them."""
    font = ImageFont.load_default(points)
    left, top, right, bottom = font.getbbox(words)
    air_x, air_y = _even(points * 0.55), _even(points * 0.4)
    size = (_even(right - left + 2 * air_x), _even(bottom - top + 2 * air_y))
    paper = Image.new("L", size)
    ImageDraw.Draw(paper).text((air_x - left, air_y - top), words, 255, font)
    return np.array(paper, np.uint8)


def _corner(
    size: Size,
    patch: tuple[int, int],
    margin: int,
    faces: Sequence[tuple[float, ...]],
) -> tuple[int, int]:
    """Bottom right, or the next corner that no face touches."""
    left, right = margin, _even(size.width - patch[0] - margin)
    top, bottom = margin, _even(size.height - patch[1] - margin)
    corners = ((right, bottom), (left, bottom), (right, top), (left, top))
    for x, y in corners:
        if not any(_touches((x, y, *patch), face) for face in faces):
            return x, y
    return corners[0]


def _touches(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _even(number: float) -> int:
    return max(2, int(number) // 2 * 2)
