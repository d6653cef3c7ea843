"""What a program may get wrong, or mean ill: a clear error, no charge, never a 500."""

import asyncio
import base64
import json
import logging
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.programs import Program, form, open_programs
from tests.fakes.site import ORDER

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()
HUGE = bytes(30_000_000)
LOOPBACK = {"image_url": "http://127.0.0.1:1/cat.jpg"}


def json_body(**fields: object) -> dict[str, Any]:
    return {"json": {"prompt": "push in"} | fields}


def raw(data: bytes, kind: str, *, packed: str = "identity") -> dict[str, Any]:
    headers = {"Content-Type": kind, "Content-Encoding": packed}
    return {"data": BytesIO(data), "headers": headers}


BAD_ORDERS = {
    "no prompt": ({"json": {}}, 400, "prompt"),
    "empty prompt": (json_body(prompt=""), 400, "prompt"),
    "prompt of another type": (json_body(prompt=["a"]), 400, "prompt"),
    "long prompt": (json_body(prompt="x" * 32_001), 400, "prompt"),
    "long for this model": (json_body(prompt="x" * 5_000), 400, "prompt"),
    "unknown field": (json_body(loop=True), 400, "loop"),
    "unknown character": (json_body(characters=[{"id": "a"}]), 404, "characters"),
    "three characters": (json_body(characters=[{"id": "a"}] * 3), 400, "characters"),
    "characters of another type": (json_body(characters="a"), 400, "characters"),
    "unknown model": (json_body(model="sora-9"), 400, "model"),
    "half a second": (json_body(seconds="4.5"), 400, "seconds"),
    "negative seconds": (json_body(seconds=-4), 400, "seconds"),
    "a length it has not": (json_body(seconds="7"), 400, "seconds"),
    "endless seconds": (json_body(seconds="9" * 5_000), 400, "seconds"),
    "seconds in Arabic": (json_body(seconds="٤"), 400, "seconds"),
    "no size": (json_body(size="large"), 400, "size"),
    "size of nothing": (json_body(size="0x0"), 400, "size"),
    "negative seed": (json_body(seed=-1), 400, "seed"),
    "a file's id": (json_body(input_reference={"file_id": "file-1"}), 404, "input"),
    "a remix of nothing": (json_body(remix_video_id="nobody"), 404, None),
    "a remix without its id": (json_body(remix_video_id=""), 404, None),
    "no reference": (json_body(input_reference={}), 400, "input"),
    "two references": (
        json_body(input_reference={"file_id": "a", "image_url": "b"}),
        400,
        "input",
    ),
    "this machine": (json_body(input_reference=LOOPBACK), 400, "input"),
    "its files": (
        json_body(input_reference={"image_url": "file:///etc/passwd"}),
        400,
        "input",
    ),
    "no base64": (
        json_body(input_reference={"image_url": "data:image/png;base64,é"}),
        400,
        "input",
    ),
    "text in base64": (
        json_body(
            input_reference={
                "image_url": "data:text/plain;base64,"
                + base64.b64encode(b"a letter, no picture" * 9).decode()
            }
        ),
        400,
        "input",
    ),
    "no JSON": (raw(b"{", "application/json"), 400, None),
    "a list": (raw(b"[]", "application/json"), 400, None),
    "no UTF-8": (raw(b'{"prompt": "\xff"}', "application/json"), 400, None),
    "deep": (raw(b'{"prompt":' + b"[" * 9_999, "application/json"), 400, "prompt"),
    "deep and unknown": (raw(b'{"a":' + b"[" * 9_999, "application/json"), 400, "a"),
    "huge JSON": (raw(HUGE, "application/json"), 413, None),
    "badly packed": (
        raw(b"abcde", "application/json", packed="gzip"),
        400,
        None,
    ),
    "other type": (raw(b"prompt=a", "application/x-www-form-urlencoded"), 415, None),
    "no type": (raw(b"prompt", "text/plain"), 415, None),
    "a form without end": (
        raw(b"--x\r\nprompt", "multipart/form-data; boundary=x"),
        400,
        None,
    ),
    "a form without border": (raw(b"--x", "multipart/form-data"), 400, None),
    "huge file": (
        {"data": form(("prompt", "a"), ("input_reference", HUGE))},
        413,
        "input",
    ),
    "three files": (
        {"data": form(("prompt", "a"), *[("input_reference", CAT)] * 3)},
        400,
        "input",
    ),
    "half a picture": (
        {"data": form(("prompt", "a"), ("input_reference", CAT[:9_000]))},
        400,
        "input",
    ),
    "a string for a file": (
        {"data": form(("prompt", "a"), ("input_reference", "cat.jpg"))},
        400,
        "input",
    ),
    "twice otherwise": (
        {"data": form(("prompt", "a"), ("prompt[b]", "c"))},
        400,
        "prompt",
    ),
    "many parts": ({"data": form(*[("prompt", "a")] * 40)}, 400, None),
    "odd idempotency": (
        json_body() | {"headers": {"Idempotency-Key": "x" * 300}},
        400,
        None,
    ),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
async def test_a_bad_order_is_told_what_is_wrong_and_costs_nothing(
    tmp_path: Path, name: str
) -> None:
    order, status, param = BAD_ORDERS[name]
    async with open_programs(tmp_path) as programs:
        program = await programs.program()

        answered, told = await program.ask("POST", "/videos", **order)

        assert (answered, set(told)) == (status, {"error"})
        error = told["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"].endswith(".")
        assert len(error["message"]) < 1_000
        assert str(error["param"]).startswith(str(param))
        assert await programs.untouched()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/videos/nobody", 404),
        ("GET", "/videos/..%2F..%2Fetc%2Fpasswd", 404),
        ("GET", "/videos/a%00b", 404),
        ("GET", "/videos/" + "x" * 5_000, 404),
        ("GET", "/videos/nobody/content", 404),
        ("DELETE", "/videos/nobody", 404),
        ("GET", "/videos?limit=-1", 400),
        ("GET", "/videos?limit=101", 400),
        ("GET", "/videos?limit=many", 400),
        ("GET", "/videos?limit=" + "9" * 5_000, 400),
        ("GET", "/videos?order=random", 400),
        ("GET", "/videos?after=nobody", 404),
        ("PUT", "/videos", 405),
        ("GET", "/nothing", 404),
        ("POST", "/videos/characters", 415),
        ("GET", "/videos/characters/nobody", 404),
        ("GET", "/models/nobody/has%2Fit", 404),
        ("GET", "/files/nobody", 404),
        ("GET", "/files/nobody/content", 404),
        ("DELETE", "/files/nobody", 404),
        ("POST", "/files", 415),
    ],
)
async def test_a_bad_question_is_answered_in_the_wires_words(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()

        answered, told = await program.ask(method, path)

        assert answered == status
        assert told["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/videos/{id}/remix", {"prompt": ""}),
        ("/videos/{id}/remix", {"prompt": "a", "model": "sora-2"}),
        ("/videos/edits", {"prompt": "a"}),
        ("/videos/edits", {"prompt": "a", "video": {"id": 7}}),
        ("/videos/extensions", {"prompt": "a", "video": {"id": "{id}"}}),
        (
            "/videos/extensions",
            {"prompt": "a", "video": {"id": "{id}"}, "seconds": "0"},
        ),
    ],
)
async def test_a_bad_change_of_a_video_costs_nothing(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()
        whole = json.loads(json.dumps(body).replace("{id}", video["id"]))

        status, told = await program.ask(
            "POST", path.replace("{id}", video["id"]), json=whole
        )

        assert (status, told["error"]["type"]) == (400, "invalid_request_error")
        assert len(await programs.house.ledger()) == 1


async def test_only_videos_that_were_made_here_can_be_edited(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        body = form(("prompt", "a"), ("video", b"a video of one's own"))

        status, told = await program.ask("POST", "/videos/edits", data=body)

        assert (status, told["error"]["param"]) == (400, "video")


async def test_what_is_not_finished_has_no_content_yet(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        programs.house.provider.looks = 10**9
        video = await program.create()

        for method, path in (("GET", "content"), ("POST", "remix")):
            more = {"json": {"prompt": "a"}} if method == "POST" else {}
            status, told = await program.ask(
                method, f"/videos/{video['id']}/{path}", **more
            )
            assert (status, told["error"]["code"]) == (409, "invalid_state")


async def test_a_variant_that_is_none_is_refused(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()

        status, kind, _ = await program.content(video, "../../etc/passwd")

        assert (status, kind) == (400, "application/json")


async def test_a_video_whose_file_is_gone_is_said_to_be(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        video = await program.made()
        media = tmp_path / "media"
        for file in [*media.glob("*/*.mp4"), *media.glob("*/*.jpg")]:
            file.unlink()

        for variant in (None, "thumbnail", "spritesheet"):
            assert (await program.content(video, variant))[0] == 404


async def test_a_key_sees_nothing_of_another_keys_videos(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        ours, theirs = await programs.program("ours"), await programs.program("theirs")
        video = await ours.made()
        this = {"prompt": "a", "video": {"id": video["id"]}}
        own = f"/videos/{video['id']}"

        for method, path, body in (
            ("GET", own, None),
            ("GET", f"{own}/content", None),
            ("DELETE", own, None),
            ("POST", f"{own}/remix", {"prompt": "a"}),
            ("POST", "/videos/edits", this),
            ("POST", "/videos/extensions", this | {"seconds": "4"}),
            ("GET", f"/videos?after={video['id']}", None),
        ):
            told = await theirs.ask(method, path, json=body)
            absent = await theirs.ask(
                method,
                path.replace(video["id"], "nobody"),
                json=json.loads(json.dumps(body).replace(video["id"], "nobody")),
            )
            assert told == absent
            assert told[0] == 404
        assert (await theirs.ask("GET", "/videos"))[1]["data"] == []
        assert (await ours.ask("GET", own))[0] == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer vivant-", "Basic {key}", "Bearer {key}x", "é"],
)
async def test_nobody_comes_in_without_a_key(
    tmp_path: Path, authorization: str
) -> None:
    """Not with a wrong one, and not with the page's token or cookie either."""
    async with open_programs(tmp_path, web_token="open-sesame") as programs:
        program = await programs.program()
        for told in (authorization.format(key=program.key), "Bearer open-sesame"):
            headers = {"Authorization": told} | ORDER
            for method, path in (("GET", "/videos"), ("POST", "/videos"), ("GET", "/")):
                status, answer = await program.ask(method, path, headers=headers)
                assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
        assert await programs.untouched()


async def test_a_key_opens_the_api_and_nothing_else(tmp_path: Path) -> None:
    async with open_programs(tmp_path, web_token="open-sesame") as programs:
        program = await programs.program()
        headers = {"Authorization": f"Bearer {program.key}"} | ORDER
        for path in ("/api/jobs", "/v1/../api/jobs", "/v1/%2e%2e/api/jobs"):
            async with program.session.get(
                programs.address + path, headers=headers
            ) as answer:
                assert answer.status in {401, 404}, path


async def test_a_revoked_key_opens_nothing_any_more(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        assert (await program.ask("GET", "/videos"))[0] == 200

        await programs.house.store.rows("DELETE FROM keys")

        assert (await program.ask("GET", "/videos"))[0] == 401


async def test_another_page_in_a_browser_is_told_no(tmp_path: Path) -> None:
    """It would have to ask first, and nobody answers that with yes.

    A program may know us by any name; a page under such a name has no key.
    """
    async with open_programs(tmp_path) as programs:
        url = f"{programs.address}/v1/videos"
        asks = {
            "Origin": "https://evil.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        async with programs.session.options(url, headers=asks) as answer:
            assert answer.status == 401
            assert "Access-Control-Allow-Origin" not in answer.headers
        host = {"Host": "vivant.lan"}
        async with programs.session.get(url, headers=host) as answer:
            assert answer.status == 401
        program = await programs.program()
        assert (await program.ask("GET", "/videos", headers=host))[0] == 200
        page = f"{programs.address}/api/jobs"
        async with programs.session.get(page, headers=host) as answer:
            assert answer.status == 421


async def test_no_log_has_a_key_or_a_prompt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with open_programs(tmp_path) as programs:
            program = await programs.program()
            await program.made("canary-prompt")
            await program.ask("POST", "/videos", json={"prompt": 7})
            await programs.house.store.rows("ALTER TABLE jobs RENAME TO gone")
            status, told = await program.ask("GET", "/videos")

    assert (status, told["error"]["type"]) == (500, "server_error")
    assert "no such table" in caplog.text
    assert program.key not in caplog.text
    assert "canary-prompt" not in caplog.text


async def test_no_order_whatever_breaks_us(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        await asyncio.to_thread(no_order_breaks, program, asyncio.get_running_loop())


def no_order_breaks(program: Program, loop: asyncio.AbstractEventLoop) -> None:
    kinds = st.sampled_from(
        [
            "application/json",
            "multipart/form-data; boundary=x",
            "multipart/mixed",
            "a/b",
        ]
    )
    part = b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'
    bodies = st.binary(max_size=200) | st.binary(max_size=50).map(
        lambda data: part + data + b"\r\n--x--\r\n"
    )

    @settings(
        deadline=None,
        max_examples=60,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(kinds, bodies)
    def check(kind: str, body: bytes) -> None:
        asked = program.ask("POST", "/videos", **raw(body, kind))
        status, _ = asyncio.run_coroutine_threadsafe(asked, loop).result(30)
        assert status < 500

    check()
