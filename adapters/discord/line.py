"""Whether the gateway is there: discord.py may try a dead address for ever."""

import time
from collections.abc import Callable


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

    def silent_for(self) -> float:
        """Seconds that the longest silent shard has been without its gateway."""
        return self._clock() - min(self._down.values(), default=self._clock())
