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


async def remove(db: Rows, key: str) -> None:
    """Forget the fact of that key."""
    await db.rows("DELETE FROM notes WHERE key = ?", key)


async def forget(db: Rows, prefix: str, *, before: float, limit: int) -> int:
    """Forget some facts of a kind that were written before a moment; how many."""
    rows = await db.rows(
        "DELETE FROM notes WHERE key IN (SELECT key FROM notes"
        " WHERE key >= ? AND key < ? AND at < ? LIMIT ?) RETURNING 1",
        prefix,
        prefix + "\U0010ffff",
        before,
        limit,
    )
    return len(rows)
