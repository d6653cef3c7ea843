"""A wall clock that is not believed at once: what is written down goes by it.

The machine's own clock may be set hours forward or back at any moment (NTP on a
computer that lost its battery, a virtual machine that is restored, a typing error).
If that were the time, a day's or a month's cap would end early and clips would be
swept away too soon. So this clock runs as the machine's monotonic clock does and comes
nearer to the wall clock by one part in a hundred only. A difference of more than a day
that has stood for a day is believed; the monotonic clock counts on while the machine
sleeps, so that a laptop's night is no difference.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bot.store import Rows

DAY = 86_400.0
SLEW = 0.01  # seconds that it comes nearer to the wall clock, each second
LONGEST_UP = 1e9  # seconds that a machine has run; more are no monotonic clock
BOOT = Path("/proc/sys/kernel/random/boot_id")


class Mark(NamedTuple):
    """What the clock said at a moment; written down, it outlives the process.

    Attributes:
        said: Unix time in seconds, as it was believed.
        ticks: Monotonic seconds at that moment.
        boot: Since which start of the machine those count; empty if unknown.
    """

    said: float
    ticks: float
    boot: str


def ticks() -> float:
    """Monotonic seconds since the machine started, with those that it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def boot_id() -> str:
    """Names this start of the machine; empty where that is not known. Blocks."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


class Clock:
    """Unix time that never jumps. Calling it tells the time.

    Args:
        mark: What an earlier process said last, if there was one.
        boot: Which start of the machine this is.
        wall: The machine's own idea of the time.
        ticks: Monotonic seconds.
    """

    def __init__(
        self,
        mark: Mark | None = None,
        *,
        boot: str = "",
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = ticks,
    ) -> None:
        self._wall = wall
        self._ticks = ticks
        self._boot = boot
        self._at = ticks()
        self._said = _resumed(mark, boot, self._at, wall())
        self._far_since: float | None = None

    def __call__(self) -> float:
        """Unix time in seconds."""
        at, wall = self._ticks(), self._wall()
        passed = max(0.0, at - self._at)
        said = self._said + passed
        off = wall - said
        most = passed * SLEW
        if self._is_settled(off, at):
            said, self._far_since = wall, None
        else:
            said += min(most, max(-most, off))
        self._at, self._said = at, said
        return said

    def mark(self) -> Mark:
        """What to write down for the next process."""
        said = self()
        return Mark(said, self._at, self._boot)

    def _is_settled(self, off: float, at: float) -> bool:
        """Whether a great difference has stood for so long that it is no mistake."""
        if abs(off) <= DAY:
            self._far_since = None
            return False
        if self._far_since is None:
            self._far_since = at
        return at - self._far_since >= DAY


def _resumed(mark: Mark | None, boot: str, at: float, wall: float) -> float:
    """The time after a break that was as long as the monotonic clock says.

    After a start of the machine nobody knows how long it was: the wall clock is
    believed, but goes back by more than a day or not at all.
    """
    if mark is None:
        return wall
    if boot and mark.boot == boot and mark.ticks <= at < LONGEST_UP:
        return mark.said + at - mark.ticks
    return mark.said if 0 <= mark.said - wall <= DAY else wall


async def open_clock(store: Rows, *, boot: str) -> Clock:
    """The clock, going on from where the last process left it."""
    rows = await store.rows("SELECT said, ticks, boot FROM clock")
    clock = Clock(Mark(**rows[0]) if rows else None, boot=boot)
    await keep(store, clock)
    return clock


async def keep(store: Rows, clock: Clock) -> None:
    """Write down what the clock says."""
    await store.rows(
        "INSERT INTO clock(one, said, ticks, boot) VALUES(1, ?, ?, ?)"
        " ON CONFLICT(one) DO UPDATE SET said = excluded.said,"
        " ticks = excluded.ticks, boot = excluded.boot",
        *clock.mark(),
    )
