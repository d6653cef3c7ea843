"""A render that is under way: watched until it ends, and fetched once it has.

What was paid for is never given up lightly. A service that answers with errors is asked
on, and a finished clip is fetched until the service keeps it no longer; meanwhile the
card says what the job waits for.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.errors import BotError, Fault, ProviderError, StorageError
from bot.lifecycle import BROKEN, Lifecycle, Superseded, ended_badly, stopped
from bot.models import Delay, Job, Snapshot, State
from bot.providers import Provider

log = logging.getLogger(__name__)

# What a look may say that no later look takes back.
FINAL = frozenset(
    {Fault.EXPIRED, Fault.LOST, Fault.REFUSED_INPUT, Fault.REFUSED_OUTPUT}
)
MOST_LOOKS = 500  # a second, of all jobs together: what one machine can well do
NOT_HAD = "The clip is ready, but {provider} did not hand it out."
ASK_AGAIN = (
    "Press Again: the bot asks for this clip first and orders a new one only if it"
    " cannot be had."
)


class UnusableError(Exception):
    """A file came that is no clip; `trouble` says why."""

    def __init__(self, trouble: BotError) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


@dataclass(slots=True)
class _Watch:
    """One run of looks at a render.

    Attributes:
        history: Seconds that earlier renders took.
        tried: Looks that no history has set the pause after.
        silent: When the first of the looks that failed was; monotonic seconds.
    """

    history: Sequence[float]
    tried: int = 0
    silent: float | None = None


class Rendering(Lifecycle):
    """The steps between an accepted order and a file on our disk."""

    async def rendering(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Watch the provider until the clip is there."""
        provider = self._provider(job)
        watch = _Watch(await self.history.of(job.request))
        while True:
            if await self._is_told_to_stop(job):
                return stopped(job, sure=await provider.cancel(job))
            seen = await self._look(job, provider)
            if isinstance(seen, BotError):
                if self._is_final(seen, watch):
                    return self._ended(job, seen)
                job = await self._unheard(job, watch)
                pause = max(self._pause(watch), _after(seen))
            elif seen.error:
                self.callers.found_ended(provider.name, job.id)
                return self._ended(job, seen.error, free=True)
            elif seen.state is State.DONE:
                self.callers.found_ended(provider.name, job.id)
                return _rendered(job, seen, took=self._waits.waited(job.id))
            else:
                watch.silent = None
                job = await self._noted(job, seen)
                if job.state is not State.RENDERING:  # its new id is another job's
                    return job
                pause = self._until_next(job, seen, watch)
            if self._waits.is_over(job.id, self._pace.deadline, self._pace.grace):
                late = ProviderError(Fault.TIMEOUT, "The render took too long.")
                return self._ended(job, late, free=await provider.cancel(job))
            await self._rest(job, pause)

    async def fetching(self, job: Job, again: bool) -> Job:  # noqa: ARG002, FBT001
        """Bring the provider's file onto our own disk."""

        async def fetch(job: Job, _: int) -> Job:
            return replace(await self._brought(job), state=State.FINISHING)

        return await self._had(job, fetch)

    async def _is_told_to_stop(self, job: Job) -> bool:
        """Whether the job is cancelled; its row is read only if that is news.

        Thousands of jobs begin here after a start, with rows that were just read.
        """
        if not self._waits.is_told(job.id):
            return False
        self._waits.hear(job.id, told=False)
        cancelled = await self._is_cancelled(job)
        if cancelled:  # also in a second try of this step
            self._waits.hear(job.id, told=True)
        return cancelled

    async def _look(self, job: Job, provider: Provider) -> Snapshot | BotError:
        """Look once; what an order was answered with is the first look."""
        if answer := self._waits.take_answer(job.id):
            return answer
        try:
            return await provider.retrieve(self._as_of_now(job))
        except StorageError:
            raise
        except BotError as error:
            log.info("job %s: %s", job.id, error, exc_info=error.__cause__)
            return error
        except Exception:
            if self._waits.is_news(job.id):  # it may come again for hours
                log.exception("job %s: a look broke in a way nobody foresaw", job.id)
            return BROKEN

    def _is_final(self, error: BotError, watch: _Watch) -> bool:
        """Whether a look that failed says how the render ended."""
        now = self._waits.clock()
        watch.silent = now if watch.silent is None else watch.silent
        if not isinstance(error, ProviderError) or error.fault not in FINAL:
            return False
        return not error.doubtful or now - watch.silent >= self._pace.gone

    async def _unheard(self, job: Job, watch: _Watch) -> Job:
        """Say so once a provider has been silent for minutes."""
        silent = self._waits.clock() - (watch.silent or 0.0)
        if silent < self._pace.silent:
            return job
        return await self._delayed(job, Delay.SILENT, since=silent)

    async def _noted(self, job: Job, seen: Snapshot) -> Job:
        """Write down a visible step, and the id that the render goes by from now on."""
        if seen.queued:
            job = await self._delayed(job, Delay.TURN, since=0.0)
        else:
            job = await self._goes_on(job)
        progress = job.progress if seen.progress is None else seen.progress
        if seen.ref and seen.ref != job.ref:
            to = replace(job, ref=seen.ref, progress=progress)
            return await self.move(job, to)
        before, now = (int((share or 0.0) * 20) for share in (job.progress, progress))
        if before == now:
            return job
        job = replace(job, progress=progress)
        await self.progress.keep(job)
        await self.reports.show(job)
        return job

    def _until_next(self, job: Job, seen: Snapshot, watch: _Watch) -> float:
        """Seconds until the next look at a render."""
        if seen.poll_after is not None:
            return seen.poll_after
        if looks := self._pace.looks:
            pause = looks.pause(
                self._waits.waited(job.id),
                history=watch.history,
                progress=seen.progress,
                called=self.callers.trusts(job.request.provider),
                dice=random.random(),
            )
        else:
            pause = self._pause(watch)
        return max(pause, seen.rest or 0.0, len(self._waits) / MOST_LOOKS)

    def _pause(self, watch: _Watch) -> float:
        watch.tried += 1
        return self._pace.pause(watch.tried)

    async def _had(
        self, job: Job, attempt: Callable[[Job, int], Awaitable[Job]]
    ) -> Job:
        """Try until a finished clip can be had, or the service keeps it no longer."""
        pauses = self._pace.pauses(self._pace.fetch_longest)
        for tried, pause in enumerate(pauses, start=1):
            if await self._is_cancelled(job):
                return stopped(job, sure=False)
            try:
                return await attempt(job, tried)
            except (Superseded, StorageError):
                raise
            except (BotError, UnusableError) as error:
                log.info("job %s: %s", job.id, error, exc_info=error.__cause__)
                trouble: BotError | UnusableError = error
            except Exception:
                if self._waits.is_news(job.id):
                    log.exception("job %s: a fetch broke as nobody foresaw", job.id)
                trouble = UnusableError(BROKEN)
            if self._is_hopeless(job, trouble, tried):
                return self._not_had(job, trouble)
            waited = self._waits.waited(job.id)
            if waited >= self._pace.tell:
                job = await self._delayed(job, Delay.FETCH, since=waited)
            await self._rest(job, max(pause, _after(trouble)))
        raise AssertionError  # pauses never end

    async def _brought(self, job: Job) -> Job:
        """A job with the provider's file, which is the whole clip, on our disk."""
        scratch = self._media.scratch(f"{job.id}.mp4")
        await self._provider(job).download(self._as_of_now(job), scratch)
        job = await self.films.complete(job, scratch)
        media = await self._media.adopt(scratch, ".mp4")
        return replace(job, media=media, progress=None)

    def _is_hopeless(
        self, job: Job, trouble: BotError | UnusableError, tried: int
    ) -> bool:
        """Whether trying on is of no use; most of what a service says may pass."""
        if isinstance(trouble, ProviderError):
            if trouble.fault is Fault.INVALID:  # larger than anything we take
                return True
            if trouble.fault is Fault.EXPIRED and not trouble.doubtful:
                return True
        limit = job.keeps or self._pace.fetch
        if isinstance(trouble, UnusableError) or job.inherits:
            limit = min(limit, self._pace.gone)
        over = self._waits.is_over(job.id, limit, self._pace.grace)
        return over and tried >= self._pace.tries

    def _not_had(self, job: Job, trouble: BotError | UnusableError) -> Job:
        """Where a job goes whose finished clip cannot be had."""
        if isinstance(trouble, UnusableError):
            return self._ended(job, trouble.trouble)
        if isinstance(trouble, ProviderError) and trouble.fault in (
            Fault.INVALID,
            Fault.EXPIRED,
        ):
            return self._ended(job, trouble)
        error = ProviderError(
            Fault.UPSTREAM,
            NOT_HAD,
            hint=ASK_AGAIN,
            provider=job.request.provider,
        )
        return self._ended(job, error)

    def _ended(self, job: Job, error: BotError, *, free: bool = False) -> Job:
        """Where a render goes that came to nothing.

        One that was only looked for on behalf of an earlier job is ordered now.
        """
        if not job.inherits:
            return ended_badly(job, error, free=free)
        log.info("job %s: its earlier render cannot be had: %s", job.id, error)
        return replace(
            job,
            state=State.SUBMITTING,
            ref=None,
            inherits=None,
            progress=None,
            media=None,
            keeps=None,
        )


def _after(error: object) -> float:
    """Seconds in which trying again is of no use."""
    return (error.after or 0.0) if isinstance(error, ProviderError) else 0.0


def _rendered(job: Job, seen: Snapshot, *, took: float) -> Job:
    return replace(
        job,
        state=State.FETCHING,
        ref=seen.ref or job.ref,
        took=seen.took or took,
        keeps=seen.keeps,
        plan=seen.plan or job.plan,
        notes=(*job.notes, *seen.notes),
    )
