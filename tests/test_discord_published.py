"""The fake Discord is held against what Discord publishes; and doctor looks at it."""

from pathlib import Path

import pytest

from adapters.discord.checkup import check
from tests.fakes.discord_api.conformance import DOCUMENT, Conformance
from tests.fakes.discord_api.rest import Call
from tests.fakes.harbour import open_harbour, photo


async def test_what_is_said_and_answered_is_as_discord_publishes_it(
    tmp_path: Path,
) -> None:
    """Every door once; `open_discord` fails the test on the first difference."""
    if not DOCUMENT.exists():
        pytest.skip("Discord's interface is not here: set DISCORD_OPENAPI to its file")
    async with open_harbour(tmp_path, conform=True) as harbour:
        clip = await harbour.clip()
        await harbour.ada.say(harbour.channel, "slower", reply_to=clip)
        await harbour.next_clip()
        await harbour.ada.say(harbour.ada.dm, "pan left", files=[photo()])
        await harbour.next_clip(harbour.ada.dm)
        await harbour.ada.slash(harbour.channel, "animate", picture=photo())
        asked = await harbour.ada.press(clip, "Delete")
        assert asked.original is not None
        asked = await harbour.ada.press(asked.original, "Delete it for good")
        await asked.says("Deleted")
        assert harbour.discord.conformance is not None
        found = await check(harbour.settings)
        assert all(seen.good for seen in found)


def test_a_payload_that_is_not_as_published_is_reported() -> None:
    conformance = Conformance.load()
    if conformance is None:
        pytest.skip("Discord's interface is not here: set DISCORD_OPENAPI to its file")
    call = Call("GET", "/users/@me", {}, None)

    assert conformance.problems(call, {"id": "1"})
    strange = Call("GET", "/no/such/route", {}, None)
    assert "not in the document" in conformance.problems(strange, {})[0]


async def test_doctor_names_what_is_missing_and_the_invite(tmp_path: Path) -> None:
    async with open_harbour(tmp_path, online=False) as harbour:
        harbour.discord.guild("Small", bot_permissions={"view_channel"})
        found = {seen.name: seen for seen in await check(harbour.settings)}

        assert found["Discord token"].good
        assert "files up to 10 MiB" in found["Discord: Harbour"].detail
        assert not found["Discord: Small"].good
        assert "attach files" in found["Discord: Small"].detail
        assert "oauth2/authorize" in found["Discord invite"].detail


async def test_doctor_says_what_to_do_about_a_wrong_token(tmp_path: Path) -> None:
    async with open_harbour(tmp_path, online=False) as harbour:
        harbour.discord.token = "another"
        [seen] = await check(harbour.settings)

        assert not seen.good
        assert "copy it anew" in seen.detail
        assert "right-token" not in seen.detail


async def test_doctor_says_when_the_intent_is_asked_for_and_off(
    tmp_path: Path,
) -> None:
    async with open_harbour(
        tmp_path, online=False, discord_message_content=True
    ) as harbour:
        found = {seen.name: seen for seen in await check(harbour.settings)}

        assert not found["Discord intents"].good
