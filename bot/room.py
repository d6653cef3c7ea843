"""Room for what is held in memory: so many bytes for all who come, in their order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.errors import BusyError

MOST = 128_000_000  # bytes of memory for all pictures and orders on their way in
PATIENCE = 30.0  # seconds that somebody waits for room

Take = Callable[[int], Awaitable[None]]


async def freely(size: int) -> None:
    """Take without asking: for whoever is alone, as on the command line."""


class Room:
    """Lends bytes; whoever came first is served first, so nobody starves.

    Args:
        most: Bytes that are lent at the same time.
        patience: Seconds that somebody waits.

    Attributes:
        lent: Bytes that somebody holds now.
        peak: The most bytes that were ever held.
    """

    def __init__(self, most: int = MOST, *, patience: float = PATIENCE) -> None:
        self.most = most
        self.lent = self.peak = 0
        self.patience = patience
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncGenerator[None]:
        """Hold so many bytes, or all there are if that is less.

        Raises:
            BusyError: There was no room in time.
        """
        size = min(size, self.most)
        await self._take(size)
        try:
            yield
        finally:
            self.lent -= size
            self._serve()

    @asynccontextmanager
    async def grip(self) -> AsyncGenerator[Take]:
        """Hold what comes while it comes, where nobody knows how much that will be.

        Yields:
            What takes so many bytes more; it may raise BusyError.
        """
        held = 0

        async def take(size: int) -> None:
            nonlocal held
            await self._take(size)
            held += size

        try:
            yield take
        finally:
            self.lent -= held
            self._serve()

    async def _take(self, size: int) -> None:
        if not self._queue and self.lent + size <= self.most:
            self._lend(size)
            return
        turn = asyncio.get_running_loop().create_future()
        waiting = (size, turn)
        self._queue.append(waiting)
        try:
            async with asyncio.timeout(self.patience):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.lent -= size  # it came just as we gave up
            elif waiting in self._queue:
                self._queue.remove(waiting)
            self._serve()
            if isinstance(error, TimeoutError):
                raise BusyError("The bot has its hands full of pictures.") from None
            raise

    def _serve(self) -> None:
        while self._queue and self.lent + self._queue[0][0] <= self.most:
            size, turn = self._queue.popleft()
            if not turn.done():  # else whoever waited has left
                self._lend(size)
                turn.set_result(None)

    def _lend(self, size: int) -> None:
        self.lent += size
        self.peak = max(self.peak, self.lent)
