"""The life of a job, one step per state.

The row is the truth: every arrow is one transaction, and every step may be run again
after a kill; `again` is then true, and the step looks before it leaps. Taking a job
raises its run number, and every arrow checks it, so that whoever was slower has lost
the job and stops. Polls are held in memory: starting up is running unfinished rows.

    queued ─► submitting ─► rendering ─► fetching ─► finishing ─► delivering ─► done
                   └────────────┴───────────┴────────────┴──bad news───▲  or failed,
                                                                          cancelled
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import count

from bot import quota, store
from bot.choice import Choice
from bot.doubts import Doubts, lost
from bot.errors import (
    PASSING,
    BotError,
    DeliveryError,
    Fault,
    ProviderError,
    StorageError,
    WorkshopError,
)
from bot.films import Films
from bot.lifecycle import BROKEN, Superseded, ended_badly, stopped
from bot.media import Media
from bot.models import Job, Snapshot, State, Trouble
from bot.pacing import Pace
from bot.providers import Provider
from bot.rendering import Rendering, UnusableError
from bot.reports import Chat
from bot.store import clips as clip_rows
from bot.store import damage
from bot.store import jobs as job_rows

log = logging.getLogger(__name__)

MOST_ORDERS = 2  # of a job: what may have been taken is ordered anew once, at the most


class Jobs(Rendering):
    """Carries jobs to their end.

    Args:
        store: Holds the jobs.
        providers: By their names.
        chats: By their names; what they are told of jobs.
        media: Where clips are kept.
        films: Opens what services send.
        choice: Picks another model for what a provider does not take.
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
        choice: Choice | None = None,
        pace: Pace | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            store, providers, chats, media, films=films, pace=pace, now=now, clock=clock
        )
        self.choice = choice
        self._steps: dict[State, Callable[[Job, bool], Awaitable[Job]]] = {
            State.SUBMITTING: self.submitting,
            State.RENDERING: self.rendering,
            State.FETCHING: self.fetching,
            State.FINISHING: self.finishing,
            State.DELIVERING: self.delivering,
        }

    def connect(self, name: str, chat: Chat) -> None:
        """Let jobs report to a chat from now on, in place of an earlier one."""
        self.reports.connect(name, chat)

    async def run(self, job_id: str, taken: Job | None = None) -> None:
        """Drive one job to its end from wherever it is.

        Args:
            job_id: Which.
            taken: The job, if it was taken with others already.
        """
        job = taken or await job_rows.take(self._store, job_id)
        job = job or await self._led_out(job_id)
        if job is None:
            return
        again = job.run > 1
        away = max(0.0, self._now() - job.updated)
        self._waits.begin(job, before=job.waited + away, again=again)
        try:
            while not job.state.ended:
                job = await self.move(job, await self.advance(job, again=again))
                again = False
        except Superseded:
            log.info("job %s was taken over", job_id)
        finally:
            self._waits.end(job_id)
            self.callers.forget(job_id)

    async def _led_out(self, job_id: str) -> Job | None:
        """End a job whose row is damaged: otherwise it has its slot and hold for ever.

        Returns:
            The job on its last step, if it can be read that far.
        """

        async def end(db: store.Rows) -> Job | None:
            found = await damage.find(db, job_id)
            if found is None:
                return None
            log.error("job %s is ended: its row is damaged", job_id)
            now, why = self._now(), Trouble.of(BROKEN)
            job = await damage.lead_out(db, found, error=why, now=now)
            if job is None:
                note = quota.BILLED if found.costs else None
                await quota.give_back(db, job_id, note=note, now=now)
            return job

        return await self._store.transaction(end)

    async def abandon(self, job_id: str) -> None:
        """End a job that cannot take its next arrow; its hold is given back."""
        job = await job_rows.take(self._store, job_id)
        if job is None:
            return
        log.error("job %s is given up: it cannot go on from %s", job_id, job.state)
        if job.state is not State.DELIVERING:
            job = await self._write(job, ended_badly(job, BROKEN))
        await self.move(job, replace(job, state=job.end or State.DONE))

    async def advance(self, job: Job, *, again: bool) -> Job:
        """Take one step, trying anew what may pass; bad news is a next state too."""
        step = self._steps[job.state]
        trouble: BotError = BROKEN
        for tried in count(1):
            try:
                return await step(job, again)
            except (Superseded, StorageError):
                raise
            except BotError as error:
                log.info("job %s: %s", job.id, error, exc_info=error.__cause__)
                trouble = error
            except Exception:
                log.exception("job %s broke in a way nobody foresaw", job.id)
                trouble = BROKEN
            if job.state is State.SUBMITTING:
                job = await self._after_an_order(job, trouble)
            worn_out = tried >= self._pace.tries and not self._may_be_back(job, trouble)
            if worn_out or not _may_pass(trouble):
                break
            after = trouble.after if isinstance(trouble, ProviderError) else None
            await self._rest(job, max(self._pace.pause(tried), after or 0.0))
        if job.state is State.SUBMITTING:
            return self._not_taken(job, trouble)
        return await self._bad_news(job, trouble)

    async def submitting(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Hand the job to its provider, and never pay twice."""
        if job.ref is not None:  # paid for by an earlier job: it has only to be fetched
            return replace(job, state=State.RENDERING)
        provider = self._provider(job)
        doubted = job.orders > 0 and not provider.idempotent
        if doubted and (found := await self._found(job, provider)):
            return replace(job, state=State.RENDERING, ref=found.ref)
        if (doubted or not job.orders) and await self._is_cancelled(job):
            return stopped(job, sure=not job.orders)
        if doubted and job.orders >= MOST_ORDERS:
            raise lost()
        job, created = await self._ordered(job, provider)
        if self.choice:
            self.choice.worked(provider.name)
        self._waits.keep_answer(job.id, created)
        notes = (*job.notes, *created.notes)
        return replace(job, state=State.RENDERING, ref=created.ref, notes=notes)

    async def finishing(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Look into the file, keep its first and last frame, and call it a clip."""

        async def describe(job: Job, tried: int) -> Job:
            if tried > 1:  # the file that came was broken; another may be whole
                job = await self._brought(job)
            try:
                clip = await self.films.describe(job, now=self._now())
            except (ProviderError, WorkshopError) as error:
                raise UnusableError(error) from error
            await clip_rows.put(self._store, clip)
            return replace(job, state=State.DELIVERING)

        return await self._had(job, describe)

    async def delivering(self, job: Job, again: bool) -> Job:  # noqa: FBT001
        """Post the clip, or the bad news, once."""
        await self.reports.post(job, key=job.id, again=again)
        return replace(job, state=job.end or State.DONE)

    async def _ordered(self, job: Job, provider: Provider) -> tuple[Job, Snapshot]:
        """Order, and write down right before it leaves that an order does.

        Whatever becomes of this process or of the answer, the row then knows of it. An
        order that is sent once more, in other words, was surely turned away before.
        """
        left = False

        async def leaves() -> None:
            nonlocal job, left
            if left:
                return
            begun = replace(job, orders=job.orders + 1, ordered_at=self._now())
            job = await self._write(job, begun)
            self._waits.order(job.id)
            left = True

        created = await provider.create(job, leaves)
        return job, created

    async def _after_an_order(self, job: Job, trouble: BotError) -> Job:
        """The job as its row has it, without an order that was surely turned away."""
        seen = await job_rows.get(self._store, job.id)
        if seen is None or seen.run != job.run:
            raise Superseded
        if seen.orders == job.orders or not _never_began(trouble):
            return seen
        turned_away = replace(seen, orders=job.orders, ordered_at=job.ordered_at)
        return await self._write(seen, turned_away)

    def _not_taken(self, job: Job, trouble: BotError) -> Job:
        """Where an order goes that its provider did not take: on, or nowhere."""
        if self.choice is None:
            return ended_badly(job, trouble)
        self.choice.failed(job.request.provider, trouble)
        # What may have been accepted is never ordered anywhere else.
        quote = None if job.orders else self.choice.instead(job, trouble)
        if quote is None:
            return ended_badly(job, trouble)
        log.info("job %s goes on to %s", job.id, quote.request.provider)
        return replace(
            job,
            request=quote.request,
            price=quote.price,
            plan=quote.request.plan,
            notes=quote.notes,
            cannot=quote.cannot,
        )

    async def _found(self, job: Job, provider: Provider) -> Snapshot | None:
        """Look for an order that may have been taken, until it must have shown.

        Raises:
            ProviderError: `Fault.LOST`: nobody can tell.
        """
        passed = self._waits.since_order(job.id)
        if passed is None:  # an earlier process sent it
            passed = max(0.0, self._now() - (job.ordered_at or job.since))
        doubts = Doubts(
            store=self._store,
            pace=self._pace,
            clock=self._waits.clock,
            now=self._now,
            rest=self._rest,
        )
        return await doubts.settled(replace(job, waited=passed), provider)

    async def _bad_news(self, job: Job, error: BotError) -> Job:
        """Where a job goes that cannot take its step."""
        if job.state is not State.DELIVERING:
            return ended_badly(job, error)
        await self.reports.missed(job, error)
        return replace(job, state=job.end or State.DONE)

    def _may_be_back(self, job: Job, trouble: BotError) -> bool:
        """Whether a result waits for its chat, which has not been away for long."""
        away = job.state is State.DELIVERING and isinstance(trouble, DeliveryError)
        return away and self._waits.waited(job.id) < self._pace.outage


def _may_pass(error: BotError) -> bool:
    match error:
        case ProviderError():
            return error.fault in PASSING or (
                error.fault is Fault.LOST and not error.billed
            )
        case DeliveryError():
            return error.passing
        case _:
            return error is BROKEN or error.retryable


def _never_began(error: BotError) -> bool:
    """Whether a failed step surely left nothing behind outside."""
    if isinstance(error, ProviderError):
        return error.fault is not Fault.LOST
    return error is not BROKEN
