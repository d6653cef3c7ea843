"""What goes wrong on Slack is said in a sentence, and costs nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from adapters.slack.app import assemble
from adapters.slack.pictures import Pictures
from bot.config import Caps, Settings
from bot.errors import StillError
from bot.models import Person
from tests.fakes.house import open_fake_house
from tests.fakes.office import Office, open_office, photo
from tests.fakes.slack_api import FileUpload, View
from tests.fakes.world import FakeProvider

GIF = BytesIO()
Image.new("RGB", (8, 8)).save(GIF, "PDF")

BAD = [
    (FileUpload("cat.png", b"<html>not a picture</html>"), "picture"),
    (FileUpload("cat.png", b""), "picture"),
    (FileUpload("cat.jpg", GIF.getvalue()), "PDF"),
    (FileUpload("cat.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64), "picture"),
]


async def studio(office: Office, words: str = "pan left") -> View:
    """Ada's form."""
    await office.ada.slash(office.channel, "/animate", words)
    return await office.ada.modal()


async def nothing(office: Office) -> None:
    """Nothing was ordered, and nothing was held."""
    assert await office.jobs() == []
    assert await office.house.ledger() == []


@pytest.mark.parametrize(("picture", "said"), BAD, ids=["html", "empty", "pdf", "cut"])
async def test_a_bad_picture_is_refused_inside_the_form(
    tmp_path: Path, picture: FileUpload, said: str
) -> None:
    """The form stays, and the next try with another picture goes through."""
    async with open_office(tmp_path) as office:
        view = await studio(office)
        sent = await office.ada.submit(view, {"picture": picture})
        assert said.lower() in sent.errors["picture"].lower()
        await nothing(office)

        sent = await office.ada.submit(view, {"picture": photo()})
        assert not sent.errors
        await office.next_clip()


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"link": "http://127.0.0.1/cat.png"}, "link", "allowed"),
        ({"picture": photo(), "seconds": "5"}, "seconds", "4, 8 or 12"),
    ],
)
async def test_what_cannot_be_done_is_said_at_its_field(
    tmp_path: Path, values: dict[str, object], field: str, said: str
) -> None:
    async with open_office(tmp_path) as office:
        sent = await office.ada.submit(await studio(office), values)

        assert said in sent.errors[field] or field == "link"
        assert list(sent.errors) == [field]
        await nothing(office)


async def test_a_quota_that_is_used_up_is_said_inside_the_form(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        office.house.service._settings = office.house.service._settings.__class__(
            data=tmp_path, draft=("fake/one",), caps=Caps(person_day=4), min_free_mb=0
        )
        await office.clip()
        view = await studio(office)
        await office.slack.bell.until(lambda: "0 of 4" in view.words, 5, str)
        sent = await office.ada.submit(view, {"picture": photo()})

        assert "day" in sent.errors["action"]
        assert len(await office.jobs()) == 1


async def test_a_picture_that_is_slow_to_come_lets_its_person_go(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path, pace={"slow": 0.05}) as office:
        stalled = asyncio.Event()
        office.slack.fail("download", stall=stalled)
        view = await studio(office)
        await office.ada.submit(view, {"picture": photo()})
        assert "Fetching the picture" in view.words
        stalled.set()
        await office.next_clip()

        await office.slack.bell.until(lambda: "under way" in view.words, 5, str)
        assert len(await office.jobs()) == 1


@pytest.mark.parametrize("closed", [False, True])
async def test_a_slow_order_that_a_restart_stops_is_told_so(
    tmp_path: Path,
    closed: bool,  # noqa: FBT001 - a parameter
) -> None:
    """In its form, which may be sent again, or to its person where that was closed."""
    async with open_office(tmp_path, pace={"slow": 0.05}) as office:
        stalled = asyncio.Event()
        office.slack.fail("download", stall=stalled)
        view = await studio(office)
        await office.ada.submit(view, {"picture": photo()})
        if closed:
            await office.ada.close(view)
        await office.disconnect()
        stalled.set()
        await nothing(office)

        await office.connect()
        if closed:
            await office.ada.whispered("I am being restarted")
        else:
            assert "I am being restarted" in view.words
            await office.ada.submit(view, {"picture": photo()})
            await office.next_clip()


async def test_a_slow_picture_that_is_none_gives_the_words_back(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path, pace={"slow": 0.05}) as office:
        stalled = asyncio.Event()
        office.slack.fail("download", stall=stalled)
        view = await studio(office, "a long and careful prompt")
        await office.ada.submit(view, {"picture": FileUpload("cat.png", b"no")})
        stalled.set()
        await office.slack.bell.until(lambda: view.find("action") is not None, 5, str)

        action = view.find("action")
        assert action is not None
        assert action.initial == "a long and careful prompt"
        await nothing(office)


@pytest.mark.parametrize(
    "error", ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"]
)
async def test_a_form_that_came_too_late_says_so(tmp_path: Path, error: str) -> None:
    async with open_office(tmp_path) as office:
        office.slack.fail("views.open", error=error)
        asked = await office.ada.slash(office.channel, "/animate", "pan left")
        await asked.says("took too long to show the form")

        clip = await office.clip()
        office.slack.fail("views.open", error=error)
        card = await office.card("Done", button="Remix")
        asked = await office.ada.press(card, "Remix")
        told = await asked.says("took too long")
        assert told.ephemeral
        assert clip.words


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (FileUpload("cat.png", b"<html></html>"), "picture"),
        (FileUpload("notes.txt", b"hello", mimetype="text/plain"), "picture"),
        (FileUpload("cat.png", b"x", size=30 << 20), "25 MB"),
    ],
)
async def test_a_bad_picture_in_a_message_is_told_to_its_person_once(
    tmp_path: Path, picture: FileUpload, said: str
) -> None:
    async with open_office(tmp_path) as office:
        office.slack.copies = 3
        await office.ada.say(office.channel, "pan left", files=[picture], mention=True)
        told = await office.ada.whispered("")

        assert said in told.words
        assert len(office.ada.whispers) == 1
        await nothing(office)


async def test_a_refused_message_orders_nothing_when_it_comes_again(
    tmp_path: Path,
) -> None:
    """Its person has sent it anew, as they were told."""
    async with open_office(tmp_path) as office:
        late = FileUpload("photo.png", photo().data, ready=False)
        said = await office.ada.say(
            office.channel, "pan left", files=[late], mention=True
        )
        await office.ada.whispered("Send it again")
        for file in office.slack.files.values():
            file.ready = True
        await office.ada.say(office.channel, "pan left", files=[photo()], mention=True)
        await office.next_clip()
        await office.slack.redeliver(said)

        assert len(await office.jobs()) == 1


@pytest.mark.parametrize("fault", [{"error": "rate_limited"}, {"cut": "before"}])
async def test_a_refusal_that_slack_did_not_take_is_said_again(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with open_office(tmp_path, transport="http") as office:
        office.slack.fail("chat.postEphemeral", **fault)
        bad = FileUpload("cat.png", b"no")
        await office.ada.say(office.channel, "pan left", files=[bad], mention=True)

        await office.ada.whispered("picture")
        assert len(office.ada.whispers) == 1


async def test_without_the_scope_for_files_it_says_reinstall(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        office.slack.ungrant("files:read")
        await office.ada.say(office.channel, "pan left", files=[photo()], mention=True)

        await office.ada.whispered("Reinstall to Workspace")
        await nothing(office)


async def test_a_page_for_signing_in_is_no_picture(tmp_path: Path) -> None:
    """Slack sends who may not read a file there, with status 302 and then 200."""
    async with open_office(tmp_path) as office:
        office.slack.fail("download", status=302)
        await office.ada.say(office.channel, "pan left", files=[photo()], mention=True)

        await office.ada.whispered("Reinstall to Workspace")


async def test_the_token_follows_no_redirect(tmp_path: Path) -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        headers = {"Location": "/elsewhere"} if request.path == "/cat.png" else {}
        return web.Response(status=302 if headers else 200, headers=headers)

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with open_office(tmp_path) as office, serve(app) as url:
        pictures = Pictures(office.settings, office.parts.wire, office.house.service)
        with pytest.raises(StillError, match="does not let me read"):
            await pictures._fetch(f"{url}/cat.png", "xoxb-secret")

    assert seen == ["/cat.png"]


@asynccontextmanager
async def serve(app: web.Application) -> AsyncGenerator[str]:
    """A server of its own."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_a_file_that_slack_is_not_done_with_is_waited_for(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        late = FileUpload("photo.png", photo().data, ready=False)
        said = await office.ada.say(
            office.channel, "pan left", files=[late], mention=True, wait=False
        )
        await office.slack.bell.until(
            lambda: len(office.slack.calls("files.info")) > 1, 5, str
        )
        for file in office.slack.files.values():
            file.ready = True
        await said.settled()
        await office.next_clip()


async def test_a_picture_from_another_organisation_is_looked_up(
    tmp_path: Path,
) -> None:
    """Slack Connect tells no more of a file than its id."""
    async with open_office(tmp_path) as office:
        other = office.slack.team("Elsewhere", installed=False)
        office.channel.share(other)
        eve = other.person("Eve")
        await eve.say(office.channel, "pan left", files=[photo()], mention=True)
        await office.next_clip()

        org = office.team.id
        whose = Person(chat="slack", id=f"{org}.{eve.id}")
        [entry] = await office.house.service.history(whose)
        assert entry.job.request.still is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/files-pri/cat.png",
        "https://files.slack.com.evil.example/cat.png",
        "https://files.slack.com@evil.example/cat.png",
        "http://127.0.0.1:1/cat.png",
    ],
)
async def test_the_token_goes_to_slack_alone(tmp_path: Path, url: str) -> None:
    """A file may claim to lie anywhere."""
    async with open_fake_house(tmp_path) as house:
        settings = Settings(slack_bot_token="xoxb-secret")
        parts = assemble(settings, house.service)
        pictures = Pictures(settings, parts.wire, house.service)

        with pytest.raises(StillError, match="does not lie with Slack"):
            await pictures._fetch(url, "xoxb-secret")
        await parts.close()


async def test_a_thread_whose_root_is_gone_still_gets_its_clip(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        root = (await office.ada.say(office.channel, "look")).message
        assert root is not None
        await office.ada.say(
            office.channel, "pan left", files=[photo()], mention=True, thread=root
        )
        await office.card("Rendering")
        await office.ada.delete(root)
        provider.looks = 0
        await office.next_clip()


async def test_a_button_from_another_version_is_explained(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        card = await office.card("Done", button="Remix")
        card.elements[0]["element"]["action_id"] = "vivant_dance"
        asked = await office.ada.press(card, "Remix")

        await asked.says("another version")


async def test_what_breaks_in_a_way_nobody_foresaw_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_office(tmp_path) as office:
        await office.house.store.rows("ALTER TABLE jobs RENAME TO gone")
        asked = await office.ada.slash(office.channel, "/animate", "list")
        await asked.says("broke on our side")
        await office.house.store.rows("ALTER TABLE gone RENAME TO jobs")
        assert "nobody foresaw" in caplog.text


async def test_who_does_not_say_what_is_wrong_is_asked(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        card = await office.card("Done", button="Not right?")
        await office.ada.press(card, "Not right?")
        view = await office.ada.modal()
        [choice] = view.inputs
        assert not choice.optional
        view.blocks[0]["optional"] = True  # as an older form has it
        sent = await office.ada.submit(view, {"fault": None})

        assert "Choose what is wrong" in sent.errors["fault"]


@pytest.mark.parametrize("button", ["Remix", "Extend"])
async def test_a_slow_order_that_is_refused_gives_its_own_form_back(
    tmp_path: Path, button: str
) -> None:
    async with open_office(tmp_path, pace={"slow": 0.05}) as office:
        await office.clip()
        service = office.house.service
        service._settings = replace(service._settings, caps=Caps(person_day=4))
        card = await office.card("Done", button=button)
        await office.ada.press(card, button)
        view = await office.ada.modal()
        async with office.house.busy():
            sent = asyncio.create_task(
                office.ada.submit(view, {"words": "add heavy rain"})
            )
            look = lambda: "Fetching" in view.words  # noqa: E731
            await office.slack.bell.until(look, 5, str)
        await sent
        await office.slack.bell.until(lambda: view.find("words"), 5, str)

        words = view.find("words")
        assert words is not None
        assert words.initial == "add heavy rain"
        assert "day" in view.words


async def test_a_clip_that_is_gone_is_not_mended(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        card = await office.card("Done", button="Not right?")
        await office.ada.press(card, "Not right?")
        view = await office.ada.modal()
        [job] = await office.jobs()
        await office.house.service.delete(job.id, person=office.asker())
        sent = await office.ada.submit(view, {"fault": "It jitters"})

        assert "no such clip" in sent.errors["fault"]
