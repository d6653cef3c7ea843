"""The life of a job, one step per state.

The row is the truth: every arrow is one transaction, and every step may be run again
after a kill; `again` is then true, and the step looks before it leaps. Taking a job
raises its run number, and every arrow checks it, so that whoever was slower has lost
the job and stops. Polls are held in memory: starting up is running unfinished rows.

    queued ─► submitting ─► rendering ─► fetching ─► finishing ─► delivering ─► done
                   └────────────┴───────────┴────────────┴──bad news───▲  or failed,
                                                                          cancelled
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot import clips, quota, store
from bot.choice import Choice
from bot.errors import (
    PASSING,
    BotError,
    DeliveryError,
    Fault,
    ProviderError,
    StorageError,
)
from bot.hint import Hint
from bot.history import History
from bot.media import Media
from bot.models import Job, Snapshot, State, Trouble
from bot.pacing import Pace, Pacing
from bot.providers import Provider
from bot.reports import Chat, Reports
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows

log = logging.getLogger(__name__)


MOST_LOOKS = 500  # a second, of all jobs together: what one machine can well do
BROKEN = BotError("Something broke on our side.")


class Superseded(Exception):  # noqa: N818 - not an error: somebody else has the job
    """A later run has taken this job over."""


class Jobs:
    """Carries jobs to their end."""

    def __init__(
        self,
        store: store.Store,
        providers: Mapping[str, Provider],
        chats: Mapping[str, Chat],
        media: Media,
        *,
        choice: Choice | None = None,
        pace: Pace | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._providers = providers
        self.reports = Reports(store, media, chats, now=now)
        self._media = media
        self.choice = choice
        self.history = History(store)
        self._pace = pace or Pace(looks=Pacing())
        self._now = now
        self._held: dict[str, Hint] = {}
        self._steps: dict[State, Callable[[Job, bool], Awaitable[Job]]] = {
            State.SUBMITTING: self.submitting,
            State.RENDERING: self.rendering,
            State.FETCHING: self.fetching,
            State.FINISHING: self.finishing,
            State.DELIVERING: self.delivering,
        }
        store.hear(self._heard)

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
        if job is None:
            return
        self._held[job_id] = Hint()
        again = job.run > 1
        try:
            while not job.state.ended:
                job = await self.move(job, await self.advance(job, again=again))
                again = False
        except Superseded:
            log.info("job %s was taken over", job_id)
        finally:
            self._held.pop(job_id, None)

    async def advance(self, job: Job, *, again: bool) -> Job:
        """Take one step, trying anew what may pass; bad news is a next state too."""
        step = self._steps[job.state]
        trouble: BotError = BROKEN
        for tried, pause in enumerate(self._pace.pauses(), start=1):
            try:
                return await step(job, again)
            except (Superseded, StorageError):
                raise
            except BotError as error:
                log.info("job %s: %s", job.id, error, exc_info=error.__cause__)
                again = again or not _never_began(error)
                trouble = error
            except Exception:
                log.exception("job %s broke in a way nobody foresaw", job.id)
                again = True
                trouble = BROKEN
            worn_out = tried >= self._pace.tries and not self._may_be_back(job, trouble)
            if worn_out or not _may_pass(trouble):
                break
            after = trouble.after if isinstance(trouble, ProviderError) else None
            await self._rest(job, max(pause, after or 0.0))
        if job.state is State.SUBMITTING:
            return await self._not_taken(job, trouble, again=again)
        return await self._bad_news(job, trouble)

    async def move(self, job: Job, to: Job) -> Job:
        """Write an arrow; the one that ends a job settles its hold too.

        Raises:
            Superseded: A later run owns the job.
        """
        now = self._now()
        since = now if to.state is not job.state else job.since

        async def write(db: store.Rows) -> Job:
            moved = await job_rows.save(db, replace(to, updated=now, since=since))
            if moved is None:
                raise Superseded
            if moved.price != job.price:
                await quota.reprice(db, moved)
            if moved.state.ended:
                note = "may have been billed" if moved.billed else None
                await quota.settle(db, moved, note=note, now=now)
            return moved

        moved = await self._store.transaction(write)
        if moved.state is not job.state:
            log.info("job %s is %s", moved.id, moved.state)
            if moved.state is State.FETCHING:
                await self.history.add(moved)
        await self.reports.show(moved)
        return moved

    async def submitting(self, job: Job, again: bool) -> Job:  # noqa: FBT001
        """Hand the job to its provider, and never pay twice."""
        provider = self._provider(job)
        look_first = again and not provider.idempotent
        if look_first and (found := await self._found(job, provider)):
            return replace(job, state=State.RENDERING, ref=found.ref)
        if (look_first or not again) and await self._is_cancelled(job):
            return _stopped(job)
        created = await provider.create(job)
        if self.choice:
            self.choice.worked(provider.name)
        notes = (*job.notes, *created.notes)
        return replace(job, state=State.RENDERING, ref=created.ref, notes=notes)

    async def rendering(self, job: Job, again: bool) -> Job:  # noqa: FBT001
        """Watch the provider until the clip is there."""
        provider = self._provider(job)
        pauses = self._pace.pauses()
        history = await self.history.of(job.request)
        if again:  # not everyone at once after a restart
            await self._rest(job, random.uniform(0, self._pace.first))
        hinted = True
        while True:
            if hinted and await self._is_cancelled(job):
                return _stopped(job, sure=await provider.cancel(job))
            pause = next(pauses)
            try:
                seen = await provider.retrieve(job)
            except ProviderError as error:
                if error.fault not in PASSING | {Fault.AUTH}:  # a key may be mended
                    raise
                pause = max(pause, error.after or 0.0)
            else:
                if seen.error:
                    return await self._bad_news(job, seen.error, free=True)
                if seen.state is State.DONE:
                    return _rendered(job, seen, took=self._now() - job.since)
                job = await self._noted(job, seen)
                pause = self._until_next(job, seen, pause, history)
            if self._now() - job.since > self._pace.deadline:
                late = ProviderError(Fault.TIMEOUT, "The render took too long.")
                stopped = await provider.cancel(job)
                return await self._bad_news(job, late, free=stopped)
            hinted = await self._rest(job, pause)

    async def fetching(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Bring the provider's file onto our own disk."""
        if await self._is_cancelled(job):
            return _stopped(job, sure=False)
        provider = self._provider(job)
        scratch = self._media.scratch(f"{job.id}.mp4")
        await provider.download(job, scratch)
        await asyncio.to_thread(_complete, job, scratch, self._media)
        media = await self._media.adopt(scratch, ".mp4")
        return replace(job, state=State.FINISHING, media=media, progress=None)

    async def finishing(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Look into the file, keep its first and last frame, and call it a clip."""
        if await self._is_cancelled(job):
            return _stopped(job, sure=False)
        clip = await clips.describe(job, self._media, now=self._now())
        await clip_rows.put(self._store, clip)
        return replace(job, state=State.DELIVERING)

    async def delivering(self, job: Job, again: bool) -> Job:  # noqa: FBT001
        """Post the clip, or the bad news, once."""
        await self.reports.post(job, key=job.id, again=again)
        return replace(job, state=job.end or State.DONE)

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

    async def _not_taken(self, job: Job, trouble: BotError, *, again: bool) -> Job:
        """Where an order goes that its provider did not take: on, or nowhere."""
        if self.choice is None:
            return await self._bad_news(job, trouble)
        self.choice.failed(job.request.provider, trouble)
        # What may have been accepted is never ordered anywhere else.
        quote = None if again else self.choice.instead(job, trouble)
        if quote is None:
            return await self._bad_news(job, trouble)
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
            ProviderError: `Fault.LOST`: nobody can tell it from another lost order.
        """
        lost = ProviderError(
            Fault.LOST, "We lost touch while ordering the clip.", billed=True
        )
        if not provider.findable:
            raise lost
        for pause in self._pace.pauses():
            await self._rest(job, pause)
            taken = await job_rows.refs(
                self._store, provider.name, since=job.created - 3_600
            )
            found = await provider.find(job, taken=taken)
            rivals = found and await job_rows.rivals(self._store, job)
            if found and not rivals:
                return found
            if self._now() - job.since >= self._pace.settle:
                if rivals:
                    raise lost
                return None
        raise AssertionError  # pauses never end

    def _until_next(
        self, job: Job, seen: Snapshot, pause: float, history: Sequence[float]
    ) -> float:
        """Seconds until the next look at a render."""
        if seen.poll_after is not None:
            return seen.poll_after
        if looks := self._pace.looks:
            pause = looks.pause(
                self._now() - job.since,
                history=history,
                progress=seen.progress,
                dice=random.random(),
            )
        return max(pause, seen.rest or 0.0, len(self._held) / MOST_LOOKS)

    async def _bad_news(self, job: Job, error: BotError, *, free: bool = False) -> Job:
        """Where a job goes that cannot take its step.

        Args:
            job: As it was.
            error: Why.
            free: Whether nothing was rendered: its provider says so.
        """
        if job.state is not State.DELIVERING:
            return replace(
                job,
                state=State.DELIVERING,
                end=State.FAILED,
                error=Trouble.of(error),
                billed=_costs(job)
                and (_may_be_billed(error) or (job.ref is not None and not free)),
            )
        await self.reports.missed(job, error)
        return replace(job, state=job.end or State.DONE)

    async def _noted(self, job: Job, seen: Snapshot) -> Job:
        """Write down a visible step, and the id that the render goes by from now on."""
        progress = job.progress if seen.progress is None else seen.progress
        ref = seen.ref or job.ref
        before, now = (int((share or 0.0) * 20) for share in (job.progress, progress))
        if ref == job.ref and before == now:
            return job
        return await self.move(job, replace(job, ref=ref, progress=progress))

    def _may_be_back(self, job: Job, trouble: BotError) -> bool:
        """Whether a result waits for its chat, which has not been away for long."""
        away = job.state is State.DELIVERING and isinstance(trouble, DeliveryError)
        return away and self._now() - job.since < self._pace.outage

    async def _is_cancelled(self, job: Job) -> bool:
        seen = await job_rows.get(self._store, job.id)
        return seen is None or seen.cancel

    async def _rest(self, job: Job, seconds: float) -> bool:
        """Wait, unless somebody hints that it is worth looking now."""
        return await self._held[job.id].wait(seconds)

    def _heard(self, job_id: str) -> None:
        if hint := self._held.get(job_id):
            hint.set()


def _complete(job: Job, file: Path, media: Media) -> None:
    """Join what a provider made to what it continues. Blocks."""
    from bot import joining  # noqa: PLC0415 - 40 MB: PyAV and NumPy

    joining.complete(job, file, media)


def _stopped(job: Job, *, sure: bool = True) -> Job:
    """A job that somebody stopped; its render too, if that is sure."""
    billed = _costs(job) and not sure
    return replace(job, state=State.DELIVERING, end=State.CANCELLED, billed=billed)


def _costs(job: Job) -> bool:
    return bool(job.price.units or job.price.micros)


def _rendered(job: Job, seen: Snapshot, *, took: float) -> Job:
    return replace(
        job,
        state=State.FETCHING,
        ref=seen.ref or job.ref,
        took=seen.took or took,
        plan=seen.plan or job.plan,
        notes=(*job.notes, *seen.notes),
    )


def _may_be_billed(error: BotError) -> bool:
    return isinstance(error, ProviderError) and (
        error.billed or error.fault is Fault.LOST
    )


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
    return isinstance(error, ProviderError) and error.fault is not Fault.LOST
