"""Caps, holds and the ledger: who may still ask, and what became of each hold.

A hold is written in the transaction that accepts a job and settled in the one that
ends it, so the ledger always adds up. Units are clip-seconds weighted by the model
card; free renders have a rate of their own.
"""

from datetime import UTC, datetime

from bot.config import Caps
from bot.errors import QuotaError
from bot.models import Allowance, Job, Person, Place, State
from bot.store import Rows

HOUR = 3_600.0
DAY = 86_400.0


async def hold(
    db: Rows, job: Job, caps: Caps, *, roles: frozenset[str], now: float
) -> None:
    """Check every cap and write the hold. Call inside the accepting transaction.

    Raises:
        QuotaError: Some cap is reached; the sentence says which and what is left.
    """
    await _check_at_once(db, job, caps)
    if job.price.units or job.price.micros:
        await _check_units(db, job, caps, roles=roles, now=now)
        await _check_money(db, job, caps, now=now)
    else:
        await _check_free(db, job, caps, now=now)
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


async def allowance(
    db: Rows, person: Person, place: Place, caps: Caps, *, now: float
) -> Allowance:
    """What a person has used and has left in a place."""
    together = caps.workspace_day
    if together is not None:
        together = max(0, together - await _units_in(db, place, since=_day(now)))
    return Allowance(
        used=await _units(db, "person = ?", person.key, since=_day(now)),
        cap=await person_cap(db, person.key, caps, roles=person.roles),
        together_left=together,
        resets=_day(now) + DAY,
        free_used=await _free(db, person.key, now=now),
        free_cap=caps.free_per_hour,
        waiting=await _unfinished(db, person.key),
    )


async def person_cap(
    db: Rows, person: str, caps: Caps, *, roles: frozenset[str]
) -> int | None:
    """Units a day for a person: their own, else their best role's, else everyone's."""
    if own := await db.rows("SELECT units FROM overrides WHERE person = ?", person):
        units: int | None = own[0]["units"]
        return units
    offers = [caps.roles[role] for role in roles if role in caps.roles]
    known = [offer for offer in offers if offer is not None]
    if len(known) < len(offers):
        return None
    return max(known, default=caps.person_day)


async def override(db: Rows, person: str, units: int | None) -> None:
    """Give one person their own units a day; None is without limit."""
    await db.rows(
        "INSERT INTO overrides(person, units) VALUES(?, ?)"
        " ON CONFLICT(person) DO UPDATE SET units = excluded.units",
        person,
        units,
    )


async def audit(db: Rows) -> list[str]:
    """Every way in which the ledger and the jobs disagree; empty is good."""
    rows = await db.rows(
        "SELECT j.id, j.state, l.kind FROM jobs j LEFT JOIN ledger l ON l.job = j.id"
        " WHERE coalesce(l.kind, 'missing') <> CASE j.state WHEN 'done' THEN 'charged'"
        " WHEN 'failed' THEN 'returned' WHEN 'cancelled' THEN 'returned'"
        " ELSE 'held' END"
    )
    strays = await db.rows(
        "SELECT job FROM ledger WHERE kind = 'held'"
        " AND job NOT IN (SELECT id FROM jobs)"
    )
    return [
        f"job {row['id']} is {row['state']} but its entry is {row['kind'] or 'missing'}"
        for row in rows
    ] + [f"job {row['job']} is gone but its units are still held" for row in strays]


async def _check_at_once(db: Rows, job: Job, caps: Caps) -> None:
    if await _unfinished(db, job.person.key) >= caps.at_once:
        raise QuotaError(
            "You have {most} renders under way, and that is the most at once.",
            hint="Wait for one to finish, or cancel one.",
            most=caps.at_once,
        )


async def _check_free(db: Rows, job: Job, caps: Caps, *, now: float) -> None:
    if await _free(db, job.person.key, now=now) >= caps.free_per_hour:
        raise QuotaError(
            "You have made {most} free renders in the last hour, and that is the most.",
            hint="Try again a little later.",
            most=caps.free_per_hour,
        )


async def _check_units(
    db: Rows, job: Job, caps: Caps, *, roles: frozenset[str], now: float
) -> None:
    since, asked = _day(now), job.price.units
    cap = await person_cap(db, job.person.key, caps, roles=roles)
    used = await _units(db, "person = ?", job.person.key, since=since)
    if cap is not None and used + asked > cap:
        raise QuotaError(
            "That takes {asked} clip-seconds and you have {left} of {cap} left today.",
            hint="The count starts again at 00:00 UTC. A free draft takes nothing.",
            asked=asked,
            left=max(0, cap - used),
            cap=cap,
        )
    cap = caps.workspace_day
    used = await _units_in(db, job.place, since=since)
    if cap is not None and used + asked > cap:
        raise QuotaError(
            "That takes {asked} clip-seconds and everyone here together has {left}"
            " of {cap} left today.",
            hint="The count starts again at 00:00 UTC. A free draft takes nothing.",
            asked=asked,
            left=max(0, cap - used),
            cap=cap,
        )


async def _check_money(db: Rows, job: Job, caps: Caps, *, now: float) -> None:
    if caps.month_micros is None or not job.price.micros:
        return
    [row] = await db.rows(
        "SELECT coalesce(sum(micros), 0) AS n FROM ledger"
        " WHERE micros > 0 AND kind <> 'returned' AND held_at >= ?",
        _month(now),
    )
    if int(row["n"]) + job.price.micros > caps.month_micros:
        raise QuotaError(
            "This month's money for renders is used up.",
            hint="Make a free draft, or ask whoever runs this bot for more.",
        )


async def _units_in(db: Rows, place: Place, *, since: float) -> int:
    whose = "chat = ? AND workspace = ?"
    return await _units(db, whose, place.chat, place.workspace, since=since)


async def _units(db: Rows, whose: str, *values: str, since: float) -> int:
    [row] = await db.rows(
        "SELECT coalesce(sum(units), 0) AS n FROM ledger"
        f" WHERE {whose} AND kind <> 'returned' AND held_at >= ?",
        *values,
        since,
    )
    return int(row["n"])


async def _free(db: Rows, person: str, *, now: float) -> int:
    [row] = await db.rows(
        "SELECT count(*) AS n FROM ledger WHERE person = ? AND units = 0"
        " AND micros = 0 AND kind <> 'returned' AND held_at > ?",
        person,
        now - HOUR,
    )
    return int(row["n"])


async def _unfinished(db: Rows, person: str) -> int:
    [row] = await db.rows(
        "SELECT count(*) AS n FROM ledger WHERE person = ? AND kind = 'held'", person
    )
    return int(row["n"])


def _day(now: float) -> float:
    return now - now % DAY


def _month(now: float) -> float:
    first = datetime.fromtimestamp(now, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return first.timestamp()
