"""Small facts that outlive a restart, each under a key of its own."""

from bot.store.rows import Rows


async def put(db: Rows, key: str, value: str, *, now: float) -> bool:
    """Write a fact down once; False when the key has one already."""
    return bool(
        await db.rows(
            "INSERT INTO notes(key, value, at) VALUES(?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING key",
            key,
            value,
            now,
        )
    )


async def change(db: Rows, key: str, value: str, *, now: float) -> None:
    """Write a fact down in place of the one before."""
    await db.rows(
        "INSERT INTO notes(key, value, at) VALUES(?, ?, ?)"
        " ON CONFLICT(key) DO UPDATE SET value = excluded.value, at = excluded.at",
        key,
        value,
        now,
    )


async def get(db: Rows, key: str) -> str | None:
    """The fact of that key."""
    rows = await db.rows("SELECT value FROM notes WHERE key = ?", key)
    return str(rows[0]["value"]) if rows else None


async def forget(db: Rows, prefix: str, *, before: float) -> None:
    """Forget facts of a kind that were written before a moment."""
    await db.rows("DELETE FROM notes WHERE key LIKE ? AND at < ?", f"{prefix}%", before)
