"""`/v1/files`: a picture is sent once, and orders name it by its id."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import Video
from PIL import Image

from bot import retention, uploads
from bot.store import jobs as job_rows
from tests.fakes.programs import Program, Programs, form, open_programs
from tests.fakes.world import FakeProvider

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()


async def kept(program: Program, **more: str) -> Any:
    """Send a picture; what is told of it."""
    parts = form(("file", CAT), *more.items())
    status, told = await program.ask("POST", "/files", data=parts)
    assert status == 200, told
    return told


async def test_the_official_sdk_sends_a_picture_and_orders_with_it(
    tmp_path: Path,
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        async with program.sdk() as client:
            file = await client.files.create(file=("cat.jpg", CAT), purpose="vision")
            assert (file.object, file.filename, file.purpose) == (
                "file",
                "cat.jpg",
                "vision",
            )
            assert file.expires_at == file.created_at + 86_400
            assert await client.files.retrieve(file.id) == file
            assert [one.id async for one in client.files.list()] == [file.id]
            content = await (await client.files.content(file.id)).aread()
            assert len(content) == file.bytes
            with Image.open(BytesIO(content)) as picture:
                assert (picture.format, picture.size) == ("JPEG", (451, 300))
            body = {"prompt": "push in", "input_reference": {"file_id": file.id}}
            video = await client.post("/videos", body=body, cast_to=Video)
            video = await client.videos.poll(video.id, poll_interval_ms=10)
            assert video.status == "completed"
            gone = await client.files.delete(file.id)
            assert (gone.id, gone.deleted) == (file.id, True)
            with pytest.raises(openai.NotFoundError):
                await client.files.retrieve(file.id)


async def test_a_file_is_named_in_every_way_that_the_wire_knows(
    tmp_path: Path,
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        file = (await kept(program))["id"]
        stills = []
        for order in (
            {"json": {"prompt": "a", "input_reference": {"file_id": file}}},
            {"json": {"prompt": "a", "input_reference": file}},
            {"data": form(("prompt", "a"), ("input_reference[file_id]", file))},
            {"data": form(("prompt", "a"), ("input_reference", file))},
            {"data": form(("prompt", "a"), ("input_reference", CAT))},
        ):
            status, video = await program.ask("POST", "/videos", **order)
            assert status == 200, video
            job = await job_rows.get(programs.house.store, video["id"])
            assert job
            stills.append(job.request.still)
        assert len(set(stills)) == 1
        assert stills[0]


async def test_a_key_has_its_own_files_alone(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        ours, theirs = await programs.program("ours"), await programs.program("theirs")
        file = (await kept(ours))["id"]

        for method, path in (
            ("GET", f"/files/{file}"),
            ("GET", f"/files/{file}/content"),
            ("DELETE", f"/files/{file}"),
        ):
            assert (await theirs.ask(method, path))[0] == 404
        order = {"prompt": "a", "input_reference": {"file_id": file}}
        status, told = await theirs.ask("POST", "/videos", json=order)
        assert (status, told["error"]["param"]) == (404, "input_reference")
        assert (await theirs.ask("GET", "/files"))[1]["data"] == []
        assert (await ours.ask("GET", f"/files/{file}"))[0] == 200


@pytest.mark.parametrize(
    ("parts", "status", "sentence"),
    [
        ([("purpose", "vision")], 400, "There is no file."),
        (
            [("file", b"A letter, no picture. " * 9)],
            400,
            "Only pictures are kept here.",
        ),
        ([("file", bytes(30_000_000))], 413, "Only pictures are kept here."),
        ([("file", CAT), ("file", CAT)], 400, "That file is not asked for."),
        ([("picture", CAT)], 400, "That file is not asked for."),
        ([("file", CAT), ("purpose", "")], 400, "cannot be read"),
        ([("file", CAT), ("expires_after[seconds]", "soon")], 400, "cannot be read"),
        ([("file", CAT), ("expires_after[seconds]", "-1")], 400, "cannot be read"),
    ],
)
async def test_what_is_no_picture_is_not_kept(
    tmp_path: Path, parts: list[tuple[str, str | bytes]], status: int, sentence: str
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()

        answered, told = await program.ask("POST", "/files", data=form(*parts))

        assert (answered, sentence in told["error"]["message"]) == (status, True)
        assert (await program.ask("GET", "/files"))[1]["data"] == []


async def test_a_key_keeps_so_many_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST", 2)
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        first, _ = [await kept(program) for _ in range(2)]
        await is_full(program)
        other = await programs.program("other")
        await kept(other)

        await program.ask("DELETE", f"/files/{first['id']}")

        await kept(program)
        monkeypatch.setattr(uploads, "MOST", 100)
        monkeypatch.setattr(uploads, "MOST_BYTES", first["bytes"] * 2 + 1)
        await is_full(program)


async def is_full(program: Program) -> None:
    status, told = await program.ask("POST", "/files", data=form(("file", CAT)))
    assert (status, told["error"]["code"]) == (429, "insufficient_quota")


async def test_files_go_after_a_day_or_sooner_and_what_was_made_of_them_stays(
    tmp_path: Path,
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        file = await kept(program)
        short = await kept(program, **{"expires_after[seconds]": "3600"})
        assert short["expires_at"] == short["created_at"] + 3_600
        order = {"prompt": "a", "input_reference": {"file_id": file["id"]}}
        _, video = await program.ask("POST", "/videos", json=order)
        assert (await program.ended(video))["status"] == "completed"

        for age, left in ((3_601, [file["id"]]), (86_401, [])):
            await sweep(programs, file["created_at"] + age)
            listed = (await program.ask("GET", "/files"))[1]["data"]
            assert [one["id"] for one in listed] == left
        job = await job_rows.get(programs.house.store, video["id"])
        assert job
        assert programs.house.media.path(job.request.still or "").exists()
        assert (await program.ask("POST", "/videos", json=order))[0] == 404


async def sweep(programs: Programs, now: float) -> None:
    house = programs.house
    await retention.sweep(house.store, house.media, keep_days=30, now=lambda: now)


async def test_where_words_alone_make_nothing_the_fields_that_help_are_named(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, text_only=False)
    async with open_programs(tmp_path, provider=provider) as programs:
        program = await programs.program()

        status, told = await program.ask("POST", "/videos", json={"prompt": "a cat"})

        assert (status, told["error"]["param"]) == (400, "input_reference")
        for field in ("image_url", "file_id", "as the file input_reference"):
            assert field in told["error"]["message"]
        _, models = await program.ask("GET", "/models")
        needs = {model["input_reference"] for model in models["data"]}
        assert needs == {"required"}
