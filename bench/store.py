"""Orders per second that the database takes in, beside the bare sqlite3 module.

Ours is the whole accepting transaction as the service does it: every cap checked, the
hold, the job and its event written and fsynced, 32 people at once. The bare module
writes the same rows in a loop with the same durability and checks nothing.

    python -m bench.store [--orders 2000] [--json]
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from bot import quota
from bot.config import Caps
from bot.models import Job, Person, Place, Price, RenderRequest, Size, State
from bot.store import Rows, open_sqlite
from bot.store import jobs as job_rows
from bot.store.schema import FIRST

PEOPLE = 32
ROUNDS = 3
CAPS = Caps(person_day=None, workspace_day=None, month_micros=None, at_once=10**6)
REQUEST = RenderRequest(
    prompt="dolly in", provider="p", model="m", seconds=4, size=Size(2, 2), seed=1
)


def order(number: int) -> Job:
    """The order of one of the people."""
    return Job(
        id=f"job-{number}",
        person=Person(chat="bench", id=str(number % PEOPLE)),
        place=Place(chat="bench", workspace="w", channel="c"),
        request=REQUEST,
        state=State.QUEUED,
        price=Price(units=4),
        created=time.time(),
        updated=time.time(),
    )


async def accept(job: Job, event: str, db: Rows) -> None:
    """Write an order and its hold, as the service does."""
    await job_rows.add(db, job, event=event)
    await quota.hold(db, job, CAPS, now=job.created)


async def ours(file: Path, orders: int) -> float:
    """Orders a second through the store."""
    store = await open_sqlite(file)

    async def one_person(first: int) -> None:
        for number in range(first, orders, PEOPLE):
            job = order(number)
            await store.transaction(partial(accept, job, f"event-{number}"))

    begun = time.perf_counter()
    await asyncio.gather(*(one_person(first) for first in range(PEOPLE)))
    spent = time.perf_counter() - begun
    await store.close()
    return orders / spent


def bare(file: Path, orders: int) -> float:
    """Rows of the same size a second through sqlite3 alone."""
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + FIRST)
    job = (
        "INSERT INTO jobs(id, person, chat, workspace, place, provider, state, request,"
        " details, units, micros, created, updated)"
        " VALUES(?, 'p', 'c', 'w', '{}', 'p', 'queued', ?, '{}', 4, 0, 0, 0)"
    )
    hold = (
        "INSERT INTO ledger(job, person, chat, workspace, units, micros, kind, held_at)"
        " VALUES(?, 'p', 'c', 'w', 4, 0, 'held', 0)"
    )
    begun = time.perf_counter()
    for number in range(orders):
        db.execute("BEGIN IMMEDIATE")
        db.execute(job, (f"job-{number}", "x" * 300))
        db.execute(hold, (f"job-{number}",))
        db.execute("COMMIT")
    spent = time.perf_counter() - begun
    db.close()
    return orders / spent


def main() -> None:
    """Measure in turns and print the medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=2_000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "bench.sqlite3")
            found["bare"].append(bare(Path(folder, "bare.sqlite3"), chosen.orders))
            found["ours"].append(asyncio.run(ours(file, chosen.orders)))
    mine, theirs = (statistics.median(found[name]) for name in ("ours", "bare"))
    print(f"ours  {mine:8,.0f} orders/s, every cap checked, fsynced")
    print(f"bare  {theirs:8,.0f} orders/s, nothing checked, fsynced")
    print(f"ratio {mine / theirs:8.2f}")
    if chosen.json:
        numbers = {
            "orders_per_second": round(mine),
            "bare_per_second": round(theirs),
            "ratio_bare": round(mine / theirs, 3),
            "rounds": ROUNDS,
        }
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
