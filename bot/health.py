"""Which parts of the bot work, and since when each one that does not has been down."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """How one part of the bot is.

    Attributes:
        up: Whether it works.
        since: Unix time in seconds at which that began.
        reason: What the owner may know of the trouble; empty while it works.
    """

    up: bool
    since: float
    reason: str = ""


class Health:
    """Notes what each part says of itself; costs nothing to look at.

    Args:
        now: Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._parts: dict[str, Part] = {}

    @property
    def parts(self) -> dict[str, Part]:
        """Every part that has said something, by its name."""
        return dict(self._parts)

    def up(self, name: str) -> None:
        """Note that a part works."""
        self._note(name, up=True, reason="")

    def down(self, name: str, reason: str) -> None:
        """Note that a part does not work; it keeps the time at which that began."""
        self._note(name, up=False, reason=reason)

    def _note(self, name: str, *, up: bool, reason: str) -> None:
        before = self._parts.get(name)
        same = before is not None and before.up == up
        since = before.since if before is not None and same else self._now()
        self._parts[name] = Part(up, since, reason)
