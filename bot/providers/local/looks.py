"""Colour looks, baked into the plates once."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from bot.subject import Field, Image

Look = Callable[[Field, float], Field]


def graded(picture: Image, looks: Mapping[str, float]) -> Image:
    """The picture with its looks; those that this module does not know are weather."""
    known = [
        (GRADES[name], strength) for name, strength in looks.items() if name in GRADES
    ]
    if not known:
        return picture
    colours = picture.astype(np.float32) / 255
    for look, strength in known:
        colours = look(colours, strength)
    return np.clip(colours * 255 + 0.5, 0, 255).astype(np.uint8)


def _tinted(colours: Field, tint: tuple[float, float, float], strength: float) -> Field:
    """Each of blue, green and red multiplied, as far as the strength goes."""
    factors = 1 + strength * (np.array(tint, np.float32) - 1)
    return colours * factors.astype(np.float32)


def _golden(colours: Field, strength: float) -> Field:
    warm = _tinted(colours, (0.72, 0.97, 1.16), strength)
    return np.power(np.maximum(warm, 0), np.float32(1 / 1.04))


def _cold(colours: Field, strength: float) -> Field:
    return _tinted(colours, (1.15, 1.02, 0.86), strength)


def _night(colours: Field, strength: float) -> Field:
    return _tinted(colours, (0.62, 0.45, 0.36), min(1.3, strength * 1.3))


def _contrast(colours: Field, strength: float) -> Field:
    return colours + (colours - 0.5) * np.float32(0.35 * strength)


def _soft(colours: Field, strength: float) -> Field:
    """A bright copy out of focus, screened on top."""
    glow = cv2.GaussianBlur(colours, (0, 0), colours.shape[1] / 90)
    return 1 - (1 - colours) * (1 - glow * np.float32(0.3 * strength))


def _vintage(colours: Field, strength: float) -> Field:
    grey = colours.mean(-1, keepdims=True)
    sepia = grey * np.array([0.82, 0.95, 1.08], np.float32) + np.float32(0.03)
    share = np.float32(0.45 * strength)
    return colours * (1 - share) + sepia * share


def _noir(colours: Field, strength: float) -> Field:
    grey = colours @ np.array([0.11, 0.59, 0.30], np.float32)
    hard = (grey + (grey - 0.5) * np.float32(0.25))[..., None]
    share = np.float32(min(1.0, 0.5 + strength))
    return colours * (1 - share) + hard * share


GRADES: Mapping[str, Look] = {
    "golden": _golden,
    "cold": _cold,
    "night": _night,
    "contrast": _contrast,
    "soft": _soft,
    "vintage": _vintage,
    "noir": _noir,
}
