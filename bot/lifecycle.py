"""What every step of a job rests on: its row, its waiting, and how it ends badly.

The row is the truth: every arrow is one transaction that checks the run number, so a
process that was overtaken can move nothing.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot import quota, store
from bot.callers import Callers
from bot.doubts import lost
from bot.errors import BotError, Fault, ProviderError
from bot.films import Films
from bot.history import History
from bot.media import Media
from bot.models import Delay, Job, State, Trouble
from bot.pacing import Pace, Pacing
from bot.progress import Progress
from bot.providers import Provider
from bot.reports import Chat, Reports
from bot.store import jobs as job_rows
from bot.waits import Waits

log = logging.getLogger(__name__)

BROKEN = BotError("Something broke on our side.")


class Superseded(Exception):  # noqa: N818 - not an error: somebody else has the job
    """A later run has taken this job over."""


class Lifecycle:
    """Moves jobs from state to state.

    Attributes:
        callers: Which services call when a render has ended.
        films: Opens what services send.
        history: How long renders took.
        progress: Writes down how far they are.
        reports: What the chats are told.

    Args:
        store: Holds the jobs.
        providers: By their names.
        chats: By their names; what they are told of jobs.
        media: Where clips are kept.
        films: Opens what services send.
        pace: How patient it is.
        now: Unix time in seconds, for what is written down.
        clock: Monotonic seconds; every wait is measured with it.
    """

    def __init__(
        self,
        store: store.Store,
        providers: Mapping[str, Provider],
        chats: Mapping[str, Chat],
        media: Media,
        *,
        films: Films,
        pace: Pace | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._providers = providers
        self.reports = Reports(store, media, chats, now=now)
        self._media = media
        self.films = films
        self.history = History(store)
        self.progress = Progress(store)
        self._pace = pace or Pace(looks=Pacing())
        self._now = now
        self._waits = Waits(clock)
        self.callers = Callers(clock)
        store.hear(self._waits.wake)

    async def move(self, job: Job, to: Job) -> Job:
        """Write an arrow; the one that ends a job settles its hold too.

        A render that another job owns already is never taken: the service has given
        its id twice, so nobody can tell whose clip it will be, and the job is lost.

        Raises:
            Superseded: A later run owns the job.
        """
        moved = await self._write(job, to)
        if moved.state is not job.state:
            log.info("job %s is %s", moved.id, moved.state)
            if moved.state is State.FETCHING:
                await self.history.add(moved)
        await self.reports.show(moved)
        return moved

    async def _write(self, job: Job, to: Job) -> Job:
        now = self._now()

        async def write(db: store.Rows) -> Job:
            aim = to
            if to.ref and to.ref != job.ref and await _is_owned(db, to):
                aim = ended_badly(replace(job, orders=1), lost())
            enters = aim.state is not job.state
            aim = replace(
                aim,
                updated=now,
                since=now if enters else job.since,
                waited=0.0 if enters else self._waits.waited(job.id),
                delay=None if enters else aim.delay,
                delayed_since=None if enters else aim.delayed_since,
            )
            moved = await job_rows.save(db, aim)
            if moved is None:
                raise Superseded
            if moved.price != job.price:
                await quota.reprice(db, moved)
            if moved.state.ended:
                note = quota.BILLED if moved.billed else None
                await quota.settle(db, moved, note=note, now=now)
            if job.inherits and not moved.inherits:
                await quota.mark(db, job.inherits, note=quota.BILLED)
                await job_rows.note_billed(db, job.inherits, billed=True)
            return moved

        moved = await self._store.transaction(write)
        if moved.state is not job.state:
            self._waits.enter(job.id)
        return moved

    def _provider(self, job: Job) -> Provider:
        """Who makes a job.

        Raises:
            ProviderError: The owner has taken it out since it was ordered.
        """
        name = job.request.provider
        if provider := self._providers.get(name):
            return provider
        raise ProviderError(
            Fault.MODEL_GONE, "{provider} is not set up here any more.", provider=name
        )

    async def _delayed(self, job: Job, delay: Delay, *, since: float) -> Job:
        """Let the card say why a job makes no progress.

        Args:
            job: As it is.
            delay: Why.
            since: For how many seconds.
        """
        if job.delay is delay:
            return job
        began = self._now() - since
        return await self.move(job, replace(job, delay=delay, delayed_since=began))

    async def _goes_on(self, job: Job) -> Job:
        """Let the card say that a job makes progress again."""
        if job.delay is None:
            return job
        return await self.move(job, replace(job, delay=None, delayed_since=None))

    async def _is_cancelled(self, job: Job) -> bool:
        return await job_rows.is_cancelled(self._store, job.id)

    def _rest(self, job: Job, seconds: float) -> Awaitable[bool]:
        """Wait, unless somebody hints that it is worth looking now."""
        return self._waits.rest(job.id, seconds)

    def _as_of_now(self, job: Job) -> Job:
        """A job with the seconds that it has been in its state."""
        return replace(job, waited=self._waits.waited(job.id))


async def _is_owned(db: store.Rows, job: Job) -> bool:
    """Whether another job has this render."""
    owner = await job_rows.by_ref(db, job.request.provider, job.ref or "")
    return owner is not None and owner.id != job.id


def ended_badly(job: Job, error: BotError, *, free: bool = False) -> Job:
    """Where a job goes that cannot take its step.

    Args:
        job: As it was.
        error: Why.
        free: Whether nothing was rendered: its provider says so.
    """
    paid_for = job.ref is not None or job.orders > 0
    return replace(
        job,
        state=State.DELIVERING,
        end=State.FAILED,
        error=Trouble.of(error),
        billed=costs(job) and (_may_be_billed(error) or (paid_for and not free)),
    )


def stopped(job: Job, *, sure: bool = True) -> Job:
    """A job that somebody stopped; its render too, if that is sure."""
    billed = costs(job) and not sure
    return replace(job, state=State.DELIVERING, end=State.CANCELLED, billed=billed)


def costs(job: Job) -> bool:
    """Whether a job takes anything from a quota."""
    return bool(job.price.units or job.price.micros)


def _may_be_billed(error: BotError) -> bool:
    return isinstance(error, ProviderError) and (
        error.billed or error.fault is Fault.LOST
    )
