"""Who runs which job. On one machine: this process runs all of them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from bot.errors import StorageError
from bot.jobs import Jobs
from bot.models import Job
from bot.store import Store
from bot.store import jobs as job_rows

log = logging.getLogger(__name__)

MOST_TRIES = 5  # of a job that breaks in a way nobody foresaw, before it is given up
SLICE = 100  # jobs that are resumed at a time
BREATHS = 2  # between two of them
T = TypeVar("T")


class LocalRunner:
    """Lets waiting jobs through the gate and carries every admitted one to its end.

    Args:
        store: Holds the jobs.
        jobs: Takes their steps.
        per_person: How many jobs of one person run at once.
        per_provider: How many jobs of each provider run at once.
        patience: Seconds between two tries of what a full disk or a lock stopped.
        breath: Seconds from an order to its start: who ordered is answered first.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        *,
        per_person: int,
        per_provider: Mapping[str, int],
        patience: float = 5.0,
        breath: float = 0.01,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._per_person = per_person
        self._per_provider = per_provider
        self._patience = patience
        self._breath = breath
        self._now = now
        self._bell = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        store.hear(lambda _: self._bell.set())

    async def run(self) -> None:
        """Resume what was under way, then admit and run jobs until cancelled."""
        try:
            await self._resume()
            while True:
                self._bell.clear()
                await self._admit()
                await self._bell.wait()
                await asyncio.sleep(self._breath)
        finally:
            await self._let_go()

    async def _resume(self) -> None:
        """Go on with what was under way; the rows of many are read bit by bit."""
        under_way = await self._patiently(partial(job_rows.under_way, self._store))
        slices = [
            under_way[first : first + SLICE]
            for first in range(0, len(under_way), SLICE)
        ]
        for job_ids in slices:
            take = partial(job_rows.take_all, job_ids=job_ids)
            jobs = await self._patiently(partial(self._store.transaction, take))
            taken = {job.id: job for job in jobs}
            for job_id in job_ids:
                self._carry(job_id, taken.get(job_id))
            if len(slices) > 1:
                await asyncio.sleep(self._breath * BREATHS)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Try anew what a full disk or a lock stops."""
        while True:
            try:
                return await work()
            except StorageError as error:
                log.warning("no job can go on: %s", error)
            await asyncio.sleep(self._patience)

    async def _admit(self) -> None:
        try:
            admitted = await self._store.transaction(
                partial(
                    job_rows.admit,
                    now=self._now(),
                    per_person=self._per_person,
                    per_provider=self._per_provider,
                )
            )
        except Exception as error:
            if isinstance(error, StorageError):
                log.warning("no job can be admitted: %s", error)
            else:
                log.exception("no job can be admitted")
            asyncio.get_running_loop().call_later(self._patience, self._bell.set)
        else:
            for job_id in admitted:
                self._carry(job_id)

    def _carry(self, job_id: str, taken: Job | None = None) -> None:
        running = self._to_the_end(job_id, [taken] if taken else [])
        task = asyncio.create_task(running, name=job_id)
        self._tasks[job_id] = task
        task.add_done_callback(self._carried)

    async def _to_the_end(self, job_id: str, taken: list[Job]) -> None:
        """A full disk or a busy database delays a job; it never loses one.

        What breaks in any other way is tried a few times, and then given up.

        Args:
            job_id: Which.
            taken: The job, if it was taken with others; only once, and not kept here.
        """
        broken = 0
        while broken < MOST_TRIES:
            try:
                return await self._jobs.run(job_id, taken.pop() if taken else None)
            except StorageError as error:
                log.warning("job %s waits: %s", job_id, error)
            except Exception:
                broken += 1
                log.exception("job %s waits", job_id)
            await asyncio.sleep(self._patience)
        try:
            await self._jobs.abandon(job_id)
        except Exception:
            log.exception("job %s is left until the next start", job_id)

    def _carried(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task.get_name(), None)
        self._bell.set()

    async def _let_go(self) -> None:
        """Stop in the middle; the rows know where to go on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
