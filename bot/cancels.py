"""How often a person may stop renders that may be billed all the same.

What such a render takes from the day stays taken (see `bot.quota`). This second limit
keeps one person from spending the month's money in minutes.
"""

import math
from collections.abc import Sequence

from bot.config import Caps
from bot.errors import RateError
from bot.models import Job, State
from bot.quota import HOUR
from bot.store import Row, Rows

# Those of one person in the last hour, the oldest first. A cancel that turned out to be
# free, or came too late and left a clip, is not among them.
LATEST = """
SELECT cancelled_at FROM ledger WHERE person = ? AND cancelled_at > ?
  AND (kind = 'held' OR (kind = 'returned' AND note IS NOT NULL))
  ORDER BY cancelled_at
"""


async def count(db: Rows, job: Job, caps: Caps, *, now: float) -> None:
    """Count a cancel by the job's own person. Call in the cancelling transaction.

    A job that is free, still waits in our queue, or only has bad news left to tell is
    never counted, and no job is counted twice.

    Raises:
        RateError: They have stopped too many this hour; it says when they may again.
    """
    costs = job.price.units or job.price.micros
    if not costs or job.cancel or job.state in (State.QUEUED, State.DELIVERING):
        return
    rows = await db.rows(LATEST, job.person.key, now - HOUR)
    if len(rows) >= caps.cancels_per_hour:
        after = _until_room(rows, caps.cancels_per_hour, now)
        raise RateError(
            "You have stopped {most} renders in the last hour that may have been billed"
            " all the same, and that is the most. You can stop one again in"
            " {minutes} min.",
            hint="Let it finish: what it takes is taken either way.",
            after=after,
            most=caps.cancels_per_hour,
            minutes=math.ceil(after / 60),
        )
    await db.rows("UPDATE ledger SET cancelled_at = ? WHERE job = ?", now, job.id)


def _until_room(rows: Sequence[Row], most: int, now: float) -> float:
    """Seconds until fewer than `most` of these cancels lie within the last hour."""
    if not most:
        return HOUR
    return max(1.0, float(rows[-most]["cancelled_at"]) + HOUR - now)
