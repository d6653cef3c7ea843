"""A still and a plan in, an MP4 out. Runs in a worker process; blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bot.models import Size
from bot.prompt.plan import Plan
from bot.providers.local import camera, looks, mark, scene, sound
from bot.providers.local.camera import Fitted
from bot.providers.local.draw import Drawer
from bot.providers.local.encode import encode
from bot.providers.local.scene import OVERSCAN, Scene
from bot.providers.local.weather import Weather
from bot.subject import Image

FPS = 24
SETTING_UP = 0.2  # share of the time that passes before the first frame
SHORTENED = 0.95  # a move that keeps more than this is as good as whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSpec:
    """What to render.

    Attributes:
        still: An upright sRGB picture that was already checked.
        size: The frame; both sides even.
        seed: Decides where flakes fall.
        mark: Words of the visible mark; nothing makes none.
    """

    still: Path
    plan: Plan
    size: Size
    seed: int
    fps: int = FPS
    mark: str = "animated still"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was rendered.

    Attributes:
        plan: As it was carried out: moves as far as they went, with the framing.
        notes: What the person should know, each a sentence.
    """

    plan: Plan
    notes: tuple[str, ...]


def render(
    spec: RenderSpec, to: Path, on_progress: Callable[[float], None]
) -> Rendered:
    """Render one clip into the file `to`.

    Args:
        spec: What to render.
        to: Whole in the end, or not there.
        on_progress: Told the share that is done, 0 to 1, never less than before.
    """
    cv2.setNumThreads(2)
    built = scene.build(
        _read(spec.still), spec.size, lambda plate: looks.graded(plate, spec.plan.looks)
    )
    fitted = camera.fit(built, spec.plan, spec.fps)
    crop = fitted.plan.framing.crop if fitted.plan.framing else 1.0
    drawer = Drawer(
        fitted.scene,
        fitted.poses,
        crop=crop,
        weather=Weather(spec.plan.looks, spec.size, spec.seed),
        mark=mark.make(spec.mark, spec.size, _faces_in_frame(built, crop)),
        fps=spec.fps,
    )
    heard = spec.plan.sounds
    on_progress(SETTING_UP)
    encode(
        to,
        drawer.draw,
        frames=len(fitted.poses),
        size=spec.size,
        fps=spec.fps,
        sound=sound.mix(heard, spec.plan.seconds, spec.seed) if heard else None,
        on_progress=lambda share: on_progress(SETTING_UP + (1 - SETTING_UP) * share),
    )
    on_progress(1.0)
    return Rendered(fitted.plan, tuple(_notes(fitted)))


def _read(file: Path) -> Image:
    """The picture as blue, green, red."""
    picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file} is not a picture")
    return picture.astype(np.uint8, copy=False)


def _faces_in_frame(built: Scene, crop: float) -> list[tuple[float, ...]]:
    """Where the faces are in a frame of the camera at rest, in frame pixels."""
    scale = OVERSCAN * crop
    left = built.centre[0] - built.size.width * scale / 2
    top = built.centre[1] - built.size.height * scale / 2
    return [
        (
            (face.x - left) / scale,
            (face.y - top) / scale,
            face.width / scale,
            face.height / scale,
        )
        for face in built.faces
    ]


def _notes(fitted: Fitted) -> Iterator[str]:
    if fitted.share < camera.STILL:
        yield "The new move was left out: a still shows nothing outside its frame."
    elif fitted.share < SHORTENED:
        kept = f"The move was shortened to {fitted.share:.0%}"
        yield f"{kept}: a still shows nothing outside its frame."
    if fitted.closer:
        yield "The camera also comes closer, to have room for the move."
