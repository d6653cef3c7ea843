"""Whose files were too much for a worker, and how long they wait for the next."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import RateError, WorkshopError

FIRST_WAIT = 10.0  # seconds; each strike more doubles it
LONGEST_WAIT = 3_600.0  # seconds; after as long without one all are forgotten


class Strikes:
    """Keeps a person away for a while who has just broken a worker.

    Args:
        now: Seconds on a clock that only goes forward.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[str, tuple[int, float]] = {}

    @contextmanager
    def of(self, person: str) -> Iterator[None]:
        """Do some work for a person; whatever breaks the worker is a strike.

        Raises:
            RateError: It was too much lately; says how long to wait.
        """
        if (wait := self._wait(person)) > 0:
            raise RateError(
                "Your last file was too much for this bot; it takes the next one "
                "in {seconds} s.",
                hint="Send it again then, saved as a smaller JPEG.",
                seconds=int(wait) + 1,
            )
        try:
            yield
        except WorkshopError:
            if person:  # else it is the owner at a terminal
                self._strike(person)
            raise

    def _wait(self, person: str) -> float:
        strikes, last = self._seen.get(person, (0, 0.0))
        if not strikes:
            return 0.0
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (strikes - 1))
        return last + wait - self._now()

    def _strike(self, person: str) -> None:
        now = self._now()
        self._seen = {
            one: seen
            for one, seen in self._seen.items()
            if now - seen[1] < LONGEST_WAIT
        }
        strikes, _ = self._seen.get(person, (0, 0.0))
        self._seen[person] = (min(strikes + 1, 20), now)
