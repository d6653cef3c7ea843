"""Rows of uploads: pictures that a program sent ahead of its order."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.models import Size, Still
from bot.store.rows import Row, Rows


class Upload(NamedTuple):
    """A picture that was made safe, with the id that its person knows it by.

    Attributes:
        name: What the program called the file.
        purpose: What the program said it is for.
        bytes: Its size on our disk.
        created: Unix time in seconds.
        expires: Unix time in seconds; from then on it is gone.
    """

    id: str
    name: str
    purpose: str
    still: Still
    bytes: int
    created: float
    expires: float


async def add(db: Rows, upload: Upload, *, person: str) -> None:
    """Remember an upload of a person, `chat:id`."""
    await db.rows(
        "INSERT INTO uploads(id, person, name, purpose, media, width, height, bytes,"
        " created, expires) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        upload.id,
        person,
        upload.name,
        upload.purpose,
        upload.still.media,
        upload.still.size.width,
        upload.still.size.height,
        upload.bytes,
        upload.created,
        upload.expires,
    )


async def get(db: Rows, upload_id: str, *, person: str, now: float) -> Upload | None:
    """A person's own upload of that id, unless its time is over."""
    rows = await db.rows(
        "SELECT * FROM uploads WHERE id = ? AND person = ? AND expires > ?",
        upload_id,
        person,
        now,
    )
    return _upload(rows[0]) if rows else None


async def listed(db: Rows, *, person: str, now: float) -> Sequence[Upload]:
    """A person's own uploads, the newest first."""
    rows = await db.rows(
        "SELECT * FROM uploads WHERE person = ? AND expires > ?"
        " ORDER BY created DESC, id DESC",
        person,
        now,
    )
    return [_upload(row) for row in rows]


async def remove(db: Rows, upload_id: str, *, person: str) -> bool:
    """Forget a person's own upload; False when there is none of that id."""
    return bool(
        await db.rows(
            "DELETE FROM uploads WHERE id = ? AND person = ? RETURNING id",
            upload_id,
            person,
        )
    )


async def remove_expired(db: Rows, *, now: float) -> None:
    """Forget every upload whose time is over."""
    await db.rows("DELETE FROM uploads WHERE expires <= ?", now)


def _upload(row: Row) -> Upload:
    size = Size(row["width"], row["height"])
    return Upload(
        id=row["id"],
        name=row["name"],
        purpose=row["purpose"],
        still=Still(media=row["media"], size=size),
        bytes=row["bytes"],
        created=row["created"],
        expires=row["expires"],
    )
