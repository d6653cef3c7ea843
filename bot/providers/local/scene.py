"""A still made into a scene: two plates with relief, and where the frame sits in it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from bot import subject
from bot.models import Size
from bot.providers.local import depth, plates
from bot.providers.local.plates import Plate
from bot.subject import Face, Field, Image

OVERSCAN = 1.5  # plate pixels per frame pixel: sharp at a bilinear remap
SHARPEN = 0.35  # makes up for what that remap softens; measured, docs/renderer.md
RELIEF = 8  # plate pixels per cell of the relief
SMALLEST_SUBJECT = 0.004  # share of the picture


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything about a still that does not change from frame to frame.

    Attributes:
        size: The frame.
        front: The subject, where there is one.
        box: Left, top, right, bottom of the subject on the plate.
        centre: Where on the plate the middle of the frame looks.
        faces: Faces on the plate.
    """

    size: Size
    back: Plate
    front: Plate | None
    box: tuple[int, int, int, int]
    centre: tuple[float, float]
    faces: tuple[Face, ...]

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height of the plates."""
        height, width = self.back.luma.shape
        return width, height

    @property
    def layers(self) -> tuple[Plate, ...]:
        """The plates from back to front."""
        return (self.back,) if self.front is None else (self.back, self.front)

    @property
    def pivot(self) -> float:
        """Nearness that stays put when the camera moves sideways."""
        return float(self.layers[-1].relief.mean())


def build(picture: Image, size: Size, look: Callable[[Image], Image]) -> Scene:
    """Make a scene.

    Args:
        picture: Any size, blue, green, red.
        size: The frame.
        look: Colours a plate; called once per plate.
    """
    plate = _cover(picture, size)
    soft_mask = subject.mask(plate)
    faces = subject.faces(plate)
    near = depth.nearness(plate, soft_mask)
    alpha = _matte(plate, soft_mask)
    if alpha is None:
        back = plates.background(_sharpened(look(plate)), _relief(near, None, plate))
        front, box = None, (0, 0, 0, 0)
    else:
        hole = _widened(alpha)
        behind = plates.fill_behind(plate, hole)
        relief = _relief(near, 1 - hole, plate)
        back = plates.background(_sharpened(look(behind)), relief)
        relief = _relief(near, alpha, plate)
        front = plates.cut_out(_sharpened(look(plate)), alpha, relief)
        box = _bounds(alpha)
    centre = _centre(plate, size, subject.centre(soft_mask, faces))
    return Scene(size, back, front, box, centre, tuple(faces))


def _cover(picture: Image, size: Size) -> Image:
    """Scaled so that it covers the frame with some to spare; both sides even."""
    height, width = picture.shape[:2]
    scale = max(size.width / width, size.height / height) * OVERSCAN
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    even = (2 * round(width * scale / 2), 2 * round(height * scale / 2))
    return cv2.resize(picture, even, interpolation=how)


def _matte(plate: Image, soft_mask: Field) -> Field | None:
    """The subject's opacity with edges that follow the picture; None for no subject."""
    rough = np.clip((soft_mask - 0.3) / 0.4, 0, 1).astype(np.float32)
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    radius = max(4, plate.shape[1] // 160)
    alpha = np.clip((depth.guided(grey, rough, radius, 1e-4) - 0.1) / 0.8, 0, 1)
    return alpha if alpha.mean() >= SMALLEST_SUBJECT else None


def _widened(alpha: Field) -> Field:
    """The subject and a rim around it: what must be painted out behind it."""
    rim = 2 * max(3, alpha.shape[1] // 110) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    return cv2.dilate(alpha, kernel)


def _sharpened(plate: Image) -> Image:
    blurred = cv2.GaussianBlur(plate, (0, 0), 1.0)
    return cv2.addWeighted(plate, 1 + SHARPEN, blurred, -SHARPEN, 0)


def _relief(near: Field, weight: Field | None, plate: Image) -> Field:
    """Smooth nearness of one plate, told only by the pixels that belong to it."""
    cells = (plate.shape[1] // RELIEF, plate.shape[0] // RELIEF)
    field = cv2.resize(near, cells, interpolation=cv2.INTER_LINEAR)
    share = np.ones_like(field)
    if weight is not None:
        share = cv2.resize(weight, cells, interpolation=cv2.INTER_AREA) + 1e-4
    sigma = max(1.0, cells[0] / 60) * 2
    told = cv2.GaussianBlur(field * share, (0, 0), sigma)
    return told / np.maximum(cv2.GaussianBlur(share, (0, 0), sigma), 1e-6)


def _bounds(alpha: Field) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(alpha > 0.02)
    return (
        int(columns.min()),
        int(rows.min()),
        int(columns.max()) + 1,
        int(rows.max()) + 1,
    )


def _centre(
    plate: Image, size: Size, wanted: tuple[float, float]
) -> tuple[float, float]:
    """The wanted middle, moved so that the frame stays on the plate."""
    centre = []
    sides = zip(plate.shape[1::-1], size, wanted, strict=True)
    for whole, frame, share in sides:
        margin = min(frame * OVERSCAN, whole) / 2
        centre.append(float(np.clip(share * whole, margin, whole - margin)) - 0.5)
    return centre[0], centre[1]
