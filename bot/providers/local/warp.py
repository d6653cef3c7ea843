"""Where each pixel of a frame comes from on a plate.

The map is linear in nearness, solved on a coarse grid by a few fixed-point steps and
then enlarged (measured error at most 0.15 px). `smoothed` keeps it a contraction: no
folds, and the steps converge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from bot.models import Size
from bot.providers.local.scene import OVERSCAN, RELIEF, Scene
from bot.subject import Field

STEP = 8  # frame pixels per grid cell
ITERATIONS = 5
FARTHEST = 0.45  # how much of a dolly the farthest plane feels
NEARER = 0.55  # how much more the nearest one feels
CONTRACTION = 0.5  # how much one step may move the next, at most
LEAN = 0.15  # pixels that an upright may lean per pixel of its height, some 9 degrees


@dataclass(slots=True)
class Pose:
    """The camera at one moment.

    Attributes:
        x: Sideways, in frame widths at nearness 1; positive is right.
        y: Up and down, likewise; positive is down.
        z: Forward, as a share of the way to the nearest plane.
        pan: Turned sideways, in frame widths.
        tilt: Turned up or down, in frame widths.
        zoom: Magnification.
        roll: Radians.
        back_blur: How far out of focus the background is, 0 to 1.
        front_blur: The same for the subject.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0
    back_blur: float = 0.0
    front_blur: float = 0.0


class Grid(NamedTuple):
    """Sources on a coarse grid with one cell of margin all around.

    Attributes:
        x: Plate column of each grid point.
        y: Plate row of each grid point.
        near: Nearness there.
    """

    x: Field
    y: Field
    near: Field


def grid(
    scene: Scene, relief: Field, pose: Pose, crop: float, *, step: int = STEP
) -> Grid:
    """Solve where the grid points of a frame lie on a plate."""
    width, height = scene.size
    across = (np.arange(-1, -(-width // step) + 1, dtype=np.float32) + 0.5) * step
    down = (np.arange(-1, -(-height // step) + 1, dtype=np.float32) + 0.5) * step
    u, v = np.meshgrid(across - np.float32(width / 2), down - np.float32(height / 2))
    turn = np.float32(math.cos(pose.roll) / pose.zoom)
    lean = np.float32(math.sin(pose.roll) / pose.zoom)
    u, v = turn * u + lean * v, turn * v - lean * u
    near = np.full_like(u, relief.mean())
    for _ in range(ITERATIONS):
        x, y = _place(scene, u, v, near, pose, crop)
        near = _look_up(relief, x, y)
    return Grid(*_place(scene, u, v, near, pose, crop), near)


def enlarged(coarse: Field, size: Size, *, step: int = STEP) -> Field:
    """A coarse map at every pixel of a frame."""
    whole = (coarse.shape[1] * step, coarse.shape[0] * step)
    big = cv2.resize(coarse, whole, interpolation=cv2.INTER_LINEAR)
    return big[step : step + size.height, step : step + size.width]


def overshoot(scene: Scene, poses: Sequence[Pose]) -> float:
    """How many times too far the poses look beyond the plates; 1 is just inside."""
    width, height = scene.extent
    middle_x, middle_y = scene.centre
    worst = 1.0
    for pose in (*poses[:: max(1, len(poses) // 24)], poses[-1]):
        for plate in scene.layers:
            seen = grid(scene, plate.relief, pose, 1.0, step=_divisor(scene.size))
            for field, middle, side in (
                (seen.x[1:-1, 1:-1], middle_x, width),
                (seen.y[1:-1, 1:-1], middle_y, height),
            ):
                before = (middle - float(field.min())) / max(1.0, middle - _EDGE)
                after = (float(field.max()) - middle) / max(
                    1.0, side - 1 - _EDGE - middle
                )
                worst = max(worst, before, after)
    return worst


_EDGE = STEP * OVERSCAN  # plate pixels that the coarse grid may be wrong by


def smoothed(scene: Scene, relief: Field, poses: Sequence[Pose]) -> float:
    """How much a relief must be blurred for these poses; sigma in cells."""
    sigma = 0.0
    blurred = relief
    while strain(scene, blurred, poses) > 1 and sigma < 80:
        sigma = max(1.0, sigma * 1.25)
        blurred = blur(relief, sigma)
    return sigma


def blur(relief: Field, sigma: float) -> Field:
    """A smoother relief."""
    return cv2.GaussianBlur(relief, (0, 0), sigma) if sigma else relief


def strain(scene: Scene, relief: Field, poses: Sequence[Pose]) -> float:
    """How much a relief bends the picture; at 1 as much as it may.

    Too steep, and the steps would not converge and the picture would fold; long before
    that, a sideways move makes what stands upright lean.
    """
    sideways = max(max(abs(pose.x), abs(pose.y)) for pose in poses)
    forward = NEARER * 0.5 * max(abs(pose.z) for pose in poses)
    steepest = max(
        float(np.abs(np.diff(relief, axis=axis)).max(initial=0.0)) for axis in (0, 1)
    )
    per_pixel = scene.size.width * OVERSCAN / RELIEF * steepest
    return per_pixel * max(sideways / LEAN, (sideways + forward) / CONTRACTION)


def _place(
    scene: Scene, u: Field, v: Field, near: Field, pose: Pose, crop: float
) -> tuple[Field, Field]:
    width = scene.size.width
    scale = np.float32(OVERSCAN * crop)
    depth = 1 - np.float32(pose.z) * (FARTHEST + NEARER * near)
    offset = near - np.float32(scene.pivot)
    x = u * depth + width * (np.float32(pose.x) * offset + np.float32(pose.pan))
    y = v * depth + width * (np.float32(pose.y) * offset + np.float32(pose.tilt))
    return x * scale + np.float32(scene.centre[0]), y * scale + np.float32(
        scene.centre[1]
    )


def _look_up(relief: Field, x: Field, y: Field) -> Field:
    return cv2.remap(
        relief,
        (x + 0.5) / RELIEF - 0.5,
        (y + 0.5) / RELIEF - 0.5,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _divisor(size: Size) -> int:
    """A grid step of at most 16 pixels: the frame's edges are looked at closely."""
    return max(STEP, math.gcd(size.width, size.height, 16))
