"""How often something may be done: a steady drip, with room for a short burst."""

import asyncio
import time
from collections.abc import Callable


class Drip:
    """Says when the next one is due.

    Args:
        seconds: Between two of them, in the long run; 0 is no limit.
        burst: How many may follow one another at once.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        burst: int = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._room = (burst - 1) * seconds
        self._clock = clock
        self._due = clock()

    def take(self) -> bool:
        """Use one, if there is one to spare."""
        if self._due - self._clock() > self._room:
            return False
        self._spend()
        return True

    async def wait(self) -> None:
        """Use the next one there is."""
        ahead = self._due - self._clock() - self._room
        self._spend()
        if ahead > 0:
            await asyncio.sleep(ahead)

    def _spend(self) -> None:
        self._due = max(self._due, self._clock()) + self._seconds
