"""The first answer to an interaction, which Discord takes for three seconds only.

discord.py gives a broken line up at once on Linux, and a slow one never. Here an
answer is sent again while there is time; Discord's own "already answered" tells that
an earlier try has arrived after all.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from adapters.discord.line import BROKEN, code_of

log = logging.getLogger(__name__)

WINDOW = 2.7  # seconds; the token is void after 3 (docs, 2026-08)
PATIENCE = 1.3  # seconds for one try
PAUSE = 0.05  # seconds between two
ALREADY = 40060  # interaction has already been acknowledged
UNKNOWN = 10062  # unknown interaction: too late
LATE = frozenset({UNKNOWN, 10015, 50027})

T = TypeVar("T")


class TooLateError(Exception):
    """The interaction is over; whoever caused it was told that we do not answer."""


async def answer(
    send: Callable[[], Awaitable[T]],
    *,
    window: float = WINDOW,
    clock: Callable[[], float] = time.monotonic,
) -> T | None:
    """Send a first answer, again if need be; None when an earlier try had arrived.

    Raises:
        TooLateError: It could not be sent in time.
    """
    deadline = clock() + window
    while True:
        trouble: Exception
        pause = PAUSE
        try:
            async with asyncio.timeout(max(0.01, min(PATIENCE, deadline - clock()))):
                return await send()
        except discord.HTTPException as error:
            if error.code == ALREADY:
                return None
            if code_of(error) in LATE or not _may_pass(error):
                raise TooLateError from error
            pause = _wait_for(error)
            trouble = error
        except BROKEN as error:
            trouble = error
        if clock() + pause >= deadline:
            raise TooLateError from trouble
        log.info("an answer to Discord is sent again: %r", trouble)
        await asyncio.sleep(pause)


def _may_pass(error: discord.HTTPException) -> bool:
    return error.status == 429 or error.status >= 500


def _wait_for(error: discord.HTTPException) -> float:
    """Seconds that a busy Discord asks for."""
    try:
        return float(error.response.headers.get("Retry-After", PAUSE))
    except (TypeError, ValueError):
        return PAUSE
