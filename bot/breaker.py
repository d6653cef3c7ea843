"""A fuse: whoever fails again and again is left alone for a while, then tried once."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Counts failures in a row. It looks at no clock: times are given to it.

    Attributes:
        failures: So many in a row open it.
        first: Seconds that it stays open the first time; each further time twice that.
        longest: Seconds that it stays open at the most.
    """

    failures: int = 5
    first: float = 5.0
    longest: float = 60.0
    _failed: int = 0
    _opened: int = 0
    _until: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until anybody may try again; 0 is now."""
        return max(0.0, self._until - now)

    def take(self, now: float) -> float:
        """The same, for somebody who then does try: it takes the one trial there is.

        Until the trial has failed or worked, the others wait as long as it may last.
        """
        wait = self.wait(now)
        if not wait and self._opened:
            self._until = now + self._pause()
        return wait

    def worked(self) -> None:
        """Close it."""
        self._failed = self._opened = 0
        self._until = 0.0

    def failed(self, now: float) -> None:
        """Count a failure, and open it when there were enough."""
        self._failed += 1
        if self._failed >= self.failures:
            self.open(now)

    def open(self, now: float, seconds: float | None = None) -> None:
        """Open it at once, for a known time or for longer than the last time."""
        if seconds is None:
            self._opened += 1
            seconds = self._pause()
        self._until = max(self._until, now + seconds)

    def _pause(self) -> float:
        # The exponent is bounded: an hour of failures would overflow a float.
        return min(self.longest, self.first * 2.0 ** min(self._opened - 1, 16))
