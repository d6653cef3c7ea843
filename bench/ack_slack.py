"""How soon Slack gets its answer, over a socket and over HTTP, beside bare Bolt.

The same loopback Slack brings the same press of "Again" to both, in turns, each with a
hundred renders under way in the same process. Ours has taken the order by then: the
job, the hold and the event's key are written and fsynced before it answers. The bare
app only answers, in two ways: as Bolt comes, which looks for an answer every 10 ms, and
with `process_before_response`, which does not wait.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from yarl import URL

from bench.ack_discord import (
    NOWHERE,
    PATIENT,
    PAUSE,
    SOMEBODY,
    UNDER_WAY,
    WARM,
    middle_and_tail,
)
from bot.models import Ask
from tests.fakes.office import Office, open_office, photo
from tests.fakes.slack_api import FakeSlack, Message
from tests.fakes.slack_api.bare import open_app, over_http, over_socket
from tests.fakes.slack_api.delivery import ACK_WINDOW
from tests.fakes.slack_api.transport import Signed
from tests.fakes.world import FakeProvider

ROUNDS = 3
BARE, BEFORE, OURS = "bare", "bare, before", "ours"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Bare(Signed):
    """Posts over connections that stay open, with as little of its own time as can be.

    What counts is how long the app takes, not how long a client of HTTP does. Each post
    has a connection to itself while it waits: the echo of an earlier card may come in
    between.
    """

    def __init__(self, slack: FakeSlack, url: str) -> None:
        super().__init__(slack, url)
        self._idle: list[Line] = []

    async def _post(
        self, body: str, kind: str, headers: dict[str, str]
    ) -> tuple[int, Any, Any, float]:
        address = URL(self.url)
        line = self._idle.pop() if self._idle else await _connected(address)
        reader, writer = line
        data = body.encode()
        headers |= self.signed(body, kind)
        headers |= {"Host": address.authority, "Content-Length": str(len(data))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        asked = f"POST {address.path} HTTP/1.1\r\n{head}\r\n".encode() + data
        try:
            began = time.perf_counter()
            writer.write(asked)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)content-length: (\d+)", answer)
            text = await reader.readexactly(int(length[1]) if length else 0)
            took = time.perf_counter() - began
        except BaseException:
            writer.close()
            raise
        self._idle.append(line)
        return int(answer.split()[1]), text.decode(), {}, took

    def hang_up(self) -> None:
        """Let go of the connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _connected(address: URL) -> Line:
    assert address.host
    return await asyncio.open_connection(address.host, address.port)


@asynccontextmanager
async def bare(office: Office, **how: Any) -> AsyncGenerator[None]:  # noqa: ANN401
    """Be on Slack with an app that only answers."""
    async with open_app(office.slack, **how) as app:

        @app.action("vivant_again")
        async def again(ack: Any) -> None:  # noqa: ANN401
            await ack()

        over = over_http if office.transport == "http" else over_socket
        async with over(office.slack, app):
            yield


async def round_of(office: Office, card: Message, presses: int) -> list[float]:
    """Press the button so often; seconds until each press was answered.

    Slack waits for three: what was not answered by then counts as those.
    """
    took = []
    line = office.slack.transport
    if isinstance(line, Signed):
        line = office.slack.transport = Bare(office.slack, line.url)
    for number in range(WARM + presses):
        pressed = await office.ada.press(card, "Again")
        queued = "SELECT id FROM jobs WHERE state = 'queued'"
        await office.house.store.rows(f"DELETE FROM ledger WHERE job IN ({queued})")
        await office.house.store.rows("DELETE FROM jobs WHERE state = 'queued'")
        await asyncio.sleep(PAUSE)
        if number >= WARM:
            took.append(pressed.acks[0].took if pressed.acks else ACK_WINDOW)
    if isinstance(line, Bare):
        line.hang_up()
    return took


async def measure(transport: str, presses: int) -> dict[str, list[float]]:
    """Ours and the bare ones, in turns."""
    times: dict[str, list[float]] = {BARE: [], BEFORE: [], OURS: []}
    with tempfile.TemporaryDirectory() as folder:
        provider = FakeProvider(Path(folder), at_once=UNDER_WAY)
        async with open_office(
            Path(folder), transport=transport, provider=provider, render_pace=PATIENT
        ) as office:
            office.slack.limits.active = False
            office.slack.bell.stretch = 12.0
            await office.clip("pan left", picture=photo())
            card = await office.card("Done", button="Again")
            await office.disconnect()
            provider.looks = 10**9
            order = Ask(prompt="pan left", seconds=4)
            for _ in range(UNDER_WAY):
                await office.house.service.submit(order, person=SOMEBODY, place=NOWHERE)
            for _ in range(ROUNDS):
                async with bare(office):
                    times[BARE] += await round_of(office, card, presses)
                async with bare(office, process_before_response=True):
                    times[BEFORE] += await round_of(office, card, presses)
                await office.connect()
                times[OURS] += await round_of(office, card, presses)
                await office.disconnect()
    return times


def ratios(presses: int) -> dict[str, float]:
    """Measure and print; ours beside both bare ones."""
    found: dict[str, float] = {}
    for transport in ("socket", "http"):
        times = asyncio.run(measure(transport, presses))
        rows = {name: middle_and_tail(one) for name, one in times.items()}
        for name, (median, tail) in rows.items():
            label = f"slack {transport:6} {name:12}"
            missed = sum(one >= ACK_WINDOW for one in times[name])
            late = f"   {missed} not answered" if missed else ""
            print(f"{label} p50 {median:7.2f} ms   p99 {tail:7.2f} ms{late}")
        ours = rows[OURS]
        for name, other in (("", rows[BARE]), ("_before", rows[BEFORE])):
            found |= {
                f"{transport}{name}_p50_ratio": round(ours[0] / other[0], 2),
                f"{transport}{name}_p99_ratio": round(ours[1] / other[1], 2),
            }
        found[f"{transport}_p99_ms"] = round(ours[1], 2)
    return found | {"under_way": UNDER_WAY}
