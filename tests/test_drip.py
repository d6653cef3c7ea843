"""What may be done so often is done no oftener, and in time."""

import asyncio

import pytest

from adapters.slack.cards import BURST, DRIP
from bot.drip import Drip


def test_a_burst_is_followed_by_a_steady_drip() -> None:
    now = [0.0]
    drip = Drip(DRIP, burst=BURST, clock=lambda: now[0])
    assert [drip.take() for _ in range(BURST + 2)] == [True] * BURST + [False] * 2

    now[0] += 60
    assert sum(drip.take() for _ in range(100)) == BURST
    taken = 0
    for _ in range(600):
        now[0] += 0.1
        taken += drip.take()
    assert taken == pytest.approx(60 / DRIP, abs=1)
    assert taken + BURST <= 50  # what Slack allows a minute


async def test_whoever_must_waits_for_their_turn() -> None:
    loop = asyncio.get_running_loop()
    drip = Drip(0.02)
    begun = loop.time()
    for _ in range(5):
        assert drip.take()
    assert not drip.take()
    await drip.wait()
    assert loop.time() - begun > 0.01


async def test_without_a_limit_nobody_waits() -> None:
    drip = Drip(0.0)
    for _ in range(1_000):
        await drip.wait()
        assert drip.take()
