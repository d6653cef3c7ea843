"""One frame after another: both plates warped, the weather, the mark; NV12 out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from bot.models import Size
from bot.providers.local import plates, warp
from bot.providers.local.mark import Mark
from bot.providers.local.plates import Plane, Plate
from bot.providers.local.scene import Scene
from bot.providers.local.warp import STEP, Grid, Pose
from bot.providers.local.weather import FOG_LUMA, NEUTRAL, Weather
from bot.subject import Field

SEEN = 0.01  # a blur or blend below this is none


class Region(NamedTuple):
    """A part of the frame in pixels, all multiples of the grid's step."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def half(self) -> "Region":
        """The same part of the chroma plane."""
        return Region(*(side // 2 for side in self))


class Drawer:
    """Draws the frames of one clip."""

    def __init__(
        self,
        scene: Scene,
        poses: Sequence[Pose],
        *,
        crop: float,
        weather: Weather,
        mark: Mark | None,
        fps: int,
    ) -> None:
        back, front = scene.back, scene.front
        if any(pose.back_blur > SEEN for pose in poses):
            back = plates.with_soft(back)
        if front is not None and any(pose.front_blur > SEEN for pose in poses):
            front = plates.with_soft(front)
        self._scene = scene
        self._back = back
        self._front = front
        self._poses = poses
        self._crop = crop
        self._weather = weather
        self._mark = mark
        self._fps = fps

    def draw(self, number: int, frame: Plane) -> None:
        """Draw one frame into an NV12 buffer of 1.5 x height rows."""
        width, height = self._scene.size
        luma = frame[:height]
        chroma = frame[height:].reshape(height // 2, width // 2, 2)
        moment = number / self._fps
        colours = self._draw_back(luma, self._poses[number], moment)
        self._weather.fall_behind(luma, colours, moment)
        if self._front is not None:
            self._draw_front(luma, colours, self._poses[number], moment)
        cv2.mixChannels([colours], [chroma], [0, 0, 1, 1])
        self._weather.fall_before(luma, chroma, moment)
        self._weather.light(luma, moment, number)
        if self._mark is not None:
            self._mark.draw(luma, chroma)

    def _draw_back(self, luma: Plane, pose: Pose, moment: float) -> Plane:
        """The background with its fog; the chroma plane with four channels."""
        size = self._scene.size
        coarse = warp.grid(self._scene, self._back.relief, pose, self._crop)
        whole = Region(0, size.height, 0, size.width)
        bright, colours, _ = _pick(self._back, coarse, pose.back_blur, whole, size)
        luma[:] = bright
        if self._weather.foggy:
            veil = self._weather.fog(moment, coarse.near)
            thick, thin = _fog_planes(veil, size)
            cv2.multiply(luma, cv2.bitwise_not(thick), dst=luma, scale=1 / 255)
            cv2.add(luma, cv2.convertScaleAbs(thick, alpha=FOG_LUMA / 255), dst=luma)
            clear = cv2.bitwise_not(thin)
            cv2.multiply(colours, cv2.merge([clear] * 4), dst=colours, scale=1 / 255)
            grey = cv2.convertScaleAbs(thin, alpha=NEUTRAL / 255)
            cv2.add(colours, cv2.merge([grey] * 4), dst=colours)
        return colours

    def _draw_front(
        self, luma: Plane, colours: Plane, pose: Pose, moment: float
    ) -> None:
        """The subject over the background, only where it can be."""
        plate = self._front
        if plate is None:
            return
        size = self._scene.size
        coarse = warp.grid(self._scene, plate.relief, pose, self._crop)
        region = _reach(coarse, self._scene.box, size)
        if region is None:
            return
        bright, tint, alpha = _pick(plate, coarse, pose.front_blur, region, size)
        if self._weather.foggy and alpha is not None:
            thick, _ = _fog_planes(self._weather.fog(moment, coarse.near), size)
            thick = _part(thick, region)
            cv2.multiply(bright, cv2.bitwise_not(thick), dst=bright, scale=1 / 255)
            veil = cv2.multiply(thick, alpha, scale=FOG_LUMA / 255 / 255)
            cv2.add(bright, veil, dst=bright)
        under = _part(luma, region)
        under[:] = cv2.add(cv2.multiply(under, _clear(alpha), scale=1 / 255), bright)
        under = _part(colours, region.half)
        clear = cv2.bitwise_not(cv2.extractChannel(tint, 2))
        under[:] = cv2.add(
            cv2.multiply(under, cv2.merge([clear] * 4), scale=1 / 255), tint
        )


def _pick(
    plate: Plate, coarse: Grid, blur: float, region: Region, size: Size
) -> tuple[Plane, Plane, Plane | None]:
    """Luma, chroma and alpha of a plate in a region of the frame."""
    fine = (_part(warp.enlarged(axis, size), region) for axis in (coarse.x, coarse.y))
    # Luma sample 2n lies half a chroma sample before the middle of chroma sample n.
    half_size = Size(size.width // 2, size.height // 2)
    half = (
        _part(warp.enlarged((axis - 0.5) / 2, half_size, step=STEP // 2), region.half)
        for axis in (coarse.x, coarse.y)
    )
    x, y = fine
    half_x, half_y = half
    hole = cv2.BORDER_REFLECT_101 if plate.alpha is None else cv2.BORDER_CONSTANT

    def blended(pick: Callable[[Plate], Plane]) -> Plane:
        sharp = pick(plate)
        if plate.soft is None or blur <= SEEN:
            return sharp
        return cv2.addWeighted(sharp, 1 - blur, pick(plate.soft), blur, 0)

    def remap(plane: Plane, columns: Field, rows: Field) -> Plane:
        return cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=hole)

    luma = blended(lambda layer: remap(layer.luma, x, y))
    chroma = blended(lambda layer: remap(layer.chroma, half_x, half_y))
    if plate.alpha is None:
        return luma, chroma, None
    return luma, chroma, blended(lambda layer: remap(_alpha(layer), x, y))


def _alpha(plate: Plate) -> Plane:
    if plate.alpha is None:
        raise ValueError("a background has no alpha")
    return plate.alpha


def _clear(alpha: Plane | None) -> Plane:
    if alpha is None:
        raise ValueError("a background has no alpha")
    return cv2.bitwise_not(alpha)


def _fog_planes(veil: Field, size: Size) -> tuple[Plane, Plane]:
    """A coarse opacity at the size of the luma and of the chroma."""
    small = (veil * 255).astype(np.uint8)
    half = Size(size.width // 2, size.height // 2)
    return warp.enlarged(small, size), warp.enlarged(small, half, step=STEP // 2)


def _reach(coarse: Grid, box: tuple[int, int, int, int], size: Size) -> Region | None:
    """The part of the frame where the subject's box can be seen."""
    left, top, right, bottom = box
    inside = (
        (coarse.x > left - STEP)
        & (coarse.x < right + STEP)
        & (coarse.y > top - STEP)
        & (coarse.y < bottom + STEP)
    )
    rows, columns = np.nonzero(inside.any(1))[0], np.nonzero(inside.any(0))[0]
    if not len(rows):
        return None
    return Region(
        max(0, int(rows[0] - 2) * STEP),
        min(size.height, int(rows[-1] + 1) * STEP),
        max(0, int(columns[0] - 2) * STEP),
        min(size.width, int(columns[-1] + 1) * STEP),
    )


def _part(plane: Plane, region: Region) -> Plane:
    return plane[region.top : region.bottom, region.left : region.right]
