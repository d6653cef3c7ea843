"""A still is brought to the exact size of a frame without being stretched."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.models import Size
from bot.stills.fit import fit, fitted_to
from tests.fakes.pictures import BLUE, GREEN, RED, quarters

WIDE = Size(1280, 720)
TALL = Size(720, 1280)

Colour = tuple[int, int, int]


@given(
    st.integers(64, 300),
    st.integers(64, 300),
    st.sampled_from([Size(128, 72), Size(72, 128), Size(96, 96)]),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_frame_has_exactly_its_size(
    width: int, height: int, size: Size, centre: tuple[float, float]
) -> None:
    fitted = fitted_to(quarters(width, height), size, centre=centre)

    assert fitted.size == size


@pytest.mark.parametrize(
    ("centre", "left", "right"),
    [(0.0, RED, GREEN), (0.5, GREEN, GREEN), (1.0, GREEN, BLUE)],
)
def test_the_subject_stays_in_the_frame(
    centre: float, left: Colour, right: Colour
) -> None:
    picture = Image.new("RGB", (600, 300), RED)
    picture.paste(GREEN, (80, 0, 520, 300))
    picture.paste(BLUE, (520, 0, 600, 300))

    fitted = fitted_to(picture, Size(400, 300), centre=(centre, 0.5))

    assert fitted.getpixel((2, 150)) == left
    assert fitted.getpixel((397, 150)) == right


def test_what_would_lose_half_of_itself_is_shown_whole() -> None:
    picture = Image.new("RGB", (1200, 400), RED)
    picture.paste(BLUE, (600, 0, 1200, 400))

    fitted = fitted_to(picture, TALL)

    assert fitted.getpixel((0, 640)) == RED
    assert fitted.getpixel((719, 640)) == BLUE
    # Above and below is a blur of the same picture, in neither colour alone.
    above = fitted.getpixel((360, 20))
    assert isinstance(above, tuple)
    assert 40 < above[0] < 220


def test_a_still_on_disk_is_fitted_to_another_file(tmp_path: Path) -> None:
    quarters(640, 480).save(tmp_path / "still.jpg")

    fit(tmp_path / "still.jpg", tmp_path / "frame.jpg", size=WIDE, centre=(0.4, 0.4))

    with Image.open(tmp_path / "frame.jpg") as frame:
        assert frame.size == WIDE
        assert frame.format == "JPEG"
