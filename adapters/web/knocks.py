"""Whoever comes with a wrong secret waits; whoever has the right one never does."""

import asyncio
from collections import Counter

from adapters.web.gate import neighbourhood

PAUSE = 0.5  # seconds that a wrong secret waits for each one before it, and for itself
LONGEST = 8.0  # seconds


class Knocks:
    """Slows down those who guess, each address by itself.

    A right secret is compared before anybody waits, so the pauses do not bound how
    often somebody can guess: the number of connections does. Secrets have to be long.

    Args:
        pause: Seconds for each wrong secret that waits from the same address.
        longest: The longest wait, in seconds.
    """

    def __init__(self, pause: float = PAUSE, longest: float = LONGEST) -> None:
        self._pause = pause
        self._longest = longest
        self._waiting: Counter[str] = Counter()

    async def wrong(self, address: str | None) -> None:
        """Let somebody wait who came with a wrong secret."""
        home = neighbourhood(address or "")
        self._waiting[home] += 1
        try:
            await asyncio.sleep(min(self._pause * self._waiting[home], self._longest))
        finally:
            self._waiting[home] -= 1
            if not self._waiting[home]:
                del self._waiting[home]
