"""Room for what is held in memory: so many bytes for all who come, in their order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.errors import BusyError

MOST = 64_000_000  # bytes that pictures and orders on their way in may take together
PATIENCE = 30.0  # seconds that somebody waits for room


class Room:
    """Lends bytes; whoever came first is served first, so nobody starves.

    Args:
        most: Bytes that are lent at the same time.
        patience: Seconds that somebody waits.
    """

    def __init__(self, most: int = MOST, *, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._lent = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def lent(self) -> int:
        """Bytes that somebody holds now."""
        return self._lent

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncGenerator[None]:
        """Hold so many bytes, or all there are if that is less.

        Raises:
            BusyError: There was no room in time.
        """
        size = min(size, self._most)
        await self._take(size)
        try:
            yield
        finally:
            self._lent -= size
            self._serve()

    async def _take(self, size: int) -> None:
        if not self._queue and self._lent + size <= self._most:
            self._lent += size
            return
        turn = asyncio.get_running_loop().create_future()
        waiting = (size, turn)
        self._queue.append(waiting)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._lent -= size  # it came just as we gave up
            else:
                self._queue.remove(waiting)
            self._serve()
            if isinstance(error, TimeoutError):
                raise BusyError("The bot has its hands full of pictures.") from None
            raise

    def _serve(self) -> None:
        while self._queue and self._lent + self._queue[0][0] <= self._most:
            size, turn = self._queue.popleft()
            self._lent += size
            turn.set_result(None)
