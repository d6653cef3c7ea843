"""Rows of clips, where they were delivered, and the messages that name them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from bot.models import Clip, Place
from bot.store.rows import Row, Rows

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One clip, or one piece of bad news, for one place.

    Attributes:
        key: Never used for anything else; a chat posts it at most once.
        message: The chat's id of the message, once it was posted.
        trouble: Why it could not be posted.
    """

    key: str
    job: str
    place: Place
    message: str | None = None
    trouble: str | None = None


class Anchor(NamedTuple):
    """A message that names a clip."""

    chat: str
    channel: str
    message: str


async def put(db: Rows, clip: Clip) -> None:
    """Remember a clip; the same one again changes nothing."""
    await db.rows(
        "INSERT INTO clips(id, person, parent, media, details, created)"
        " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        clip.id,
        clip.person.key,
        clip.parent,
        clip.media,
        msgspec.json.encode(clip).decode(),
        clip.created,
    )


async def get(db: Rows, clip_id: str) -> Clip | None:
    """The clip of that id."""
    found = await many(db, [clip_id])
    return found.get(clip_id)


async def seen(db: Rows, clip_id: str, place: Place) -> tuple[Clip, bool] | None:
    """A clip, and whether some message in the place's channel names it."""
    rows = await db.rows(
        "SELECT details, EXISTS(SELECT 1 FROM anchors WHERE clip = clips.id"
        " AND chat = ? AND channel = ?) AS posted FROM clips WHERE id = ?",
        place.chat,
        place.channel,
        clip_id,
    )
    return next(((clip, bool(rows[0]["posted"])) for clip in _clips(rows)), None)


async def many(db: Rows, clip_ids: Sequence[str]) -> dict[str, Clip]:
    """Those of the clips that exist, by id."""
    rows = await db.rows(
        f"SELECT id, details FROM clips WHERE id IN ({', '.join('?' * len(clip_ids))})",
        *clip_ids,
    )
    return {clip.id: clip for clip in _clips(rows)}


async def lineage(db: Rows, clip_id: str) -> Sequence[Clip]:
    """The clip's ancestors that still exist, the eldest first, and itself."""
    rows = await db.rows(
        "WITH RECURSIVE line(id, parent, details, depth) AS ("
        " SELECT id, parent, details, 0 FROM clips WHERE id = ?"
        " UNION ALL SELECT c.id, c.parent, c.details, depth + 1"
        " FROM clips c JOIN line ON c.id = line.parent WHERE depth < 100)"
        " SELECT details FROM line ORDER BY depth DESC",
        clip_id,
    )
    return _clips(rows)


async def remove(db: Rows, clip_id: str) -> None:
    """Forget a clip and the messages that name it."""
    await db.rows("DELETE FROM anchors WHERE clip = ?", clip_id)
    await db.rows("DELETE FROM clips WHERE id = ?", clip_id)


async def older_than(db: Rows, moment: float, *, limit: int) -> Sequence[str]:
    """Ids of some clips that were made before a moment."""
    rows = await db.rows(
        "SELECT id FROM clips WHERE created < ? LIMIT ?", moment, limit
    )
    return [row["id"] for row in rows]


async def anchor(db: Rows, clip_id: str, place: Place, message: str) -> None:
    """Let a message name a clip, so that a reply to it is a reply to the clip."""
    await db.rows(
        "INSERT INTO anchors(chat, channel, message, clip) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(chat, channel, message) DO UPDATE SET clip = excluded.clip",
        place.chat,
        place.channel,
        message,
        clip_id,
    )


async def anchored(db: Rows, *, chat: str, channel: str, message: str) -> str | None:
    """Id of the clip that a message names."""
    rows = await db.rows(
        "SELECT clip FROM anchors WHERE chat = ? AND channel = ? AND message = ?",
        chat,
        channel,
        message,
    )
    return str(rows[0]["clip"]) if rows else None


async def anchors(db: Rows, clip_id: str) -> Sequence[Anchor]:
    """Every message that names a clip."""
    rows = await db.rows(
        "SELECT chat, channel, message FROM anchors WHERE clip = ?", clip_id
    )
    return [Anchor(**row) for row in rows]


async def delivery(db: Rows, key: str) -> Delivery | None:
    """What became of a delivery; None when it was never begun."""
    rows = await db.rows("SELECT * FROM deliveries WHERE key = ?", key)
    return _delivery(rows[0]) if rows else None


async def deliveries(db: Rows, job_id: str) -> Sequence[Delivery]:
    """All deliveries of a job, in order."""
    rows = await db.rows("SELECT * FROM deliveries WHERE job = ? ORDER BY at", job_id)
    return [_delivery(row) for row in rows]


async def note_delivery(db: Rows, what: Delivery, *, now: float) -> None:
    """Write down how a delivery stands."""
    await db.rows(
        "INSERT INTO deliveries(key, job, place, message, trouble, at)"
        " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE"
        " SET message = excluded.message, trouble = excluded.trouble",
        what.key,
        what.job,
        msgspec.json.encode(what.place).decode(),
        what.message,
        what.trouble,
        now,
    )


def _clips(rows: Sequence[Row]) -> list[Clip]:
    """The clips of rows. A damaged row must not take the others with it."""
    found = []
    for row in rows:
        try:
            found.append(msgspec.json.decode(row["details"], type=Clip))
        except msgspec.MsgspecError:
            log.error("a clip cannot be read: its row is damaged")  # noqa: TRY400
    return found


def _delivery(row: Row) -> Delivery:
    return Delivery(
        key=row["key"],
        job=row["job"],
        place=msgspec.json.decode(row["place"], type=Place),
        message=row["message"],
        trouble=row["trouble"],
    )
