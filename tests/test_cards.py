"""A card shows how its job ended, whatever becomes of an edit, and of the bot."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.harbour import open_harbour
from tests.fakes.office import open_office
from tests.fakes.world import FakeProvider

EDITED = r"/webhooks/\d+/[^/]+/messages/@original"


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "internal_error"},
        {"error": "rate_limited", "times": 5},
        {"status": 503, "times": 5},
        {"cut": "before", "times": 5},
    ],
    ids=["200", "limit", "503", "cut"],
)
async def test_on_slack_the_last_edit_is_made_again(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        await office.card("Rendering")
        office.slack.fail(
            "chat.update", where=lambda call: "Done" in str(call.args), **fault
        )
        provider.looks = 0
        await office.next_clip()

        await office.card("Done")


async def test_on_discord_the_last_edit_is_made_again(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.discord.fail(method="PATCH", path=EDITED, times=20, cut="before")
        provider.looks = 0
        await harbour.next_clip()

        await asked.says("Done")


async def test_on_discord_a_restart_leaves_no_card_behind(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        card = await asked.says("Rendering")
        harbour.parts.chat.cards._kept._gap = lambda _: 60.0
        provider.looks = 0
        clip = await harbour.next_clip()
        assert "Done" not in card.content

        await harbour.disconnect()
        await harbour.connect()

        await asked.says("Done")
        assert str(clip.id) in card.content


async def test_on_slack_a_restart_leaves_no_card_behind(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        card = await office.card("Rendering")
        lost = office.slack.fail(
            "chat.update",
            where=lambda call: "Done" in str(call.args),
            error="fatal_error",
            times=99,
        )
        provider.looks = 0
        await office.next_clip()
        await office.disconnect()
        lost.times = 0

        await office.connect()
        await office.card("Done")
        assert "Done" in card.words
