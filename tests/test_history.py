"""One history of durations serves all jobs; one hint wakes one who waits."""

import asyncio
from dataclasses import replace

from bot.hint import Hint
from bot.history import History
from bot.models import Job, Person, Place, Price, RenderRequest, Size, State
from bot.store import Row, Rows, Store
from bot.store import jobs as job_rows

REQUEST = RenderRequest(
    prompt="push in", provider="p", model="m", seconds=4, size=Size(16, 9), seed=1
)
JOB = Job(
    id="job",
    person=Person(chat="web", id="ann"),
    place=Place(chat="web", workspace="w", channel="c"),
    request=REQUEST,
    state=State.DONE,
    price=Price(),
    created=1.0,
    updated=1.0,
    took=9.0,
)


class Counting:
    """A store that counts how often it is asked."""

    def __init__(self, store: Rows) -> None:
        self._store = store
        self.asked = 0

    async def rows(self, sql: str, *values: object) -> list[Row]:
        self.asked += 1
        return await self._store.rows(sql, *values)


async def test_ten_thousand_jobs_read_it_once(store: Store) -> None:
    for number in range(5):
        job = replace(JOB, id=f"job{number}", took=10.0 + number, updated=float(number))
        await job_rows.add(store, job, event=None)
    counting = Counting(store)
    history = History(counting)

    found = await asyncio.gather(*(history.of(REQUEST) for _ in range(10_000)))

    assert counting.asked == 1
    assert list(found[0]) == [10.0, 11.0, 12.0, 13.0, 14.0]


async def test_a_render_that_ended_is_seen_by_those_under_way(store: Store) -> None:
    history = History(store)
    seen = await history.of(REQUEST)
    for _ in range(3):
        await history.add(JOB)

    assert list(seen) == [9.0, 9.0, 9.0]
    assert list(await history.of(REQUEST)) == [9.0, 9.0, 9.0]


async def test_other_lengths_serve_where_there_are_too_few_of_one(
    store: Store,
) -> None:
    history = History(store)
    longer = replace(JOB, request=replace(REQUEST, seconds=8), took=30.0)
    for _ in range(3):
        await history.add(longer)
    await history.add(JOB)

    assert sorted(await history.of(REQUEST)) == [9.0, 30.0, 30.0, 30.0]
    assert list(await history.of(longer.request)) == [30.0, 30.0, 30.0]
    assert not await history.of(replace(REQUEST, model="other"))


async def test_a_hint_before_or_while_somebody_waits_wakes_them() -> None:
    hint = Hint()
    hint.set()
    assert await hint.wait(60.0)
    assert not await hint.wait(0.0)

    waiting = asyncio.create_task(hint.wait(60.0))
    await asyncio.sleep(0)
    hint.set()
    hint.set()

    assert await waiting
    assert not await hint.wait(0.0)


async def test_who_stops_waiting_leaves_the_hint_for_the_next() -> None:
    hint = Hint()
    waiting = asyncio.create_task(hint.wait(60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    hint.set()

    assert await hint.wait(60.0)
