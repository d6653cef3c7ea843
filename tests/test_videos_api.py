"""Programs that were written for OpenAI's Videos API, at our own `/v1/videos`."""

import asyncio
import base64
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import openai
import pytest
from openai import AsyncOpenAI
from openai.types import Video
from PIL import Image, ImageStat

from adapters.web.videos import api, objects
from bot import quota
from bot.errors import Fault, ProviderError
from bot.jobs import Jobs
from bot.models import Job, State, Tier
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from tests.fakes.house import PLENTY, open_fake_house
from tests.fakes.programs import form, open_programs
from tests.fakes.providers import openapi
from tests.fakes.world import FakeProvider

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()


async def test_the_official_sdk_does_all_that_it_can(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        async with program.sdk() as client:
            first = await client.videos.create_and_poll(
                prompt="push in",
                model="sora-2",
                seconds="4",
                size="1280x720",
                input_reference=("cat.jpg", CAT),
                poll_interval_ms=10,
            )
            assert (first.status, first.progress, first.seconds) == (
                "completed",
                100,
                "4",
            )
            await plays(client, first.id)
            remix = await client.videos.remix(first.id, prompt="add snow")
            remix = await client.videos.poll(remix.id, poll_interval_ms=10)
            assert (remix.status, remix.remixed_from_video_id) == (
                "completed",
                first.id,
            )
            listed = [video.id async for video in await client.videos.list(limit=1)]
            assert listed == [remix.id, first.id]
            gone = await client.videos.delete(first.id)
            assert (gone.deleted, gone.id) == (True, first.id)
            [left] = (await client.videos.list()).data
            assert left.id == remix.id


async def test_what_the_sdk_cannot_send_is_posted_as_json(tmp_path: Path) -> None:
    """As the docs say, until the SDK can."""
    picture = {"image_url": "data:image/jpeg;base64," + base64.b64encode(CAT).decode()}
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()
        this: Any = {"prompt": "go on", "video": {"id": video["id"]}}
        async with program.sdk() as client:
            with pytest.raises(RuntimeError):
                await client.videos.edit(**this)
            with pytest.raises(RuntimeError):
                await client.videos.extend(**this, seconds="4")
            with pytest.raises(RuntimeError):
                await client.videos.create(prompt="a", input_reference=picture)  # type: ignore[arg-type]
            for path, body in (
                ("/videos/edits", this),
                ("/videos/extensions", this | {"seconds": "4"}),
                ("/videos", {"prompt": "push in", "input_reference": picture}),
            ):
                posted = await client.post(path, body=body, cast_to=Video)
                done = await client.videos.poll(posted.id, poll_interval_ms=10)
                assert done.status == "completed"


async def plays(client: AsyncOpenAI, video: str) -> None:
    content = await client.videos.download_content(video)
    with av.open(BytesIO(await content.aread()), "r") as clip:
        assert len(list(clip.decode(video=0))) == 4
    for variant, kind in (("thumbnail", "WEBP"), ("spritesheet", "JPEG")):
        content = await client.videos.download_content(video, variant=variant)  # type: ignore[arg-type]
        with Image.open(BytesIO(await content.aread())) as picture:
            assert picture.format == kind


async def test_every_answer_is_as_the_reference_describes_it(tmp_path: Path) -> None:
    """Checked against OpenAI's own description, where it is at hand."""
    openapi.described()
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.create()
        for seen in (video, await program.ended(video)):
            openapi.check(sized(seen), "VideoResource")
        _, remix = await program.ask(
            "POST", f"/videos/{video['id']}/remix", json={"prompt": "add snow"}
        )
        openapi.check(sized(await program.ended(remix)), "VideoResource")
        programs.house.provider.fails = ProviderError(Fault.REFUSED_OUTPUT, "No.")
        failed = await program.made("something else")
        openapi.check(sized(failed), "VideoResource")
        assert (failed["status"], failed["error"]["code"]) == (
            "failed",
            "moderation_blocked",
        )
        for path in ("/videos", "/videos?limit=0"):
            _, listed = await program.ask("GET", path)
            listed["data"] = [sized(one) for one in listed["data"]]
            openapi.check(listed, "VideoListResource")
        _, gone = await program.ask("DELETE", f"/videos/{video['id']}")
        openapi.check(gone, "DeletedVideoResource")


def sized(video: dict[str, Any]) -> dict[str, Any]:
    """The description knows only Sora's own sizes."""
    return video | {"size": "1280x720"}


async def test_a_video_is_shown_as_it_is_at_each_moment(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()

        video = await program.made("push in", seconds=8, size="720x1280", seed=7)

        clip = await clip_rows.get(programs.house.store, video["id"])
        assert clip is not None
        assert clip.request.seed == 7
        assert video == {
            "id": clip.id,
            "object": "video",
            "model": "sora-2",
            "status": "completed",
            "progress": 100,
            "created_at": video["created_at"],
            "completed_at": int(clip.created),
            "expires_at": int(clip.created) + 30 * 86_400,
            "prompt": "push in",
            "size": "36x64",
            "seconds": "8",
            "remixed_from_video_id": None,
            "error": None,
        }


@pytest.mark.parametrize(
    ("state", "end", "word"),
    [
        (State.QUEUED, None, "queued"),
        (State.SUBMITTING, None, "in_progress"),
        (State.RENDERING, None, "in_progress"),
        (State.FETCHING, None, "in_progress"),
        (State.FINISHING, None, "in_progress"),
        (State.DELIVERING, None, "completed"),
        (State.DELIVERING, State.FAILED, "failed"),
        (State.DONE, None, "completed"),
        (State.FAILED, None, "failed"),
        (State.CANCELLED, None, "failed"),
    ],
)
async def test_each_of_our_states_is_one_of_the_wires_words(
    tmp_path: Path, state: State, end: State | None, word: str
) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()

    assert objects.status_of(replace(job, state=state, end=end)) == word


async def test_a_model_is_named_or_stands_for_a_tier(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        for asked, told, tier in (
            ("sora-2", "sora-2", Tier.DRAFT),
            ("sora-2-2025-12-08", "sora-2", Tier.DRAFT),
            ("sora-2-pro", "sora-2-pro", Tier.FINAL),
            ("fake/one", "fake/one", Tier.DRAFT),
        ):
            video = await program.create(model=asked)
            assert video["model"] == told
            job = await job_rows.get(programs.house.store, video["id"])
            assert job is not None
            assert job.request.tier is tier
        _, models = await program.ask("GET", "/models")
        named = {model["id"] for model in models["data"]}
        assert named == {"sora-2", "sora-2-pro", "fake/one"}
        for model in models["data"]:
            assert model["input_reference"] == "optional"
            assert model["seconds"] == ["4", "8", "12"]
        async with program.sdk() as client:
            for name in (*named, "sora-2-2025-12-08"):
                model = await client.models.retrieve(name)
                assert (model.id, model.object) == (name, "model")
            assert {one.id async for one in client.models.list()} == named


async def test_videos_are_listed_page_by_page_in_both_orders(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        made = [(await program.made(f"push in {n}"))["id"] for n in range(5)]

        for order, ids in (("asc", made), ("desc", made[::-1])):
            found: list[str] = []
            more, after = True, ""
            while more:
                _, page = await program.ask(
                    "GET", f"/videos?limit=2&order={order}&after={after}"
                )
                found += [video["id"] for video in page["data"]]
                assert (page["first_id"], page["last_id"]) == (
                    page["data"][0]["id"],
                    found[-1],
                )
                more, after = page["has_more"], page["last_id"]
            assert found == ids


async def test_a_video_is_edited_and_extended_by_its_id(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()
        this = {"video": {"id": video["id"]}, "prompt": "add snow"}

        status, edit = await program.ask("POST", "/videos/edits", json=this)
        assert (status, edit["remixed_from_video_id"]) == (200, video["id"])
        for body in (
            {"json": this | {"seconds": "4"}},
            {
                "data": form(
                    ("prompt", "on"), ("seconds", "4"), ("video[id]", video["id"])
                )
            },
        ):
            status, longer = await program.ask("POST", "/videos/extensions", **body)
            assert (status, longer["seconds"]) == (200, "8")
            assert (await program.ended(longer))["status"] == "completed"


async def test_a_picture_comes_as_a_file_or_inside_the_json(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        url = f"data:image/jpeg;base64,{base64.b64encode(CAT).decode()}"
        orders = (
            {"json": {"prompt": "a", "input_reference": {"image_url": url}}},
            {"data": form(("prompt", "b"), ("input_reference", CAT))},
            {"data": form(("prompt", "c"), ("input_reference[image_url]", url))},
        )

        for order in orders:
            status, video = await program.ask("POST", "/videos", **order)
            assert status == 200, video
            job = await job_rows.get(programs.house.store, video["id"])
            assert job is not None
            assert job.request.still is not None
            assert job.request.last is None
        two = form(("prompt", "d"), ("input_reference", CAT), ("input_reference", CAT))
        _, video = await program.ask("POST", "/videos", data=two)
        job = await job_rows.get(programs.house.store, video["id"])
        assert job is not None
        assert job.request.last is not None


async def test_part_of_a_video_can_be_fetched(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()

        assert await program.content(video, Range="bytes=4-7") == (
            206,
            "video/mp4",
            b"ftyp",
        )
        whole = await program.content(video)
        for ignored in (
            "lines=0-2",
            "bytes=5-2",
            "bytes=0-1,4-7",
            "bytes=",
            "bytes=a-b",
            "bytes=-0",
            "octets",
            "bytes=0-" + "9" * 5_000,
        ):
            assert await program.content(video, Range=ignored) == whole, ignored
        for beyond in ("bytes=99999999-", "bytes=99999999-999999999"):
            status, _, _ = await program.content(video, Range=beyond)
            assert status == 416
        assert (await program.content(video, Range="bytes=-4"))[2] == whole[2][-4:]


async def test_a_sheet_shows_the_whole_video(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()

        _, _, data = await program.content(video, "spritesheet")

        with Image.open(BytesIO(data)) as sheet:
            assert sheet.size == (5 * 256, 5 * 144)
            boxes = [(256 * (n % 5), 144 * (n // 5)) for n in range(25)]
            cells = [sheet.crop((x, y, x + 256, y + 144)) for x, y in boxes]
            greys = [round(ImageStat.Stat(cell).mean[0]) for cell in cells]
        assert greys[0] == pytest.approx(0, abs=6)
        assert greys[-1] == pytest.approx(180, abs=6)
        assert greys == sorted(greys)


async def test_the_same_key_of_an_order_is_the_same_video(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        once = {"headers": {"Idempotency-Key": "order-1"}, "json": {"prompt": "a"}}

        _, first = await program.ask("POST", "/videos", **once)
        _, second = await program.ask("POST", "/videos", **once)
        other = await programs.program("other")
        _, third = await other.ask("POST", "/videos", **once)

        assert first["id"] == second["id"] != third["id"]


PICTURE = "data:image/jpeg;base64," + base64.b64encode(CAT).decode()


def same(number: int) -> dict[str, Any]:
    """The same order, written down in several ways."""
    ways: list[dict[str, Any]] = [
        {
            "json": {
                "prompt": "a",
                "seconds": 4,
                "input_reference": {"image_url": PICTURE},
            }
        },
        {
            "json": {
                "input_reference": PICTURE,
                "model": "sora-2-2025-12-08",
                "seconds": "4",
                "prompt": "a",
            }
        },
        {"data": form(("seconds", "4"), ("prompt", "a"), ("input_reference", CAT))},
        {
            "data": form(
                ("input_reference[image_url]", PICTURE),
                ("model", "sora-2"),
                ("seconds", "4"),
                ("prompt", "a"),
            )
        },
    ]
    return ways[number]


async def test_a_key_of_an_order_is_good_for_one_order_however_it_is_written(
    tmp_path: Path,
) -> None:
    key = {"headers": {"Idempotency-Key": "order-1"}}
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        _, first = await program.ask("POST", "/videos", **key, **same(0))
        for number in range(1, 4):
            _, again = await program.ask("POST", "/videos", **key, **same(number))
            assert again.get("id") == first["id"], again

        for other in (
            {"prompt": "b"},
            {"prompt": "a", "seconds": "4"},
            {"prompt": "a", "seconds": "8", "input_reference": PICTURE},
            {"prompt": "a", "seconds": 4, "input_reference": PICTURE, "seed": 1},
            {"prompt": "a", "remix_video_id": first["id"]},
        ):
            status, told = await program.ask("POST", "/videos", **key, json=other)
            assert (status, told["error"]["code"]) == (409, "idempotency_key_reused")
            assert set(told["error"]) == {"message", "type", "param", "code"}
        async with program.sdk() as client:
            with pytest.raises(openai.ConflictError) as refused:
                await client.videos.create(
                    prompt="b", extra_headers={"Idempotency-Key": "order-1"}
                )
        assert refused.value.response.headers["x-should-retry"] == "false"
        assert len(await programs.house.ledger()) == 1


async def test_two_orders_with_one_key_at_once_are_one(tmp_path: Path) -> None:
    key = {"headers": {"Idempotency-Key": "order-1"}}
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        told = await asyncio.gather(
            *(
                program.ask("POST", "/videos", **key, json={"prompt": prompt})
                for prompt in "aaabbb"
            )
        )
        won = {video["id"] for status, video in told if status == 200}
        assert len(won) == 1
        assert sorted(status for status, _ in told) == [200] * 3 + [409] * 3


async def test_a_remix_may_come_as_a_new_video(tmp_path: Path) -> None:
    """As the first programs for Sora ordered it."""
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made(seconds="8")
        this = {"remix_video_id": video["id"], "prompt": "add snow"}
        key = {"Idempotency-Key": "order-1"}

        status, remix = await program.ask(
            "POST", "/videos", json=this | {"model": "sora-2-pro"}, headers=key
        )
        assert (status, remix["remixed_from_video_id"]) == (200, video["id"])
        assert remix["seconds"] == "8"
        parts = form(*this.items(), ("seconds", "8"))
        assert (await program.ask("POST", "/videos", data=parts))[0] == 200
        _, same_again = await program.ask(
            "POST",
            f"/videos/{video['id']}/remix",
            json={"prompt": "add snow"},
            headers=key,
        )
        assert same_again["id"] == remix["id"]
        async with program.sdk() as client:
            made = await client.videos.create(
                prompt="add snow", extra_body={"remix_video_id": video["id"]}
            )
            assert made.remixed_from_video_id == video["id"]
        for field, value in (
            ("seconds", "4"),
            ("size", "1x1x1"),
            ("size", "1024x1792"),
            ("model", "fake/two"),
            ("seed", 7),
            ("input_reference", PICTURE),
            ("characters", [{"id": "a"}]),
        ):
            status, told = await program.ask(
                "POST", "/videos", json=this | {field: value}
            )
            assert (status, told["error"]["param"]) == (400, field)
        other = await programs.program("other")
        assert (await other.ask("POST", "/videos", json=this))[0] == 404


async def test_deleting_stops_what_is_being_made(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_programs(tmp_path, provider=provider) as programs:
        program = await programs.program()
        video = await program.create()
        await provider.looked.wait()

        status, gone = await program.ask("DELETE", f"/videos/{video['id']}")

        assert (status, gone["deleted"]) == (200, True)
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content")):
            told, _ = await program.ask(method, f"/videos/{video['id']}{path}")
            assert told == 404
        assert (await program.ask("GET", "/videos"))[1]["data"] == []
        while await programs.house.unfinished():
            await program.ask("GET", "/videos")
        assert await programs.house.ledger() == [("returned", 4)]


@pytest.mark.parametrize("late", ["finishing", "delivering"])
async def test_what_is_deleted_too_late_to_be_stopped_is_deleted_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """Nobody is told that it is gone before it is."""
    there, gate = asyncio.Event(), asyncio.Event()

    class Slow(Jobs):
        async def step(self, job: Job, again: bool) -> Job:  # noqa: FBT001
            there.set()
            await gate.wait()
            done: Job = await getattr(super(), late)(job, again)
            return done

    setattr(Slow, late, Slow.step)
    async with open_programs(tmp_path, jobs_class=Slow) as programs:
        program = await programs.program()
        video = await program.create()
        path = f"/videos/{video['id']}"
        await there.wait()
        job = await job_rows.get(programs.house.store, video["id"])
        assert job is not None
        with monkeypatch.context() as patch:
            patch.setattr(api, "PATIENCE", 0.0)
            status, told = await program.ask("DELETE", path)
        assert (status, told["error"]["code"]) == (409, "invalid_state")
        deleting = asyncio.create_task(program.ask("DELETE", path))
        for _ in range(3):
            assert (await program.ask("GET", path))[0] == 200
        assert not deleting.done()

        gate.set()

        assert (await deleting)[1]["deleted"]
        assert (await program.ask("GET", path))[0] == 404
        assert (await program.ask("GET", "/videos"))[1]["data"] == []
        assert await programs.house.ledger() == [("charged", 4)]
        file = programs.house.media.path(str(job.media))
        assert not await asyncio.to_thread(file.exists)


async def test_a_quota_that_is_used_up_is_said_in_the_wires_words(
    tmp_path: Path,
) -> None:
    caps = replace(PLENTY, person_day=6, at_once=2)
    async with open_programs(tmp_path, caps=caps) as programs:
        program = await programs.program()
        await program.made()

        async with program.sdk() as client:
            with pytest.raises(openai.RateLimitError) as caught:
                await client.videos.create(prompt="push in")

        assert (caught.value.code, caught.value.type) == ("insufficient_quota",) * 2
        assert "2 of 6 left today" in caught.value.message
        assert await programs.house.ledger() == [("charged", 4)]
        await quota.override(programs.house.store, "api:montage", 100)
        assert await program.create()


async def test_too_many_at_once_is_another_matter(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    caps = replace(PLENTY, at_once=1)
    async with open_programs(tmp_path, provider=provider, caps=caps) as programs:
        program = await programs.program()
        await program.create()

        status, told = await program.ask("POST", "/videos", json={"prompt": "a"})

        assert (status, told["error"]["code"]) == (429, "rate_limit_exceeded")
