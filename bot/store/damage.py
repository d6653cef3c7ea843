"""Rows of jobs that are damaged: what can still be done for them."""

import asyncio
from typing import NamedTuple

import msgspec

from bot.models import Job, State, Trouble
from bot.store import jobs as job_rows
from bot.store.rows import Rows
from bot.store.schema import BUSY, ENDED


class Damaged(NamedTuple):
    """An unfinished job whose row cannot be read; what costs may have been ordered."""

    job_id: str
    costs: bool


async def find(db: Rows, job_id: str) -> Damaged | None:
    """An unfinished job, if its row holds what is no JSON any more.

    What is JSON, but not as we write it, may be of a newer version: that is left alone.
    """
    rows = await db.rows(
        "SELECT place, request, details, units, micros FROM jobs"
        f" WHERE id = ? AND state IN {BUSY}",
        job_id,
    )
    for row in rows:
        if not all(_is_json(row[name]) for name in ("place", "request", "details")):
            return Damaged(job_id, costs=bool(row["units"] or row["micros"]))
    return None


async def unreadable(db: Rows) -> list[str]:
    """Ids of all unfinished jobs whose rows cannot be read, for the owner."""
    rows = await db.rows(f"SELECT * FROM jobs WHERE state NOT IN {ENDED}")
    readable = {job.id for job in await asyncio.to_thread(job_rows.read, rows)}
    return [row["id"] for row in rows if row["id"] not in readable]


async def lead_out(
    db: Rows, found: Damaged, *, error: Trouble, now: float
) -> Job | None:
    """Let a damaged job deliver what there is of it: its clip, or the bad news.

    Returns:
        The job, owned; None where not even who is to be told can be read any more.
    """
    has_clip = await db.rows("SELECT id FROM clips WHERE id = ?", found.job_id)
    bad_news = {"end": State.FAILED, "error": error, "billed": found.costs}
    await db.rows(
        "UPDATE jobs SET state = ?, details = ?, updated = ? WHERE id = ?",
        State.DELIVERING,
        "{}" if has_clip else msgspec.json.encode(bad_news).decode(),
        now,
        found.job_id,
    )
    job = await job_rows.take(db, found.job_id)
    if job is None:
        await db.rows(
            "UPDATE jobs SET state = ? WHERE id = ?", State.FAILED, found.job_id
        )
    return job


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True
