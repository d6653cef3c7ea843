"""At full size, too, no frame shows anything from beyond the picture."""

from importlib.resources import files

import cv2
import numpy as np
import pytest

from bot.models import Size
from bot.prompt.parse import parse
from bot.providers.local import camera, scene, warp

SIZE = Size(1280, 720)


@pytest.mark.parametrize("prompt", ["dramatic orbit right", "roll 8 degrees, zoom out"])
def test_the_corners_of_a_full_frame_stay_inside_the_picture(prompt: str) -> None:
    data = np.frombuffer(
        (files("bot") / "samples" / "coffee.jpg").read_bytes(), np.uint8
    )
    photo = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert photo is not None
    built = scene.build(photo, SIZE, lambda plate: plate)
    ready = camera.fit(built, parse(prompt, 2), 6)
    framing = ready.plan.framing
    assert framing
    width, height = ready.scene.extent

    for pose in ready.poses:
        for plate in ready.scene.layers:
            seen = warp.grid(ready.scene, plate.relief, pose, framing.crop, step=8)
            x, y = (warp.enlarged(axis, SIZE, step=8) for axis in (seen.x, seen.y))
            assert x.min() >= -1
            assert y.min() >= -1
            assert x.max() <= width
            assert y.max() <= height
