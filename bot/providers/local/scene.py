"""A still made into a scene: two plates with relief, and where the frame sits in it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from bot import subject
from bot.models import Size
from bot.providers.local import behind, depth, plates
from bot.providers.local.plates import Plane, Plate
from bot.subject import Face, Field, Image

OVERSCAN = 1.5  # plate pixels per frame pixel: sharp at a bilinear remap
SHARPEN = 0.35  # makes up for what that remap softens; measured, docs/renderer.md
SPARE = 1.35  # of the frame that is kept around it for the camera to move into
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
        focus: The subject from there, in frame widths; what a push-in closes in on.
        faces: Faces on the plate.
    """

    size: Size
    back: Plate
    front: Plate | None
    box: tuple[int, int, int, int]
    centre: tuple[float, float]
    focus: tuple[float, float]
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
    soft_mask = subject.mask(picture)
    faces = subject.faces(picture)
    middle = subject.centre(soft_mask, faces)
    window = _window(picture, size, middle)
    plate = window.cut(picture)
    soft_mask = window.cut(soft_mask)
    near = depth.nearness(plate, soft_mask)
    alpha = _matte(plate, soft_mask)
    if alpha is None:
        back = plates.background(_sharpened(look(plate)), _relief(near.back, plate))
        front, box = None, (0, 0, 0, 0)
    else:
        hole = _widened(alpha)
        bare = behind.filled(plate, hole)
        back = plates.background(_sharpened(look(bare)), _relief(near.back, plate))
        relief = _relief(near.front, plate)
        front = plates.cut_out(_sharpened(look(plate)), alpha, relief)
        box = _bounds(alpha)
    seen = tuple(window.move(face) for face in faces)
    centre, focus = _aim(window, size, middle)
    return Scene(size, back, front, box, centre, focus, seen)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a picture that becomes the plate.

    Attributes:
        left: Pixels of the picture.
        top: Pixels of the picture.
        width: Pixels of the picture.
        height: Pixels of the picture.
        picture: Width and height of the whole picture.
        plate: Width and height of the plate; both even.
    """

    left: int
    top: int
    width: int
    height: int
    picture: tuple[int, int]
    plate: tuple[int, int]

    @property
    def scale(self) -> float:
        """Plate pixels per picture pixel."""
        return self.plate[0] / self.width

    def cut(self, plane: Plane) -> Plane:
        """The part of a plane of the picture, at the size of the plate."""
        part = plane[self.top : self.top + self.height, self.left :][:, : self.width]
        how = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        return cv2.resize(part, self.plate, interpolation=how)

    def move(self, face: Face) -> Face:
        """A face of the picture, on the plate."""
        return Face(
            (face.x - self.left) * self.scale,
            (face.y - self.top) * self.scale,
            face.width * self.scale,
            face.height * self.scale,
            face.score,
        )


def _window(picture: Image, size: Size, middle: tuple[float, float]) -> Window:
    """What the camera may ever see: the frame around the middle, and some to spare."""
    whole = (picture.shape[1], picture.shape[0])
    scale = max(frame / side for frame, side in zip(size, whole, strict=True))
    sides, corner = [], []
    for frame, side, share in zip(size, whole, middle, strict=True):
        wide = min(side, round(frame / scale * SPARE))
        sides.append(wide)
        corner.append(round(min(max(0.0, share * side - wide / 2), side - wide)))
    plate = tuple(2 * round(wide * scale * OVERSCAN / 2) for wide in sides)
    return Window(corner[0], corner[1], sides[0], sides[1], whole, (plate[0], plate[1]))


def _matte(plate: Image, soft_mask: Field) -> Field | None:
    """The subject's opacity with edges that follow the picture; None for no subject."""
    rough = np.clip((soft_mask - 0.35) / 0.3, 0, 1).astype(np.float32)
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    radius = max(4, plate.shape[1] // 160)
    alpha = np.clip((depth.guided(grey, rough, radius, 1e-4) - 0.15) / 0.7, 0, 1)
    return alpha if alpha.mean() >= SMALLEST_SUBJECT else None


def _widened(alpha: Field) -> Field:
    """The subject and a rim around it: what must be painted out behind it."""
    height, width = alpha.shape
    quarter = (max(1, width // 4), max(1, height // 4))
    small = cv2.resize(alpha, quarter, interpolation=cv2.INTER_AREA)
    rim = 2 * max(1, round(width / 80 / 4)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    wide = cv2.dilate(small, kernel)
    return np.maximum(
        alpha, cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)
    )


def _sharpened(plate: Image) -> Image:
    blurred = cv2.GaussianBlur(plate, (0, 0), 1.0)
    return cv2.addWeighted(plate, 1 + SHARPEN, blurred, -SHARPEN, 0)


def _relief(near: Field, plate: Image) -> Field:
    """Smooth nearness of one plate, on its coarse grid."""
    cells = (plate.shape[1] // RELIEF, plate.shape[0] // RELIEF)
    field = cv2.resize(near, cells, interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(field, (0, 0), max(1.0, cells[0] / 60) * 2)


def _bounds(alpha: Field) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(alpha > 0.02)
    return (
        int(columns.min()),
        int(rows.min()),
        int(columns.max()) + 1,
        int(rows.max()) + 1,
    )


def _aim(
    window: Window, size: Size, middle: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The wanted middle, as near as the frame can stay on the plate, and the rest.

    The middle is in plate pixels, the rest in frame widths.
    """
    corner = (window.left, window.top)
    centre, focus = [], []
    for axis in (0, 1):
        wanted = (middle[axis] * window.picture[axis] - corner[axis]) * window.scale
        whole = window.plate[axis]
        margin = min(size[axis] * OVERSCAN, whole) / 2
        nearest = min(max(wanted, margin), whole - margin)
        centre.append(nearest - 0.5)
        focus.append((wanted - nearest) / (size.width * OVERSCAN))
    return (centre[0], centre[1]), (focus[0], focus[1])
