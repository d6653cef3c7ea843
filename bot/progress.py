"""How far renders are, written down together: after a start there are thousands."""

import asyncio
from functools import partial

from bot.models import Job
from bot.store import Store
from bot.store import jobs as job_rows


class Progress:
    """Writes what came in while the last write was under way, in one transaction.

    Each transaction waits for the disk, and nothing hangs on a share that is lost.

    Args:
        store: Holds the jobs.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._waiting: dict[str, Job] = {}

    async def keep(self, job: Job) -> None:
        """Write down a job's progress; it is there for everybody when this returns.

        Raises:
            StorageError: It cannot be written.
        """
        self._waiting[job.id] = job
        async with self._turn:
            if job.id not in self._waiting:
                return  # somebody's turn before ours took it along
            jobs, self._waiting = list(self._waiting.values()), {}
            await self._store.transaction(partial(job_rows.note_progress, jobs=jobs))
