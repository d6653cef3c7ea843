"""A picture from outside is made safe, or refused with the next step."""

import asyncio
import os
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import StillError
from bot.media import Media
from bot.models import Size
from bot.stills import Stills
from bot.stills.decode import BLANK, CUT_SHORT, load
from bot.stills.header import MOST_BYTES
from bot.workshop import Workshop
from tests.fakes import pictures
from tests.fakes.pictures import BLUE, GREEN, RED, encoded, quarters

Colour = tuple[int, int, int]
PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.fixture
async def stills(media: Media) -> AsyncIterator[Stills]:
    workshop = Workshop(
        "bot.stills.worker:prepare", name="pictures", memory_bytes=1 << 30, seconds=20
    )
    yield Stills(media, workshop)
    await workshop.close()


def shows(picture: Image.Image, colour: Colour, *, at: tuple[float, float]) -> bool:
    found = picture.getpixel(
        (round(at[0] * picture.width), round(at[1] * picture.height))
    )
    assert isinstance(found, tuple)
    return max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 30


def shows_quarters(picture: Image.Image) -> bool:
    return (
        shows(picture, RED, at=(0.25, 0.25))
        and shows(picture, GREEN, at=(0.75, 0.25))
        and shows(picture, BLUE, at=(0.25, 0.75))
    )


@pytest.mark.parametrize("kind", pictures.MODES)
def test_every_common_kind_of_picture_is_read(kind: str) -> None:
    decoded = load(pictures.MODES[kind]())

    assert decoded.picture.mode == "RGB"
    assert decoded.picture.size == (160, 96)
    assert shows_quarters(decoded.picture)
    assert decoded.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation: int) -> None:
    decoded = load(pictures.turned(orientation))

    assert decoded.picture.size == (160, 96)
    assert shows_quarters(decoded.picture)


def test_sixteen_bits_become_eight() -> None:
    picture = load(encoded(pictures.sixteen_bits())).picture

    assert picture.getpixel((0, 0)) == (0, 0, 0)
    assert picture.getpixel((127, 95)) == (255, 255, 255)
    assert shows(picture, (127, 127, 127), at=(0.5, 0.5))


def test_brightness_without_a_scale_is_stretched() -> None:
    picture = load(encoded(quarters(mode="F"), "TIFF")).picture

    assert shows(picture, (255, 255, 255), at=(0.75, 0.75))
    assert shows(picture, (0, 0, 0), at=(0.25, 0.75))


def test_colours_go_through_the_picture_s_own_profile() -> None:
    profile = pictures.swapped_profile()

    picture = load(encoded(quarters(), icc_profile=profile)).picture

    assert shows(picture, (30, 230, 30), at=(0.25, 0.25))


def test_a_broken_profile_does_not_cost_the_picture() -> None:
    assert shows_quarters(load(encoded(quarters(), icc_profile=b"rubbish")).picture)


def test_what_is_transparent_is_filled_and_said() -> None:
    picture = quarters(mode="RGBA")
    picture.paste((0, 0, 0, 0), (80, 48, 160, 96))

    decoded = load(encoded(picture))

    assert shows_quarters(decoded.picture)
    assert shows(decoded.picture, (128, 128, 128), at=(0.75, 0.75))
    assert decoded.notes == ("What one can see through was filled with grey.",)


def test_a_transparent_palette_colour_is_filled() -> None:
    picture = quarters(mode="P")
    white = picture.getpixel((120, 72))

    decoded = load(encoded(picture, transparency=white))

    assert shows(decoded.picture, (128, 128, 128), at=(0.75, 0.75))
    assert shows_quarters(decoded.picture)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken_and_said(kind: str) -> None:
    decoded = load(pictures.animated(kind))

    assert shows_quarters(decoded.picture)
    assert decoded.notes == ("Only its first frame was taken.",)


def test_of_a_blank_first_frame_the_person_is_told() -> None:
    out = BytesIO()
    black = Image.new("RGB", (160, 96))
    black.save(out, "GIF", save_all=True, append_images=[quarters()])

    assert load(out.getvalue()).notes == (BLANK,)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_its_end_is_taken_and_said(*, progressive: bool) -> None:
    whole = pictures.encoded(detailed(), "JPEG", progressive=progressive)

    picture, notes = load(whole[:-40])

    assert notes == (CUT_SHORT,)
    there = np.asarray(picture.crop((0, 0, 400, 256)), float)
    assert (
        abs(there - np.asarray(load(whole).picture.crop((0, 0, 400, 256)))).mean() < 2
    )


def test_a_jpeg_without_its_end_marker_lacks_nothing() -> None:
    whole = pictures.encoded(detailed(), "JPEG")

    picture, notes = load(whole[:-2])

    assert notes == (CUT_SHORT,)
    assert picture.tobytes() == load(whole).picture.tobytes()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.75])
def test_a_jpeg_of_which_much_is_missing_is_refused(share: float) -> None:
    whole = pictures.encoded(detailed(), "JPEG")

    with pytest.raises(StillError, match="cut short"):
        load(whole[: int(len(whole) * share)])


def detailed() -> Image.Image:
    """Something else in every block."""
    dice = np.random.default_rng(4)
    blocks = dice.integers(0, 255, (38, 50, 3), np.uint8)
    return Image.fromarray(blocks.repeat(8, 0).repeat(8, 1)[:300])


def test_a_large_photo_is_reduced() -> None:
    large = encoded(quarters(6_000, 3_000), "JPEG", quality=50)

    picture = load(large).picture

    assert picture.size == (2_560, 1_280)
    assert shows_quarters(picture)


def test_an_iphone_photo_needs_no_extra() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]

    assert any(name.startswith("pillow-heif") for name in project["dependencies"])
    assert project["optional-dependencies"]["heic"] == []  # old commands still install


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "text": ("Hello, I am a photo. Träum weiter.".encode, "text file"),
    "one letter": (lambda: b"x", "text file"),
    "svg": (lambda: b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG"),
    "html": (lambda: b"<!DOCTYPE html><title>Sign in</title>", "web page"),
    "pdf": (lambda: b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "mp4": (lambda: pictures.ftyp(b"mp42"), "video"),
    "mov": (lambda: pictures.ftyp(b"qt  "), "video"),
    "webm": (lambda: b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "video"),
    "avi": (lambda: b"RIFF\0\0\0\0AVI LIST", "video"),
    "zip": (lambda: b"PK\x03\x04\x14\0", "archive"),
    "noise": (lambda: bytes(range(128, 256)) * 9, "not a picture"),
    "30 MB": (lambda: encoded(quarters()) + bytes(30_000_000), r"28\.6 MB; 25 MB is"),
    "60000x60000": (pictures.bomb, "60000x60000 is 3600 megapixels; 47 is the most"),
    "wide webp": (pictures.wide_webp, "16383x16383 is 268 megapixels"),
    "1x1": (lambda: encoded(quarters(1, 1)), "1x1 is too small"),
    "1x1 gif": (lambda: encoded(quarters(1, 1), "GIF"), "1x1 is too small"),
    "1x1 tiff": (lambda: encoded(quarters(1, 1), "TIFF"), "1x1 is too small"),
    "thin": (lambda: encoded(quarters(1_300, 200)), "too long and thin"),
    "two headers": (pictures.two_headers, "60000x60000|damaged|far too large"),
    "packed words": (pictures.text_bomb, "damaged"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_animated_is_refused_with_the_next_step(what: str) -> None:
    make, sentence = REFUSED[what]

    with pytest.raises(StillError, match=sentence) as raised:
        load(make())

    assert raised.value.hint.endswith(".")


def test_a_picture_full_of_words_is_still_a_picture_or_refused() -> None:
    with pytest.raises(StillError):
        load(pictures.crowded())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_refused_with_the_next_step(kind: str) -> None:
    whole = encoded(quarters(mode="P" if kind == "GIF" else "RGB"), kind)

    for share in (0.05, 0.3, 0.6, 0.9):
        with pytest.raises(StillError, match=r"cut short|not a picture") as raised:
            load(whole[: int(len(whole) * share)])
        assert raised.value.hint


@given(st.binary(max_size=64), st.sampled_from(sorted(pictures.MODES)), st.data())
@settings(max_examples=150, deadline=None)
def test_no_bytes_do_worse_than_a_refusal(
    noise: bytes, kind: str, data: st.DataObject
) -> None:
    sound = bytearray(pictures.MODES[kind]())
    at = data.draw(st.integers(0, len(sound)))
    sound[at : at + len(noise)] = noise

    with suppress(StillError):
        load(bytes(sound))


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(StillError):
        load(noise)


async def test_a_still_is_kept_as_a_jpeg_without_what_the_camera_told(
    stills: Stills, media: Media
) -> None:
    still = await stills.from_bytes(pictures.turned(6))

    kept = media.path(still.media)
    assert still.size == Size(160, 96)
    assert b"anary" not in kept.read_bytes()
    with Image.open(kept) as picture:
        assert picture.format == "JPEG"
        assert not picture.getexif()
        assert shows_quarters(picture)


async def test_nothing_is_left_of_what_was_sent(stills: Stills, media: Media) -> None:
    still = await stills.from_bytes(encoded(quarters()))
    with pytest.raises(StillError):
        await stills.from_bytes(b"no picture")

    files = [file for file in media._folder.rglob("*") if file.is_file()]
    assert files == [media.path(still.media)]


async def test_a_refusal_reaches_the_person_through_the_workshop(
    stills: Stills,
) -> None:
    with pytest.raises(StillError, match="1x1 is too small") as raised:
        await stills.from_bytes(encoded(quarters(1, 1)))

    assert raised.value.hint == "Send a picture with at least 64 pixels on each side."


@pytest.mark.parametrize("limits", [{"seconds": 0.0}, {"memory_bytes": 8 << 20}])
async def test_a_picture_that_eats_time_or_memory_is_refused(
    media: Media, limits: dict[str, int]
) -> None:
    workshop = Workshop("bot.stills.worker:prepare", name="pictures", **limits)
    await workshop.warm()

    with pytest.raises(StillError, match="in reasonable time and memory") as raised:
        await Stills(media, workshop).from_bytes(pictures.heavy())

    assert "smaller JPEG" in raised.value.hint
    await workshop.close()


async def test_a_picture_on_this_machine_is_read(
    stills: Stills, tmp_path: Path
) -> None:
    file = tmp_path / "a photo.txt"
    await asyncio.to_thread(file.write_bytes, encoded(quarters(), "WEBP"))

    assert (await stills.from_path(file)).size == Size(160, 96)


async def test_a_path_that_is_no_picture_is_refused(
    stills: Stills, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as opened:
        opened.truncate(MOST_BYTES + 1)
    os.mkfifo(tmp_path / "pipe.png")

    for name, sentence in {
        "missing.png": "There is no file",
        ".": "is not a file",
        "pipe.png": "is not a file",
        "huge.png": "25 MB is the most",
    }.items():
        with pytest.raises(StillError, match=sentence):
            await stills.from_path(tmp_path / name)
