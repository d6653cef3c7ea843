"""Two clips become one: copied where they are alike, encoded anew where not."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bot import joining
from bot.errors import ProviderError


def film(
    file: Path,
    *,
    seconds: float = 1.0,
    grey: int = 60,
    size: tuple[int, int] = (64, 36),
    rate: int = 24,
    sound: int | None = 48_000,
    codec: str = "libx264",
) -> Path:
    """A clip that starts at a grey and gets lighter, with a tone."""
    with av.open(file, "w") as out:
        video: Any = out.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.time_base = Fraction(1, rate)
        audio: Any = None if sound is None else out.add_stream("aac", rate=sound)
        if audio:
            audio.layout = "stereo"
        for number in range(round(seconds * rate)):
            shade = min(255, grey + number)
            picture = np.full((size[1], size[0], 3), shade, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio and sound:
            wave = np.sin(np.arange(round(seconds * sound)) / 20).astype(np.float32) / 4
            tone = np.ascontiguousarray(np.stack([wave, wave]))
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="stereo")
            heard.sample_rate, heard.pts = sound, 0
            out.mux(audio.encode(heard))
            out.mux(audio.encode())
    return file


def watched(file: Path) -> tuple[list[float], list[int], float]:
    """Times and shades of all frames, and how long there is sound."""
    with av.open(file) as source:
        frames = list(source.decode(source.streams.video[0]))
    times = [float(frame.time or 0) for frame in frames]
    shades = [int(frame.to_ndarray(format="gray").mean()) for frame in frames]
    heard = 0.0
    with av.open(file) as source:
        if source.streams.audio:
            for block in source.decode(source.streams.audio[0]):
                heard = float(block.time or 0) + block.samples / block.sample_rate
    return times, shades, heard


def test_what_is_alike_is_only_put_in_a_row(tmp_path: Path) -> None:
    first = film(tmp_path / "a.mp4")
    second = film(tmp_path / "b.mp4", grey=120)

    assert joining.join(first, second, tmp_path / "c.mp4")

    times, shades, heard = watched(tmp_path / "c.mp4")
    assert len(times) == 48
    assert times == sorted(times)
    assert times[-1] == pytest.approx(47 / 24, abs=0.05)
    assert shades[0] == pytest.approx(60, abs=6)
    assert shades[24] == pytest.approx(120, abs=6)
    assert heard == pytest.approx(2.0, abs=0.1)
    bytes_ = [clip.stat().st_size for clip in (first, second, tmp_path / "c.mp4")]
    assert bytes_[2] == pytest.approx(bytes_[0] + bytes_[1], rel=0.25)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"size": (80, 48)}),
        ({}, {"rate": 30}),
        ({"rate": 30}, {"rate": 16}),
        ({}, {"sound": None}),
        ({"sound": None}, {}),
        ({"sound": None}, {"sound": None, "size": (80, 48)}),
        ({}, {"sound": 44_100}),
        ({}, {"codec": "mpeg4"}),
        ({"size": (36, 64)}, {"rate": 25, "sound": 22_050}),
    ],
)
def test_what_differs_is_made_alike(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """In the first one's frame and rate, with sound throughout if there is any."""
    one = film(tmp_path / "a.mp4", **first)
    two = film(tmp_path / "b.mp4", grey=120, **second)

    assert not joining.join(one, two, tmp_path / "c.mp4")

    rate = first.get("rate", 24)
    times, shades, heard = watched(tmp_path / "c.mp4")
    assert joining.shape_of(tmp_path / "c.mp4").video[1:3] == first.get(
        "size", (64, 36)
    )
    steps = {round(b - a, 3) for a, b in pairwise(times)}
    assert steps <= {round(1 / rate, 3), round(1 / rate + 0.001, 3), 0.033}
    assert len(times) == pytest.approx(2 * rate, abs=2)
    assert shades[0] == pytest.approx(60, abs=8)
    assert max(shades[:rate]) < 100 < shades[rate + 1]
    silent = first.get("sound", 1) is None and second.get("sound", 1) is None
    assert heard == pytest.approx(0.0 if silent else times[-1], abs=0.1)


def test_a_film_may_have_joined_parts_already(tmp_path: Path) -> None:
    """A clip that was extended twice."""
    clips = [film(tmp_path / f"{n}.mp4", grey=40 * n) for n in range(3)]
    joining.join(clips[0], clips[1], tmp_path / "two.mp4")

    joining.join(tmp_path / "two.mp4", clips[2], tmp_path / "three.mp4")

    times, _, heard = watched(tmp_path / "three.mp4")
    assert len(times) == pytest.approx(72, abs=1)
    assert times == sorted(times)
    assert heard == pytest.approx(3.0, abs=0.15)


def test_what_cannot_be_read_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    good = film(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(good.read_bytes()[:200])

    for pair in ((good, tmp_path / "b.mp4"), (tmp_path / "b.mp4", good)):
        with pytest.raises(ProviderError, match="cannot be joined"):
            joining.join(*pair, tmp_path / "c.mp4")
    with pytest.raises(ProviderError, match="not a video"):
        joining.seconds_of(tmp_path / "b.mp4")
    assert not (tmp_path / "c.mp4").exists()


@pytest.mark.parametrize(
    ("seconds", "rest"), [(1.0, True), (1.1, True), (3.0, False), (2.9, False)]
)
def test_the_file_says_whether_the_beginning_is_in_it(
    tmp_path: Path, seconds: float, *, rest: bool
) -> None:
    file = film(tmp_path / "a.mp4", seconds=seconds)

    assert joining.is_only_the_rest(file, before=2.0, added=1.0) is rest
