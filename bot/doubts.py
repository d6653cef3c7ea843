"""An order that may have been taken: looked for in its provider's list, and judged.

Only one answer permits ordering it anew: the list, watched until the order must have
shown, holds no render since then that none of our jobs explains. A render that looks
unfamiliar is no proof: services name a model by another id, shorten a prompt or round
a size. Anything else is `Fault.LOST`, which may have been billed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.errors import Fault, ProviderError
from bot.models import Job, Snapshot
from bot.pacing import Pace
from bot.providers import Provider
from bot.store import Store
from bot.store import jobs as job_rows

DAY = 86_400.0
Rest = Callable[[Job, float], Awaitable[bool]]


class _View(Enum):
    """What one look at the list says, when it does not show the order."""

    NOTHING = auto()  # no render that could be it
    UNEXPLAINED = auto()  # renders that may be it, or another program's
    RIVALS = auto()  # it, or another lost order of the same words
    UNSEEN = auto()  # the list cannot be had


def lost() -> ProviderError:
    """Nobody knows whether an order was taken, and nobody will."""
    return ProviderError(
        Fault.LOST, "We lost touch while ordering the clip.", billed=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Settles doubts about orders.

    Attributes:
        store: Holds the jobs.
        pace: How patient it is.
        clock: Monotonic seconds.
        now: Unix time in seconds.
        rest: Waits for a job, unless it is woken.
    """

    store: Store
    pace: Pace
    clock: Callable[[], float]
    now: Callable[[], float]
    rest: Rest

    async def settled(self, job: Job, provider: Provider) -> Snapshot | None:
        """Look for a job's last order until it must have shown.

        Args:
            job: `waited` says how many seconds ago the order left.
            provider: Whom it went to.

        Returns:
            The order; None when it surely was not taken.

        Raises:
            ProviderError: `Fault.LOST`: nobody can tell.
        """
        if not provider.findable:
            raise lost()
        begun, unseen = self.clock(), 0
        for pause in self.pace.pauses():
            await self.rest(job, pause)
            passed = self.clock() - begun
            waited = job.waited + passed
            view = await self._look(replace(job, waited=waited), provider)
            if isinstance(view, Snapshot):
                return view
            over = passed - self.pace.settle
            if over < 0:
                continue
            if view is _View.NOTHING:
                return None
            unseen += view is _View.UNSEEN
            if await self._is_final(job, view, over=over, unseen=unseen):
                raise lost()
        raise AssertionError  # pauses never end

    async def _is_final(
        self, job: Job, view: _View, *, over: float, unseen: int
    ) -> bool:
        """Whether looking on is of no use, once the order must have shown."""
        match view:
            case _View.UNSEEN:
                return unseen >= self.pace.tries
            case _View.UNEXPLAINED:
                # What looks strange may be another job's, whose answer is on its way.
                busy = await job_rows.ordering(self.store, job)
                return not busy or over >= self.pace.settle
            case _:
                return True

    async def _look(self, job: Job, provider: Provider) -> Snapshot | _View:
        taken = await job_rows.refs(
            self.store, provider.name, since=self.now() - 2 * DAY
        )
        try:
            found = await provider.find(job, taken=taken)
        except ProviderError as error:
            return _View.UNEXPLAINED if error.billed else _View.UNSEEN
        if found is None:
            return _View.NOTHING
        return _View.RIVALS if await job_rows.rivals(self.store, job) else found
