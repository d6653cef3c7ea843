"""Keys that let programs in. The owner makes them; only a digest is kept of each."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from bot.models import Person
from bot.store import Rows

CHAT = "api"  # as in `api:NAME`, whose clips and quota a key's are
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MARK = "vivant-"  # a key that leaked is recognised by whoever scans for them


@dataclass(frozen=True, slots=True)
class Key:
    """A key, as far as anybody still knows it.

    Attributes:
        created: Unix time in seconds.
    """

    name: str
    created: float

    @property
    def person(self) -> Person:
        """Whoever comes with it."""
        return Person(chat=CHAT, id=self.name)


async def create(db: Rows, name: str, *, now: float) -> str | None:
    """Make a key, which is never seen again; None when the name has one already."""
    key = MARK + secrets.token_urlsafe(32)
    made = await db.rows(
        "INSERT INTO keys(name, digest, created) VALUES(?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING name",
        name,
        _digest(key),
        now,
    )
    return key if made else None


async def listed(db: Rows) -> list[Key]:
    """Every key that is good, the eldest first."""
    rows = await db.rows("SELECT name, created FROM keys ORDER BY created, name")
    return [Key(**row) for row in rows]


async def revoke(db: Rows, name: str) -> bool:
    """Let a key open nothing any more; False when there is none of that name."""
    return bool(await db.rows("DELETE FROM keys WHERE name = ? RETURNING name", name))


async def holder(db: Rows, key: str) -> Person | None:
    """Who comes with this key; None when it opens nothing."""
    rows = await db.rows(
        "SELECT name, created FROM keys WHERE digest = ?", _digest(key)
    )
    return Key(**rows[0]).person if rows else None


def _digest(key: str) -> str:
    """No salt and no slow hash: a key has 256 random bits, so nobody can try them."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
