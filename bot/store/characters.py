"""Rows of characters: whom programs want to see again."""

from typing import NamedTuple

from bot.models import Character
from bot.store.rows import Rows


class Kept(NamedTuple):
    """A character with the id that its person knows it by.

    Attributes:
        created: Unix time in seconds.
    """

    id: str
    character: Character
    created: float


async def add(db: Rows, kept: Kept, *, person: str) -> None:
    """Remember a character of a person, `chat:id`."""
    await db.rows(
        "INSERT INTO characters(id, person, name, media, created)"
        " VALUES(?, ?, ?, ?, ?)",
        kept.id,
        person,
        kept.character.name,
        kept.character.media,
        kept.created,
    )


async def get(db: Rows, character_id: str, *, person: str) -> Kept | None:
    """A person's own character of that id."""
    rows = await db.rows(
        "SELECT id, name, media, created FROM characters WHERE id = ? AND person = ?",
        character_id,
        person,
    )
    if not rows:
        return None
    [row] = rows
    character = Character(name=row["name"], media=row["media"])
    return Kept(row["id"], character, row["created"])


async def count(db: Rows, *, person: str) -> int:
    """How many characters a person has."""
    [row] = await db.rows(
        "SELECT count(*) AS n FROM characters WHERE person = ?", person
    )
    return int(row["n"])
