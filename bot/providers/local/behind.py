"""What is behind the subject: a guess made of what is around it."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.subject import Field, Image

# In pixels of half the plate's size:
COARSEST = 16  # sigma of what counts as texture, not as colour
DARKEST = 12  # of 255: below it the detail is noise
STRONGEST = 0.35  # of the colour: beyond it the detail is a thing, not texture
CELL = 8  # of the grid on which it is decided where texture is copied from
LENGTHS = (24, 48, 96, 144)  # how far that may be
DIRECTIONS = 12
FARTHEST_COPY = 130  # from the edge of a hole


class Nearest(NamedTuple):
    """For each pixel, the known pixel that is nearest, and how far away it is."""

    row: Field
    column: Field
    away: Field


def filled(picture: Image, hole: Field) -> Image:
    """The picture with its hole painted over with what surrounds it.

    The colours are those of the hole's edge, carried inwards; the texture is copied
    from beyond that edge. So the strip that a moving camera uncovers looks like its
    neighbourhood and not like fog.
    """
    height, width = hole.shape
    half = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(picture, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    covered = cv2.resize(hole, half, interpolation=cv2.INTER_AREA)
    known = (covered < 0.02).astype(np.float32)
    if known.mean() < 0.02:  # all subject: nothing to learn from
        return picture
    nearest = _nearest_known(known)
    base = _spread(small, known)
    painted = np.clip(base * (1 + _texture(small, known, nearest)) + 0.5, 0, 255)
    big = cv2.resize(
        painted.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
    )
    share = np.clip(cv2.GaussianBlur(hole, (0, 0), 3) * 1.6, 0, 1)
    return cv2.blendLinear(picture, big, 1 - share, share)


def _spread(colours: Field, known: Field) -> Field:
    """Colours of the hole's edge carried inwards, the softer the deeper."""
    whole = (known.shape[1], known.shape[0])
    half = (max(1, whole[0] // 2), max(1, whole[1] // 2))
    known = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    known = (known > 0.99).astype(np.float32)
    colours = cv2.resize(colours, half, interpolation=cv2.INTER_AREA)
    nearest = _nearest_known(known)
    weight = np.maximum(cv2.GaussianBlur(known, (0, 0), 2), 1e-3)[..., None]
    smooth = cv2.GaussianBlur(colours * known[..., None], (0, 0), 2) / weight
    edge = smooth[nearest.row.astype(int), nearest.column.astype(int)]
    base = _push_pull(colours, known)
    for sigma, depth in ((24, 60), (10, 24), (3, 8)):
        share = np.clip(nearest.away / depth, 0, 1)[..., None]
        base = cv2.GaussianBlur(edge, (0, 0), sigma) * (1 - share) + base * share
    return cv2.resize(base, whole, interpolation=cv2.INTER_LINEAR)


def _push_pull(colours: Field, known: Field) -> Field:
    """Average what is known into ever smaller pictures, and fill back from them."""
    levels = [(colours * known[..., None], known)]
    while min(levels[-1][1].shape) > 2:
        levels.append((cv2.pyrDown(levels[-1][0]), cv2.pyrDown(levels[-1][1])))
    weighted, weight = levels[-1]
    fill = weighted / np.maximum(weight, 1e-4)[..., None]
    for weighted, weight in levels[-2::-1]:
        size = (weight.shape[1], weight.shape[0])
        above = cv2.resize(fill, size, interpolation=cv2.INTER_LINEAR)
        share = np.clip(weight * 1.5, 0, 1)[..., None]
        here = weighted / np.maximum(weight, 1e-4)[..., None]
        fill = np.where(weight[..., None] > 1e-4, here, 0) * share + above * (1 - share)
    return fill.astype(np.float32)


def _texture(colours: Field, known: Field, nearest: Nearest) -> Field:
    """Detail of the known part, copied unturned into the unknown one.

    Each place takes it from the offset that suits it best, so grain, bricks and grass
    run on as they ran. It is a share of the colour, weak in the shade as it is there.
    """
    weight = np.maximum(cv2.GaussianBlur(known, (0, 0), COARSEST), 1e-3)[..., None]
    smooth = cv2.GaussianBlur(colours * known[..., None], (0, 0), COARSEST) / weight
    detail = (colours - smooth) / (smooth + DARKEST) * known[..., None]
    detail = np.clip(detail, -STRONGEST, STRONGEST)
    total, power = np.zeros_like(colours), np.full_like(known, 1e-6)
    chosen = _choose_offsets(known, nearest)
    wanted = _on_grid(known, cv2.INTER_AREA) < 1
    for offset in np.unique(chosen[wanted], axis=0):
        share, part = _feathered(np.all(chosen == offset, -1), known.shape)
        corner = (part[1].start, part[0].start)
        total[part] += _shifted(detail, share.shape, corner + offset) * share[..., None]
        power[part] += share * share
    fading = np.clip(2 - 2 * nearest.away / FARTHEST_COPY, 0, 1) * (1 - known)
    # Where two copies overlap, the mean of both would be flatter than either.
    return total * (fading / np.sqrt(power))[..., None]


def _choose_offsets(known: Field, nearest: Nearest) -> NDArray[Any]:
    """For each cell of a coarse grid how far right and down to copy from, in pixels.

    A good offset leads to a place that is known all around, near, and on the side where
    the edge of the hole is.
    """
    cells = _on_grid(known, cv2.INTER_AREA)
    rows, columns = np.mgrid[0 : cells.shape[0], 0 : cells.shape[1]].astype(np.float32)
    right = _on_grid(nearest.column, cv2.INTER_NEAREST) / CELL - columns
    down = _on_grid(nearest.row, cv2.INTER_NEAREST) / CELL - rows
    away = np.maximum(np.hypot(right, down), 1)
    offsets, scores = [], []
    for length in LENGTHS:
        for angle in np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False):
            x, y = length * np.cos(angle), length * np.sin(angle)
            there = _shifted(cells, cells.shape, np.array([x, y]) / CELL)
            there = cv2.erode(there, np.ones((3, 3), np.uint8), borderValue=0) > 0.95
            towards = (x * right + y * down) / (length * away)
            score = there * (2 - length / LENGTHS[-1] + 0.3 * towards)
            scores.append(cv2.blur(score.astype(np.float32), (5, 5)) * there)
            offsets.append((round(x), round(y)))
    return np.array(offsets)[np.argmax(scores, 0)]


def _on_grid(field: Field, how: int) -> Field:
    size = (-(-field.shape[1] // CELL), -(-field.shape[0] // CELL))
    return cv2.resize(field, size, interpolation=how)


def _feathered(
    cells: NDArray[np.bool_], shape: tuple[int, ...]
) -> tuple[Field, tuple[slice, slice]]:
    """Cells of the grid as a soft-edged share of pixels, and the part they are in."""
    left, top, width, height = cv2.boundingRect(cells.astype(np.uint8))
    first = (max(0, top - 1), max(0, left - 1))
    last = (top + height + 1, left + width + 1)
    soft = cv2.blur(cells.astype(np.float32), (3, 3))
    soft = soft[first[0] : last[0], first[1] : last[1]]
    size = (soft.shape[1] * CELL, soft.shape[0] * CELL)
    share = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
    share = share[: shape[0] - first[0] * CELL, : shape[1] - first[1] * CELL]
    rows, columns = first[0] * CELL, first[1] * CELL
    return share, np.s_[
        rows : rows + share.shape[0], columns : columns + share.shape[1]
    ]


def _shifted(field: Field, shape: tuple[int, ...], offset: NDArray[Any]) -> Field:
    """What lies at an offset, right and down; 0 beyond the edge."""
    move = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], float)
    size = (shape[1], shape[0])
    return cv2.warpAffine(field, move, size, flags=cv2.WARP_INVERSE_MAP)


def _nearest_known(known: Field) -> Nearest:
    away, labels = cv2.distanceTransformWithLabels(
        (known < 0.5).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(known >= 0.5)
    places = np.zeros((int(labels.max()) + 1, 2), np.float32)
    places[labels[rows, columns]] = np.stack([rows, columns], 1)
    return Nearest(places[labels, 0], places[labels, 1], away)
