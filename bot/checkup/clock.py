"""Whether this machine's clock is right, by what servers say that the time is."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from bot.checkup import Finding, broken

MOST = 180.0  # seconds; Slack, OpenAI and others refuse signatures older than 300


def check_clock(
    date: str | None, *, whose: str, now: Callable[[], float] = time.time
) -> list[Finding]:
    """A finding when the clock differs from a server's; none when it is right.

    Args:
        date: Its `Date` header, if it sent one.
        whose: The server, for the sentence.
        now: Unix time in seconds.
    """
    try:
        ahead = now() - parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return []
    if abs(ahead) <= MOST:
        return []
    way = "fast" if ahead > 0 else "slow"
    detail = (
        f"{_length(abs(ahead))} {way}, says {whose}: set it, such as with"
        " `timedatectl set-ntp true`, or signed calls are refused"
    )
    return [broken("clock", detail)]


def _length(seconds: float) -> str:
    for size, word in ((86_400, "days"), (3_600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds / 60:.0f} minutes"
