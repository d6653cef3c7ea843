"""A clip that goes on: no seam, and room for what comes."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.models import Size
from bot.prompt.extend import extend
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.providers.local import camera, scene
from bot.providers.local.draw import Drawer
from bot.providers.local.render import RenderSpec, render
from bot.providers.local.scene import Scene
from bot.providers.local.weather import Weather

COFFEE = Path(str(files("bot") / "samples" / "coffee.jpg"))
SIZE, FPS = Size(320, 180), 12


@cache
def built() -> Scene:
    """The coffee as a scene."""
    with Image.open(COFFEE) as photo:
        picture = np.array(photo.convert("RGB"))[..., ::-1].copy()
    return scene.build(picture, SIZE, lambda plate: plate)


def carried_out(plan: Plan) -> Plan:
    return camera.fit(built(), plan, FPS).plan


def drawn(plan: Plan) -> list[bytes]:
    """The frames of a plan before they are encoded."""
    ready = camera.fit(built(), plan, FPS)
    assert ready.plan.framing
    drawer = Drawer(
        ready.scene,
        ready.poses,
        crop=ready.plan.framing.crop,
        weather=Weather(plan.looks, SIZE, 1),
        mark=None,
        fps=FPS,
    )
    frames = []
    for number in range(len(ready.poses)):
        frame = np.empty((SIZE.height * 3 // 2, SIZE.width), np.uint8)
        drawer.draw(number, frame)
        frames.append(frame.tobytes())
    return frames


@pytest.mark.parametrize(
    ("words", "then", "after"),
    [
        ("drift, shallow depth of field", "rack focus to the flower", "pan left"),
        ("rack focus to the background", "orbit right", "rack focus to the cup"),
        ("pan left", "", "zoom out"),
    ],
)
def test_a_clip_that_is_extended_twice_keeps_every_frame(
    words: str, then: str, after: str
) -> None:
    parent = parse(words, 1)
    once = extend(carried_out(parent), then, 1)
    twice = extend(carried_out(once), after, 1)

    frames = drawn(twice)

    assert frames[: 2 * FPS] == drawn(once)
    assert frames[:FPS] == drawn(parent)


def test_a_pan_that_reached_the_edge_goes_on_by_coming_closer() -> None:
    """All of the picture is used up, so the camera makes room for itself."""
    plan = extend(carried_out(parse("pan left", 1)), "pan left a little", 1)

    ready = camera.fit(built(), plan, FPS)

    assert ready.share > 0.5
    assert ready.closer > 0
    assert ready.poses[-1].zoom > 1
    assert ready.poses[-1].pan < ready.poses[FPS - 1].pan


def test_what_goes_back_is_never_turned_into_coming_closer(tmp_path: Path) -> None:
    plan = extend(carried_out(parse("pan left", 1)), "pull back", 1)
    spec = RenderSpec(still=COFFEE, plan=plan, size=SIZE, seed=1)

    made = render(spec, tmp_path / "clip.mp4", lambda _: None)

    assert made.notes == (
        "The new move was left out: a still shows nothing outside its frame.",
    )
    assert made.plan.beats[-1].moves == ()  # what is shown says so too


def test_a_clip_that_comes_closer_says_so(tmp_path: Path) -> None:
    plan = extend(carried_out(parse("pan left", 1)), "pan left a little", 1)
    spec = RenderSpec(still=COFFEE, plan=plan, size=SIZE, seed=1)

    made = render(spec, tmp_path / "clip.mp4", lambda _: None)

    assert made.notes[-1].startswith("The camera also comes closer")
