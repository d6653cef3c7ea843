"""Rows of jobs: taken in, handed out, moved on, looked up."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import msgspec

from bot.models import (
    Delay,
    Job,
    Json,
    Person,
    Place,
    Price,
    RenderRequest,
    State,
    Trouble,
)
from bot.store import notes
from bot.store.rows import Row, Rows
from bot.store.schema import BUSY, ENDED

SHOWN = "once:shown "  # begins the note of a job whose card needs no more edits
IDLE = "('queued', 'done', 'failed', 'cancelled')"
MOST_AHEAD = 1_000  # of a longer queue nobody wants to know the length

# Fair: everybody's first waiting job before anybody's second, counting what they have
# in flight; at most so many of a person and so many on a provider.
# The last line's {slots} becomes one CASE branch per provider.
ADMIT = f"""
UPDATE jobs SET state = 'submitting', updated = ? WHERE state = 'queued' AND (
  cancel = 1 OR id IN (
    SELECT id FROM (
      SELECT waiting.id, waiting.provider, waiting.turn,
        row_number() OVER (PARTITION BY waiting.provider
          ORDER BY waiting.turn, waiting.created) + coalesce(busy.n, 0) AS slot
      FROM (
        SELECT q.id, q.provider, q.created,
          row_number() OVER (PARTITION BY q.person ORDER BY q.created)
            + coalesce(mine.n, 0) AS turn
        FROM jobs q LEFT JOIN (
          SELECT person, count(*) AS n FROM jobs WHERE state IN {BUSY}
          GROUP BY person) mine ON mine.person = q.person
        WHERE q.state = 'queued') waiting
      LEFT JOIN (
        SELECT provider, count(*) AS n FROM jobs WHERE state IN {BUSY}
        GROUP BY provider) busy ON busy.provider = waiting.provider) placed
    WHERE turn <= ? AND slot <= CASE provider {{slots}} ELSE 1 END))
RETURNING id"""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Details:
    """What changes on a job's way, beside its state: the fields of `Job` it names."""

    since: float = 0.0
    waited: float = 0.0
    orders: int = 0
    ordered_at: float | None = None
    keeps: float | None = None
    delay: Delay | None = None
    delayed_since: float | None = None
    inherits: str | None = None
    progress: float | None = None
    took: float | None = None
    media: str | None = None
    error: Trouble | None = None
    end: State | None = None
    billed: bool = False
    notes: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    plan: Json | None = None
    roles: frozenset[str] = frozenset()


DETAILS = tuple(name for f in fields(_Details) if (name := f.name) != "roles")


async def add(db: Rows, job: Job, *, event: str | None) -> bool:
    """Write a new job; False when this event has made one before."""
    return bool(
        await db.rows(
            "INSERT INTO jobs(id, event, person, chat, workspace, place, provider,"
            " state, ref, request, details, units, micros, created, updated)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            job.id,
            event,
            job.person.key,
            job.place.chat,
            job.place.workspace,
            _text(job.place),
            job.request.provider,
            job.state,
            job.ref,
            _text(job.request),
            _details(job),
            job.price.units,
            job.price.micros,
            job.created,
            job.updated,
        )
    )


async def get(db: Rows, job_id: str) -> Job | None:
    """The job of that id."""
    return _first(await db.rows("SELECT * FROM jobs WHERE id = ?", job_id))


async def is_cancelled(db: Rows, job_id: str) -> bool:
    """Whether somebody wants the job to stop, or has removed it."""
    rows = await db.rows("SELECT cancel FROM jobs WHERE id = ?", job_id)
    return not rows or bool(rows[0]["cancel"])


async def by_event(db: Rows, event: str) -> Job | None:
    """The job that this event made."""
    return _first(await db.rows("SELECT * FROM jobs WHERE event = ?", event))


async def by_ref(db: Rows, provider: str, ref: str) -> Job | None:
    """The job that a provider knows by `ref`."""
    return _first(
        await db.rows(
            "SELECT * FROM jobs WHERE provider = ? AND ref = ?", provider, ref
        )
    )


async def take(db: Rows, job_id: str) -> Job | None:
    """Raise the job's run number and own it; None when there is nothing left to do."""
    return next(iter(await take_all(db, [job_id])), None)


async def take_all(db: Rows, job_ids: Sequence[str]) -> list[Job]:
    """Own all of these jobs that have something left to do."""
    return read(
        await db.rows(
            f"UPDATE jobs SET run = run + 1 WHERE id IN ({_marks(job_ids)})"
            f" AND state NOT IN {IDLE} RETURNING *",
            *job_ids,
        )
    )


async def save(db: Rows, job: Job) -> Job | None:
    """Write where the job has come to; None when a later run has taken it over."""
    rows = await db.rows(
        "UPDATE jobs SET state = ?, provider = ?, request = ?, ref = ?, place = ?,"
        " details = ?, units = ?, micros = ?, updated = ?"
        " WHERE id = ? AND run = ? RETURNING cancel, card",
        job.state,
        job.request.provider,
        _text(job.request),
        job.ref,
        _text(job.place),
        _details(job),
        job.price.units,
        job.price.micros,
        job.updated,
        job.id,
        job.run,
    )
    # The rest is as it was written: nothing is read anew, and nothing held twice.
    return next(
        (replace(job, cancel=bool(r["cancel"]), card=r["card"]) for r in rows), None
    )


async def note_progress(db: Rows, jobs: Sequence[Job]) -> None:
    """Note how far renders are; nothing else of their rows, which may have moved on."""
    for job in jobs:
        await db.rows(
            "UPDATE jobs SET details = json_set(details, '$.progress', ?)"
            " WHERE id = ? AND run = ? AND state = 'rendering' AND json_valid(details)",
            job.progress,
            job.id,
            job.run,
        )


async def note_card(db: Rows, job_id: str, card: str) -> None:
    """Remember the message that shows how far a job is."""
    await db.rows("UPDATE jobs SET card = ? WHERE id = ?", card, job_id)


async def refs(db: Rows, provider: str, *, since: float) -> frozenset[str]:
    """The provider's ids that jobs of ours own, of all that changed since."""
    [row] = await db.rows(  # a single row: of thousands each would cost more
        "SELECT json_group_array(ref) AS refs FROM jobs"
        " WHERE provider = ? AND ref IS NOT NULL AND updated >= ?",
        provider,
        since,
    )
    return frozenset(msgspec.json.decode(row["refs"], type=list[str]))


async def rivals(db: Rows, job: Job) -> bool:
    """Whether another order of the same words is lost, or may be before long."""
    rows = await db.rows(
        "SELECT * FROM jobs WHERE provider = ? AND ref IS NULL AND id <> ?"
        " AND state NOT IN ('queued', 'done') AND created >= ?",
        job.request.provider,
        job.id,
        job.created - 3_600,
    )
    asked = job.request.prompt.strip()
    return any(
        other.request.prompt.strip() == asked
        for other in read(rows)
        if other.billed or other.state is State.SUBMITTING
    )


async def ordering(db: Rows, job: Job) -> bool:
    """Whether another job's order may be on its way to the same provider now."""
    rows = await db.rows(
        "SELECT 1 AS n FROM jobs WHERE provider = ? AND ref IS NULL AND id <> ?"
        " AND state = 'submitting' LIMIT 1",
        job.request.provider,
        job.id,
    )
    return bool(rows)


async def hand_over(db: Rows, job_id: str, ref: str) -> bool:
    """Take a render from a job that has ended; False when it has none any more."""
    return bool(
        await db.rows(
            f"UPDATE jobs SET ref = NULL WHERE id = ? AND ref = ? AND state IN {ENDED}"
            " RETURNING id",
            job_id,
            ref,
        )
    )


async def note_billed(db: Rows, job_id: str, *, billed: bool) -> None:
    """Note whether a job that has ended may have been paid for, as the ledger does."""
    job = await get(db, job_id)
    if job is not None:
        await db.rows(
            "UPDATE jobs SET details = ? WHERE id = ?",
            _details(replace(job, billed=billed)),
            job_id,
        )


async def durations(
    db: Rows, provider: str, *, limit: int
) -> list[tuple[str, int, float]]:
    """The latest renders of a provider: model, seconds of clip, seconds it took."""
    rows = await db.rows(
        "SELECT request, details FROM jobs WHERE provider = ? AND state = 'done'"
        " ORDER BY updated DESC LIMIT ?",
        provider,
        limit,
    )
    return [found for row in rows if (found := _duration(row))]


async def ask_cancel(db: Rows, job_id: str) -> Job | None:
    """Note that somebody wants the job to stop; None when it has ended."""
    return _first(
        await db.rows(
            f"UPDATE jobs SET cancel = 1 WHERE id = ? AND state NOT IN {ENDED}"
            " RETURNING *",
            job_id,
        )
    )


async def admit(
    db: Rows, *, now: float, per_person: int, per_provider: Mapping[str, int]
) -> Sequence[str]:
    """Let waiting jobs through the gate, fairly; the ids of those that passed."""
    slots = " ".join(["WHEN ? THEN ?"] * len(per_provider)) or "WHEN '' THEN 0"
    pairs = [value for pair in per_provider.items() for value in pair]
    rows = await db.rows(ADMIT.format(slots=slots), now, per_person, *pairs)
    return [row["id"] for row in rows]


async def under_way(db: Rows) -> Sequence[str]:
    """Ids of jobs that were let through and have not ended."""
    rows = await db.rows(f"SELECT id FROM jobs WHERE state IN {BUSY} ORDER BY created")
    return [row["id"] for row in rows]


async def ahead(db: Rows, job: Job) -> int:
    """How many jobs wait in front of this one, roughly; `MOST_AHEAD` at the most."""
    [row] = await db.rows(
        "SELECT count(*) AS n FROM (SELECT 1 FROM jobs"
        " WHERE state = 'queued' AND provider = ? AND created < ? LIMIT ?)",
        job.request.provider,
        job.created,
        MOST_AHEAD,
    )
    return int(row["n"])


async def latest(
    db: Rows, person: str, *, limit: int, before: tuple[float, str] | None = None
) -> Sequence[Job]:
    """A person's jobs, the newest first; older than a moment and an id, if so asked."""
    older = " AND (created, id) < (?, ?)" if before else ""
    rows = await db.rows(
        f"SELECT * FROM jobs WHERE person = ?{older}"
        " ORDER BY created DESC, id DESC LIMIT ?",
        person,
        *(before or ()),
        limit,
    )
    return read(rows)


async def page(
    db: Rows, person: str, after: Job | None, *, limit: int, newest_first: bool
) -> Sequence[Job]:
    """A person's jobs that nobody stopped, from behind one of them on."""
    sign, way = ("<", "DESC") if newest_first else (">", "ASC")
    behind = f" AND (created, id) {sign} (?, ?)" if after else ""
    rows = await db.rows(
        f"SELECT * FROM jobs WHERE person = ? AND cancel = 0{behind}"
        f" ORDER BY created {way}, id {way} LIMIT ?",
        person,
        *((after.created, after.id) if after else ()),
        limit,
    )
    return read(rows)


async def shown_last(db: Rows, job_id: str, *, now: float) -> None:
    """Note that a job's card shows how the job ended."""
    await notes.put(db, f"{SHOWN}{job_id}", "", now=now)


async def unshown(db: Rows, chat: str, *, since: float) -> Sequence[Job]:
    """Jobs of a chat that have ended since, with a card that does not show it yet."""
    rows = await db.rows(
        f"SELECT * FROM jobs WHERE chat = ? AND state IN {ENDED} AND card IS NOT NULL"
        " AND updated >= ? AND NOT EXISTS"
        " (SELECT 1 FROM notes WHERE key = ? || jobs.id) ORDER BY updated",
        chat,
        since,
        SHOWN,
    )
    return read(rows)


async def remove(db: Rows, job_id: str) -> str | None:
    """Forget an ended job; what it took stays in the ledger. The event it came of."""
    rows = await db.rows(
        f"DELETE FROM jobs WHERE id = ? AND state IN {ENDED} RETURNING event", job_id
    )
    return rows[0]["event"] if rows else None


async def remove_ended(db: Rows, *, before: float, limit: int) -> int:
    """Forget some jobs that ended before a moment; how many there were."""
    rows = await db.rows(
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs"
        f" WHERE state IN {ENDED} AND updated < ? LIMIT ?) RETURNING 1",
        before,
        limit,
    )
    return len(rows)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _details(job: Job) -> str:
    changing = {name: getattr(job, name) for name in DETAILS}
    return _text(_Details(**changing, roles=job.person.roles))


def _duration(row: Row) -> tuple[str, int, float] | None:
    try:
        took = msgspec.json.decode(row["details"], type=_Details).took
        made = msgspec.json.decode(row["request"], type=RenderRequest)
    except msgspec.MsgspecError:
        return None
    return (made.model, made.made_seconds, took) if took else None


def _first(rows: Sequence[Row]) -> Job | None:
    return next(iter(read(rows)), None)


def read(rows: Sequence[Row]) -> list[Job]:
    """The jobs of rows. A damaged row must not take the others with it."""
    found = []
    for row in rows:
        try:
            found.append(_job(row))
        except ValueError:  # msgspec's too
            _tell_damaged(row["id"])
    return found


@lru_cache(1_000)
def _tell_damaged(job_id: str) -> None:
    """Once: a row is read again and again."""
    log.error("job %s cannot be read: its row is damaged", job_id)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


# Thousands of jobs are held at once, and many are of the same people and places.
@lru_cache(1_000)
def _place(text: str) -> Place:
    return msgspec.json.decode(text, type=Place)


@lru_cache(1_000)
def _person(key: str, roles: frozenset[str]) -> Person:
    chat, _, person = key.partition(":")
    return Person(chat=chat, id=person, roles=roles)


@lru_cache(1_000)
def _price(units: int, micros: int) -> Price:
    return Price(units=units, micros=micros)


def _job(row: Row) -> Job:
    details = msgspec.json.decode(row["details"], type=_Details)
    return Job(
        id=row["id"],
        person=_person(row["person"], details.roles),
        place=_place(row["place"]),
        request=msgspec.json.decode(row["request"], type=RenderRequest),
        state=State(row["state"]),
        price=_price(row["units"], row["micros"]),
        created=row["created"],
        updated=row["updated"],
        ref=row["ref"],
        run=row["run"],
        cancel=bool(row["cancel"]),
        card=row["card"],
        **{name: getattr(details, name) for name in DETAILS},
    )
