"""How Slack reaches the bot: two sockets, signed calls, many workspaces."""

import asyncio
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from adapters.slack import create_app
from adapters.slack.checkup import check
from adapters.slack.manifest import EVENTS, FULL, LOW, ROOT, manifest, written
from adapters.slack.people import Spot
from adapters.slack.signature import is_slacks
from adapters.slack.sockets import Patience, keep_connected
from bot.config import Settings
from bot.errors import SetupError
from tests.fakes.house import open_fake_house
from tests.fakes.office import Office, open_office, photo
from tests.fakes.slack_api import Manifest
from tests.fakes.slack_api.yaml import read_yaml
from tests.fakes.world import FakeProvider

QUICK = Patience(
    first=0.01, longest=0.01, silence=0.2, look=0.02, ping=0.05, refused=0.01
)
MANY: dict[str, Any] = {"installs": True, "slack_bot_token": None}


async def test_an_app_is_made_without_a_token_a_network_or_a_worker(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        assert isinstance(create_app(Settings(), house.service), AsyncApp)


async def test_a_socket_that_is_renewed_loses_nothing(tmp_path: Path) -> None:
    """What comes while one is renewed goes over the other."""
    async with open_office(tmp_path) as office:
        for number in range(10):
            if number % 2:
                await office.slack.socket.until(2)
                office.slack.socket.disconnect("refresh_requested", number // 2 % 2)
            asked = await office.ada.slash(office.channel, "/animate", "quota")
            await asked.says("daily limit")


async def supervised(office: Office, told: list[str]) -> "asyncio.Task[None]":
    """The app, kept on Slack by our own supervisor."""
    await office.connect_apart()
    running = asyncio.create_task(
        keep_connected(office.settings, office.parts, tell=told.append, patience=QUICK)
    )
    await office.slack.socket.until(2)
    return running


async def test_a_connection_that_never_comes_back_is_left_for_another(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    async with open_office(tmp_path, online=False) as office:
        running = await supervised(office, told)
        before = office.slack.socket.opened
        office.slack.socket.freeze()
        look = lambda: office.slack.socket.opened >= before + 2  # noqa: E731
        await office.slack.bell.until(look, 10, str)

        assert told == ["Slack: connected to Harbour as vivant."]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("setting", ["slack_app_token", "slack_bot_token"])
async def test_a_refused_token_is_told_once_and_tried_again(
    tmp_path: Path, setting: str
) -> None:
    told: list[str] = []
    wrong: dict[str, Any] = {setting: "xoxb-wrong"}
    async with open_office(tmp_path, online=False, **wrong) as office:
        await office.connect_apart()
        running = asyncio.create_task(
            keep_connected(
                office.settings, office.parts, tell=told.append, patience=QUICK
            )
        )
        asked = lambda: len(office.slack.calls("apps.connections.open")) >= 3  # noqa: E731
        await office.slack.bell.until(asked, 10, str)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        [line] = told
        assert "copy both anew" in line
        assert "xoxb-wrong" not in line


async def test_a_token_that_slack_accepts_later_brings_the_bot_back(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    async with open_office(tmp_path, online=False) as office:
        office.slack.fail("apps.connections.open", error="account_inactive", times=3)
        running = await supervised(office, told)
        assert [line.split()[1] for line in told] == ["refuses", "connected"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_slack_that_does_not_answer_yet_is_waited_for(tmp_path: Path) -> None:
    told: list[str] = []
    async with open_office(tmp_path, online=False) as office:
        office.slack.fail("apps.connections.open", status=500, times=3)
        running = await supervised(office, told)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_nothing_is_acknowledged_before_it_is_committed(
    tmp_path: Path, transport: str
) -> None:
    async with open_office(tmp_path, transport=transport) as office:
        await office.clip()
        card = await office.card("Done", button="Again")
        async with office.house.busy():
            pressed = await office.ada.press(card, "Again", wait=False)
            await asyncio.sleep(0)
            assert not pressed.acks
            assert pressed.attempts == 1
        await pressed.settled()
        await office.next_clip()


def signed(secret: str, body: bytes, at: str) -> dict[str, str]:
    mark = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={mark.hexdigest()}",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "abc"},
        {"X-Slack-Request-Timestamp": "NaN"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "9" * 5_000},
        {"X-Slack-Request-Timestamp": "\u0661\u0667" + "\u0660" * 8},
        {"X-Slack-Request-Timestamp": "1700000600"},
        {"X-Slack-Request-Timestamp": "1699999400"},
    ],
)
def test_whatever_is_odd_is_not_slacks(change: dict[str, str]) -> None:
    headers = signed("secret", b"body", "1700000000")
    assert is_slacks("secret", headers, b"body", now=1_700_000_000)
    assert is_slacks("secret", headers, b"body", now=1_700_000_299)
    assert not is_slacks("secret", headers, b"body", now=1_700_000_301)
    assert not is_slacks("other", headers, b"body", now=1_700_000_000)
    assert not is_slacks("", signed("", b"body", "1700000000"), b"body", now=1.7e9)
    assert not is_slacks("secret", headers, b"other", now=1_700_000_000)
    assert not is_slacks("secret", headers | change, b"body", now=1_700_000_000)


async def test_a_call_that_slack_did_not_sign_is_turned_away(tmp_path: Path) -> None:
    async with (
        open_office(tmp_path, transport="http") as office,
        aiohttp.ClientSession() as session,
    ):
        for headers in ({}, signed("wrong", b"{}", str(int(time.time())))):
            async with session.post(
                f"{office.url}/slack/events", data=b"{}", headers=headers
            ) as answer:
                assert answer.status == 401
        assert await office.jobs() == []


@pytest.mark.parametrize("body", [b"{", b"payload=[1]", b"payload=%ff", b"\xff"])
async def test_a_signed_call_that_cannot_be_read_is_told_so(
    tmp_path: Path, body: bytes
) -> None:
    async with (
        open_office(tmp_path, transport="http") as office,
        aiohttp.ClientSession() as session,
    ):
        headers = signed(office.slack.signing_secret, body, str(int(time.time())))
        async with session.post(
            f"{office.url}/slack/events", data=body, headers=headers
        ) as answer:
            assert answer.status == 400
        assert await office.jobs() == []


async def test_every_event_of_the_manifest_has_a_listener(tmp_path: Path) -> None:
    """Bolt answers 404 to one without, and Slack brings it four times."""
    async with open_office(tmp_path, transport="http") as office:
        await office.clip()
        group = office.team.group(office.ada, office.bob)
        await office.ada.say(group, "hello")
        await office.ada.say(office.ada.dm, "hello")
        await office.ada.opens_home(tab="messages")
        secret = office.team.channel("secret", private=True)
        said = await office.ada.say(secret, "hello", mention=True)
        await office.ada.edit(said.message, "hi")  # type: ignore[arg-type]
        office.slack.revoke_token()
        await office.slack.settled()

        brought = [d for d in office.slack.deliveries if d.kind == "events_api"]
        assert {d.attempts for d in brought} == {1}
        assert not [d for d in brought if d.failed]


def test_the_token_of_one_workspace_never_serves_many() -> None:
    both = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "x",
        "SLACK_CLIENT_ID": "1",
        "SLACK_CLIENT_SECRET": "2",
        "VIVANT_PUBLIC_URL": "https://vivant.example",
    }
    with pytest.raises(SetupError, match="leave one of them out"):
        Settings.read(both)


async def test_a_workspace_installs_the_bot_and_leaves_again(tmp_path: Path) -> None:
    async with open_office(tmp_path, transport="http", **MANY) as office:
        there = office.slack.team("Elsewhere", installed=False)
        eve = there.person("Eve", admin=True)
        visit = await eve.installs(f"{office.url}/slack/install")
        assert visit.status == 200
        general = there.channel("general")
        await eve.say(general, "pan left", files=[photo()], mention=True)
        await office.next_clip(general)
        assert {call.token for call in office.slack.calls("chat.postMessage")} == {
            there.bot_token
        }

        [row] = await office.house.store.rows("SELECT * FROM secrets")
        assert there.bot_token not in str(row)
        office.clock.move(5)
        office.slack.uninstall(there)
        await office.slack.settled()
        assert await office.house.store.rows("SELECT * FROM secrets") == []


async def test_a_workspace_that_came_back_stays(tmp_path: Path) -> None:
    """Slack tells late that it had left."""
    async with open_office(tmp_path, transport="http", **MANY) as office:
        there = office.slack.team("Elsewhere", installed=False)
        eve = there.person("Eve", admin=True)
        await eve.installs(f"{office.url}/slack/install")
        told = ("app_uninstalled", "tokens_revoked")
        releases = [office.slack.hold(name) for name in told]
        left = office.slack.uninstall(there)
        there.own = None
        await eve.installs(f"{office.url}/slack/install")
        for release in releases:
            release()
        look = lambda: all(part.over for part in left.parts)  # noqa: E731
        await office.slack.bell.until(look, 5, str)

        assert len(await office.house.store.rows("SELECT * FROM secrets")) == 1


@pytest.mark.parametrize("how", ["declines", "again", "forged"])
async def test_an_installation_that_nobody_began_is_refused(
    tmp_path: Path, how: str
) -> None:
    async with open_office(tmp_path, transport="http", **MANY) as office:
        there = office.slack.team("Elsewhere", installed=False)
        eve = there.person("Eve", admin=True)
        if how == "declines":
            await eve.installs(f"{office.url}/slack/install", declines=True)
        elif how == "again":
            states: list[str] = []
            flow = office.parts.flow
            assert flow is not None
            states.append(await flow.settings.state_store.async_issue())
            assert await flow.settings.state_store.async_consume(states[0])
            assert not await flow.settings.state_store.async_consume(states[0])
        else:
            async with (
                aiohttp.ClientSession() as session,
                session.get(
                    f"{office.url}/slack/oauth_redirect?code=1&state=forged"
                ) as answer,
            ):
                assert answer.status in {400, 401}
        assert await office.house.store.rows("SELECT * FROM secrets") == []


async def test_an_organisation_is_one_installation_with_its_own_people(
    tmp_path: Path,
) -> None:
    """Interactions from an organisation name no workspace."""
    async with open_office(tmp_path, transport="http", **MANY) as office:
        north = office.slack.team("North", enterprise="Acme", installed=False)
        eve = north.person("Eve", admin=True)
        await eve.installs(f"{office.url}/slack/install", org_wide=True)
        general = north.channel("general")
        await eve.slash(general, "/animate", "pan left")
        await eve.submit(await eve.modal(), {"picture": photo()})
        await office.next_clip(general)

        [job] = await office.jobs(eve)
        assert north.enterprise is not None
        assert job.place.workspace == north.enterprise.id


async def test_an_admin_of_one_workspace_is_none_in_another_of_the_organisation(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path, transport="http", **MANY) as office:
        north = office.slack.team("North", enterprise="Acme", installed=False)
        south = office.slack.team("South", enterprise="Acme", installed=False)
        eve = north.person("Eve", admin=True)
        for admin in (eve, south.person("Sam", admin=True)):
            await admin.installs(f"{office.url}/slack/install")
        asked = await eve.slash(north.channel("north"), "/animate", "admin usage")
        await asked.says("Nobody")

        eve.team, eve.admin = south, False
        asked = await eve.slash(south.channel("south"), "/animate", "admin usage")
        await asked.says("Only an admin of the workspace")


async def test_a_stranger_who_is_an_admin_at_home_is_none_here(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        other = office.slack.team("Elsewhere", installed=False)
        office.channel.share(other)
        people = office.parts.desk.people
        here = office.team.id
        for admin in (
            office.team.person("Boss", admin=True),
            other.person("Eve", admin=True),
        ):
            spot = Spot(admin.id, here, here, office.channel.id)
            person = await people.as_moderator(spot)
            assert bool(person.moderates) is (admin.team is office.team)


async def test_a_token_that_ends_is_replaced_when_it_is_used(tmp_path: Path) -> None:
    """A render that ends half a day later finds a good one."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(
        tmp_path, transport="http", provider=provider, rotates=True, **MANY
    ) as office:
        there = office.slack.team("Elsewhere", installed=False)
        eve = there.person("Eve", admin=True)
        await eve.installs(f"{office.url}/slack/install")
        general = there.channel("general")
        await eve.say(general, "pan left", files=[photo()], mention=True)
        await office.card("Rendering", channel=general)
        first = there.bot_token
        office.clock.move(13 * 3600)
        provider.looks = 0
        await office.next_clip(general)

        assert there.bot_token != first


def test_the_manifests_are_what_the_code_asks_for() -> None:
    for name, low in ((FULL, False), (LOW, True)):
        made = (ROOT / name).read_text(encoding="utf-8")
        assert made == written(manifest(low=low))
        assert read_yaml(made) == manifest(low=low)


def test_the_low_profile_reads_no_channels() -> None:
    low = Manifest.of(manifest(low=True))
    assert not [s for s in low.scopes if s.endswith(":history") and s[:2] != "im"]
    assert "message.channels" not in low.events
    assert set(EVENTS) > set(low.events)


async def test_doctor_reads_the_scopes_really_granted(tmp_path: Path) -> None:
    async with open_office(tmp_path, online=False) as office:
        found = {seen.name: seen for seen in await check(office.settings)}
        assert all(seen.good for seen in found.values())
        assert "vivant in Harbour" in found["Slack bot token"].detail

        office.slack.ungrant("files:write")
        found = {seen.name: seen for seen in await check(office.settings)}
        assert not found["Slack scopes"].good
        assert "files:write (send the clip)" in found["Slack scopes"].detail
        assert "Reinstall to Workspace" in found["Slack scopes"].detail


async def test_doctor_knows_the_low_profile_and_a_wrong_token(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {"slack_app_token": "xapp-wrong"}
    async with open_office(tmp_path, online=False, low=True, **wrong) as office:
        found = {seen.name: seen for seen in await check(office.settings)}

        assert found["Slack scopes"].good
        assert "mention" in found["Slack scopes"].detail
        assert not found["Slack app token"].good
        assert "xapp-wrong" not in found["Slack app token"].detail
