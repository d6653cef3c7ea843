"""Whatever answers in Slack's place, it is just a Slack that does not answer."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_interval_calculators import (
    FixedValueRetryIntervalCalculator,
)
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.app import Pace, Parts, assemble
from adapters.slack.faults import trouble
from adapters.slack.sockets import PART, Patience, keep_connected
from adapters.slack.wire import LOST, code_of, is_unsure
from bot.config import Settings
from tests.fakes.garbage import Garbage, answer, answers, open_garbage
from tests.fakes.house import FakeHouse, open_fake_house
from tests.fakes.office import open_office

QUICK = Patience(first=0.01, longest=0.01, grace=9.0, silence=9.0, look=0.02, ping=0.05)
CALLS: dict[str, Callable[[AsyncWebClient], Awaitable[Any]]] = {
    "apps.connections.open": lambda c: c.apps_connections_open(app_token="xapp-1"),
    "auth.test": lambda c: c.auth_test(),
    "chat.postMessage": lambda c: c.chat_postMessage(channel="C1", text="a"),
    "chat.update": lambda c: c.chat_update(channel="C1", ts="1", text="a"),
    "conversations.history": lambda c: c.conversations_history(channel="C1"),
    "conversations.open": lambda c: c.conversations_open(users=["U1"]),
    "files.getUploadURLExternal": lambda c: c.files_getUploadURLExternal(
        filename="a.mp4", length=1
    ),
    "files.completeUploadExternal": lambda c: c.files_completeUploadExternal(
        files=[{"id": "F1", "title": "a"}]
    ),
    "files.info": lambda c: c.files_info(file="F1"),
    "users.info": lambda c: c.users_info(user="U1"),
    "views.open": lambda c: c.views_open(trigger_id="1", view={}),
}


@asynccontextmanager
async def beside(
    folder: Path, odd: bytes | None
) -> AsyncGenerator[tuple[Garbage, Parts, Settings, FakeHouse]]:
    """Our app, before a server that is not Slack."""
    async with open_garbage(odd) as garbage, open_fake_house(folder) as house:
        settings = Settings(
            data=folder,
            slack_bot_token="xoxb-1",
            slack_app_token="xapp-1",
            slack_api_url=f"{garbage.address}/api",
        )
        pace = Pace(pauses=FixedValueRetryIntervalCalculator(0.0))
        parts = assemble(settings, house.service, pace=pace)
        try:
            yield garbage, parts, settings, house
        finally:
            await parts.close()


async def test_every_odd_answer_to_every_call_is_a_lost_line(tmp_path: Path) -> None:
    """Nothing but Slack's own words, and a good answer that is whole, gets through."""
    surprises = []
    async with beside(tmp_path, None) as (garbage, parts, _, _):
        client = parts.wire.opened("xoxb-1", hasty=True)
        for name, odd in answers().items():
            garbage.answer = odd
            for method, call in CALLS.items():
                try:
                    told = await call(client)
                except LOST:
                    continue
                except SlackApiError as error:
                    if code_of(error) and not name.startswith("200"):
                        continue  # an object with an error in it is Slack's own
                    surprises.append(f"{method}: {name}: {error!r}")
                except Exception as error:  # noqa: BLE001 - what the test is about
                    surprises.append(f"{method}: {name}: {error!r}")
                else:
                    if method not in {"chat.update", "files.completeUploadExternal"}:
                        surprises.append(f"{method}: {name}: {told.data}")

    assert surprises == []


async def test_an_answer_without_an_end_is_given_up(tmp_path: Path) -> None:
    endless = answer(200, "application/json", b'"' + b"x" * 20_000_000)
    async with beside(tmp_path, endless) as (_, parts, _, _):
        client = parts.wire.opened("xoxb-1", hasty=True)
        with pytest.raises(LOST):
            await client.auth_test()


async def test_an_odd_answer_leaves_it_open_whether_a_message_was_posted(
    tmp_path: Path,
) -> None:
    page = answer(200, "text/html", b"<html>")
    async with beside(tmp_path, page) as (_, parts, _, _):
        client = parts.wire.opened("xoxb-1", hasty=True)
        with pytest.raises(LOST) as raised:
            await client.chat_postMessage(channel="C1", text="a")
        assert is_unsure(raised.value)
        assert trouble(raised.value).passing


@pytest.mark.parametrize(
    "name",
    [
        *("200 a word", "200 a JSON word", "200 a list", "500 a page", "401 a page"),
        *("200 yes, and no more", "401 an empty object", "reset", "no HTTP"),
    ],
)
async def test_the_bot_waits_for_a_slack_that_is_not_slack(
    tmp_path: Path, name: str
) -> None:
    """It goes on asking, says since when Slack is away, and is there once Slack is."""
    told: list[str] = []
    async with (
        open_office(tmp_path, online=False) as office,
        open_garbage(answers()[name]) as garbage,
    ):
        settings = replace(office.settings, slack_api_url=f"{garbage.address}/api")
        parts = assemble(settings, office.house.service)
        health = office.house.service.health
        running = asyncio.create_task(
            keep_connected(settings, parts, tell=told.append, patience=QUICK)
        )
        await garbage.heard(3)
        assert (running.done(), told, health.parts[PART].up) == (False, [], False)

        garbage.onward = office.slack.address
        await office.slack.socket.until(2)
        assert health.parts[PART].up
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_frames_that_are_no_events_do_no_harm(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        for frame in ("nope", '"x"', "[1]", "{", "{}", '{"type": 1}', '{"a":' * 999):
            await office.slack.socket.send_raw(frame)
        await office.clip()
