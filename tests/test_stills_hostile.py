"""Pictures made to exhaust whoever opens them are taken or refused, within limits."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import cast

import numpy as np
import pytest
from PIL import Image, ImageFilter
from pillow_heif import from_pillow

from bot import assembly
from bot.errors import RateError, StillError
from bot.media import Media
from bot.stills import Stills, heif
from bot.stills.bands import Reducer
from bot.stills.decode import _finished, _read_heif, load
from bot.workshop import Workshop
from bot.workshop.strikes import Strikes
from tests.fakes import hostile, pictures
from tests.fakes.hostile import CORPUS
from tests.fakes.pictures import encoded, quarters


@pytest.fixture(scope="module")
def corpus() -> dict[str, bytes]:
    return {
        name: make(False)  # noqa: FBT003
        for name, make in CORPUS.items()
    }


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_picture_is_taken_or_refused_in_words(
    corpus: dict[str, bytes], name: str
) -> None:
    for share in (1.0, 0.9, 0.5):
        try:
            picture = load(corpus[name][: int(len(corpus[name]) * share)]).picture
        except StillError as error:
            assert error.hint.endswith(".")  # noqa: PT017 - most are refused
        else:
            assert max(picture.size) <= 2_560


REFUSED = {
    "46 bytes": (hostile.claiming_webp, "16383x16383 is 268 megapixels"),
    "avif": (lambda: hostile.claiming("AVIF", 60_000), "60000x60000"),
    "heic": (lambda: hostile.claiming("HEIF", 60_000), "60000x60000"),
    "scans": (lambda: hostile.scans(3_000, 512), "too many pieces"),
    "comments": (lambda: hostile.comments(9_000), "too many pieces"),
    "chunks": (lambda: hostile.chunks(60_000), "damaged"),
    "png": (lambda: hostile.flat_png(8_000, 8_000, colours=6), "12 is the most"),
    "tiff": (lambda: hostile.tiff(8_000, "F", compression="tiff_lzw"), "64 megapix"),
    "second size": (pictures.two_headers, "damaged|large"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_take_too_much_is_refused_before_it_is_decoded(what: str) -> None:
    make, sentence = REFUSED[what]

    with pytest.raises(StillError, match=sentence):
        load(make())


def test_a_108_megapixel_photo_is_taken() -> None:
    data = encoded(Image.new("RGB", (12_000, 9_000), (200, 30, 30)), "JPEG")

    picture = load(data).picture

    assert picture.size == (2_560, 1_920)
    assert cast("tuple[int, ...]", picture.getpixel((9, 9)))[0] > 190


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_a_large_png_is_the_same_read_in_bands(mode: str) -> None:
    whole = hostile.noise(2_700, 500).convert(mode)

    picture = load(encoded(whole, compress_level=1)).picture

    plain = whole.convert("RGBA" if mode == "LA" else mode).convert("RGB")
    expected = plain.resize(picture.size, Image.Resampling.LANCZOS)
    if mode not in ("LA", "RGBA"):  # what one can see through is filled
        apart = np.asarray(picture, int) - np.asarray(expected, int)
        assert np.abs(apart).max() <= 2
    assert picture.size == (2_560, 474)


def test_sixteen_bits_of_each_colour_become_eight() -> None:
    data = hostile.flat_png(200, 100, colours=2, depth=16)

    assert load(data).picture.getpixel((5, 5)) == (0, 0, 0)


@pytest.mark.parametrize("target", [(100, 60), (333, 200), (501, 301), (640, 384)])
def test_a_picture_made_smaller_in_bands_is_the_same(target: tuple[int, int]) -> None:
    whole = hostile.noise(640, 384).filter(ImageFilter.GaussianBlur(4))
    reducer = Reducer(whole.size, target)

    for top in range(0, 384, 50):
        reducer.add(whole.crop((0, top, 640, min(384, top + 50))))

    expected = whole.resize(target, Image.Resampling.LANCZOS, reducing_gap=1.0)
    apart = np.asarray(reducer.result(), int) - np.asarray(expected, int)
    assert np.abs(apart).mean() < 2


def phone_photo() -> bytes:
    """The quarters in tiles of 512."""
    out = io.BytesIO()
    from_pillow(quarters(1_100, 600)).save(out, quality=50, tile_size=512)
    return out.getvalue()


def test_a_phone_s_photo_is_read_tile_by_tile() -> None:
    data = phone_photo()
    found = heif.read(data)
    assert found is not None
    assert (found.size, found.columns, len(found.parts)) == ((1_100, 600), 3, 6)

    picture = _finished(_read_heif(data, found)).picture

    assert picture.size == (1_100, 600)
    for at, colour in (((220, 120), 0), ((880, 120), 1), ((220, 480), 2)):
        seen = picture.getpixel(at)
        assert isinstance(seen, tuple)
        assert seen[colour] == max(seen) > 150


@pytest.fixture
async def stills(media: Media) -> AsyncIterator[Stills]:
    workshop = assembly.open_pictures()
    yield Stills(media, workshop)
    await workshop.close()


async def test_what_the_bot_s_own_limits_allow_fits_into_them(stills: Stills) -> None:
    """The largest of a kind is decoded by a worker with the limits of the real bot."""
    large = [
        hostile.flat_png(4_000, 3_000, colours=2),
        encoded(Image.new("RGB", (4_032, 3_024)), "JPEG"),
        encoded(Image.new("RGB", (3_000, 2_000)), "WEBP", method=0),
        encoded(Image.new("L", (4_400, 4_400)), "JPEG", progressive=True),
        encoded(Image.new("RGB", (6_000, 4_000)), "JPEG", progressive=True),
    ]

    made = await asyncio.gather(
        *(stills.from_bytes(data, person=str(n)) for n, data in enumerate(large))
    )

    assert [max(still.size) for still in made] == [2_560, 2_560, 2_560, 2_560, 1_500]


async def test_a_person_whose_files_break_the_worker_waits_longer_each_time(
    media: Media,
) -> None:
    now = [100.0]
    workshop = Workshop(assembly.PICTURES, name="pictures", memory_bytes=24 << 20)
    stills = Stills(media, workshop, strikes=Strikes(now=lambda: now[0]))
    good, bad = encoded(quarters()), pictures.heavy()

    for wait in (11, 21):
        with pytest.raises(StillError, match="reasonable time and memory"):
            await stills.from_bytes(bad, person="ann")
        with pytest.raises(RateError, match=rf"the next one in {wait} s"):
            await stills.from_bytes(good, person="ann")
        assert await stills.from_bytes(good, person="bob")
        now[0] += wait

    assert await stills.from_bytes(good, person="ann")
    await workshop.close()
