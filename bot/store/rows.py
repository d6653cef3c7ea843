"""What every database must offer: one SQL text, rows out, transactions, hints."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

Row = dict[str, Any]
T = TypeVar("T")
Ear = Callable[[str], None]


class Rows(Protocol):
    """Something that runs a statement: a store by itself, or a transaction."""

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """Run one statement and return its rows, if it has any.

        Args:
            sql: With `?` for each value, in words that SQLite and PostgreSQL share.
            values: What the question marks stand for.

        Raises:
            StorageError: The disk is full, the file is locked, read-only or damaged.
        """
        ...


class Store(Rows, Protocol):
    """A database that is open."""

    async def transaction(self, work: Callable[[Rows], Awaitable[T]]) -> T:
        """Carry out statements that happen all together, or not at all.

        Args:
            work: Awaits statements on what it is given, and nothing else: it runs
                where the database is, in one go. Never use the store itself in it.

        Raises:
            StorageError: As for a statement.
        """
        ...

    async def say(self, job_id: str) -> None:
        """Hint to whoever holds the job that it should look now. May be lost."""
        ...

    def hear(self, ear: Ear) -> None:
        """Call `ear` with the job's id on every hint."""
        ...

    async def backup(self, to: Path) -> None:
        """Write everything as it is at this moment to a new file, which only we read.

        Raises:
            StorageError: The disk is full or cannot be written.
        """
        ...

    async def close(self) -> None:
        """Write everything out and let go of the database."""
        ...
