"""Progress of many renders is written down together, and never over newer facts."""

import asyncio
from dataclasses import replace

from bot.models import Job, Price, RenderRequest, Size, State
from bot.progress import Progress
from bot.store import Store
from bot.store import jobs as job_rows
from bot.store.sqlite import Sqlite
from tests.fakes.house import ANN, HERE

JOB = Job(
    id="job",
    person=ANN,
    place=HERE,
    request=RenderRequest(
        prompt="push in",
        provider="fake",
        model="one",
        seconds=4,
        size=Size(16, 9),
        seed=1,
    ),
    state=State.RENDERING,
    price=Price(units=4),
    created=0.0,
    updated=0.0,
)


async def test_a_thousand_renders_need_a_handful_of_transactions(store: Store) -> None:
    assert isinstance(store, Sqlite)
    jobs = [replace(JOB, id=f"job{n}", progress=0.5) for n in range(1_000)]
    for job in jobs:
        await job_rows.add(store, replace(job, progress=None), event=None)
    progress, told = Progress(store), list[str]()
    await store._db.set_trace_callback(told.append)

    await asyncio.gather(*(progress.keep(job) for job in jobs))

    assert told.count("COMMIT") <= 3
    await store._db.set_trace_callback(lambda _: None)
    for job in jobs[::99]:
        seen = await job_rows.get(store, job.id)
        assert seen is not None
        assert seen.progress == 0.5


async def test_a_job_that_has_moved_on_keeps_its_row(store: Store) -> None:
    await job_rows.add(store, JOB, event=None)
    await job_rows.save(store, replace(JOB, state=State.FETCHING))
    await job_rows.add(store, replace(JOB, id="other"), event=None)
    await job_rows.take(store, "other")

    progress = Progress(store)
    await progress.keep(replace(JOB, progress=0.9))
    await progress.keep(replace(JOB, id="other", progress=0.9))

    for job_id in ("job", "other"):
        seen = await job_rows.get(store, job_id)
        assert seen is not None
        assert seen.progress is None
