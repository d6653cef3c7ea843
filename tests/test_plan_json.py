"""A stored plan is read back as it was, and nonsense is refused."""

import math

import pytest

from bot.prompt.parse import parse
from bot.prompt.plan import Plan

STORED = parse("dolly in 2 s, hold 1 s, pan left 1 s, golden hour, waves").to_json()


def with_beat(**changes: object) -> dict[str, object]:
    """The stored plan with another first beat."""
    first, *others = STORED["beats"]
    return {**STORED, "beats": [{**first, **changes}, *others]}


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert Plan.from_json({**STORED, "mood": "calm"}) == Plan.from_json(STORED)


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        [],
        {"seconds": "x"},
        {"seconds": 4, "beats": 3},
        {"seconds": -1},
        {"seconds": 0},
        {"seconds": math.nan},
        {"seconds": math.inf},
        {"seconds": 4, "looks": {"snow": math.inf}},
        {"seconds": 4, "looks": {"snow": -1}},
        {"seconds": 4, "handheld": math.nan},
        with_beat(start=3, end=1),
        with_beat(end=3),
        with_beat(end=math.nan),
        with_beat(start=-1),
        {**STORED, "seconds": 3},
        with_beat(ease="wobbly"),
        with_beat(moves=[{"kind": "teleport", "amount": 1}]),
        with_beat(moves=[{"kind": "pan", "amount": math.nan, "dx": 1}]),
        with_beat(moves=[{"kind": "pan", "amount": 0.1, "dx": 7}]),
    ],
)
def test_what_is_no_plan_is_refused(nonsense: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Plan.from_json(nonsense)
