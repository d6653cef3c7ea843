"""The fake Slack behaves as Slack does, towards the unmodified slack-bolt."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
)
from slack_sdk.http_retry.builtin_interval_calculators import (
    FixedValueRetryIntervalCalculator,
)
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack_api import (
    Channel,
    FakeSlack,
    FileUpload,
    Message,
    Person,
    Refused,
    Team,
    conformance,
    open_slack,
)
from tests.fakes.slack_api.bare import MANIFEST, open_app, over_http, over_socket
from tests.fakes.slack_api.transport import Signed

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])
WORDS = {
    "type": "input",
    "block_id": "words",
    "label": {"type": "plain_text", "text": "Words"},
    "element": {"type": "plain_text_input", "action_id": "typed"},
}
PICTURE = {
    "type": "input",
    "block_id": "picture",
    "optional": True,
    "label": {"type": "plain_text", "text": "Picture"},
    "element": {"type": "file_input", "action_id": "file", "filetypes": ["png", "jpg"]},
}
BUTTON = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "remix",
            "value": "7",
            "text": {"type": "plain_text", "text": "Remix"},
        }
    ],
}


@dataclass
class Clock:
    """A clock that a test moves."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Scene:
    """A workspace with the app, a channel and a person."""

    slack: FakeSlack
    clock: Clock
    team: Team
    channel: Channel
    ada: Person
    app: AsyncApp

    @property
    def client(self) -> AsyncWebClient:
        client: AsyncWebClient = self.app.client
        return client

    async def until(self, look: Callable[[], Any]) -> Any:
        """What is true now, or soon."""
        return await self.slack.bell.until(look, 5, lambda: "It did not happen")

    async def error(self, method: str, **args: Any) -> str:
        """What a call is refused with."""
        with pytest.raises(SlackApiError) as caught:
            await self.client.api_call(method, params=args)
        return str(caught.value.response["error"])


@asynccontextmanager
async def scene(
    listen: Callable[[AsyncApp], None] = lambda _: None,
    transport: str = "",
    manifest: dict[str, Any] = MANIFEST,
    **how: Any,
) -> AsyncGenerator[Scene]:
    """A scene, with the app online if there is a transport."""
    clock = Clock()
    async with (
        open_slack(manifest, clock=clock) as slack,
        open_app(slack) as app,
    ):
        team = slack.team("Harbour", **how)
        ada = team.person("Ada", tz="Europe/Berlin", locale="de-DE", admin=True)
        made = Scene(slack, clock, team, team.channel("general"), ada, app)
        listen(app)
        if transport == "socket":
            async with over_socket(slack, app):
                yield made
        elif transport == "http":
            async with over_http(slack, app):
                yield made
        else:
            yield made


def modal(*blocks: dict[str, Any], title: str = "Studio") -> dict[str, Any]:
    """A modal with some blocks."""
    return {
        "type": "modal",
        "callback_id": "studio",
        "private_metadata": "still-1",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": list(blocks),
    }


def photo() -> FileUpload:
    """A small picture."""
    out = BytesIO()
    Image.new("RGB", (16, 8), "teal").save(out, "PNG")
    return FileUpload("cat.png", out.getvalue())


async def _nothing() -> None:
    """Only acknowledge."""


def studio(app: AsyncApp) -> None:
    """`/animate` opens a modal; what is bad is refused in it."""

    @app.command("/animate")
    async def animate(ack: Any, body: Any, client: Any) -> None:
        view = modal(WORDS, PICTURE)
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @app.view("studio")
    async def sent(ack: Any, body: Any, client: Any) -> None:
        values = body["view"]["state"]["values"]
        words = values["words"]["typed"]["value"]
        if words == "bad":
            await ack(response_action="errors", errors={"words": "Not that"})
            return
        await ack()
        files = [one["name"] for one in values["picture"]["file"]["files"]]
        dm = await client.conversations_open(users=body["user"]["id"])
        channel = dm["channel"]["id"]
        await client.chat_postMessage(channel=channel, text=f"{words} {files}")


@TRANSPORTS
async def test_a_command_opens_a_modal_and_its_submission_is_heard(
    transport: str,
) -> None:
    async with scene(studio, transport) as it:
        asked = await it.ada.slash(it.channel, "/animate", "pan left")
        assert [ack.body for ack in asked.acks] == [None]
        assert asked.attempts == 1

        view = await it.ada.modal()
        assert (view.title, view.callback_id) == ("Studio", "studio")
        assert view.private_metadata == "still-1"
        assert [one.label for one in view.inputs] == ["Words", "Picture"]
        sent = await it.ada.submit(view, {"Words": "bad"})
        assert sent.errors == {"words": "Not that"} == view.errors
        await it.ada.submit(view, {"words": "pan", "Picture": [photo()]})
        assert not view.open

        await it.ada.dm.until(lambda m: m.words == "pan ['cat.png']")


@TRANSPORTS
async def test_a_command_is_answered_in_its_acknowledgement(transport: str) -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def quota(ack: Any) -> None:
            await ack("7 of 10 left")

    async with scene(listen, transport) as it:
        asked = await it.ada.slash(it.channel, "/animate", "quota")

        reply = await asked.says("7 of 10")
        assert reply.ephemeral
        assert reply in it.ada.whispers
        assert not it.channel.messages


@TRANSPORTS
async def test_a_mention_is_one_message_and_two_events(transport: str) -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        @app.event("app_mention")
        async def event(event: Any) -> None:
            heard.append(f"{event['type']} {event['ts']} {event['files'][0]['id']}")

    async with scene(listen, transport) as it:
        said = await it.ada.say(
            it.channel, "pan", files=[photo()], mention=True, mention_first=True
        )

        assert said.message is not None
        [file] = said.message.uploads
        ts = said.message.ts
        same = [f"{kind} {ts} {file.id}" for kind in ("app_mention", "message")]
        assert sorted(heard) == sorted(same)
        assert [part.name for part in said.parts] == ["app_mention", "message"]
        ids = {part.payload["event_id"] for part in said.parts}
        assert len(ids) == 2
        await it.slack.redeliver(said, name="app_mention", times=11)
        assert len(heard) == 13
        assert len(said.acks) == 13


@TRANSPORTS
async def test_an_event_nobody_listens_to_comes_four_times(transport: str) -> None:
    async with scene(transport=transport) as it:
        said = await it.ada.say(it.channel, "hello", wait=False)
        [part] = said.parts
        while not part.over:
            seen = part.attempts, part.resting
            it.clock.ahead += 301 if part.resting else 3.1
            await it.until(lambda: (part.attempts, part.resting) != seen or part.over)  # noqa: B023

        assert (said.attempts, said.acks) == (4, [])


async def test_retries_are_marked_as_such() -> None:
    seen: list[Any] = []

    async with scene() as it:

        async def refuse(request: aiohttp.web.Request) -> aiohttp.web.Response:
            body = await request.json()
            if "challenge" in body:
                return aiohttp.web.json_response({"challenge": body["challenge"]})
            headers = request.headers
            seen.append(
                (headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason"))
            )
            stop = {"X-Slack-No-Retry": "1"} if len(seen) == 2 else {}
            return aiohttp.web.Response(status=500, headers=stop)

        web = aiohttp.web.Application()
        web.router.add_post("/", refuse)
        runner = aiohttp.web.AppRunner(web)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        await it.slack.deliver_over("http", f"http://{host}:{port}/")
        said = await it.ada.say(it.channel, "hello")
        await runner.cleanup()

        assert seen == [(None, None), ("1", "http_error")]
        assert said.parts[0].over


async def test_a_wrong_signature_is_refused_by_the_app() -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def animate(ack: Any) -> None:
            await ack("hello")

    async with scene(listen, "http") as it:
        signed: Any = it.slack.transport
        signed.skew = -600
        asked = await it.ada.slash(it.channel, "/animate")
        assert asked.failed == "http_error"
        signed.skew, signed.secret = 0, "another"
        asked = await it.ada.slash(it.channel, "/animate")
        assert (asked.failed, asked.attempts, asked.acks) == ("http_error", 1, [])


async def test_buttons_and_shortcuts_carry_what_slack_tells() -> None:
    heard: list[Any] = []

    def listen(app: AsyncApp) -> None:
        @app.action("remix")
        async def remix(ack: Any, body: Any, respond: Any) -> None:
            await ack()
            heard.append(body)
            await respond("Which words?")

        @app.shortcut("animate_it")
        async def it(ack: Any, body: Any) -> None:
            await ack()
            heard.append(body)

        app.event("message")(_nothing)

    async with scene(listen, "socket") as it:
        asked = await it.client.chat_postMessage(
            channel=it.channel.id, text="Done", blocks=[BUTTON]
        )
        card = it.channel.find(asked["ts"])
        assert card is not None
        assert card.buttons == ["Remix"]
        pressed = await it.ada.press(card, "Remix")
        await pressed.says("Which words?")
        said = await it.ada.say(it.channel, "cat", files=[photo()], thread=card)
        assert said.message is not None
        await it.ada.shortcut(said.message, "Animate this")

        first, second = heard
        assert first["actions"][0]["value"] == "7"
        assert first["message"]["ts"] == card.ts
        assert second["message"]["thread_ts"] == card.ts
        assert second["message"]["parent_user_id"] == it.slack.bot_user_id
        assert second["message"]["files"][0]["url_private_download"]
        with pytest.raises(Refused, match="No 'Extend'"):
            await it.ada.press(card, "Extend")


async def test_the_app_gets_only_what_its_manifest_names() -> None:
    small = deepcopy(MANIFEST)
    small["oauth_config"]["scopes"]["bot"] = ["commands", "im:history"]
    small["settings"]["event_subscriptions"]["bot_events"] = ["app_mention"]
    async with scene(manifest=small) as it:
        said = await it.ada.say(it.channel, "hello", mention=True)
        assert said.parts == []  # subscribed, but without the scope
        with pytest.raises(Refused, match="is not a command"):
            await it.ada.slash(it.channel, "/other")
        with pytest.raises(SlackApiError) as caught:
            await it.client.chat_postMessage(channel=it.channel.id, text="hello")
        answer = caught.value.response
        assert answer["error"] == "missing_scope"
        assert answer["needed"] == "chat:write"
        assert answer["provided"] == "commands,im:history"
        it.slack.expect("missing_scope")

        granted = await it.client.auth_test()
        assert granted.headers["x-oauth-scopes"] == "commands,im:history"


async def test_what_is_not_as_on_slack_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="no such argument"):
        async with scene() as it:
            await it.client.api_call("auth.test", params={"colour": "red"})


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ({"bot_member": False}, "not_in_channel"),
        ({"bot_member": False, "private": True}, "channel_not_found"),
        ({"archived": True}, "is_archived"),
        ({"read_only": True}, "restricted_action_read_only_channel"),
        ({"thread_only": True}, "restricted_action_thread_only_channel"),
    ],
)
async def test_where_the_bot_may_not_post(place: Any, error: str) -> None:
    async with scene() as it:
        channel = it.team.channel("other", **place)

        assert await it.error("chat.postMessage", channel=channel.id, text="a") == error


async def test_public_posting_does_not_allow_files() -> None:
    wide = deepcopy(MANIFEST)
    wide["oauth_config"]["scopes"]["bot"].append("chat:write.public")
    async with scene(manifest=wide) as it:
        channel = it.team.channel("other", bot_member=False)
        await it.client.chat_postMessage(channel=channel.id, text="hello")
        file = await _upload(it, b"clip")

        complete = "files.completeUploadExternal"
        args = {"files": f'[{{"id": "{file}"}}]', "channel_id": channel.id}
        assert await it.error(complete, **args) == "not_in_channel"


async def test_blocks_are_taken_to_the_letter() -> None:
    text = {"type": "mrkdwn", "text": "a"}
    section = {"type": "section", "text": text}
    long = {"type": "section", "text": text | {"text": "a" * 3001}}
    button: Any = deepcopy(BUTTON)
    button["elements"][0]["text"]["text"] = "a" * 76
    wrong = [[section] * 51, [long], [button], [section | {"colour": "red"}]]
    wrong.append([section | {"block_id": "a"}] * 2)
    async with scene() as it:
        post = it.client.chat_postMessage
        for blocks in wrong:
            with pytest.raises(SlackApiError) as caught:
                await post(channel=it.channel.id, text="a", blocks=blocks)
            assert caught.value.response["error"] == "invalid_blocks"
            assert "json-pointer" in str(caught.value.response["errors"]) or blocks
        it.slack.expect("invalid_blocks")
        for view in (modal(WORDS, title="a" * 25), {"type": "modal", "blocks": []}):
            with pytest.raises(SlackApiError, match="invalid_arguments"):
                await it.client.views_open(trigger_id="1", view=view)
        it.slack.expect("invalid_arguments")
        assert not it.channel.messages


async def test_triggers_live_three_seconds_and_once() -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def animate(ack: Any) -> None:
            await ack()

    async with scene(listen, "socket") as it:
        asked = await it.ada.slash(it.channel, "/animate")
        view = modal(WORDS)

        async def open_() -> str:
            args = {"trigger_id": asked.trigger_id, "view": view}
            answer = await it.client.api_call("views.open", json=args)
            return str(answer["view"]["hash"])

        first = await open_()
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await open_()
        asked = await it.ada.slash(it.channel, "/animate")
        it.clock.ahead += 3.1
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await open_()
        shown = await it.ada.modal()
        number = shown.id
        await it.client.views_update(view_id=number, hash=first, view=view)
        with pytest.raises(SlackApiError, match="hash_conflict"):
            await it.client.views_update(view_id=number, hash=first, view=view)
        await it.ada.close(shown)
        with pytest.raises(SlackApiError, match="not_found"):
            await it.client.views_update(view_id=number, view=view)


async def test_the_client_of_people_checks_what_they_fill_in() -> None:
    async with scene(studio, "socket") as it:
        await it.ada.slash(it.channel, "/animate")
        view = await it.ada.modal()
        wrong: list[tuple[dict[str, Any], str]] = [
            ({}, "required"),
            ({"Words": "a", "Colour": "red"}, "No inputs"),
            ({"Words": "a", "Picture": FileUpload("a.gif", b"1")}, "takes"),
            (
                {"Words": "a", "Picture": FileUpload("a.png", b"", size=11 << 20)},
                "10 MB",
            ),
        ]
        for values, why in wrong:
            with pytest.raises(Refused, match=why):
                await it.ada.submit(view, values)


async def test_a_late_acknowledgement_does_not_count() -> None:
    release = asyncio.Event()

    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def animate(ack: Any) -> None:
            await release.wait()
            await ack("late")

    async with scene(listen, "socket") as it:
        asked = await it.ada.slash(it.channel, "/animate", wait=False)
        it.clock.ahead += 3.1
        await asked.settled()
        assert (asked.failed, asked.attempts) == ("timeout", 1)
        release.set()
        await it.until(lambda: asked.parts[0].late)
        assert (asked.acks, asked.replies) == ([], [])


async def test_a_response_url_works_five_times_in_half_an_hour() -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def animate(ack: Any) -> None:
            await ack()

    async with scene(listen, "socket") as it:
        asked = await it.ada.slash(it.channel, "/animate")
        again = await it.ada.slash(it.channel, "/animate")

        async def respond(url: str, **body: Any) -> tuple[int, Any]:
            async with it.slack.session.post(url, json=body) as answer:
                return answer.status, (await answer.json()).get("error")

        public = {"text": "for all", "response_type": "in_channel"}
        assert await respond(asked.response_url, **public) == (200, None)
        assert [one.words for one in it.channel.messages] == ["for all"]
        for number in range(4):
            said = await respond(asked.response_url, text=f"{number}")
            assert said == (200, None)
        assert await respond(asked.response_url, text="6") == (404, "used_url")
        it.clock.ahead += 30 * 60 + 1
        assert await respond(again.response_url, text="1") == (404, "expired_url")


async def _upload(it: Scene, data: bytes, name: str = "clip.mp4") -> str:
    """Upload by hand, in the three steps; without sharing."""
    announced = await it.client.files_getUploadURLExternal(
        filename=name, length=len(data)
    )
    async with it.slack.session.post(announced["upload_url"], data=data) as answer:
        assert await answer.text() == f"OK - {len(data)}"
    return str(announced["file_id"])


@pytest.mark.parametrize("order", ["after", "before", "held"])
async def test_an_upload_is_shared_by_a_message_of_its_own(order: str) -> None:
    shared: list[Any] = []

    async def own(req: Any, resp: Any, next: Any) -> Any:  # noqa: A002 - Bolt's name
        event = req.body.get("event", {})
        if event.get("subtype") == "file_share":
            shared.append(event)
        return await next()

    async with (
        open_slack(MANIFEST) as slack,
        open_app(slack, before_authorize=own) as app,
        over_socket(slack, app),
    ):
        app.event("message")(_nothing)
        team = slack.team("Harbour")
        channel, ada = team.channel("general"), team.person("Ada")
        it = Scene(slack, Clock(), team, channel, ada, app)
        slack.sharing.order = order
        root = (await ada.say(channel, "cat", wait=False)).message
        assert root is not None
        file = await _upload(it, b"clip")
        done = await app.client.files_completeUploadExternal(
            files=[{"id": file, "title": "A clip"}],
            channel_id=channel.id,
            thread_ts=root.ts,
        )
        if order == "before":
            assert shared
        if order == "held":
            assert done["files"][0]["mimetype"] == ""
            told = await app.client.files_info(file=file)
            assert told["file"]["shares"] == {}
            slack.sharing.release()

        clip = await channel.until(lambda m: m.files)
        await slack.settled()
        told = await app.client.files_info(file=file)
        [share] = told["file"]["shares"]["public"][channel.id]
        assert share["ts"] == clip.ts == shared[0]["ts"]
        assert clip.files == [("clip.mp4", b"clip")]
        assert channel.thread_of(root) == [root, clip]


async def test_the_helper_of_the_sdk_uploads_too() -> None:
    async with scene() as it:
        await it.client.files_upload_v2(
            channel=it.channel.id, filename="a.mp4", content=b"clip", title="A"
        )

        clip = await it.channel.until(lambda m: m.files)
        assert clip.files == [("a.mp4", b"clip")]


async def test_uploads_are_refused_as_on_slack() -> None:
    async with scene() as it:
        announce = {"filename": "a.mp4", "length": 4}
        url = "files.getUploadURLExternal"
        assert await it.error(url, filename="a", length=0) == "missing_argument"
        it.team.storage_full = True
        assert await it.error(url, **announce) == "storage_limit_reached"
        it.team.storage_full, it.team.uploads_off = False, True
        assert await it.error(url, **announce) == "file_uploads_disabled"
        done = "files.completeUploadExternal"
        assert await it.error(done, files='[{"id":"F1"}]') == "file_not_found"


async def test_private_files_need_the_token_the_scope_and_the_channel() -> None:
    async with scene() as it:
        said = await it.ada.say(it.channel, "cat", files=[photo()])
        assert said.message is not None
        [file] = said.message.uploads

        async def fetch(token: str) -> tuple[str, bytes]:
            headers = {"Authorization": f"Bearer {token}"}
            async with it.slack.session.get(file.url, headers=headers) as answer:
                return answer.content_type, await answer.read()

        token = it.slack.bot_token
        assert await fetch(token) == ("image/png", photo().data)
        assert (await fetch("xoxb-other"))[0] == "text/html"
        it.channel.kick_bot()
        assert (await fetch(token))[0] == "text/html"
        assert await it.error("files.info", file=file.id) == "file_not_found"
        it.channel.invite_bot()
        it.slack.ungrant("files:read")
        kind, page = await fetch(token)
        assert kind == "text/html"
        assert b"Sign in" in page


async def test_files_of_strangers_are_stubs_and_young_files_are_not_ready() -> None:
    async with scene() as it:
        guests = it.slack.team("Guests", installed=False)
        zoe = guests.person("Zoe")
        it.channel.share(guests)
        said = await zoe.say(it.channel, "cat", files=[photo()], wait=False)
        [event] = said.parts
        [stub] = event.payload["event"]["files"]
        assert stub["file_access"] == "check_file_info"
        assert "url_private_download" not in stub
        assert event.payload["is_ext_shared_channel"]
        whole = await it.client.files_info(file=stub["id"])
        assert whole["file"]["url_private_download"]

        young = FileUpload("cat.png", photo().data, ready=False)
        said = await it.ada.say(it.ada.dm, "cat", files=[young], wait=False)
        assert said.message is not None
        [file] = said.message.uploads
        told = await it.client.files_info(file=file.id)
        assert told["file"]["mimetype"] == ""
        assert "url_private_download" not in told["file"]
        file.ready = True
        told = await it.client.files_info(file=file.id)
        assert told["file"]["original_w"] == 16


async def test_messages_are_updated_and_deleted_as_on_slack() -> None:
    async with scene() as it:
        post, update = it.client.chat_postMessage, it.client.chat_update
        place: Any = {"channel": it.channel.id}
        sent = await post(**place, text="Rendering", blocks=[BUTTON])
        card = it.channel.messages[0]
        await update(**place, ts=sent["ts"], text="Half", blocks=[BUTTON])
        assert not card.edited
        await update(**place, ts=sent["ts"], text="Done")
        assert (card.words, card.buttons, card.edited) == ("Done", [], True)
        assert len(card.edits) == 2
        long = {"ts": sent["ts"], "text": "a" * 4001} | place
        assert await it.error("chat.update", **long) == "msg_too_long"
        it.slack.expect("msg_too_long")

        said = await it.ada.say(it.channel, "more", thread=card, wait=False)
        assert said.message is not None
        mine = {"ts": said.message.ts, "text": "no"} | place
        assert await it.error("chat.update", **mine) == "cant_update_message"
        await it.client.chat_delete(**place, ts=sent["ts"])
        assert card.subtype == "tombstone"
        thread = await it.client.conversations_replies(**place, ts=sent["ts"])
        assert thread["messages"][0]["user"] == "USLACKBOT"
        await it.ada.delete(said.message, wait=False)
        del mine["text"]
        assert await it.error("chat.delete", **mine) == "message_not_found"


async def test_a_thread_that_is_not_there_leaves_a_post_at_the_top() -> None:
    async with scene() as it:
        place: Any = {"channel": it.channel.id, "text": "hello"}
        sent = await it.client.chat_postMessage(**place, thread_ts="1600000000.000100")
        assert "thread_ts" not in sent["message"]
        bad = place | {"thread_ts": "yesterday"}
        assert await it.error("chat.postMessage", **bad) == "invalid_thread_ts"
        it.channel.lock(it.channel.messages[0])
        late = place | {"thread_ts": sent["ts"]}
        error = await it.error("chat.postMessage", **late)
        assert error == "restricted_action_thread_locked"


async def test_ephemeral_messages_cannot_be_updated() -> None:
    pressed: list[Any] = []

    def listen(app: AsyncApp) -> None:
        @app.action("remix")
        async def remix(ack: Any, body: Any, respond: Any) -> None:
            await ack()
            pressed.append(body)
            await respond(text="Gone", replace_original=True)

    async with scene(listen, "socket") as it:
        args: Any = {"channel": it.channel.id, "user": it.ada.id}
        sent = await it.client.chat_postEphemeral(**args, text="a", blocks=[BUTTON])
        change = {"channel": it.channel.id, "ts": sent["message_ts"], "text": "b"}
        assert await it.error("chat.update", **change) == "message_not_found"
        whisper = await it.ada.whispered("Remix")
        await it.ada.press(whisper, "Remix")
        await it.ada.whispered("Gone")

        assert pressed[0]["container"]["is_ephemeral"]
        assert "message" not in pressed[0]


async def test_pings_are_those_that_slack_would_send() -> None:
    async with scene() as it:
        bob = it.team.person("Bob")
        texts = {
            f"{it.ada.mention} and <!channel>": {it.ada.id, "channel"},
            "&lt;!channel&gt; and @ada": set(),
        }
        for text, meant in texts.items():
            await it.client.chat_postMessage(channel=it.channel.id, text=text)
            assert it.channel.messages[-1].pinged == meant
        for kind, meant in {"mrkdwn": {bob.id}, "plain_text": set()}.items():
            section = {"type": "section", "text": {"type": kind, "text": bob.mention}}
            await it.client.chat_postMessage(
                channel=it.channel.id, text="a", blocks=[section]
            )
            assert it.channel.messages[-1].pinged == meant


async def test_what_people_type_arrives_as_slack_writes_it() -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        @app.command("/escaped")
        async def animate(ack: Any) -> None:
            await ack()

    async with scene(listen, "socket") as it:
        text = f"{it.ada.mention} R&D https://a.b/c?d=1&e=2"
        said = await it.ada.say(it.channel, text, wait=False)
        assert said.message is not None
        link = "<https://a.b/c?d=1&amp;e=2>"
        assert said.message.text == f"{it.ada.mention} R&amp;D {link}"
        plain = await it.ada.slash(it.channel, "/animate", it.ada.mention)
        assert plain.parts[0].payload["text"] == "@ada"
        escaped = await it.ada.slash(it.channel, "/escaped", it.ada.mention)
        assert escaped.parts[0].payload["text"] == f"<@{it.ada.id}|ada>"


async def test_calls_beyond_the_tier_are_told_to_wait() -> None:
    async with scene() as it:
        sent = await it.client.chat_postMessage(channel=it.channel.id, text="0")
        for number in range(50):
            text = f"{number}"
            await it.client.chat_update(channel=it.channel.id, ts=sent["ts"], text=text)
        with pytest.raises(SlackApiError) as caught:
            await it.client.chat_update(channel=it.channel.id, ts=sent["ts"], text="a")
        answer = caught.value.response
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        it.clock.ahead += 61
        await it.client.chat_update(channel=it.channel.id, ts=sent["ts"], text="a")


async def test_scripted_faults_strike_where_they_are_told_to() -> None:
    async with scene() as it:
        place: Any = {"channel": it.channel.id, "text": "hello"}
        it.slack.fail("chat.postMessage", status=429, retry_after=30)
        assert await it.error("chat.postMessage", **place) == "ratelimited"
        it.slack.fail("chat.*", error="fatal_error", times=2)
        for _ in range(2):
            assert await it.error("chat.postMessage", **place) == "fatal_error"
        it.slack.fail("chat.postMessage", status=500)
        with pytest.raises(SlackApiError):
            await it.client.chat_postMessage(**place)
        assert not it.channel.messages

        hold = asyncio.Event()
        it.slack.fail("chat.postMessage", hold=hold)
        sending = asyncio.create_task(it.client.chat_postMessage(**place))
        await it.channel.until(lambda m: m.words == "hello")
        assert not sending.done()
        hold.set()
        await sending
        assert len(it.slack.calls("chat.postMessage")) == 5


@pytest.mark.parametrize(("cut", "posted"), [("before", 1), ("after", 2)])
async def test_a_cut_after_the_effect_makes_the_sdk_post_twice(
    cut: str, posted: int
) -> None:
    async with scene() as it:
        now = FixedValueRetryIntervalCalculator(0)
        it.client.retry_handlers[:] = [AsyncConnectionErrorRetryHandler(1, now)]
        it.slack.fail("chat.postMessage", cut=cut)
        await it.client.chat_postMessage(channel=it.channel.id, text="hello")

        assert len(it.channel.messages) == posted


async def test_two_connections_are_served_and_come_back() -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.command("/animate")
        async def animate(ack: Any, body: Any) -> None:
            await ack()
            heard.append(body["text"])

    async with scene(listen) as it, over_socket(it.slack, it.app, 2):
        socket = it.slack.socket
        for number in range(4):
            await it.ada.slash(it.channel, "/animate", f"{number}")
        assert {len(one.brought) for one in socket.connections} == {2}
        await socket.disconnect("refresh_requested", which=0)
        await it.until(lambda: socket.opened == 3)
        await socket.until(2)
        socket.drop(which=0)
        await it.until(lambda: socket.opened == 4)
        await socket.until(2)
        await it.ada.slash(it.channel, "/animate", "4")

        assert heard == ["0", "1", "2", "3", "4"]


class Broken(Signed):
    """Breaks in the middle of an answer, or itself."""

    def __init__(self, slack: FakeSlack, error: Exception) -> None:
        super().__init__(slack, "http://127.0.0.1:9/")
        self.error = error

    async def _post(self, *parts: Any) -> Any:
        raise self.error


async def test_what_cannot_be_brought_fails_at_once_and_says_why() -> None:
    """A line that ends early is a lost one; the fake's own fault is told as such."""
    async with scene() as it:
        it.slack.transport = Broken(it.slack, asyncio.IncompleteReadError(b"", 1))
        asked = await it.ada.slash(it.channel, "/animate", "1")
        assert asked.failed == "connection_failed"

        it.slack.transport = Broken(it.slack, RuntimeError("two readers"))
        asked = await it.ada.slash(it.channel, "/animate", "2")
        assert "two readers" in asked.failed
        await it.until(lambda: it.slack.unexpected)
        it.slack.expect("two readers")


async def test_events_of_a_downtime_come_once_the_app_is_back() -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def message(event: Any, request: Any) -> None:
            heard.append(request.headers["x-slack-retry-num"][0])

    async with scene(listen) as it:
        said = await it.ada.say(it.channel, "hello")
        assert (said.attempts, said.failed) == (2, "connection_failed")
        async with over_socket(it.slack, it.app):
            it.clock.ahead += 61
            await it.until(lambda: heard)

        assert heard == ["2"]


async def test_a_disabled_link_stays_shut() -> None:
    async with scene(transport="socket") as it:
        await it.slack.socket.disconnect("link_disabled")
        await it.slack.socket.until(0)
        with pytest.raises(SlackApiError, match="forbidden_team"):
            await it.client.apps_connections_open(app_token=it.slack.app_token)


async def test_tickets_and_tokens_are_of_one_kind_and_for_one_use() -> None:
    async with scene() as it:
        url = it.slack.socket.ticket()
        ws = await it.slack.session.ws_connect(url)
        assert (await ws.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await it.slack.session.ws_connect(url)
        await ws.close()

        for token, error in [
            (it.slack.app_token, "not_allowed_token_type"),
            ("xoxb-unknown", "invalid_auth"),
        ]:
            with pytest.raises(SlackApiError, match=error):
                await it.client.auth_test(token=token)
        async with it.slack.session.post(it.slack.api_url + "auth.test") as answer:
            assert (await answer.json())["error"] == "not_authed"
        it.slack.expire_token()
        assert await it.error("auth.test") == "token_expired"


async def test_the_app_hears_that_it_is_removed() -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("app_uninstalled")
        @app.event("tokens_revoked")
        async def gone(event: Any) -> None:
            heard.append(event["type"])

    async with scene(listen, "socket") as it:
        await it.slack.uninstall()

        await it.until(lambda: len(heard) == 2)
        assert await it.error("auth.test") == "account_inactive"
        with pytest.raises(Refused):
            await it.ada.slash(it.channel, "/animate")


async def test_the_home_is_published_for_whoever_opens_it() -> None:
    def listen(app: AsyncApp) -> None:
        @app.event("app_home_opened")
        async def home(event: Any, client: Any) -> None:
            view = {"type": "home", "blocks": [BUTTON]}
            await client.views_publish(user_id=event["user"], view=view)

    async with scene(listen, "socket") as it:
        assert it.slack.home(it.ada) is None
        await it.ada.opens_home()
        home = await it.until(lambda: it.slack.home(it.ada))
        assert home.buttons == ["Remix"]


async def test_users_tell_their_zone_and_language() -> None:
    async with scene() as it:
        told = await it.client.users_info(user=it.ada.id, include_locale=True)

        user = told["user"]
        assert (user["tz"], user["locale"]) == ("Europe/Berlin", "de-DE")
        assert user["is_admin"]


async def test_an_organisation_tells_no_team() -> None:
    heard: list[Any] = []

    def listen(app: AsyncApp) -> None:
        @app.shortcut("animate")
        async def animate(ack: Any, body: Any, context: Any) -> None:
            await ack()
            heard.append((body["team"], context.enterprise_id, context.team_id))

    async with scene(listen, "socket", enterprise="Fleet", org_wide=True) as it:
        await it.ada.shortcut(None, "Animate")

        enterprise = it.slack.enterprises["Fleet"]
        assert heard == [(None, enterprise.id, it.team.id)]


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk makes one
@pytest.mark.parametrize("rotates", [False, True])
async def test_people_install_the_app_and_its_token_is_renewed(
    tmp_path: Path, *, rotates: bool
) -> None:
    manifest = deepcopy(MANIFEST)
    manifest["settings"]["token_rotation_enabled"] = rotates
    clock = Clock()
    async with open_slack(manifest, clock=clock) as slack:
        store = FileInstallationStore(base_dir=str(tmp_path))
        settings = AsyncOAuthSettings(
            client_id=slack.client_id,
            client_secret=slack.client_secret,
            scopes=sorted(slack.manifest.scopes),
            installation_store=store,
            state_store=FileOAuthStateStore(
                expiration_seconds=600, base_dir=str(tmp_path)
            ),
        )
        app = AsyncApp(
            client=AsyncWebClient(base_url=slack.api_url),
            signing_secret=slack.signing_secret,
            oauth_settings=settings,
        )
        async with over_http(slack, app) as origin:
            settings.redirect_uri = f"{origin}/slack/oauth_redirect"
            generator = settings.authorize_url_generator
            generator.redirect_uri = settings.redirect_uri
            team = slack.team("Harbour", installed=False)
            visit = await team.person("Ada").installs(f"{origin}/slack/install")

            assert visit.status == 200, visit.text
            assert team.bot_token.startswith("xoxe.xoxb-" if rotates else "xoxb-")
            kept = store.find_bot(enterprise_id=None, team_id=team.id)
            assert kept is not None
            assert kept.bot_token == team.bot_token
            visit = await team.person("Bob").installs(
                f"{origin}/slack/install", declines=True
            )
            assert "access_denied" in visit.text
        if rotates:
            await _renew(slack, clock, kept)


async def _renew(slack: FakeSlack, clock: Clock, kept: Any) -> None:
    clock.ahead += 12 * 3600 + 1
    client = AsyncWebClient(base_url=slack.api_url)
    with pytest.raises(SlackApiError, match="token_expired"):
        await client.auth_test(token=kept.bot_token)
    args = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    args |= {"grant_type": "refresh_token", "refresh_token": kept.bot_refresh_token}
    fresh = await client.oauth_v2_access(**args)
    assert (await client.auth_test(token=fresh["access_token"]))["ok"]
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        await client.oauth_v2_access(**args)


async def test_edits_broadcasts_and_deletions_are_events_of_their_own() -> None:
    heard: list[Any] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def message(event: Any) -> None:
            heard.append((event.get("subtype"), event["channel_type"]))

    async with scene(listen, "socket") as it:
        root = (await it.ada.say(it.channel, "one")).message
        assert isinstance(root, Message)
        reply = await it.ada.say(it.channel, "two", thread=root, broadcast=True)
        await it.ada.edit(root, "three")
        assert reply.message is not None
        await it.ada.delete(reply.message)
        await it.ada.say(it.ada.dm, "four")
        await it.slack.settled()

    kinds = [None, "thread_broadcast", "message_changed", "message_deleted"]
    assert heard == [*((one, "channel") for one in kinds), (None, "im")]


async def test_events_are_held_back_as_long_as_a_test_likes() -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        @app.event("app_mention")
        async def event(event: Any) -> None:
            heard.append(event["type"])

    async with scene(listen, "socket") as it:
        release = it.slack.hold("app_mention")
        said = await it.ada.say(it.channel, "hello", mention=True)
        assert (heard, said.attempts) == (["message"], 1)
        release()
        await it.until(lambda: len(heard) == 2)


async def test_a_manifest_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "slack-manifest.yaml"
    path.write_text(
        "# ours\n"
        "display_information:\n"
        "  name: 'It''s ours'  # said so\n"
        "features:\n"
        "  slash_commands:\n"
        "    - command: /animate\n"
        '      description: "Bring it: to life"\n'
        "      should_escape: false\n"
        "  shortcuts:\n"
        "  - name: Animate this\n"
        "    type: message\n"
        "    callback_id: animate_it\n"
        "oauth_config:\n"
        "  scopes:\n"
        "    bot: [commands, chat:write]\n"
        "settings:\n"
        "  event_subscriptions:\n"
        "    bot_events:\n"
        "      - app_mention\n"
        "      - message.im\n"
        "  interactivity:\n"
        "    is_enabled: true\n"
    )
    async with open_slack(path) as slack:
        manifest = slack.manifest

        assert manifest.part("display_information", "name") == "It's ours"
        assert manifest.commands["/animate"]["description"] == "Bring it: to life"
        assert manifest.shortcuts[0]["callback_id"] == "animate_it"
        assert manifest.scopes == {"commands", "chat:write"}
        assert manifest.events == {"app_mention", "message.im"}
        assert manifest.interactive


def test_the_rules_for_methods_are_those_of_slacks_reference() -> None:
    if not conformance.DOCUMENT.exists():
        pytest.skip("Slack's reference is not here: set SLACK_METHODS to its file")
    assert not conformance.differences()
