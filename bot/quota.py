"""Caps, holds and the ledger: who may still ask, and what became of each hold.

A hold is written in the transaction that accepts a job and settled in the one that
ends it, so the ledger always adds up. Units are clip-seconds weighted by the model
card; free renders have a rate of their own. What was returned no longer counts, unless
the owner may have been billed for it all the same: then its units and its money count
as if there were a clip. Otherwise ordering and cancelling in turns would spend without
end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.config import Caps
from bot.errors import PriceError, QuotaError, RateError
from bot.models import Allowance, Job, Person, Place, Price, Quote, State
from bot.store import Rows

HOUR = 3_600.0
DAY = 86_400.0
COUNTS = "(kind <> 'returned' OR note IS NOT NULL)"  # against the day and the month
BILLED = "may have been billed"  # the note of what was returned and counts all the same

USAGE = f"""
SELECT
  (SELECT count(*) FROM ledger WHERE person = ? AND kind = 'held') AS unfinished,
  (SELECT count(*) FROM ledger WHERE person = ? AND kind <> 'returned'
    AND units = 0 AND micros = 0 AND held_at > ?) AS free,
  (SELECT coalesce(sum(units), 0) FROM ledger WHERE person = ?
    AND {COUNTS} AND held_at >= ?) AS mine,
  (SELECT coalesce(sum(units), 0) FROM ledger WHERE person = ?
    AND kind = 'returned' AND note IS NOT NULL AND held_at >= ?) AS doubtful,
  (SELECT coalesce(sum(units), 0) FROM ledger WHERE chat = ? AND workspace = ?
    AND {COUNTS} AND held_at >= ?) AS together,
  (SELECT coalesce(sum(micros), 0) FROM spending WHERE day >= ?) AS spent,
  (SELECT count(*) FROM overrides WHERE person = ?
    AND workspace IN (?, '')) AS overridden,
  (SELECT units FROM overrides WHERE person = ? AND workspace IN (?, '')
    ORDER BY workspace DESC LIMIT 1) AS own
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What counts against the caps at one moment.

    Attributes:
        unfinished: The person's jobs that have not ended.
        free: The person's free renders in the last hour.
        mine: The person's units today.
        doubtful: Those of them that may have been billed for nothing.
        together: Everybody's units in the place today.
        spent: The bot's money this month, in millionths of a dollar.
        overridden: Whether the person has a number of their own.
        own: That number; None is without limit.
    """

    unfinished: int
    free: int
    mine: int
    doubtful: int
    together: int
    spent: int
    overridden: int
    own: int | None

    def cap(self, caps: Caps, roles: frozenset[str]) -> int | None:
        """Units a day: the person's own, else their best role's, else everyone's."""
        if self.overridden:
            return self.own
        offers = [caps.roles[role] for role in roles if role in caps.roles]
        limits = [offer for offer in offers if offer is not None]
        if len(limits) < len(offers):
            return None
        return max(limits, default=caps.person_day)


async def check(
    db: Rows, person: Person, place: Place, price: Price, caps: Caps, *, now: float
) -> None:
    """Check every cap for what something costs; nothing is held.

    Raises:
        QuotaError: Some cap is reached; the sentence says which and what is left.
    """
    used = await usage(db, person, place, now=now)
    _check_at_once(used, caps)
    if price.units or price.micros:
        cap = used.cap(caps, person.roles)
        _check_units(price.units, used.mine, cap, MINE)
        _check_units(price.units, used.together, caps.workspace_day, TOGETHER)
        _check_money(used, price.micros, caps)
    else:
        _check_free(used, caps)


async def hold(db: Rows, job: Job, caps: Caps, *, now: float) -> None:
    """Check every cap and write the hold. Call inside the accepting transaction.

    Raises:
        QuotaError: Some cap is reached; the sentence says which and what is left.
    """
    await check(db, job.person, job.place, job.price, caps, now=now)
    await db.rows(
        "INSERT INTO ledger(job, person, chat, workspace, units, micros, kind, held_at)"
        " VALUES(?, ?, ?, ?, ?, ?, 'held', ?)",
        job.id,
        job.person.key,
        job.place.chat,
        job.place.workspace,
        job.price.units,
        job.price.micros,
        now,
    )


def priced(quote: Quote, caps: Caps) -> Price:
    """What an order takes, also by a model whose price nobody knows.

    Raises:
        PriceError: There is a limit of money, and no price that it could be held to.
    """
    if quote.price.known:
        return quote.price
    if caps.unpriced_micros is not None:
        micros = caps.unpriced_micros * quote.request.made_seconds
        return Price(units=quote.price.units, micros=micros)
    if caps.month_micros is None:
        return quote.price
    raise PriceError(
        "The bot does not know what {model} costs.",
        hint="Pick another model, or ask whoever runs this bot to set its price.",
        model=quote.request.model,
    )


async def settle(db: Rows, job: Job, *, note: str | None, now: float) -> None:
    """Charge the hold or give it back. Call in the transaction that ends the job."""
    kind = "charged" if job.state is State.DONE else "returned"
    await db.rows(
        "UPDATE ledger SET kind = ?, note = ?, settled_at = ?"
        " WHERE job = ? AND kind = 'held'",
        kind,
        note,
        now,
        job.id,
    )


async def give_back(db: Rows, job_id: str, *, note: str | None, now: float) -> None:
    """Give back the hold of a job of which no more than its id is known."""
    await db.rows(
        "UPDATE ledger SET kind = 'returned', note = ?, settled_at = ?"
        " WHERE job = ? AND kind = 'held'",
        note,
        now,
        job_id,
    )


async def mark(db: Rows, job_id: str, *, note: str | None) -> None:
    """Say for the owner what became of a hold that was given back.

    A render that another job fetches is that job's money from then on: without a note
    it no longer counts here.
    """
    await db.rows(
        "UPDATE ledger SET note = ? WHERE job = ? AND kind = 'returned'", note, job_id
    )


async def reprice(db: Rows, job: Job) -> None:
    """Hold what the job costs now, which is no more than was agreed to."""
    await db.rows(
        "UPDATE ledger SET units = ?, micros = ? WHERE job = ? AND kind = 'held'",
        job.price.units,
        job.price.micros,
        job.id,
    )


async def usage(db: Rows, person: Person, place: Place, *, now: float) -> Usage:
    """What counts against the caps now."""
    today = now - now % DAY
    [row] = await db.rows(
        USAGE,
        person.key,
        person.key,
        now - HOUR,
        person.key,
        today,
        person.key,
        today,
        place.chat,
        place.workspace,
        today,
        _month(now) // DAY,
        person.key,
        place.key,
        person.key,
        place.key,
    )
    return Usage(**row)


async def allowance(
    db: Rows, person: Person, place: Place, caps: Caps, *, now: float
) -> Allowance:
    """What a person has used and has left in a place."""
    used = await usage(db, person, place, now=now)
    together = caps.workspace_day
    return Allowance(
        used=used.mine,
        doubtful=used.doubtful,
        cap=used.cap(caps, person.roles),
        together_left=None if together is None else max(0, together - used.together),
        resets=now - now % DAY + DAY,
        free_used=used.free,
        free_cap=caps.free_per_hour,
        waiting=used.unfinished,
    )


async def override(
    db: Rows, person: str, units: int | None, *, workspace: str = ""
) -> None:
    """Give one person their own units a day; None is without limit.

    `workspace` is the `chat:id` of where it counts, before what counts everywhere.
    """
    await db.rows(
        "INSERT INTO overrides(person, workspace, units) VALUES(?, ?, ?)"
        " ON CONFLICT(person, workspace) DO UPDATE SET units = excluded.units",
        person,
        workspace,
        units,
    )


async def by_person(
    db: Rows, place: Place, *, now: float
) -> list[tuple[str, int, int]]:
    """Who used how much in a place today: `chat:id`, renders, units; most first."""
    rows = await db.rows(
        "SELECT person, count(*) AS renders, sum(units) AS units FROM ledger"
        f" WHERE chat = ? AND workspace = ? AND {COUNTS} AND held_at >= ?"
        " GROUP BY person ORDER BY units DESC, renders DESC, person LIMIT 20",
        place.chat,
        place.workspace,
        now - now % DAY,
    )
    return [(row["person"], row["renders"], row["units"]) for row in rows]


async def audit(db: Rows) -> list[str]:
    """Every way in which the ledger and the jobs disagree; empty is good.

    What may have been billed has to be noted, or it would not count.
    """
    rows = await db.rows(
        "SELECT j.id, j.state, l.kind FROM jobs j LEFT JOIN ledger l ON l.job = j.id"
        " WHERE coalesce(l.kind, 'missing') <> CASE j.state WHEN 'done' THEN 'charged'"
        " WHEN 'failed' THEN 'returned' WHEN 'cancelled' THEN 'returned'"
        " ELSE 'held' END"
    )
    unnoted = await db.rows(
        "SELECT j.id FROM jobs j JOIN ledger l ON l.job = j.id"
        " WHERE j.state IN ('failed', 'cancelled') AND l.kind = 'returned'"
        " AND (l.note IS NOT NULL)"
        " <> CASE WHEN json_valid(j.details)"
        " THEN coalesce(json_extract(j.details, '$.billed'), 0) ELSE 0 END"
    )
    strays = await db.rows(
        "SELECT job FROM ledger WHERE kind = 'held'"
        " AND job NOT IN (SELECT id FROM jobs)"
    )
    return [
        *(
            f"job {row['id']} is {row['state']} but its entry is"
            f" {row['kind'] or 'missing'}"
            for row in rows
        ),
        *(
            f"job {row['id']} and its entry disagree on whether it may have been billed"
            for row in unnoted
        ),
        *(f"job {row['job']} is gone but its units are still held" for row in strays),
    ]


MINE = "That takes {asked} clip-seconds and you have {left} of {cap} left today."
TOGETHER = (
    "That takes {asked} clip-seconds and everyone here together has {left} of {cap}"
    " left today."
)


def _check_units(asked: int, used: int, cap: int | None, sentence: str) -> None:
    if cap is not None and used + asked > cap:
        raise QuotaError(
            sentence,
            hint="The count starts again at 00:00 UTC. A free draft takes nothing.",
            asked=asked,
            left=max(0, cap - used),
            cap=cap,
        )


def _check_money(used: Usage, micros: int, caps: Caps) -> None:
    cap = caps.month_micros
    if cap is not None and micros and used.spent + micros > cap:
        raise QuotaError(
            "This month's money for renders is used up.",
            hint="Make a free draft, or ask whoever runs this bot for more.",
        )


def _check_at_once(used: Usage, caps: Caps) -> None:
    if used.unfinished >= caps.at_once:
        raise RateError(
            "You have {most} renders under way, and that is the most at once.",
            hint="Wait for one to finish, or cancel one.",
            most=caps.at_once,
        )


def _check_free(used: Usage, caps: Caps) -> None:
    if used.free >= caps.free_per_hour:
        raise RateError(
            "You have made {most} free renders in the last hour, and that is the most.",
            hint="Try again a little later.",
            most=caps.free_per_hour,
        )


def _month(now: float) -> float:
    first = datetime.fromtimestamp(now, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return first.timestamp()
