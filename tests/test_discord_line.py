"""The line to Discord: broken answers, late ones, lost gateways, refused tokens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.client import Parts
from adapters.discord.supervisor import Patience, keep_connected
from bot.config import Settings
from bot.service import RenderService
from tests.fakes.harbour import Harbour, make, open_harbour
from tests.fakes.world import FakeProvider

CALLBACK = r"/interactions/\d+/[^/]+/callback"
AT_ONCE = Patience(
    first=0.0, longest=0.0, healthy=0.0, silence=0.3, look=0.01, refused=0.0
)


@pytest.mark.parametrize(
    "fault",
    [
        {"cut": "before"},
        {"cut": "after"},
        {"status": 500},
        {"status": 429, "retry_after": 0.01, "via": False},
        {"hold": asyncio.Event()},
    ],
)
async def test_one_fault_does_not_cost_an_interaction(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    """It is answered in time and carried out once."""
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(method="POST", path=CALLBACK, **fault)
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await harbour.next_clip()

        assert asked.kind == "defer"
        assert len(await harbour.jobs()) == 1


@pytest.mark.parametrize(
    ("method", "cut", "times", "name", "said"),
    [
        ("PATCH", "before", 1, "quota", "resets"),
        ("DELETE", "after", 1, "clip again", "no such clip"),
        ("DELETE", "before", 9, "clip again", "no such clip"),
        ("POST", "before", 1, "clip again", "no such clip"),
    ],
)
async def test_a_line_that_breaks_after_the_first_answer_costs_no_words(
    tmp_path: Path, method: str, cut: str, times: int, name: str, said: str
) -> None:
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(method=method, path="/webhooks/", cut=cut, times=times)
        options = {} if name == "quota" else {"clip": "nonesuch22"}
        asked = await harbour.ada.slash(harbour.channel, name, **options)

        await asked.says(said)


async def test_an_interaction_is_answered_though_the_disk_is_busy(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        async with harbour.house.busy():
            asked = await harbour.ada.slash(
                harbour.channel, "animate", prompt="pan left"
            )
            assert asked.kind == "defer"
        await harbour.next_clip()


async def test_an_order_that_was_answered_too_late_is_withdrawn(
    tmp_path: Path,
) -> None:
    """Its person was told that nobody answers; they must not pay for it."""
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        harbour.discord.fail(method="POST", path=CALLBACK, status=404, code=10062)
        await harbour.ada.press(clip, "Again", answered=False)
        await harbour.idle(2)

        assert await harbour.house.ledger() == [("charged", 4), ("returned", 4)]


async def test_an_order_that_comes_twice_is_one_and_goes_on(tmp_path: Path) -> None:
    """A resumed line may bring an event again, long after it was answered."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.discord.fail(method="POST", path=CALLBACK, status=404, code=10062)
        guild = harbour.guild.id
        harbour.discord.gateway.send(
            "INTERACTION_CREATE", asked.payload(), guild_id=guild
        )
        await harbour.discord.gateway.until(
            lambda: len([c for c in harbour.discord.log if "callback" in c.path]) == 2
        )
        await (await harbour.ada.slash(harbour.channel, "quota")).says("resets")
        provider.looks = 0
        await harbour.next_clip()

        assert await harbour.house.ledger() == [("charged", 4)]


async def test_a_click_during_a_lost_connection_is_replayed(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        harbour.discord.gateway.drop(code=4000)

        await harbour.ada.press(clip, "Again")
        await harbour.next_clip()

        assert len(await harbour.jobs()) == 2
        assert harbour.discord.gateway.resumes


async def test_two_shards_serve_two_servers(tmp_path: Path) -> None:
    async with open_harbour(tmp_path, online=False, discord_shards=True) as harbour:
        harbour.discord.shards = 2
        other = harbour.discord.guild("Other")
        other.join(harbour.ada)
        channel = other.channel("general")
        await harbour.connect()

        await harbour.clip()
        await harbour.ada.slash(channel, "animate", prompt="pan left")
        await harbour.next_clip(channel)

        assert len(harbour.discord.gateway.identifies) == 2
        await harbour.disconnect()


async def test_commands_are_sent_only_when_they_have_changed(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.disconnect()
        await harbour.connect()

        sent = [entry for entry in harbour.discord.log if entry.method == "PUT"]
        assert len(sent) == 1


async def test_commands_that_another_program_took_away_are_sent_again(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.disconnect()
        harbour.discord.commands = []
        await harbour.connect()

        assert harbour.discord.commands


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 3_600.0},
        {"status": 400, "code": 50240},
        {"status": 400, "code": 50035},
        {"status": 403, "code": 50001},
    ],
)
async def test_commands_that_are_refused_are_sent_at_the_next_start(
    tmp_path: Path, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Until then the bot is there all the same."""
    async with open_harbour(tmp_path, online=False) as harbour:
        harbour.discord.fail(method="PUT", path="/commands", **fault)
        await harbour.connect()
        await harbour.ada.say(harbour.channel, "hello", mention_bot=True)
        await harbour.channel.until(lambda m: "/animate" in m.content)
        assert "start again later" in caplog.text
        assert harbour.discord.commands == []

        await harbour.disconnect()
        await harbour.connect()

        assert harbour.discord.commands
        await harbour.disconnect()


@asynccontextmanager
async def supervised(harbour: Harbour, settings: Settings) -> AsyncGenerator[list[str]]:
    """Keep the bot connected; the lines that the owner is told."""
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        harbour.discord.bell.ring()

    def put_together(chosen: Settings, service: RenderService) -> Parts:
        harbour.parts = make(chosen, service, harbour.clock)
        return harbour.parts

    running = asyncio.create_task(
        keep_connected(
            settings,
            harbour.house.service,
            tell=tell,
            patience=AT_ONCE,
            make=put_together,
        )
    )
    try:
        yield told
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_malformed_event_does_not_end_the_bot(tmp_path: Path) -> None:
    async with (
        open_harbour(tmp_path, online=False) as harbour,
        supervised(harbour, harbour.settings) as told,
    ):
        gateway = harbour.discord.gateway
        await gateway.until(lambda: len(gateway.identifies) == 1 and told)
        gateway.send_raw('{"op":0,"t":"MESSAGE_CREATE","s":99,"d":{"id":"x"}}')

        await gateway.until(lambda: len(gateway.identifies) == 2)
        await harbour.parts.client.wait_until_ready()
        await harbour.clip()


async def test_a_gateway_that_never_comes_back_is_left_for_another(
    tmp_path: Path,
) -> None:
    """discord.py would try the dead address for ever."""
    async with (
        open_harbour(tmp_path, online=False) as harbour,
        supervised(harbour, harbour.settings) as told,
    ):
        gateway = harbour.discord.gateway
        await gateway.until(lambda: len(gateway.identifies) == 1 and told)
        gateway.resume_refused = True
        gateway.reconnect()

        await gateway.until(lambda: len(gateway.identifies) == 2)


async def test_a_refused_intent_is_told_and_done_without(tmp_path: Path) -> None:
    async with open_harbour(tmp_path, online=False) as harbour:
        settings = replace(harbour.settings, discord_message_content=True)
        async with supervised(harbour, settings) as told:
            gateway = harbour.discord.gateway
            await gateway.until(lambda: any("connected as" in line for line in told))

        assert sum("message content intent" in line for line in told) == 1
        assert any("oauth2/authorize" in line for line in told)


async def test_a_refused_token_is_told_once_and_tried_again(tmp_path: Path) -> None:
    async with open_harbour(tmp_path, online=False) as harbour:
        settings = replace(harbour.settings, discord_token="wrong-canary")
        async with supervised(harbour, settings) as told:
            await harbour.discord.gateway.until(
                lambda: sum(e.status == 401 for e in harbour.discord.log) >= 3
            )

        [line] = told
        assert "DISCORD_TOKEN" in line
        assert "wrong-canary" not in line


async def test_a_token_that_discord_accepts_later_brings_the_bot_back(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path, online=False) as harbour:
        harbour.discord.fail(method="GET", path="/users/@me", status=401, times=2)
        async with supervised(harbour, harbour.settings) as told:
            gateway = harbour.discord.gateway
            await gateway.until(lambda: any("connected as" in line for line in told))
        assert sum("refuses" in line for line in told) == 1
