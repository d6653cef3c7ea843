"""`kill -9` at any moment loses nothing, pays nothing twice and posts nothing twice.

Each life of the bot is a process of its own that kills itself at a point, or is
killed at a random moment; the next life opens the same folder. What the world saw is
in the diaries of the fake provider and the fake chat.
"""

import os
import random
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.lives import begin, spend
from tests.fakes.world import Diary

pytestmark = pytest.mark.kill

STATES = ("submitting", "rendering", "fetching", "finishing", "delivering")
POINTS = [
    *(f"{state}.{when}" for state in STATES for when in ("before", "after")),
    *(f"{state}.entered" for state in (*STATES[1:], "done")),
    "charged",
    "shown",
]
KINDS = ("keyed", "asked", "blind")
UNSURE = {"submitting.before", "charged", "submitting.after"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_is_nothing_special(
    tmp_path: Path, kind: str, point: str
) -> None:
    """The next life ends what the last began; the world saw everything once."""
    assert spend(tmp_path, kind, deadly=point) == -signal.SIGKILL

    assert spend(tmp_path, kind) == 0

    lost = kind == "blind" and point in UNSURE
    state, kept = _rows(tmp_path, "SELECT state, kind FROM jobs JOIN ledger ON job=id")
    orders, posts = _diaries(tmp_path)
    assert (state, kept) == (("failed", "returned") if lost else ("done", "charged"))
    assert len(posts) == 1
    assert len(orders) <= 1
    assert lost or len(orders) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_random_kills_lose_pay_and_post_nothing_twice(
    tmp_path: Path, kind: str
) -> None:
    """Some hundred jobs, killed at moments that nobody chose.

    Only a provider that can neither be asked nor take keys may cost a job its clip;
    that job ends as failed and is given back.
    """
    dice = random.Random(f"{kind} {os.getpid()}")
    total, kills = 150, 8
    for _ in range(kills):
        life = begin(tmp_path, kind, orders=total)
        life.join(dice.uniform(0.15, 0.6))
        life.kill()
        life.join()

    assert spend(tmp_path, kind, orders=total) == 0

    orders, posts = _diaries(tmp_path)
    assert set(Counter(order["key"] for order in orders).values()) == {1}
    assert set(Counter(post["key"] for post in posts).values()) == {1}
    (done,) = _rows(tmp_path, "SELECT count(*) FROM jobs WHERE state = 'done'")
    (failed,) = _rows(tmp_path, "SELECT count(*) FROM jobs WHERE state = 'failed'")
    (charged,) = _rows(tmp_path, "SELECT sum(units) FROM ledger WHERE kind = 'charged'")
    assert len(posts) == done + failed == total
    assert charged == done * 4
    assert failed == 0 or kind == "blind"


def _rows(folder: Path, sql: str) -> tuple[Any, ...]:
    database = sqlite3.connect(folder / "vivant.sqlite3")
    try:
        [row] = database.execute(sql).fetchall()
    finally:
        database.close()
    return tuple(row)


def _diaries(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    found = []
    for name in ("fake.jsonl", "fake-chat.jsonl"):
        diary = Diary(folder / name)
        found.append(diary.read())
        diary.close()
    return found[0], found[1]
