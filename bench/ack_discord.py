"""How soon Discord gets its answer, beside a bare discord.py handler.

The same loopback Discord sends the same slash command to both, in turns, each with a
hundred renders under way in the same process. Ours takes the order meanwhile: the job,
the hold and the event's key are written and fsynced. "Durable" is until both are true.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.models import Ask, Job, Place
from bot.models import Person as Asker
from bot.pacing import Pace
from tests.fakes.discord_api import FakeDiscord
from tests.fakes.harbour import Harbour, hurry, open_harbour
from tests.fakes.world import FakeProvider

UNDER_WAY = 100
ROUNDS = 5
PAUSE = 0.01  # seconds between two commands
WARM = 10  # commands at the start of a round that do not count
PATIENT = Pace(first=1.0, growth=1.5, longest=10.0)  # as it is by default
SOMEBODY = Asker(chat="bench", id="somebody")
NOWHERE = Place(chat="bench", workspace="bench", channel="bench")


@dataclass
class Times:
    """Seconds from the command to the answer, and to a stored order."""

    acked: list[float] = field(default_factory=list)
    durable: list[float] = field(default_factory=list)


def middle_and_tail(seconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    return statistics.median(seconds) * 1e3, statistics.quantiles(seconds, n=100)[
        98
    ] * 1e3


@asynccontextmanager
async def bare(fake: FakeDiscord) -> AsyncGenerator[None]:
    """Be connected with a client whose one command only defers."""
    Route.BASE = fake.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(fake.gateway_url)
    client = discord.Client(intents=discord.Intents(guilds=True), max_messages=None)
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(client)

    @tree.command(name="animate", description="Only defers")
    async def animate(interaction: discord.Interaction[Any], prompt: str) -> None:  # noqa: ARG001
        await interaction.response.defer(thinking=True)

    ready = asyncio.Event()

    @client.event
    async def setup_hook() -> None:
        await tree.sync()

    @client.event
    async def on_ready() -> None:
        ready.set()

    hurry(client)
    running = asyncio.create_task(client.start(fake.token))
    await ready.wait()
    try:
        yield
    finally:
        await client.close()
        await asyncio.gather(running, return_exceptions=True)


async def ask(harbour: Harbour) -> tuple[float, Any]:
    """Give the command; seconds until it was acknowledged."""
    begun = time.perf_counter()
    asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
    return time.perf_counter() - begun, asked


async def calm(harbour: Harbour) -> None:
    """Let what follows a command pass, and keep the queue as long as it was."""
    queued = "SELECT id FROM jobs WHERE state = 'queued'"
    await harbour.house.store.rows(f"DELETE FROM ledger WHERE job IN ({queued})")
    await harbour.house.store.rows("DELETE FROM jobs WHERE state = 'queued'")
    await asyncio.sleep(PAUSE)


async def round_of_ours(harbour: Harbour, commands: int, times: Times) -> None:
    """Our own handler: it takes the order while the answer is on its way."""
    service = harbour.house.service
    submit, stored = service.submit, 0.0

    async def timed(*parts: Any, **options: Any) -> Job:  # noqa: ANN401
        nonlocal stored
        job = await submit(*parts, **options)
        stored = time.perf_counter()
        return job

    service.submit = timed  # type: ignore[method-assign]
    await harbour.house.store.rows(
        "DELETE FROM notes"
    )  # the bare one took our commands
    await harbour.connect()
    for number in range(WARM + commands):
        begun = time.perf_counter()
        seconds, asked = await ask(harbour)
        await asked.says("pan left")
        await calm(harbour)
        if number >= WARM:
            times.acked.append(seconds)
            times.durable.append(max(seconds, stored - begun))
    await harbour.disconnect()
    service.submit = submit  # type: ignore[method-assign]


async def round_of_bare(harbour: Harbour, commands: int, times: Times) -> None:
    """The bare handler, under the same load."""
    async with bare(harbour.discord):
        for number in range(WARM + commands):
            seconds, _ = await ask(harbour)
            await calm(harbour)
            if number >= WARM:
                times.acked.append(seconds)


async def measure(commands: int) -> tuple[Times, Times]:
    """Ours and the bare one, in turns."""
    ours, other = Times(), Times()
    with tempfile.TemporaryDirectory() as folder:
        provider = FakeProvider(Path(folder), looks=10**9, at_once=UNDER_WAY)
        async with open_harbour(
            Path(folder), provider=provider, pace=PATIENT, online=False
        ) as harbour:
            order = Ask(prompt="pan left", seconds=4)
            for _ in range(UNDER_WAY):
                await harbour.house.service.submit(
                    order, person=SOMEBODY, place=NOWHERE
                )
            for _ in range(ROUNDS):
                await round_of_bare(harbour, commands, other)
                await round_of_ours(harbour, commands, ours)
    return ours, other


def ratios(commands: int) -> dict[str, float]:
    """Measure and print; ours beside the bare one."""
    ours, other = asyncio.run(measure(commands))
    rows = {
        "bare": middle_and_tail(other.acked),
        "ours": middle_and_tail(ours.acked),
        "durable": middle_and_tail(ours.durable),
    }
    for name, (median, tail) in rows.items():
        print(f"discord {name:8} p50 {median:7.2f} ms   p99 {tail:7.2f} ms")
    return {
        "p50_ratio": round(rows["ours"][0] / rows["bare"][0], 2),
        "p99_ratio": round(rows["ours"][1] / rows["bare"][1], 2),
        "durable_p50_ratio": round(rows["durable"][0] / rows["bare"][0], 2),
        "p99_ms": round(rows["ours"][1], 2),
        "under_way": UNDER_WAY,
    }
