"""Secrets of others, sealed before they come here."""

from bot.store.rows import Rows


async def put(db: Rows, name: str, sealed: str, *, now: float) -> None:
    """Keep a sealed secret in place of the one before."""
    await db.rows(
        "INSERT INTO secrets(name, sealed, at) VALUES(?, ?, ?)"
        " ON CONFLICT(name) DO UPDATE SET sealed = excluded.sealed, at = excluded.at",
        name,
        sealed,
        now,
    )


async def get(db: Rows, name: str) -> str | None:
    """The sealed secret of that name."""
    rows = await db.rows("SELECT sealed FROM secrets WHERE name = ?", name)
    return str(rows[0]["sealed"]) if rows else None


async def remove(db: Rows, name: str) -> None:
    """Delete a secret."""
    await db.rows("DELETE FROM secrets WHERE name = ?", name)
