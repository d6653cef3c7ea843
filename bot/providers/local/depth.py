"""How near each pixel is, guessed from one picture without a depth network.

The ground recedes towards the horizon, the sky is far, objects stand where their feet
meet the ground, and what is sharp in a picture with soft parts is near. Measured
against the one true depth map that a wheel ships, this orders 86 % of pixel pairs
rightly (docs/renderer.md).
"""

from typing import NamedTuple

import cv2
import numpy as np

from bot.subject import Field, Image

WORKING_SIDE = 448  # pixels of the longer side
SMALLEST_OBJECT = 0.003  # share of the picture
DEEPEST_GROUND = 0.4  # share of the picture below a horizon at which it is nearest
WIDER = (16, 48, 144)  # pixels around that are asked where nothing is known


class Picture(NamedTuple):
    """A picture made small, and what was read off it.

    Attributes:
        colours: Height x width x 3, 0 to 1.
        subject: The subject's mask, 0 to 1.
    """

    colours: Field
    grey: Field
    subject: Field


class Nearness(NamedTuple):
    """How near the two layers are: 0 is far, 1 is near.

    Attributes:
        back: Of everything but the subject, carried on behind it.
        front: Of the subject, carried on beyond its edges.
    """

    back: Field
    front: Field


def nearness(picture: Image, subject: Field) -> Nearness:
    """Guess how near the background and the subject are, at the working size."""
    small = _shrink(picture, subject)
    sky = _sky(small)
    ground = _ground(sky)
    depth = _believe_sharpness(small.grey, ground, sky) * (1 - sky)
    depth = guided_by_colour(small.colours, depth, WORKING_SIDE // 28, 1e-3)
    standing, solid = _stand_up(depth, ground, small.subject)
    low, high = np.percentile(np.where(solid > 0, standing, depth), [1, 99])
    return Nearness(
        *(
            np.clip((field - low) / (high - low + 1e-6), 0, 1).astype(np.float32)
            for field in (
                _carried_on(depth, (small.subject < 0.1).astype(np.float32)),
                _carried_on(standing, solid),
            )
        )
    )


def guided(guide: Field, source: Field, radius: int, epsilon: float) -> Field:
    """The guided filter (He 2010) with a grey guide, solved at half the size."""
    height, width = guide.shape
    half = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(guide, half, interpolation=cv2.INTER_AREA)
    told = cv2.resize(source, half, interpolation=cv2.INTER_AREA)
    radius = max(1, radius // 2)
    mean, mean_told = _box(small, radius), _box(told, radius)
    covariance = _box(small * told, radius) - mean * mean_told
    variance = _box(small * small, radius) - mean * mean
    slope = covariance / (variance + epsilon)
    offset = _box(mean_told - slope * mean, radius)
    whole = (width, height)
    smooth = cv2.resize(_box(slope, radius), whole, interpolation=cv2.INTER_LINEAR)
    return smooth * guide + cv2.resize(offset, whole, interpolation=cv2.INTER_LINEAR)


def guided_by_colour(guide: Field, source: Field, radius: int, epsilon: float) -> Field:
    """The guided filter with a colour guide: a 3 x 3 system for every pixel."""
    means, mean_source = _box(guide, radius), _box(source, radius)
    covariance = (
        _box(guide * source[..., None], radius) - means * mean_source[..., None]
    )
    spread = np.empty((*source.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            both = _box(np.ascontiguousarray(guide[..., i] * guide[..., j]), radius)
            spread[..., i, j] = spread[..., j, i] = both - means[..., i] * means[..., j]
        spread[..., i, i] += epsilon
    slope = np.linalg.solve(spread, covariance[..., None])[..., 0]
    offset = mean_source - (slope * means).sum(-1)
    return (_box(slope, radius) * guide).sum(-1) + _box(offset, radius)


def _box(field: Field, radius: int) -> Field:
    side = 2 * radius + 1
    return cv2.boxFilter(field, -1, (side, side), borderType=cv2.BORDER_REFLECT)


def _shrink(picture: Image, subject: Field) -> Picture:
    height, width = picture.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = (max(32, round(width * scale)), max(32, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, size, interpolation=how)
    return Picture(
        colours=small.astype(np.float32) / 255,
        grey=cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255,
        subject=cv2.resize(subject, size, interpolation=cv2.INTER_AREA),
    )


def _sky(small: Picture) -> Field:
    """1 where there is sky: smooth, bluish or bright, reachable from the top edge."""
    texture = cv2.blur(np.abs(cv2.Laplacian(small.grey, cv2.CV_32F, ksize=3)), (9, 9))
    bright, dull = small.colours.max(-1), np.ptp(small.colours, axis=-1)
    pale = (bright > 0.43) & (dull < 0.235 * np.maximum(bright, 1e-3))
    blue = (small.colours[..., 0] >= small.colours[..., 2]) & (bright > 0.157)
    candidate = (texture < 0.05) & (small.subject < 0.3) & (pale | blue)
    if candidate[:3].mean() <= 0.3:
        return np.zeros_like(small.grey)
    _, labels = cv2.connectedComponents(candidate.astype(np.uint8))
    touching = np.unique(labels[:3][candidate[:3]])
    sky = np.isin(labels, touching[touching > 0]).astype(np.float32)
    return sky if sky.mean() >= 0.05 else np.zeros_like(sky)


def _ground(sky: Field) -> Field:
    """0 at and above the horizon, rising to 1 towards the bottom edge.

    Below a low horizon little ground is seen, and all of it is far: a plane is as near
    as it is deep below the horizon.
    """
    height, width = sky.shape
    horizon = float(np.percentile(sky.sum(0) / height, 60)) if sky.any() else 0.0
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, 1)
    return np.clip((rows - horizon) / max(DEEPEST_GROUND, 1 - horizon), 0, 1)


def _believe_sharpness(grey: Field, ground: Field, sky: Field) -> Field:
    """Mix in sharpness, as far as the picture has both sharp and soft parts.

    A smooth sky says nothing of the lens, so it is not asked.
    """
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.5))
    sharp = cv2.GaussianBlur(detail, (0, 0), WORKING_SIDE / 40)
    asked = sharp[cv2.dilate(sky, np.ones((25, 25), np.uint8)) == 0]
    if not asked.size:
        return ground
    low, high = np.percentile(asked, [10, 90])
    belief = float(np.clip((high / (low + 1e-4) - 6) / 14, 0, 0.7))
    sharp = np.clip((sharp - low) / (high - low + 1e-6), 0, 1).astype(np.float32)
    return ground * (1 - belief) + sharp * belief


def _stand_up(depth: Field, ground: Field, subject: Field) -> tuple[Field, Field]:
    """Make each object a rounded billboard where its lowest part meets the ground.

    A billboard keeps what is upright upright: a tower on a plane would lean.

    Returns:
        The depth with its objects stood up, and 1 where they are.
    """
    standing, solid = depth.copy(), np.zeros_like(depth)
    height = depth.shape[0]
    likely = (np.clip((subject - 0.35) / 0.4, 0, 1) > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(likely)
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] < SMALLEST_OBJECT * depth.size:
            continue
        here = labels == number
        foot = float(np.percentile(np.nonzero(here)[0], 98))
        near = max(
            float(ground[min(height - 1, int(foot)), 0]),
            float(np.percentile(depth[here], 85)),
            0.55,
        )
        bulge = cv2.GaussianBlur(here.astype(np.float32), (0, 0), WORKING_SIDE / 14)
        standing[here] = near + 0.12 * (bulge[here] - 0.5)
        solid[here] = 1
    return standing, solid


def _carried_on(field: Field, known: Field) -> Field:
    """The field where it is known, ever wider averages of that elsewhere."""
    if not known.any():
        return field
    told = field * known
    total, weight = told.copy(), known.copy()
    trust = 1.0
    for radius in WIDER:
        trust *= 0.01
        total += trust * _box(_box(told, radius), radius)
        weight += trust * _box(_box(known, radius), radius)
    mean = total.sum() / weight.sum()
    return (total + 1e-9 * mean) / (weight + 1e-9)
