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
    "left",
    "charged",
    "shown",
]
KINDS = ("keyed", "asked", "blind")
UNSURE = {"left", "charged", "submitting.after"}
BILLED = "may have been billed"
LOSES = {
    "keyed": 99,
    "asked": 2,
    "blind": 1,
}  # from so many orders on a job may be lost


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
def test_two_kills_as_an_order_leaves_end_in_a_third_only_where_that_is_free(
    tmp_path: Path, kind: str
) -> None:
    """What was begun twice and shows nowhere is told, and may have been billed."""
    for _ in range(2):
        spend(tmp_path, kind, deadly="left")

    assert spend(tmp_path, kind) == 0

    told = _rows(tmp_path, "SELECT state, kind, note FROM jobs JOIN ledger ON job=id")
    orders, posts = _diaries(tmp_path)
    if kind == "keyed":
        assert told == ("done", "charged", None)
        assert len(orders) == 1
    else:
        assert told == ("failed", "returned", BILLED)
        assert orders == []
    assert len(posts) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_random_kills_lose_pay_and_post_nothing_twice(
    tmp_path: Path, kind: str
) -> None:
    """Some hundred jobs, killed at moments that nobody chose.

    Only a job may end without its clip whose orders were interrupted as often as its
    provider allows: every time with one that can neither be asked nor take keys, twice
    with one that can be asked. It is given back and noted.
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
    assert _rows(tmp_path, LOST, BILLED, LOSES[kind]) == (failed,)


LOST = """
SELECT count(*) FROM jobs JOIN ledger ON job = id WHERE state = 'failed'
  AND kind = 'returned' AND note = ? AND json_extract(details, '$.orders') >= ?
  AND json_extract(details, '$.orders') <= 2
  AND json_extract(details, '$.error.fault') = 'lost'
"""


def _rows(folder: Path, sql: str, *values: object) -> tuple[Any, ...]:
    database = sqlite3.connect(folder / "vivant.sqlite3")
    try:
        [row] = database.execute(sql, values).fetchall()
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
