"""The page's server: the main job over HTTP, and what it refuses, in words."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path

import av
import pytest

from adapters.web import live
from adapters.web.chat import OWNER
from tests.fakes.site import ORDER, Site, open_site

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()


async def test_a_photo_becomes_a_clip_that_plays_and_can_be_kept(
    tmp_path: Path,
) -> None:
    async with open_site(tmp_path, public_url="https://clips.example") as site:
        card = await site.animate(CAT, "pan left, snow", seconds=1)
        assert card["lines"] == ["0–1 s: pan left", "look: snow"]

        card = await site.ended(card["id"])

        assert card["state"] == "done"
        film = card["clip"]
        url = site.address + film["url"]
        async with site.session.get(url, headers={"Range": "bytes=4-7"}) as part:
            assert part.status == 206
            assert await part.read() == b"ftyp"
        async with site.session.get(url) as whole:
            assert whole.content_type == "video/mp4"
            data = await whole.read()
        with av.open(BytesIO(data), "r") as clip:
            assert len(list(clip.decode(video=0))) == 24
        async with site.session.get(site.address + film["poster"]) as poster:
            assert poster.content_type == "image/jpeg"
        async with site.session.get(site.address + film["download"]) as kept:
            name = kept.headers["Content-Disposition"]
        assert name.startswith('attachment; filename="vivant-pan-left-snow-')
        await shares(site, card["id"], data)


async def shares(site: Site, clip_id: str, data: bytes) -> None:
    """The clip's own address gives it to whoever has it; none that we did not make."""
    clip = await site.house.service.clip(clip_id, person=OWNER)
    link = await site.house.service.link_to(clip)
    assert link
    path = link.removeprefix("https://clips.example")
    until = path.split("/")[3]

    async with site.session.get(site.address + path) as answer:
        assert (answer.status, await answer.read()) == (200, data)
    for wrong in (
        path.replace(clip_id, "somebodys"),
        path.replace(until, "99999999999"),
        path.replace(until, "1"),
        f"{path[:-5]}é.mp4",
    ):
        async with site.session.get(site.address + wrong) as answer:
            assert answer.status == 404


async def test_a_shared_address_needs_no_token(tmp_path: Path) -> None:
    async with open_site(tmp_path, web_token="a-long-secret") as site:
        async with site.session.get(f"{site.address}/shared/a/1/b.mp4") as answer:
            assert answer.status == 404
        async with site.session.get(f"{site.address}/api/jobs") as answer:
            assert answer.status == 401


async def test_a_clip_is_answered_extended_made_again_and_deleted(
    tmp_path: Path,
) -> None:
    async with open_site(tmp_path) as site:
        first = await site.animate(CAT, "pan left", seconds=1)
        first = await site.ended(first["id"])
        job = f"/api/jobs/{first['id']}"

        status, remix = await site.post(
            f"{job}/remix", {"event": "remix-01", "words": "slower, and add snow"}
        )
        assert (status, remix["parent"]) == (202, first["id"])
        status, longer = await site.post(
            f"{job}/extend", {"event": "extend-1", "seconds": 1}
        )
        assert (status, longer["seconds"]) == (202, 2)
        status, again = await site.post(f"{job}/again", {"event": "again-01"})
        assert (status, again["prompt"]) == (202, "pan left")
        for card in (remix, longer, again):
            assert (await site.ended(card["id"]))["state"] == "done"

        url = f"{site.address}{job}"
        async with site.session.delete(url, headers=ORDER) as answer:
            assert answer.status == 204
        assert (await site.get(job))[0] == 404
        assert (await site.get(first["clip"]["url"]))[0] == 404
        _, cards = await site.get("/api/jobs")
        assert [card["id"] for card in cards] == [
            card["id"] for card in (again, longer, remix)
        ]


async def test_a_double_click_is_one_clip(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        first = await site.animate(CAT, "pan left", seconds=1)
        second = await site.animate(CAT, "pan left", seconds=1)

        assert first["id"] == second["id"]
        await site.ended(first["id"])


async def test_what_is_typed_is_understood_before_it_is_ordered(
    tmp_path: Path,
) -> None:
    async with open_site(tmp_path) as site:
        words = "dolly in 2 s, hold 1 s, pan left 1 s, golden hour, distant waves"

        status, plan = await site.post("/api/preview", {"prompt": words})

        assert (status, plan["seconds"]) == (200, 4)
        assert [beat["text"] for beat in plan["beats"]] == [
            "dolly in",
            "hold",
            "pan left",
        ]
        assert (plan["looks"], plan["sounds"]) == (["golden light"], ["waves"])
        _, plan = await site.post("/api/preview", {"prompt": "make it nice"})
        assert "names no camera move" in plan["coach"]


async def test_a_sample_photo_can_be_tried(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        _, samples = await site.get("/api/samples")
        assert len(samples) >= 4

        status, still = await site.post("/api/stills", {"sample": samples[0]["name"]})

        assert status == 200
        async with site.session.get(site.address + still["url"]) as picture:
            assert picture.content_type == "image/jpeg"
        status, _ = await site.post("/api/stills", {"sample": "../README.md"})
        assert status == 404


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", 422, "empty"),
        (b"This is a letter, not a picture." * 9, 422, "text file"),
        (CAT[:9_000], 422, "damaged"),
        (b"\xff\xd8\xff" + bytes(30_000_000), 413, "more than 25 MB"),
    ],
    ids=["nothing", "text", "truncated", "30 MB"],
)
async def test_a_bad_picture_is_refused_in_words(
    tmp_path: Path, data: bytes, status: int, sentence: str
) -> None:
    async with open_site(tmp_path) as site:
        answered, told = await site.upload(data)

        assert answered == status
        assert sentence in told["error"]
        assert told["hint"].endswith(".")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbad"),
        ("multipart/form-data; boundary=x", b"--y\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n: a\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 99_999 + b": a"),
        (f"multipart/form-data; boundary={'x' * 80}", b""),
        ("text/plain", b"hello"),
    ],
)
async def test_a_form_that_is_none_is_refused(
    tmp_path: Path, kind: str, body: bytes
) -> None:
    async with open_site(tmp_path) as site:
        url, headers = f"{site.address}/api/stills", ORDER | {"Content-Type": kind}
        async with site.session.post(url, data=body, headers=headers) as answer:
            told = await answer.json()

        assert answer.status == 422
        assert told["hint"]


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/cat.jpg",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "x",
    ],
)
async def test_a_link_into_this_machine_is_refused_in_words(
    tmp_path: Path, link: str
) -> None:
    async with open_site(tmp_path) as site:
        status, told = await site.post("/api/stills", {"link": link})

        assert status == 422
        assert told["error"].endswith(".")
        assert "upload" in told["hint"]


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"seconds": 0}, 422, "makes clips of 1 to 20 seconds, not 0."),
        ({"seconds": 1_000}, 422, "makes clips of 1 to 20 seconds, not 1000."),
        ({"prompt": "x" * 40_000}, 422, "That is 40,000 characters"),
        ({"prompt": "x" * 2_000_000}, 413, "That is too much text."),
        ({"still": None}, 422, "There is no picture."),
        ({"event": ""}, 422, "cannot be read"),
        ({"seconds": "many"}, 422, "cannot be read"),
        (
            {"still": {"media": "../../etc/passwd", "width": 9, "height": 9}},
            422,
            "not here any more",
        ),
    ],
)
async def test_a_bad_order_is_refused_in_words_and_costs_nothing(
    tmp_path: Path, change: dict[str, object], status: int, sentence: str
) -> None:
    async with open_site(tmp_path) as site:
        _, still = await site.upload(CAT)
        order = {"event": "click-001", "prompt": "pan left", "still": still}

        answered, told = await site.post("/api/jobs", order | change)

        assert (answered, sentence in told["error"]) == (status, True)
        assert told["hint"]
        assert (await site.get("/api/jobs"))[1] == []
        assert await site.house.store.rows("SELECT * FROM ledger") == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Vivant": "1", "Origin": "http://evil.test"},
        {"X-Vivant": "1", "Origin": "null"},
        {"X-Vivant": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Vivant": "1", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.test"},
    ],
)
async def test_orders_from_other_pages_are_turned_away(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with open_site(tmp_path) as site:
        status, told = await site.post(
            "/api/stills", {"sample": "coffee.jpg"}, headers=headers
        )

        assert status == 403
        assert told["error"] == "That order did not come from this page."


async def test_a_foreign_name_for_this_machine_is_not_answered(tmp_path: Path) -> None:
    async with open_site(tmp_path, public_url="https://vivant.example.org") as site:
        for host, expected in (
            ("evil.test", 421),
            ("127.0.0.1.evil.test:80", 421),
            ("", 421),
            ("localhost:8321", 200),
            ("vivant.example.org", 200),
        ):
            status, _ = await site.get("/api/jobs", headers={"Host": host})
            assert status == expected, host


async def test_every_answer_forbids_foreign_code(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        for path in ("/", "/static/app.js", "/api/jobs", "/no/such/place"):
            async with site.session.get(site.address + path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'self'")
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_token_opens_the_door_for_programs_and_people(tmp_path: Path) -> None:
    async with open_site(tmp_path, web_token="open-sesame") as site:
        assert (await site.get("/api/jobs"))[0] == 401
        bearer = {"Authorization": "Bearer open-sesame"}
        assert (await site.get("/api/jobs", headers=bearer))[0] == 200
        wrong = {"Authorization": "Bearer öpen"}
        assert (await site.get("/api/jobs", headers=wrong))[0] == 401
        assert (await site.get("/healthz"))[0] == 200
        page = {"Accept": "text/html"}
        async with site.session.get(
            site.address, headers=page, allow_redirects=False
        ) as answer:
            assert answer.headers["Location"] == "/sign-in"

        await _sign_in(site, "wrong")
        assert (await site.get("/api/jobs"))[0] == 401
        cookie = await _sign_in(site, "open-sesame")
        assert (await site.get("/api/jobs"))[0] == 200
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "open-sesame" not in cookie


async def test_a_body_that_cannot_be_unpacked_is_refused_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody may send one, with a key or without."""
    form = "multipart/form-data; boundary=x"
    async with open_site(tmp_path, web_token="open-sesame") as site:
        known = {**ORDER, "Authorization": "Bearer open-sesame", "Origin": site.address}
        for path, kind, packed, status in (
            ("/hooks/local", "application/json", "gzip", 400),
            ("/v1/videos", "application/json", "deflate", 401),
            ("/api/preview", "application/json", "gzip", 400),
            ("/api/stills", form, "gzip", 400),
            ("/sign-in", form, "deflate", 400),
            ("/sign-in", form, "identity", 400),
        ):
            headers = {**known, "Content-Type": kind, "Content-Encoding": packed}
            async with site.session.post(
                site.address + path, data=BytesIO(b"\xffbcde"), headers=headers
            ) as answer:
                assert (answer.status, path) == (status, path)

    assert not [one for one in caplog.records if one.levelname == "ERROR"]


async def _sign_in(site: Site, token: str) -> str:
    """Type the token into the form; what the answer sets."""
    site.session.cookie_jar.clear()
    async with site.session.post(
        f"{site.address}/sign-in",
        data={"token": token},
        headers={"Origin": site.address},
        allow_redirects=False,
    ) as answer:
        for cookie in answer.cookies.values():
            site.session.headers["Cookie"] = f"{cookie.key}={cookie.value}"
        return answer.headers.get("Set-Cookie", "")


async def test_health_says_when_no_order_can_be_taken(tmp_path: Path) -> None:
    async with open_site(tmp_path, min_free_mb=10**9) as site:
        status, told = await site.get("/healthz")

        assert (status, told["status"]) == (503, "bad")
        assert told["reason"] == "The bot's disk is full."
        assert told["parts"]["database"]["up"] is False


async def test_health_tells_of_each_part_and_since_when(tmp_path: Path) -> None:
    """A chat that is away is no reason to start the bot again."""
    async with open_site(tmp_path) as site:
        site.house.service.health.down("slack", "Slack does not answer.")
        while "pictures" not in (await site.get("/healthz"))[1]["parts"]:
            pass

        status, told = await site.get("/healthz")

        assert (status, told["status"]) == (200, "ok")
        parts = told["parts"]
        assert parts["slack"]["reason"] == "Slack does not answer."
        assert parts["slack"]["since"].endswith("+00:00")
        up = {name for name, part in parts.items() if part["up"]}
        assert up == {"database", "jobs", "pictures", "films", "renders", "copies"}


async def test_health_says_that_the_database_takes_nothing(tmp_path: Path) -> None:
    """It really writes: reading goes on while nothing can be written."""
    async with open_site(tmp_path) as site:
        await site.house.store.rows("PRAGMA query_only = ON")
        assert (await site.get("/api/jobs"))[0] == 200
        assert (await site.get("/healthz"))[0] == 503
        await site.house.store.rows("PRAGMA query_only = OFF")


async def test_live_updates_tell_of_changes_and_of_what_is_gone(
    tmp_path: Path,
) -> None:
    async with open_site(tmp_path) as site:
        card = await site.animate(CAT, "pan left", seconds=1)
        await site.ended(card["id"])
        url = f"{site.address}/api/events"
        async with site.session.get(url) as events:
            assert events.content_type == "text/event-stream"
            assert await events.content.readuntil(b"\n\n") == b"retry: 1000\n\n"

            job = f"{site.address}/api/jobs/{card['id']}"
            async with site.session.delete(job, headers=ORDER):
                told = await events.content.readuntil(b"\n\n")

        assert told == b'event: gone\ndata: {"id":"%s"}\n\n' % card["id"].encode()


async def test_a_quiet_line_says_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that hears nothing at all knows that the line was cut."""
    monkeypatch.setattr(live, "HEARTBEAT", 0.01)
    async with (
        open_site(tmp_path) as site,
        site.session.get(f"{site.address}/api/events") as events,
    ):
        await events.content.readuntil(b"\n\n")
        for _ in range(2):
            told = await events.content.readuntil(b"\n\n")
            assert told == b"event: beat\ndata: 1\n\n"


async def test_the_quota_says_what_is_left_and_when_it_resets(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        card = await site.animate(CAT, "pan left", seconds=1)
        await site.ended(card["id"])

        _, left = await site.get("/api/quota")

        assert (left["left"], left["free_used"], left["waiting"]) == (60, 1, 0)
        assert left["resets"] % 86_400 == 0
