"""What moves in the air and on the lens: rain, snow, dust, fog, light, grain.

Everything is a function of the moment and the seed alone, so that a longer clip
begins exactly like a shorter one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from bot.models import Size
from bot.providers.local.plates import Plane
from bot.subject import Field

FOG_LUMA = 205  # a pale grey
NEUTRAL = 128  # chroma without colour
WHITE, GLOWING = (NEUTRAL, NEUTRAL), (68, 183)  # U and V of flakes and of embers
NOISE = (128, 512)  # cells of the fog's noise
SHADING = {"golden", "noir", "vintage", "night"}  # looks that come with a vignette


@dataclass(frozen=True, slots=True)
class Fall:
    """A tile of drops or flakes that wraps around, and how it moves.

    Attributes:
        tile: Twice the frame each way, so that any wrap is one cut.
        right: Pixels a second.
        down: Pixels a second.
        sway: Pixels to and fro.
        tint: U and V of what falls; None lets the colours behind shine through.
    """

    tile: Plane
    right: float
    down: float
    sway: float = 0.0
    tint: tuple[int, int] | None = None

    def at(self, moment: float, size: Size) -> Plane:
        """The frame's part of the tile at a moment, in seconds."""
        drift = self.sway * math.sin(1.3 * moment + self.down)
        x = (-(self.right * moment + drift)) % size.width
        y = (-self.down * moment) % size.height
        centre = (x + (size.width - 1) / 2, y + (size.height - 1) / 2)
        return cv2.getRectSubPix(self.tile, size, centre)

    def draw(self, luma: Plane, chroma: Plane, moment: float) -> None:
        """Add its light to a frame, and its colour if it has one."""
        height, width = luma.shape
        light = self.at(moment, Size(width, height))
        cv2.add(luma, light, dst=luma)
        if self.tint is None:
            return
        small = cv2.resize(
            light, (width // 2, height // 2), interpolation=cv2.INTER_AREA
        )
        # Any channels after U and V carry alpha, which nobody reads any more.
        channels = [cv2.convertScaleAbs(small, alpha=tone / 255) for tone in self.tint]
        channels = (channels * 2)[: chroma.shape[2]]
        clear = cv2.merge([cv2.bitwise_not(small)] * len(channels))
        chroma[:] = cv2.add(
            cv2.multiply(chroma, clear, scale=1 / 255), cv2.merge(channels)
        )


class Weather:
    """Draws into the luma and chroma of one frame after another."""

    def __init__(self, looks: Mapping[str, float], size: Size, seed: int) -> None:
        self._size = size
        self._flicker = looks.get("flicker", 0.0)
        self._haze = looks.get("haze", 0.0)
        self._noise = [_clouds(seed + number) for number in (8, 9)]
        self._behind, self._before = _falls(looks, size, seed)
        self._shade = _vignette(looks, size)
        self._grain = _grain(looks.get("vintage", 0.0), size, seed + 10)
        self._beams = looks.get("lightrays", 0.0)
        self._glow = looks.get("golden", 0.0)

    @property
    def foggy(self) -> bool:
        """Whether there is fog to draw between the layers."""
        return self._haze > 0

    def fog(self, moment: float, near: Field) -> Field:
        """Opacity of the fog on a coarse grid of nearness; 0 to 0.92."""
        height, width = near.shape
        columns = np.arange(width, dtype=np.float32)[None].repeat(height, 0) * 1.3
        rows = np.arange(height, dtype=np.float32)[:, None].repeat(width, 1) * 1.1
        thick = np.zeros_like(near)
        for noise, speed in zip(self._noise, (9.0, -5.0), strict=True):
            x = (columns + np.float32(moment * speed)) % (NOISE[1] - 1)
            y = np.clip(rows, 0, NOISE[0] - 1)
            thick += cv2.remap(
                noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
            )
        dense = (1.05 - near) * (0.35 + 0.325 * thick) * np.float32(0.95 * self._haze)
        return np.clip(dense, 0, 0.92)

    def fall_behind(self, luma: Plane, chroma: Plane, moment: float) -> None:
        """What falls behind the subject."""
        for fall in self._behind:
            fall.draw(luma, chroma, moment)

    def fall_before(self, luma: Plane, chroma: Plane, moment: float) -> None:
        """What falls in front of everything."""
        for fall in self._before:
            fall.draw(luma, chroma, moment)

    def light(self, luma: Plane, moment: float, frame: int) -> None:
        """Flicker, beams, the dark corners and the grain."""
        if self._flicker:
            cv2.LUT(luma, _flickering(self._flicker, moment), dst=luma)
        if self._beams or self._glow:
            small = _beams(self._size, self._beams, self._glow, moment)
            cv2.add(luma, cv2.resize(small, self._size).astype(np.uint8), dst=luma)
        if self._shade is not None:
            cv2.multiply(luma, self._shade, dst=luma, scale=1 / 255)
        if self._grain is not None:
            x, y = frame * 37 % 64, frame * 23 % 64
            grain = self._grain[y : y + self._size.height, x : x + self._size.width]
            cv2.add(luma, grain, dst=luma)
            np.subtract(np.maximum(luma, 32), 32, out=luma)


def _falls(
    looks: Mapping[str, float], size: Size, seed: int
) -> tuple[list[Fall], list[Fall]]:
    """What falls behind and before the subject; speeds grow with the frame."""
    unit = size.height / 720
    behind: list[Fall] = []
    before: list[Fall] = []
    if strength := looks.get("rain", 0.0):
        lean = 0.10
        for number, (count, length, bright, speed, blur) in enumerate(
            ((500, 16, 42, 900, 0.0), (300, 30, 60, 1300, 0.6), (70, 74, 58, 2100, 1.2))
        ):
            drops = _streaks(size, int(count * strength), length * unit, lean, bright,
                             blur, seed + number)  # fmt: skip
            fall = Fall(drops, lean * speed * unit, speed * unit)
            (before if number == 2 else behind).append(fall)
    if strength := looks.get("snow", 0.0):
        for number, (count, least, most, bright, blur, right, down, sway) in enumerate(
            (
                (420, 0.7, 1.6, 190, 0.7, 8, 55, 9),
                (200, 1.4, 2.8, 200, 1.1, 14, 95, 16),
                (40, 3.0, 6.0, 150, 3.0, 22, 170, 26),
            )
        ):
            flakes = _flakes(size, int(count * strength), (least * unit, most * unit),
                             bright, blur * unit, seed + 3 + number)  # fmt: skip
            fall = Fall(flakes, right * unit, down * unit, sway * unit, WHITE)
            (before if number == 2 else behind).append(fall)
    if strength := max(looks.get("dust", 0.0), looks.get("embers", 0.0)):
        fine = _flakes(size, int(70 * strength), (0.8 * unit, 2.2 * unit), 105,
                       1.2 * unit, seed + 6)  # fmt: skip
        large = _flakes(size, int(14 * strength), (3 * unit, 6 * unit), 60,
                        3.5 * unit, seed + 7)  # fmt: skip
        tint = GLOWING if "embers" in looks else None
        before.append(Fall(fine, 6 * unit, -14 * unit, 20 * unit, tint))
        before.append(Fall(large, 9 * unit, -22 * unit, 30 * unit, tint))
    return behind, before


def _streaks(
    size: Size,
    count: int,
    length: float,
    lean: float,
    bright: int,
    blur: float,
    seed: int,
) -> Plane:
    """Slanted lines of varied length and brightness, wrapping both ways."""
    dice = np.random.default_rng(seed)
    tile = np.zeros((size.height, size.width), np.uint8)
    for x, y, shine, stretch in dice.random((count, 4)):
        run = length * (0.5 + stretch)
        for wrap_x in (-size.width, 0):
            for wrap_y in (-size.height, 0):
                left, top = x * size.width + wrap_x, y * size.height + wrap_y
                ends = [(left, top), (left + math.sin(lean) * run, top + run)]
                one, two = [(round(a * 8), round(b * 8)) for a, b in ends]
                grey = int(bright * (0.4 + 0.6 * shine))
                cv2.line(tile, one, two, grey, 1, cv2.LINE_AA, 3)
    return _doubled(tile, blur)


def _flakes(
    size: Size,
    count: int,
    radius: tuple[float, float],
    bright: int,
    blur: float,
    seed: int,
) -> Plane:
    """Soft discs of varied size and brightness, wrapping both ways."""
    dice = np.random.default_rng(seed)
    tile = np.zeros((size.height, size.width), np.uint8)
    for x, y, big, shine in dice.random((count, 4)):
        wide = round((radius[0] + (radius[1] - radius[0]) * big) * 8)
        for wrap_x in (-size.width, 0, size.width):
            for wrap_y in (-size.height, 0, size.height):
                middle = (
                    round((x * size.width + wrap_x) * 8),
                    round((y * size.height + wrap_y) * 8),
                )
                grey = int(bright * (0.5 + 0.5 * shine))
                cv2.circle(tile, middle, wide, grey, -1, cv2.LINE_AA, 3)
    return _doubled(tile, blur)


def _doubled(tile: Plane, blur: float) -> Plane:
    """The tile side by side and one above the other, blurred without a seam."""
    twice = np.tile(tile, (2, 2))
    if not blur:
        return twice
    rim = math.ceil(blur * 4)
    wrapped = cv2.copyMakeBorder(twice, rim, rim, rim, rim, cv2.BORDER_WRAP)
    return np.ascontiguousarray(
        cv2.GaussianBlur(wrapped, (0, 0), blur)[rim:-rim, rim:-rim]
    )


def _clouds(seed: int) -> Field:
    """Smooth noise, 0 to 1, that wraps around sideways."""
    dice = np.random.default_rng(seed)
    height, width = NOISE
    total = np.zeros(NOISE, np.float32)
    for octave in range(4):
        shape = (2 ** (octave + 1) + 1, 2 ** (octave + 2) + 1)
        coarse = dice.random(shape, dtype=np.float32)
        coarse[:, -1] = coarse[:, 0]
        coarse[-1] = coarse[0]
        fine = cv2.resize(
            coarse, (width + 1, height + 1), interpolation=cv2.INTER_CUBIC
        )
        total += fine[:height, :width] * np.float32(0.55**octave)
    total -= total.min()
    return total / total.max()


def _vignette(looks: Mapping[str, float], size: Size) -> Plane | None:
    strength = looks.get("vignette", 0.25 if SHADING & set(looks) else 0.0)
    if not strength:
        return None
    y, x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32)
    off = (x / size.width - 0.5) ** 2 * 1.1 + (y / size.height - 0.5) ** 2
    dither = np.random.default_rng(0).random(off.shape, dtype=np.float32)
    return np.clip(255 * (1 - 2 * strength * off) + dither - 0.5, 0, 255).astype(
        np.uint8
    )


def _grain(strength: float, size: Size, seed: int) -> Plane | None:
    if not strength:
        return None
    dice = np.random.default_rng(seed)
    shape = (size.height + 64, size.width + 64)
    noise: Field = dice.standard_normal(shape, dtype=np.float32)
    # Film's grain is soft; a sharp one would cost the encoder four times the bytes.
    noise = cv2.GaussianBlur(noise, (0, 0), 0.9 * max(1.0, min(size) / 720))
    noise = noise / noise.std() * np.float32(7 * strength)
    return (np.clip(noise, -30, 30) + 32).astype(np.uint8)


def _flickering(strength: float, moment: float) -> Plane:
    """A table that brightens and dims like a candle; black stays black."""
    waves = (
        math.sin(moment * 23)
        + 0.6 * math.sin(moment * 37.7 + 1)
        + 0.8 * math.sin(moment * 9.1 + 2)
    )
    gain = 1 + 0.16 * strength * waves / 2.4
    table = 16 + (np.arange(256, dtype=np.float32) - 16) * np.float32(gain)
    return np.clip(table, 0, 255).astype(np.uint8)


def _beams(size: Size, beams: float, glow: float, moment: float) -> Field:
    """Light from the upper left, at an eighth of the size."""
    y, x = np.mgrid[0 : size.height // 8, 0 : size.width // 8].astype(np.float32)
    x, y = x / np.float32(size.width / 8), y / np.float32(size.height / 8)
    angle = np.arctan2(y + 0.25, x + 0.12)
    falloff = np.exp(-1.6 * np.hypot(x, 0.7 * y))
    slow, slower = np.float32(moment * 0.5), np.float32(moment * 0.31 - 1)
    beam = 0.5 + 0.5 * np.sin(angle * 26 + slow) * np.sin(angle * 11 - slower)
    breath = 1 + 0.15 * math.sin(moment * 0.9)
    return falloff * (np.float32(70 * beams) * beam + np.float32(26 * glow * breath))
