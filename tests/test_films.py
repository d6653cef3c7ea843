"""Films that services send are opened in a worker; what was paid for is delivered."""

import asyncio
import os
import resource
import struct
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bot import assembly, clips, joining, transcode
from bot.errors import FilmError, ProviderError, RateError, StorageError
from bot.films import (
    AS_IT_CAME,
    CONVERTED,
    FILMS,
    NOT_CONVERTED,
    ONLY_THE_REST,
    Films,
    worker,
)
from bot.films.boxes import outline
from bot.media import Media
from bot.models import Clip, Op, RenderRequest, Size, Source, State, Way
from bot.workshop import Workshop
from bot.workshop.strikes import Strikes
from tests.fakes.house import ANN, FakeHouse, open_fake_house
from tests.fakes.world import FakeProvider

MOMENTS = [(5 * number + number % 3) / 120 for number in range(48)]  # as phones do
HDR: dict[str, Any] = {
    "codec": "libx265",
    "form": "yuv420p10le",
    "x265": ":colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
}


def film(
    file: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (64, 36),
    form: str = "yuv420p",
    count: int = 24,
    container: str = "mp4",
    sound: str | None = None,
    aspect: Fraction | None = None,
    shade: int | None = None,
    x265: str = "",
) -> Path:
    with av.open(file, "w", format=container) as out:
        video: Any = out.add_stream(codec, rate=24)
        video.width, video.height, video.pix_fmt = *size, form
        video.codec_context.time_base = Fraction(1, 120)
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if codec == "libx265":
            video.options = {"x265-params": f"log-level=none{x265}"}
        audio: Any = sound and out.add_stream(sound, rate=48_000, layout="stereo")
        for number in range(count):
            of = 8 * number % 250 if shade is None else shade
            picture = np.full((size[1], size[0], 3), of, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=form)
            frame.pts, frame.time_base = round(MOMENTS[number] * 120), Fraction(1, 120)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio:
            _add_sound(out, audio)
    if codec == "libsvtav1" and hasattr(os, "sched_setscheduler"):
        # As root it lets the thread that calls it go before everybody else's, for good.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return file


def _add_sound(out: Any, audio: Any) -> None:
    for number in range(40):
        samples = np.zeros((2, 1_024), np.float32)
        block = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        block.sample_rate, block.pts = 48_000, number * 1_024
        block.time_base = Fraction(1, 48_000)
        out.mux(audio.encode(block))
    out.mux(audio.encode())


def encoding(file: Path) -> tuple[str, str | None]:
    with av.open(file) as source:
        video = source.streams.video[0]
        return video.codec_context.name, video.pix_fmt


def sound_of(file: Path) -> str | None:
    with av.open(file) as source:
        return next((one.codec_context.name for one in source.streams.audio), None)


def moments(file: Path) -> list[float]:
    with av.open(file) as source:
        return [frame.time or 0.0 for frame in source.decode(video=0)]


async def made(house: FakeHouse) -> Any:
    job = await house.submit()
    await house.settled()
    return await house.service.entry(job.id, person=ANN)


ODD: dict[str, dict[str, Any]] = {
    "H.265 of ten bits": {"codec": "libx265", "form": "yuv420p10le"},
    "4:4:4": {"form": "yuv444p"},
    "one frame": {"count": 1},
    "upright": {"size": (36, 64)},
    "MPEG-4": {"codec": "mpeg4"},
}


@pytest.mark.parametrize("name", ODD)
async def test_a_clip_that_is_only_odd_is_delivered(tmp_path: Path, name: str) -> None:
    file = await asyncio.to_thread(lambda: film(tmp_path / "odd.mp4", **ODD[name]))
    provider = FakeProvider(tmp_path, clip=file)
    async with open_fake_house(tmp_path, provider=provider) as house:
        entry = await made(house)

    assert entry.job.state is State.DONE
    assert entry.clip.size == Size(*ODD[name].get("size", (64, 36)))
    assert AS_IT_CAME not in entry.clip.notes
    odd = ODD[name].keys() & {"codec", "form"}
    assert (CONVERTED in entry.clip.notes) == bool(odd)
    kept = house.media.path(entry.clip.media)
    assert await asyncio.to_thread(encoding, kept) == ("h264", "yuv420p")


UNPLAYED: dict[str, dict[str, Any]] = {
    "H.265": {"codec": "libx265"},
    "H.265 with sound": {"codec": "libx265", "sound": "aac"},
    "AV1": {"codec": "libsvtav1"},
    "VP9 and Opus": {"codec": "libvpx-vp9", "sound": "libopus"},
    "WebM": {"codec": "libvpx-vp9", "sound": "libopus", "container": "webm"},
    "Matroska": {"container": "matroska", "sound": "aac"},
    "ten bits": {"form": "yuv420p10le"},
    "4:2:2": {"form": "yuv422p"},
    "an odd size": {"form": "yuv444p", "size": (65, 37)},
    "odd sound": {"sound": "ac3"},
}


@pytest.mark.parametrize("name", UNPLAYED)
def test_what_chats_do_not_play_becomes_h264_and_aac(tmp_path: Path, name: str) -> None:
    file = film(tmp_path / "odd.mp4", **UNPLAYED[name])

    assert transcode.convert(file)
    assert encoding(file) == ("h264", "yuv420p")
    assert sound_of(file) == ("aac" if "sound" in UNPLAYED[name] else None)
    assert moments(file) == pytest.approx(MOMENTS[:24], abs=0.002)
    data = file.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # it plays while it loads
    assert not transcode.convert(file)


def test_what_plays_is_left_as_it_is(tmp_path: Path) -> None:
    file = film(tmp_path / "good.mp4", sound="aac")
    before = file.read_bytes()

    assert not transcode.convert(file)
    assert file.read_bytes() == before


def test_a_clip_in_hdr_comes_out_in_ordinary_colours(tmp_path: Path) -> None:
    pq = round(0.58 * 255)  # 203 cd/m2, which is white on paper
    file = film(tmp_path / "hdr.mp4", **HDR, shade=pq, count=2)

    transcode.convert(file)

    with av.open(file) as source:
        frame = next(source.decode(video=0))
    assert frame.color_trc == 1
    assert frame.to_ndarray(format="rgb24").mean() > 225


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    file = film(tmp_path / "a.mp4", codec="libx265", aspect=Fraction(2))

    transcode.convert(file)

    assert clips.look_into(file).size == Size(128, 36)


def test_the_pictures_of_a_clip_have_its_shape(tmp_path: Path) -> None:
    file = film(tmp_path / "a.mp4", aspect=Fraction(2))

    assert clips.look_into(file).size == Size(128, 36)


async def test_a_clip_that_cannot_be_converted_is_delivered_as_it_came(
    tmp_path: Path,
) -> None:
    file = await asyncio.to_thread(lambda: film(tmp_path / "a.mp4", codec="libx265"))
    before = await asyncio.to_thread(file.read_bytes)
    provider = FakeProvider(tmp_path, clip=file)
    async with open_fake_house(tmp_path, provider=provider) as house:
        await house.jobs.films.close()
        workshop = Workshop("tests.fakes.unable:work", name="films")
        house.jobs.films = Films(house.media, workshop)
        entry = await made(house)
        kept = house.media.path(entry.clip.media)

        assert entry.job.state is State.DONE
        assert NOT_CONVERTED in entry.clip.notes
        assert await asyncio.to_thread(kept.read_bytes) == before


async def test_an_extension_of_two_alike_clips_ends_as_h264(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path)
    async with open_fake_house(tmp_path, provider=provider) as house:
        entry = await made(house)
        before = house.media.path(entry.clip.media)
        part = house.media.scratch("part.mp4")
        for to in (before, part):
            await asyncio.to_thread(partial(film, to, codec="libx265"))
        longer = replace(entry.job, request=extension(entry.clip), notes=())

        job = await house.jobs.films.complete(longer, part)

        assert job.notes == (CONVERTED,)
        assert await asyncio.to_thread(encoding, part) == ("h264", "yuv420p")
        assert len(await asyncio.to_thread(moments, part)) == 48


async def test_a_clip_that_we_cannot_look_into_is_delivered_as_it_came(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path)
    async with open_fake_house(tmp_path, provider=provider) as house:
        workshop = Workshop(FILMS, name="films", memory_bytes=1 << 20)
        await house.jobs.films.close()
        house.jobs.films = Films(house.media, workshop)
        entry = await made(house)
        kept = house.media.path(entry.clip.media)

        assert entry.job.state is State.DONE
        assert AS_IT_CAME in entry.clip.notes
        assert entry.clip.size == Size(64, 36)
        assert await asyncio.to_thread(kept.is_file)


async def test_a_clip_of_a_codec_that_we_do_not_know_is_delivered(
    tmp_path: Path,
) -> None:
    file = await asyncio.to_thread(film, tmp_path / "odd.mp4")
    data = (await asyncio.to_thread(file.read_bytes)).replace(b"avc1", b"vvcX")
    await asyncio.to_thread(file.write_bytes, data)
    provider = FakeProvider(tmp_path, clip=file)
    async with open_fake_house(tmp_path, provider=provider) as house:
        entry = await made(house)

    assert entry.job.state is State.DONE
    assert AS_IT_CAME in entry.clip.notes


DISGUISED = {
    "a list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n",
    "nothing": b"",
    "a box without end": struct.pack(">I4s", 8, b"ftyp") * 5_000,
    "only an index": struct.pack(">I4s", 16, b"ftyp") + b"isom" * 2 + b"\0\0\0\x08moov",
}


@pytest.mark.parametrize("name", DISGUISED)
async def test_what_is_no_film_is_no_clip(tmp_path: Path, name: str) -> None:
    file = tmp_path / "odd.mp4"
    await asyncio.to_thread(file.write_bytes, DISGUISED[name])

    with pytest.raises(ProviderError, match="not a video"):
        await asyncio.to_thread(clips.look_into, file)
    assert await asyncio.to_thread(outline, file) is None


@pytest.mark.parametrize("text", ["ffconcat version 1.0\nfile {}\n", "#EXTM3U\n{}\n"])
def test_a_list_of_films_is_not_followed(tmp_path: Path, text: str) -> None:
    good = film(tmp_path / "good.mp4", sound="aac")
    lists = tmp_path / "list.mp4"
    lists.write_text(text.format(good.name), "utf-8")

    for read in (transcode.convert, joining.seconds_of, joining.shape_of):
        with pytest.raises((ProviderError, av.FFmpegError)):
            read(lists)
    with pytest.raises(ProviderError):
        joining.join(good, lists, tmp_path / "whole.mp4")


# The box, where in it, and what is written there.
BOMBS = {
    "a frame that lasts for ever": (b"stts", 16, 0x7FFFFFF0),
    "frames without number": (b"stts", 8, 0xFFFFFFF0),
    "a frame without end": (b"stsz", 8, 0xFFFFFFF0),
    "a film without end": (b"mvhd", 20, 0xFFFFFFFF),
    "a frame as wide as can be written": (b"tkhd", 80, 0xFFFFFFFF),
    "a beginning after the end": (b"elst", 16, 0x7FFFFF00),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_in_a_film_costs_the_worker_at_most(
    tmp_path: Path, name: str
) -> None:
    file = await asyncio.to_thread(film, tmp_path / "odd.mp4")
    data = bytearray(await asyncio.to_thread(file.read_bytes))
    box, place, number = BOMBS[name]
    struct.pack_into(">I", data, data.index(box) + place, number)
    await asyncio.to_thread(file.write_bytes, data)
    provider = FakeProvider(tmp_path, clip=file)
    async with open_fake_house(tmp_path, provider=provider) as house:
        await house.jobs.films.close()
        house.jobs.films = Films(house.media, assembly.open_films())
        entry = await made(house)
        await house.jobs.films.close()

    assert entry.job.state in (State.DONE, State.FAILED)
    if entry.job.state is State.DONE:
        kept = house.media.path(entry.clip.media)
        assert await asyncio.to_thread(outline, kept) is not None


def test_of_many_streams_the_one_that_is_shown_is_taken(tmp_path: Path) -> None:
    good, many = film(tmp_path / "good.mp4", sound="aac"), tmp_path / "many.mp4"
    with av.open(good) as source, av.open(many, "w", format="mp4") as out:
        template = source.streams.video[0]
        copies = [out.add_stream_from_template(template) for _ in range(60)]
        packets = [one for one in source.demux(template) if one.size]
        for packet in packets:
            for copy in copies:
                packet.stream = copy
                out.mux(packet)

    assert clips.look_into(many).seconds == pytest.approx(1, abs=0.1)


def test_what_is_made_of_a_film_ends_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = film(tmp_path / "odd.mp4", codec="libx265")
    monkeypatch.setattr(worker, "MAX_FILE", 600)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises((ProviderError, StorageError)):
            worker.work({"do": "convert", "film": str(file)}, lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_frame_beyond_every_player_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "MAX_PIXELS", 64 * 35)

    with pytest.raises(ProviderError, match="not a video"):
        clips.look_into(film(tmp_path / "wide.mp4"))


def test_the_boxes_of_a_film_say_its_size_and_length(tmp_path: Path) -> None:
    found = outline(film(tmp_path / "a.mp4", size=(80, 48), count=48))

    assert found is not None
    assert found.size == Size(80, 48)
    assert found.seconds == pytest.approx(2.0, abs=0.1)


async def test_who_sends_films_that_break_the_worker_waits(tmp_path: Path) -> None:
    media = await asyncio.to_thread(Media, tmp_path / "media")
    workshop = Workshop(FILMS, name="films", seconds=0.0)
    await workshop.warm()
    films = Films(media, workshop, strikes=Strikes(now=lambda: 5.0))
    file = await asyncio.to_thread(film, tmp_path / "a.mp4")
    data = await asyncio.to_thread(file.read_bytes)

    with pytest.raises(FilmError, match="reasonable time and memory"):
        await films.from_bytes(data, person="ann")
    with pytest.raises(RateError, match="in 11 s"):
        await films.from_bytes(data, person="ann")
    await films.close()


async def test_an_extension_that_cannot_be_joined_is_delivered_alone(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path)
    async with open_fake_house(tmp_path, provider=provider) as house:
        entry = await made(house)
        before = house.media.path(entry.clip.media)
        longer = replace(entry.job, request=extension(entry.clip))
        part = house.media.scratch("part.mp4")
        await asyncio.to_thread(film, part)
        await asyncio.to_thread(before.write_bytes, b"no film any more")

        job = await house.jobs.films.complete(longer, part)

        assert job.notes[-1] == ONLY_THE_REST
        assert await asyncio.to_thread(outline, part) is not None


def extension(clip: Clip) -> RenderRequest:
    source = Source(
        clip_id=clip.id,
        media=clip.media,
        provider="fake",
        model="one",
        seconds=4,
        prompt="push in",
    )
    return replace(clip.request, op=Op.EXTEND, source=source, way=Way.AFRESH)
