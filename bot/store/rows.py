"""What every database must offer: one SQL text, rows out, transactions, hints."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

Row = dict[str, Any]
Ear = Callable[[str], None]


class Rows(Protocol):
    """Something that runs a statement: a store by itself, or a transaction."""

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """Run one statement and return its rows, if it has any.

        Args:
            sql: With `?` for each value, in words that SQLite and PostgreSQL share.
            values: What the question marks stand for.

        Raises:
            StorageError: The disk is full, the file is locked or read-only.
        """
        ...


class Store(Rows, Protocol):
    """A database that is open."""

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        """All statements on what it yields happen, or none.

        Statements on the store itself wait until it ends: never use the store
        inside its own transaction.
        """
        ...

    async def say(self, job_id: str) -> None:
        """Hint to whoever holds the job that it should look now. May be lost."""
        ...

    def hear(self, ear: Ear) -> None:
        """Call `ear` with the job's id on every hint."""
        ...

    async def close(self) -> None:
        """Write everything out and let go of the database."""
        ...
