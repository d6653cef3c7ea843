"""The page as a chat: the row is the truth, the page is told to look at it.

Nothing is posted anywhere, so delivering is idempotent by nature; what travels is
only "this job changed". A listener keeps the ids it has not read yet, each once: a
slow reader costs a few words of memory and sees the latest state, never a backlog.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bot.models import Clip, Job, Person, Place

OWNER = Person(chat="web", id="owner")
PAGE = Place(chat="web", workspace="web", channel="page")


class Listener:
    """One open page: which of its jobs changed since it last looked."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}  # a set that keeps its order
        self._bell = asyncio.Event()
        self.closed = False

    def tell(self, job_id: str) -> None:
        """Note that a job changed; never waits."""
        self._changed[job_id] = None
        self._bell.set()

    def close(self) -> None:
        """Let the page go."""
        self.closed = True
        self._bell.set()

    async def changes(self, patience: float) -> list[str]:
        """Ids of the jobs that changed, the oldest change first.

        Args:
            patience: Seconds to wait for one; after them the list is empty.
        """
        try:
            async with asyncio.timeout(patience):
                await self._bell.wait()
        except TimeoutError:
            return []
        self._bell.clear()
        changed = list(self._changed)
        self._changed.clear()
        return changed


class WebChat:
    """Tells every open page what changed. Satisfies `Chat`."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @contextmanager
    def listening(self) -> Generator[Listener]:
        """A listener, for as long as its page is open."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def tell(self, job_id: str) -> None:
        """Let every page look at a job anew."""
        for listener in self._listeners:
            listener.tell(job_id)

    def close(self) -> None:
        """Let every page go, so that the server can stop."""
        for listener in self._listeners:
            listener.close()

    async def show(self, job: Job) -> None:
        """Bring the job's card up to date on every page."""
        self.tell(job.id)

    async def find(self, job: Job, key: str) -> str | None:  # noqa: ARG002
        """The card; it exists as soon as the job does."""
        return _card(job)

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:  # noqa: ARG002
        """Show the finished clip on the job's card."""
        self.tell(job.id)
        return _card(job)

    async def report(self, job: Job, key: str) -> str:  # noqa: ARG002
        """Show on the job's card why there is no clip."""
        self.tell(job.id)
        return _card(job)


def _card(job: Job) -> str:
    return f"web-{job.id}"
