"""Room for what is held in memory: so many bytes for all who come, fairly."""

import asyncio
import ctypes
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from bot.errors import BusyError

MOST = 128_000_000  # bytes of memory for all pictures and orders on their way in
PATIENCE = 30.0  # seconds that somebody waits for room
MMAP_THRESHOLD, ARENA_MAX = -3, -8  # as in glibc's malloc.h
LARGE = 1 << 18  # bytes
ARENAS = 2

Take = Callable[[int], Awaitable[None]]


def let_go(error: BaseException | None) -> None:
    """Let the frames that an error came through hold nothing any more.

    Whoever waits for a future keeps its error, and the error keeps the waiting frame: a
    circle that holds pictures until the garbage collector comes by, long after their
    room was given back.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def tell_malloc() -> None:
    """Have glibc give large blocks back to the system as soon as they are free.

    By itself it learns from one freed picture to hoard the next, in each thread's own
    arena. Where there is no glibc, nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(ARENA_MAX, ARENAS)


async def freely(size: int) -> None:
    """Take without asking: for whoever is alone, as on the command line."""


class Wait(NamedTuple):
    """Somebody who waits for room."""

    size: int
    who: object
    turn: "asyncio.Future[None]"


class Room:
    """Lends bytes: first to who holds the fewest, then to who came first.

    Nobody known holds more than half, so who sends slowly keeps no place from others.

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
        self._queue: list[Wait] = []
        self._held: Counter[object] = Counter()

    @asynccontextmanager
    async def hold(self, size: int, *, who: object = None) -> AsyncGenerator[None]:
        """Hold so many bytes, or all that may be held if that is less.

        Args:
            size: Bytes.
            who: For whom; None takes part in no sharing.

        Raises:
            BusyError: There was no room in time.
        """
        size = min(size, self._most_of(who))
        await self._take(size, who)
        try:
            yield
        except Exception as error:
            let_go(error)
            raise
        finally:
            self._return(size, who)

    @asynccontextmanager
    async def grip(self) -> AsyncGenerator[Take]:
        """Hold what comes while it comes, where nobody knows how much that will be.

        Yields:
            What takes so many bytes more; it may raise BusyError.
        """
        held = 0

        async def take(size: int) -> None:
            nonlocal held
            await self._take(size, None)
            held += size

        try:
            yield take
        except Exception as error:
            let_go(error)
            raise
        finally:
            self._return(held, None)

    def _most_of(self, who: object) -> int:
        return self.most if who is None else self.most // 2

    async def _take(self, size: int, who: object) -> None:
        waiting = Wait(size, who, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._serve()
        try:
            async with asyncio.timeout(self.patience):
                await waiting.turn
        except BaseException as error:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._return(size, who)  # it came just as we gave up
            elif waiting in self._queue:
                self._queue.remove(waiting)
                self._serve()
            if isinstance(error, TimeoutError):
                raise BusyError("The bot has its hands full of pictures.") from None
            raise

    def _return(self, size: int, who: object) -> None:
        self.lent -= size
        self._held[who] -= size
        if not self._held[who]:
            del self._held[who]
        self._serve()

    def _serve(self) -> None:
        self._queue = [one for one in self._queue if not one.turn.done()]
        while (one := self._next()) and self.lent + one.size <= self.most:
            self._queue.remove(one)
            self.lent += one.size
            self._held[one.who] += one.size
            self.peak = max(self.peak, self.lent)
            one.turn.set_result(None)

    def _next(self) -> Wait | None:
        """Who is next; nobody passes those who came before, but for holding less."""
        may = [one for one in self._queue if self._may(one)]
        return min(may, key=lambda one: self._counted(one.who), default=None)

    def _may(self, one: Wait) -> bool:
        return self._counted(one.who) + one.size <= self._most_of(one.who)

    def _counted(self, who: object) -> int:
        """Bytes that count against somebody; what grows has to go on."""
        return 0 if who is None else self._held[who]
