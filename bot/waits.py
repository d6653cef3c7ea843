"""How long running jobs have waited, by a clock that never jumps, and what wakes them.

The wall clock may be set forward or back by hours while a render is under way, so no
wait is ever measured with it. A job's row keeps the seconds that it had waited when it
was written; whoever takes the job up again goes on counting from there.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.hint import Hint
from bot.models import Job, Snapshot


@dataclass(slots=True)
class _Wait:
    """One running job; times are those of the monotonic clock.

    Attributes:
        entered: When it came into its state, perhaps before this process began.
        resumed: When it was taken up in that state after a restart, if it was.
        ordered: When its last order left, if this process sent it.
        answer: What the provider said to that order, until somebody has read it.
        odd: Whether something that nobody foresaw was logged of it.
        told: Whether its row may say more than is known of it here.
    """

    entered: float
    resumed: float | None = None
    ordered: float | None = None
    answer: Snapshot | None = None
    odd: bool = False
    told: bool = True
    hint: Hint = field(default_factory=Hint)


class Waits:
    """The jobs that this process runs.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._waits: dict[str, _Wait] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def begin(self, job: Job, *, before: float, again: bool) -> None:
        """Count on for a job.

        Args:
            job: As it was taken.
            before: Seconds for which it has been in its state already.
            again: Whether an earlier run has had it in this state.
        """
        now = self.clock()
        self._waits[job.id] = _Wait(
            now - before,
            resumed=now if again else None,
            told=job.cancel or not again,
        )

    def end(self, job_id: str) -> None:
        """Forget a job."""
        self._waits.pop(job_id, None)

    def enter(self, job_id: str) -> None:
        """Count from zero: the job has come into another state."""
        if wait := self._waits.get(job_id):
            wait.entered, wait.resumed, wait.told = self.clock(), None, True

    def waited(self, job_id: str) -> float:
        """Seconds in the state, with those of earlier runs."""
        wait = self._waits.get(job_id)
        return self.clock() - wait.entered if wait else 0.0

    def is_over(self, job_id: str, limit: float, grace: float) -> bool:
        """Whether a job has been in its state for too long.

        Args:
            job_id: The job.
            limit: Seconds.
            grace: Seconds that it gets after a restart, however long that took.
        """
        wait = self._waits[job_id]
        since_resumed = self.clock() - (wait.resumed or 0.0)
        long = wait.resumed is None or since_resumed >= grace
        return long and self.waited(job_id) > limit

    def order(self, job_id: str) -> None:
        """Note that an order leaves now."""
        self._waits[job_id].ordered = self.clock()

    def since_order(self, job_id: str) -> float | None:
        """Seconds since the last order left; None when an earlier process sent it."""
        wait = self._waits[job_id]
        return None if wait.ordered is None else self.clock() - wait.ordered

    def keep_answer(self, job_id: str, seen: Snapshot) -> None:
        """Keep what an order was answered with: it is the first look."""
        self._waits[job_id].answer = seen

    def take_answer(self, job_id: str) -> Snapshot | None:
        """That answer, once."""
        wait = self._waits[job_id]
        seen, wait.answer = wait.answer, None
        return seen

    def is_news(self, job_id: str) -> bool:
        """Whether nothing odd has been logged of a job yet; from now on it has."""
        wait = self._waits[job_id]
        was, wait.odd = wait.odd, True
        return not was

    def is_told(self, job_id: str) -> bool:
        """Whether to read a job's row: somebody may want it to stop."""
        return self._waits[job_id].told

    def hear(self, job_id: str, *, told: bool) -> None:
        """Note whether there is still to be read what somebody wants of a job."""
        self._waits[job_id].told = told

    def rest(self, job_id: str, seconds: float) -> Awaitable[bool]:
        """Wait, unless somebody hints that it is worth looking now.

        Returns:
            Whether somebody did.
        """
        # Passed on, not awaited here: each frame is some 200 bytes of every job.
        return self._waits[job_id].hint.wait(seconds)

    def wake(self, job_id: str) -> None:
        """End a job's rest."""
        if wait := self._waits.get(job_id):
            wait.told = True
            wait.hint.set()
