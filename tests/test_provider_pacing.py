"""Renders are looked at seldom while they cannot be done, and closely when they can."""

import math
import random
from collections.abc import Sequence
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.breaker import Breaker
from bot.callers import Callers
from bot.pacing import Pacing

PACING = Pacing()


def test_a_service_that_calls_is_looked_at_once_as_a_net() -> None:
    """Late enough that its call comes first, and then ever more seldom."""
    history = [18.0, 20.0, 22.0]
    end = 20.0 * 1.2

    net = PACING.pause(0.0, history=history, called=True)
    after = [PACING.pause(p, history=history, called=True) for p in (40.0, 80.0)]

    assert 1.4 * end < net < 1.6 * end
    assert after == sorted(after)
    assert after[0] >= 15.0
    assert PACING.pause(0.0, called=True) > 30.0


def test_trust_in_calls_is_earned_and_lost() -> None:
    now = [0.0]
    callers = Callers(lambda: now[0])
    assert not callers.trusts("x")

    callers.called("x", "job1")
    callers.found_ended("x", "job1")
    callers.found_ended("x", "job2")
    now[0] = 4.0
    callers.called("x", "job2")  # a little after the look
    now[0] = 60.0
    assert callers.trusts("x")

    callers.found_ended("x", "job3")
    assert callers.trusts("x")
    now[0] += 6.0
    assert not callers.trusts("x")
    callers.found_ended("x", "job4")  # nothing is expected any more
    callers.called("x", "job5")
    assert callers.trusts("x")


def test_progress_and_history_are_used_together() -> None:
    history = [58.0, 60.0, 62.0]

    behind = PACING.pause(59.0, history=history, progress=0.5)
    ahead = PACING.pause(10.0, history=history, progress=0.97)
    usual = PACING.pause(59.0, history=history)

    assert behind > usual  # it is slower than any before: no need to hurry
    assert ahead > 10.0  # no render was ever that quick


def looks(ends: float, history: Sequence[float] = (), *, told: bool = False) -> int:
    """How often a render that ends then is looked at."""
    return len(moments(ends, history, told=told))


def moments(
    ends: float, history: Sequence[float] = (), *, told: bool = False
) -> list[float]:
    """When a render is looked at, up to the look that sees its end."""
    seen: list[float] = []
    passed = 0.0
    while passed < ends:
        progress = passed / ends if told else None
        passed += PACING.pause(passed, history=history, progress=progress)
        seen.append(passed)
    return seen


def test_without_anything_known_the_delay_is_a_small_share() -> None:
    for ends in (10.0, 30.0, 60.0, 120.0, 180.0):
        delay = moments(ends)[-1] - ends
        assert delay <= max(2.0, 0.1 * ends)
        assert looks(ends) <= ends / 1.5


@pytest.mark.parametrize(
    ("middle", "width", "most", "late"), [(4.1, 0.12, 9.0, 0.65), (3.0, 0.15, 5.5, 0.5)]
)
def test_history_makes_it_few_looks_and_a_short_delay(
    middle: float, width: float, most: float, late: float
) -> None:
    """The official SDK looks 60 or 20 times, and sees the end after 0.5 s."""
    dice = random.Random(7)
    history = [dice.lognormvariate(middle, width) for _ in range(30)]
    ends = [dice.lognormvariate(middle, width) for _ in range(200)]

    counted = [looks(end, history) for end in ends]
    delays = [moments(end, history)[-1] - end for end in ends]

    assert mean(counted) <= most
    assert median(delays) <= late


def test_there_is_always_an_early_look_for_what_fails_at_once() -> None:
    first, second, *_ = moments(60.0, [55.0, 60.0, 65.0])

    assert first <= 2.2
    assert 45 < second < 60


def test_progress_helps_where_there_is_no_history() -> None:
    assert looks(120.0, told=True) < looks(120.0) / 2
    assert moments(120.0, told=True)[-1] - 120.0 < 2.0


def test_what_takes_longer_than_ever_is_looked_at_ever_more_seldom() -> None:
    history = [10.0, 11.0, 12.0]
    pauses = [PACING.pause(p, history=history) for p in (13.0, 20.0, 40.0, 400.0)]

    assert pauses == sorted(pauses)
    assert pauses[-1] <= 20.0 * 1.1


@given(
    st.floats(0, 10**6),
    st.lists(st.floats(0, 10**5), max_size=40),
    st.none() | st.floats(-1, 2) | st.just(math.nan),
    st.floats(0, 1),
)
def test_a_pause_is_never_none_and_never_endless(
    passed: float, history: list[float], progress: float | None, dice: float
) -> None:
    pause = PACING.pause(passed, history=history, progress=progress, dice=dice)

    assert 0.5 < pause <= 1.1 * max(20.0, *history, 0.0)


def test_a_fuse_opens_after_failures_in_a_row_and_lets_one_try() -> None:
    fuse = Breaker(failures=3, first=10.0, longest=25.0)
    for _ in range(2):
        fuse.failed(0.0)
    fuse.worked()
    for _ in range(2):
        fuse.failed(0.0)
    assert fuse.take(0.0) == 0.0

    fuse.failed(0.0)

    assert fuse.take(4.0) == 6.0
    assert fuse.take(10.0) == 0.0  # the one trial
    assert fuse.take(10.0) == 10.0
    fuse.failed(11.0)
    assert fuse.wait(11.0) == 20.0
    fuse.failed(31.0)
    assert fuse.wait(31.0) == 25.0
    fuse.worked()
    assert fuse.take(31.0) == 0.0


@pytest.mark.parametrize("hours", [1, 10])
def test_a_service_that_is_away_for_hours_is_knocked_at_once_a_minute(
    hours: int,
) -> None:
    """However many ask for it."""
    fuse, knocks = Breaker(), 0
    for second in range(hours * 360):
        for _ in range(20):
            if not fuse.take(second * 10.0):
                knocks += 1
                fuse.failed(second * 10.0)

    assert knocks <= hours * 61 + 10
