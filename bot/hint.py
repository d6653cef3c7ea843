"""A hint to one who waits: look now. Ten thousand may wait, so each is small."""

import asyncio


class Hint:
    """Set by anybody, waited for by one; it stays set until somebody has waited."""

    __slots__ = ("_set", "_waiter")

    def __init__(self) -> None:
        self._set = False
        self._waiter: asyncio.Future[bool] | None = None

    def set(self) -> None:
        """Wake whoever waits, or will."""
        self._set = True
        if self._waiter is not None:
            _wake(self._waiter, hinted=True)

    async def wait(self, seconds: float) -> bool:
        """Wait for a hint, at most so many seconds; whether there was one."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _wake, self._waiter)
        try:
            hinted = self._set or await self._waiter
            self._set = False
            return hinted
        finally:
            timer.cancel()
            self._waiter = None


def _wake(waiter: asyncio.Future[bool], *, hinted: bool = False) -> None:
    if not waiter.done():
        waiter.set_result(hinted)
