"""A fence around a part of the bot: what breaks inside it ends nothing else."""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bot.health import Health

log = logging.getLogger(__name__)

BROKE = "it broke and is started again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How long a part rests before it is started again; all in seconds.

    Attributes:
        first: Before the first new start; each further rest is twice as long.
        longest: The longest rest.
        healthy: A part that ran for so long begins with the first rest again.
    """

    first: float = 1.0
    longest: float = 300.0
    healthy: float = 600.0


async def fenced(
    name: str,
    work: Callable[[], Awaitable[None]],
    health: Health,
    *,
    pauses: Pauses | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run a part until it ends by itself, and start it again whenever it breaks.

    Args:
        name: What the log and the health call the part.
        work: Runs the part once.
        health: Told when the part breaks.
        pauses: How long the part rests between two starts.
        clock: Monotonic seconds.
    """
    pauses = pauses or Pauses()
    pause = pauses.first
    while True:
        begun = clock()
        try:
            return await work()
        except Exception as error:
            if clock() - begun > pauses.healthy:
                pause = pauses.first
            health.down(name, BROKE)
            log.warning("%s broke (%s); again in %g s", name, brief(error), pause)
            log.debug("%s broke", name, exc_info=error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, pauses.longest)


def brief(error: BaseException) -> str:
    """An error in one short line: its kind, and where in our code it came from.

    What the error says is left out: that may be somebody else's words or a secret.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if {"bot", "adapters"} & set(_folders(frame))]
    place = next((f"{Path(f.filename).name}:{f.lineno}" for f in ours[::-1]), "")
    return f"{type(error).__name__} at {place}" if place else type(error).__name__


def _folders(frame: traceback.FrameSummary) -> tuple[str, ...]:
    parts = Path(frame.filename).parts
    return () if "site-packages" in parts else parts
