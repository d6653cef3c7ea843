"""Copies that fit: real MP4s, measured."""

from pathlib import Path

import av
import pytest

from bot.copies.shrink import plan, work
from bot.errors import DeliveryError
from tests.fakes.world import noisy_clip


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip that nothing compresses worse than."""
    return noisy_clip(tmp_path_factory.mktemp("clip") / "large.mp4")


@pytest.mark.parametrize("share", [0.5, 0.1, 0.04])
def test_a_copy_fits_and_plays_everywhere(
    large: Path, tmp_path: Path, share: float
) -> None:
    most = int(large.stat().st_size * share)
    copy = tmp_path / "copy.mp4"

    work({"clip": str(large), "to": str(copy), "most": most}, lambda _: None)

    assert copy.stat().st_size <= most
    with av.open(copy) as made:
        assert made.streams.video[0].codec_context.name == "h264"
        assert made.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert made.streams.audio[0].codec_context.name == "aac"
        assert sum(1 for _ in made.decode(video=0)) == 24
    head = copy.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")  # it plays before it is whole
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.mp4"]


def test_frames_get_smaller_before_they_smear(large: Path) -> None:
    wide = plan(large, 10_000_000)
    narrow = plan(large, 8_000)

    assert (wide.width, wide.height) == (320, 180)
    assert narrow.width < 320
    assert narrow.width % 2 == narrow.height % 2 == 0


def test_what_cannot_be_made_that_small_is_refused_in_words(
    large: Path, tmp_path: Path
) -> None:
    args = {"clip": str(large), "to": str(tmp_path / "copy.mp4"), "most": 2_000}

    with pytest.raises(DeliveryError, match="small enough"):
        work(args, lambda _: None)
