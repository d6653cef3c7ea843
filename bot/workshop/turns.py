"""Who may work next: people in rotation, each in the order in which they asked."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """Hands out a number of places, so that nobody's crowd delays anybody else.

    While there are two places or more, one person never holds all of them.

    Args:
        places: How many turns there are at once.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._each = max(1, places - 1)
        self._held: Counter[str] = Counter()
        self._last: str | None = None
        # In the order in which they come next; whoever had a turn goes to the end.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def taken(self, person: str) -> AsyncGenerator[None]:
        """Wait for a turn and hold it."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append(turn)
        self._pass_on()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came at the very moment
                self._give_back(person)
            self._pass_on()
            raise
        try:
            yield
        finally:
            self._give_back(person)

    def _give_back(self, person: str) -> None:
        self._free += 1
        self._held[person] -= 1
        self._held += Counter()  # forget those who hold none
        self._pass_on()

    def _pass_on(self) -> None:
        while self._free and (person := self._next()) is not None:
            queue = self._waiting.pop(person)
            turn = queue.popleft()
            if queue:
                self._waiting[person] = queue
            if not turn.done():
                self._free -= 1
                self._held[person] += 1
                self._last = person
                turn.set_result(None)

    def _next(self) -> str | None:
        """The first who may have a turn; whoever had the last one only if alone."""
        may = [p for p in self._waiting if self._held[p] < self._each]
        return next((p for p in may if p != self._last), may[0] if may else None)
