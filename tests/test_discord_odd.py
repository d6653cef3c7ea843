"""Whatever answers in Discord's place, it is just a Discord that does not answer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from discord.utils import MISSING

from adapters.discord.acks import TooLateError, answer
from adapters.discord.client import Parts
from adapters.discord.line import FAILED, twice
from adapters.discord.roads import ClosedError, Road, TooLargeError, send
from adapters.discord.supervisor import PART, Patience, keep_connected
from bot.config import Settings
from bot.errors import DeliveryError
from bot.service import RenderService
from tests.fakes.garbage import answers, open_garbage
from tests.fakes.harbour import Harbour, make, open_harbour

ALL = answers()
AGAIN = ("500 ", "502 ")  # discord.py tries these again for half a minute
QUICK = Patience(first=0.01, longest=0.01, silence=9.0, look=0.02)


async def test_every_odd_answer_to_a_message_is_told_in_words(tmp_path: Path) -> None:
    surprises = []
    async with (
        open_harbour(tmp_path, online=False) as harbour,
        open_garbage(None) as garbage,
    ):
        garbage.onward = harbour.discord.api_url
        harbour.settings = replace(
            harbour.settings, discord_api_url=f"{garbage.address}/api/v10"
        )
        await harbour.connect()
        garbage.turn_odd()
        channel = harbour.parts.client.get_partial_messageable(int(harbour.channel.id))
        road = Road(channel.send, "here", 10**6)
        for name, odd in ALL.items():
            if name.startswith(AGAIN):
                continue
            garbage.answer = odd
            try:
                await send(road, "a clip", view=MISSING)
            except (DeliveryError, ClosedError, TooLargeError):
                pass
            except Exception as error:  # noqa: BLE001 - what the test is about
                surprises.append(f"send: {name}: {error!r}")
            try:
                await twice(lambda: channel.send("a"))
            except FAILED:
                pass
            except Exception as error:  # noqa: BLE001 - what the test is about
                surprises.append(f"twice: {name}: {error!r}")
        garbage.answer = ALL["200 a list"]
        with pytest.raises(TooLateError):
            await answer(lambda: channel.send("a"), window=0.05)
        await harbour.disconnect()

    assert surprises == []


@pytest.mark.parametrize(
    "name",
    [
        *("200 a page", "200 a JSON word", "200 a list", "200 an empty object"),
        *("200 null", "401 a page", "403 a page", "503 a word", "reset", "no HTTP"),
    ],
)
async def test_the_bot_waits_for_a_discord_that_is_not_discord(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    async with (
        open_harbour(tmp_path, online=False) as harbour,
        open_garbage(ALL[name]) as garbage,
    ):
        settings = replace(
            harbour.settings, discord_api_url=f"{garbage.address}/api/v10"
        )
        health = harbour.house.service.health

        running = asyncio.create_task(
            keep_connected(
                settings,
                harbour.house.service,
                tell=teller(harbour, told),
                patience=QUICK,
                make=maker(harbour),
            )
        )
        await garbage.heard(3)
        assert (running.done(), told, health.parts[PART].up) == (False, [], False)
        garbage.onward = harbour.discord.api_url
        gateway = harbour.discord.gateway
        await gateway.until(lambda: any("connected as" in line for line in told))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert "Traceback" not in "".join(r.exc_text or "" for r in caplog.records)


@pytest.mark.parametrize(
    ("frame", "ends"),
    [
        *(("nope", True), ('"x"', True), ("[1]", True), ("null", True)),
        *(('{"op": 10, "d": 1}', True), ("{}", False), ('{"op": "x"}', False)),
    ],
)
async def test_a_frame_that_is_no_event_ends_a_connection_at_most(
    tmp_path: Path, frame: str, *, ends: bool
) -> None:
    told: list[str] = []
    async with open_harbour(tmp_path, online=False) as harbour:
        running = asyncio.create_task(
            keep_connected(
                harbour.settings,
                harbour.house.service,
                tell=teller(harbour, told),
                patience=QUICK,
                make=maker(harbour),
            )
        )
        gateway = harbour.discord.gateway
        await gateway.until(lambda: len(gateway.identifies) == 1 and told)
        gateway.send_raw(frame)
        if ends:
            came = lambda: len(gateway.identifies) + len(gateway.resumes) > 1  # noqa: E731
            await gateway.until(came)
            await harbour.parts.client.wait_until_ready()
        await harbour.clip()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def maker(harbour: Harbour) -> Callable[[Settings, RenderService], Parts]:
    """Puts clients together that a test may look at."""

    def put_together(chosen: Settings, service: RenderService) -> Parts:
        harbour.parts = make(chosen, service, harbour.clock)
        return harbour.parts

    return put_together


def teller(harbour: Harbour, told: list[str]) -> Callable[[str], None]:
    """Notes what the owner is told."""

    def tell(line: str) -> None:
        told.append(line)
        harbour.discord.bell.ring()

    return tell
