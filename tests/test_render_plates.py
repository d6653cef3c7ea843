"""What is uncovered looks like its neighbourhood, and what is upright stays so."""

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.models import Size
from bot.prompt.parse import parse
from bot.providers.local import behind, camera, depth, scene, warp
from bot.subject import mask

SAMPLES = Path(str(files("bot") / "samples"))
SIZE = Size(320, 180)


def photo(name: str) -> NDArray[np.uint8]:
    """A sample photo, blue, green, red."""
    with Image.open(SAMPLES / f"{name}.jpg") as picture:
        return np.array(picture.convert("RGB"))[..., ::-1].copy()


def disc(height: int, width: int, radius: int) -> NDArray[np.float32]:
    """A hole in the middle."""
    hole = np.zeros((height, width), np.float32)
    cv2.circle(hole, (width // 2, height // 2), radius, 1.0, -1)
    return hole


def test_stripes_run_on_behind_the_subject() -> None:
    """The fill has the neighbourhood's contrast, and not mirrored or bent stripes."""
    rows, columns = np.mgrid[0:360, 0:640]
    stripes = (128 + 60 * np.sin((rows + columns) / 4)).astype(np.uint8)
    picture = cv2.merge([stripes] * 3)

    filled = behind.filled(picture, disc(360, 640, 60))[..., 0].astype(float)

    inside = disc(360, 640, 55) > 0
    assert filled[inside].std() > 0.5 * stripes[inside].std()
    along = filled[1:, :-1] - filled[:-1, 1:]
    across = filled[1:, 1:] - filled[:-1, :-1]
    assert (
        np.abs(along[inside[1:, 1:]]).mean()
        < 0.5 * np.abs(across[inside[1:, 1:]]).mean()
    )


def test_behind_a_subject_there_is_nothing_of_it() -> None:
    picture = np.full((360, 640, 3), (40, 120, 200), np.uint8)
    hole = disc(360, 640, 70)
    picture[hole > 0] = (255, 255, 255)

    filled = behind.filled(picture, disc(360, 640, 76)).astype(int)

    assert np.abs(filled - (40, 120, 200)).max() < 12


def test_a_picture_that_is_all_subject_is_left_as_it_is() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)

    assert np.array_equal(
        behind.filled(picture, np.ones((90, 160), np.float32)), picture
    )


def test_a_rocket_stays_upright_when_the_camera_moves_sideways() -> None:
    """Its top and its foot go the same way: it stands, it does not bend."""
    built = scene.build(photo("rocket"), SIZE, lambda plate: plate)
    assert built.front

    ready = camera.fit(built, parse("truck right", 2), 12)

    assert ready.plan.framing
    left, top, right, bottom = ready.scene.box
    moved = []
    for row in (top, bottom - 1):
        near = ready.scene.layers[-1].relief[row // 8, (left + right) // 16]
        moved.append(SIZE.width * ready.poses[-1].x * near)
    assert abs(moved[0]) > 5
    assert abs(moved[1] - moved[0]) < 1


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_nothing_leans_by_more_than_an_eye_forgives(name: str) -> None:
    built = scene.build(photo(name), SIZE, lambda plate: plate)

    ready = camera.fit(built, parse("dramatic truck left", 2), 12)

    assert ready.plan.framing
    crop = ready.plan.framing.crop
    for plate in ready.scene.layers:
        seen = warp.grid(ready.scene, plate.relief, ready.poses[-1], crop)
        lean = np.diff(seen.x, axis=0) / np.diff(seen.y, axis=0)
        assert np.abs(lean).max() < 0.2


def test_the_subject_is_nearer_than_what_is_behind_it() -> None:
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = photo(name)
        near = depth.nearness(picture, mask(picture))
        assert near.front.mean() > near.back.mean() + 0.2, name


def test_all_ground_under_a_low_horizon_is_far() -> None:
    """A strip of ground under a big sky is not as near as a picture full of it."""
    ground = np.random.default_rng(1).integers(60, 120, (400, 600, 3), np.uint8)
    wide, low = ground.copy(), ground.copy()
    wide[:120] = low[:340] = (200, 140, 90)
    nobody = np.zeros((400, 600), np.float32)

    high_horizon = depth._ground(depth._sky(depth._shrink(wide, nobody)))
    low_horizon = depth._ground(depth._sky(depth._shrink(low, nobody)))

    assert high_horizon.max() == pytest.approx(1)
    assert low_horizon.max() < 0.6
