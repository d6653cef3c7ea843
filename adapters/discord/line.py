"""The line to Discord: what breaks on it, and whether the gateway is there.

discord.py may try a dead gateway for ever, and gives a broken request up at once.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

log = logging.getLogger(__name__)

# What discord.py says when something else answers in Discord's place: a page, half a
# body, a number. Nothing but its own calls may be fenced with these.
ODD = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
BROKEN = (aiohttp.ClientError, OSError, *ODD)  # also TimeoutError
LOST = (
    *BROKEN,
    discord.RateLimited,
    RuntimeError,  # the session was closed: a new client is on its way
)
FAILED = (discord.HTTPException, *LOST)

T = TypeVar("T")


def code_of(error: discord.HTTPException) -> int:
    """Discord's own number for what is wrong; 0 when it said none, or no number."""
    return error.code if isinstance(error.code, int) else 0


async def twice(send: Callable[[], Awaitable[T]]) -> T:
    """Send once more what a broken line took; only what may arrive a second time."""
    try:
        return await send()
    except BROKEN as error:
        log.info("a request to Discord is sent again: %r", error)
        return await send()


class Line:
    """Since when each shard is without its gateway; a new line is down."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._down = {0: clock()}

    def up(self, shard: int = 0) -> None:
        """A shard is connected."""
        self._down.pop(shard, None)

    def down(self, shard: int = 0) -> None:
        """A shard has lost its gateway, or has not got it again."""
        self._down.setdefault(shard, self._clock())

    @property
    def is_up(self) -> bool:
        """Whether every shard has its gateway."""
        return not self._down

    def silent_for(self) -> float:
        """Seconds that the longest silent shard has been without its gateway."""
        return self._clock() - min(self._down.values(), default=self._clock())
