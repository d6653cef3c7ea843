"""Real photos become real clips: smooth, unfolded, inside the picture, repeatable."""

from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.models import Size
from bot.prompt.extend import extend
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.providers.local import camera, scene, sound, warp
from bot.providers.local.draw import Drawer
from bot.providers.local.render import RenderSpec, render
from bot.providers.local.scene import Scene
from bot.providers.local.weather import Weather
from bot.subject import centre, faces, mask

SAMPLES = Path(str(files("bot") / "samples"))
SMALL = Size(320, 180)
FPS = 12


def photo(name: str) -> NDArray[np.uint8]:
    """A sample photo, blue, green, red."""
    with Image.open(SAMPLES / f"{name}.jpg") as picture:
        return np.array(picture.convert("RGB"))[..., ::-1].copy()


@cache
def built(name: str, size: Size) -> Scene:
    """A sample photo as a scene; made once, since scenes do not change."""
    return scene.build(photo(name), size, lambda plate: plate)


def fitted(name: str, prompt: str, *, size: Size = SMALL) -> camera.Fitted:
    """A sample photo with a plan fitted into it."""
    return camera.fit(built(name, size), parse(prompt, 2), FPS)


def drawn(name: str, plan: Plan, *, size: Size = SMALL, seed: int = 1) -> list[bytes]:
    """The frames of a clip before they are encoded."""
    ready = camera.fit(built(name, size), plan, FPS)
    assert ready.plan.framing
    drawer = Drawer(
        ready.scene,
        ready.poses,
        crop=ready.plan.framing.crop,
        weather=Weather(plan.looks, size, seed),
        mark=None,
        fps=FPS,
    )
    frames = []
    for number in range(len(ready.poses)):
        frame = np.empty((size.height * 3 // 2, size.width), np.uint8)
        drawer.draw(number, frame)
        frames.append(frame.tobytes())
    return frames


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("astronaut", SMALL),
        ("chelsea", Size(180, 320)),
        ("coffee", Size(240, 240)),
        ("rocket", SMALL),
    ],
)
def test_every_sample_becomes_a_clip_that_plays_everywhere(
    tmp_path: Path, name: str, size: Size
) -> None:
    """H.264 High, 4:2:0, BT.709, index first, AAC stereo at 48 kHz."""
    plan = parse("dolly in, golden hour, snow, distant waves", 1)
    spec = RenderSpec(still=SAMPLES / f"{name}.jpg", plan=plan, size=size, seed=1)
    told: list[float] = []

    made = render(spec, tmp_path / "clip.mp4", told.append)

    assert made.plan.framing
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]
    head = (tmp_path / "clip.mp4").read_bytes()[:4096]
    assert head[4:8] == b"ftyp"
    assert b"moov" in head
    with av.open(tmp_path / "clip.mp4") as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.width, video.height) == size
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.codec_context.profile == "High"
        assert video.codec_context.colorspace == 1
        assert audio.codec_context.sample_rate == 48_000
        assert audio.codec_context.layout.name == "stereo"
        assert sum(1 for _ in clip.decode(video)) == 24


def test_the_subject_moves_against_its_background() -> None:
    """Parallax is real: on a sideways move the two layers move by different ways."""
    ready = fitted("chelsea", "truck right")
    first, last = ready.poses[0], ready.poses[-1]
    crop = ready.plan.framing.crop if ready.plan.framing else 1.0
    moved = []
    for plate in ready.scene.layers:
        before = warp.grid(ready.scene, plate.relief, first, crop)
        after = warp.grid(ready.scene, plate.relief, last, crop)
        moved.append(float(np.median(after.x - before.x)))

    assert len(moved) == 2
    assert abs(moved[1] - moved[0]) > 3


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
@pytest.mark.parametrize(
    "prompt",
    [
        "dramatic dolly in while truck right",
        "dramatic orbit left",
        "pull back",
        "vertigo effect",
        "pan left then tilt up",
        "roll clockwise 20 degrees",
        "zoom out",
        "crane up",
        "handheld, push in",
    ],
)
def test_every_move_stays_inside_the_picture_and_folds_nowhere(
    name: str, prompt: str
) -> None:
    ready = fitted(name, prompt)
    framing = ready.plan.framing
    assert framing
    width, height = ready.scene.extent
    for pose in ready.poses[:: len(ready.poses) // 4]:
        for plate in ready.scene.layers:
            seen = warp.grid(ready.scene, plate.relief, pose, framing.crop)
            inner = np.s_[1:-1, 1:-1]
            assert seen.x[inner].min() >= -1
            assert seen.y[inner].min() >= -1
            assert seen.x[inner].max() <= width
            assert seen.y[inner].max() <= height
            assert area(seen).min() > 0


def area(seen: warp.Grid) -> NDArray[np.float64]:
    """The area on the plate of each grid cell; a fold has none or less."""
    x, y = seen.x.astype(float), seen.y.astype(float)
    right = (np.diff(x, axis=1)[:-1], np.diff(y, axis=1)[:-1])
    down = (np.diff(x, axis=0)[:, :-1], np.diff(y, axis=0)[:, :-1])
    return np.asarray(right[0] * down[1] - right[1] * down[0])


def test_a_slow_zoom_moves_in_fractions_of_a_pixel() -> None:
    """A dot's way has no steps: what makes ffmpeg's zoompan jitter is not here."""
    picture = np.full((360, 640, 3), 60, np.uint8)
    cv2.circle(picture, (200, 120), 6, (255, 255, 255), -1, cv2.LINE_AA)
    dot = scene.build(picture, SMALL, lambda plate: plate)
    ready = camera.fit(dot, parse("slow linear zoom in 10%", 4), FPS)
    drawer = Drawer(
        ready.scene,
        ready.poses,
        crop=ready.plan.framing.crop if ready.plan.framing else 1.0,
        weather=Weather({}, SMALL, 1),
        mark=None,
        fps=FPS,
    )
    way = []
    frame = np.empty((SMALL.height * 3 // 2, SMALL.width), np.uint8)
    for number in range(len(ready.poses)):
        drawer.draw(number, frame)
        light = np.clip(frame[: SMALL.height].astype(float) - 120, 0, None)
        columns = np.arange(SMALL.width)
        way.append(float((light.sum(0) * columns).sum() / light.sum()))

    jitter = np.diff(way, 2)

    assert abs(way[-1] - way[0]) > 2
    assert float(np.sqrt(np.mean(jitter**2))) < 0.05


def test_a_hold_draws_the_same_frame_again() -> None:
    frames = drawn("coffee", parse("dolly in 1 s, hold 1 s", 2))

    assert len(set(frames[FPS + 1 :])) == 1
    assert len(set(frames[:FPS])) == FPS


def test_the_same_seed_draws_the_same_snow_and_another_one_does_not() -> None:
    plan = parse("hold, snow, fog, vintage", 0.5)

    first = drawn("rocket", plan, seed=7)

    assert drawn("rocket", plan, seed=7) == first
    assert drawn("rocket", plan, seed=8) != first


@pytest.mark.parametrize("words", ["", "dramatic pull back", "pan right, birds"])
def test_an_extension_has_no_seam(words: str) -> None:
    """Its first frames are the parent's own, whatever comes after."""
    plan = parse("truck left, dolly in a little, snow, fog", 1)
    parent = camera.fit(built("coffee", SMALL), plan, FPS).plan

    longer = drawn("coffee", extend(parent, words, 1))

    assert longer[:FPS] == drawn("coffee", plan)
    assert len(longer) == 2 * FPS


def test_a_move_that_leaves_the_picture_is_shortened_and_said(tmp_path: Path) -> None:
    plan = parse("pan right 60 degrees", 1)
    spec = RenderSpec(still=SAMPLES / "coffee.jpg", plan=plan, size=SMALL, seed=1)

    made = render(spec, tmp_path / "clip.mp4", lambda _: None)

    assert made.notes[0].startswith("The move was shortened to ")
    assert made.plan.beats[0].moves[0].amount < plan.beats[0].moves[0].amount


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.full((64, 384, 3), 255, np.uint8),
        np.random.default_rng(1).integers(0, 255, (384, 64, 3), np.uint8),
    ],
    ids=["black square", "white strip", "tall noise"],
)
def test_pictures_without_a_subject_are_rendered_too(
    tmp_path: Path, picture: NDArray[np.uint8]
) -> None:
    Image.fromarray(picture).save(tmp_path / "still.png")
    plan = parse("orbit right, rack focus, fog, rain", 0.5)
    spec = RenderSpec(still=tmp_path / "still.png", plan=plan, size=SMALL, seed=1)

    render(spec, tmp_path / "clip.mp4", lambda _: None)

    with av.open(tmp_path / "clip.mp4") as clip:
        assert sum(1 for _ in clip.decode(video=0)) == 12


def test_a_render_that_breaks_leaves_no_half_file(tmp_path: Path) -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    spec = RenderSpec(
        still=SAMPLES / "coffee.jpg", plan=parse("pan left", 1), size=SMALL, seed=1
    )

    with pytest.raises(InterruptedError):
        render(spec, tmp_path / "clip.mp4", stop)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", sorted(sound.AMBIENCES))
def test_every_ambience_is_heard_and_never_clips(kind: str) -> None:
    heard = sound.mix([kind], 2.0, seed=3)

    assert heard.shape == (96_000, 2)
    assert 0.004 < float(np.sqrt(np.mean(heard**2))) < 0.2
    assert float(np.abs(heard).max()) < 0.86
    assert float(np.abs(heard[0]).max()) == 0.0


@pytest.mark.parametrize("kind", sorted(sound.AMBIENCES))
def test_a_longer_clip_sounds_like_the_shorter_one_at_first(kind: str) -> None:
    """Up to the shorter one's fade, sample for sample."""
    shorter, longer = sound.mix([kind], 1.0, seed=3), sound.mix([kind], 5.0, seed=3)

    assert np.array_equal(shorter[:36_000], longer[:36_000])


def test_grain_does_not_make_a_clip_too_large_to_post(tmp_path: Path) -> None:
    """Grain, snow and rain are the dearest; the rate is capped under them."""
    plan = parse("hold, vintage film grain, snow, rain", 2)
    spec = RenderSpec(still=SAMPLES / "rocket.jpg", plan=plan, size=SMALL, seed=1)

    render(spec, tmp_path / "clip.mp4", lambda _: None)

    frames = 2 * spec.fps * SMALL.width * SMALL.height
    assert (tmp_path / "clip.mp4").stat().st_size * 8 < 0.7 * frames


def test_all_ambiences_together_do_not_clip() -> None:
    assert float(np.abs(sound.mix(list(sound.AMBIENCES), 1.0, seed=1)).max()) < 0.86


def test_the_frame_sits_around_the_face() -> None:
    """The astronaut's face is in a portrait frame, and in a wide one."""
    picture = photo("astronaut")
    [face] = faces(picture)

    x, y = centre(mask(picture), [face])

    assert 150 < face.x < 250
    assert 50 < face.y < 150
    assert x == pytest.approx((face.x + face.width / 2) / 512)
    assert face.y / 512 < y < (face.y + face.height) / 512


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_no_face_is_found_where_there_is_none(name: str) -> None:
    assert faces(photo(name)) == []


def test_the_mark_is_drawn_and_stays_off_faces(tmp_path: Path) -> None:
    plan = replace(parse("hold", 0.5), looks={})
    spec = RenderSpec(
        still=SAMPLES / "coffee.jpg", plan=plan, size=Size(640, 360), seed=1
    )
    pictures = []
    for words in ("animated still", ""):
        render(replace(spec, mark=words), tmp_path / "clip.mp4", lambda _: None)
        with av.open(tmp_path / "clip.mp4") as clip:
            frame = next(clip.decode(video=0))
            pictures.append(frame.to_ndarray(format="gray").astype(int))

    changed = np.abs(pictures[0] - pictures[1]) > 30

    assert changed[300:, 480:].any()
    assert not changed[:250].any()
