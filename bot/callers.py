"""Which services call when a render has ended: a trust that is earned, and lost.

A service that calls need not be looked at. Whether it does depends on its settings, on
the owner's proxy and on the day, so only calls that came are believed: the first that
was verified and spoke of a running job earns the trust, and a render that is found
ended without a call loses it.
"""

from collections.abc import Callable

GRACE = 5.0  # seconds after an end was seen in which its call may still come


class Callers:
    """Keeps account of calls.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._trusted: set[str] = set()
        self._called: set[str] = set()
        self._missing: dict[str, tuple[str, float]] = {}

    def called(self, provider: str, job_id: str) -> None:
        """A verified call spoke of a running job."""
        self._trusted.add(provider)
        if self._missing.pop(job_id, None) is None:
            self._called.add(job_id)

    def found_ended(self, provider: str, job_id: str) -> None:
        """A look has found that a render has ended."""
        if job_id in self._called:
            self._called.discard(job_id)
        elif provider in self._trusted:
            self._missing[job_id] = (provider, self._clock())

    def trusts(self, provider: str) -> bool:
        """Whether a service is trusted to call."""
        now = self._clock()
        for job_id, (who, since) in list(self._missing.items()):
            if now - since >= GRACE:
                del self._missing[job_id]
                self._trusted.discard(who)
        return provider in self._trusted

    def forget(self, job_id: str) -> None:
        """A job is no longer run here."""
        self._called.discard(job_id)
