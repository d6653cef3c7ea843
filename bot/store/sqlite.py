"""One machine's database: a SQLite file through aiosqlite."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import aiosqlite

from bot.errors import SetupError, StorageError
from bot.store.rows import Ear, Row, Rows
from bot.store.schema import MIGRATIONS

# FULL: a row that was acknowledged survives a power cut, so nothing is paid twice.
# EXCLUSIVE: a second bot on the same file fails at once instead of sharing it.
PRAGMAS = (
    "busy_timeout=2000",
    "locking_mode=EXCLUSIVE",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
_SENTENCES = {
    "SQLITE_FULL": "The bot's disk is full.",
    "SQLITE_READONLY": "The bot may not write to its database.",
    "SQLITE_BUSY": "The bot's database is busy.",
    "SQLITE_IOERR": "The bot's disk does not answer.",
}


async def open_sqlite(path: Path) -> "Sqlite":
    """Open the file, make it if it is new, and bring it up to date.

    Raises:
        SetupError: It cannot be opened, is in use, is no database or is too new.
    """
    # Here and not in __init__: connecting touches the disk.
    try:
        await asyncio.to_thread(_make_private, path)
        db = await aiosqlite.connect(path, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise SetupError([_why_closed(path, error)]) from error
    try:
        for pragma in PRAGMAS:
            await db.execute(f"PRAGMA {pragma}")
        await _migrate(db, path)
    except sqlite3.Error as error:
        await db.close()
        raise SetupError([_why_closed(path, error)]) from error
    except BaseException:
        await db.close()
        raise
    db.row_factory = aiosqlite.Row
    return Sqlite(db)


class Sqlite:
    """An open SQLite file; satisfies `Store`.

    Every task shares one connection, so a lock keeps one task's statements out of
    another's transaction.
    """

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._lock = asyncio.Lock()
        self._open = _Transaction(db)
        self._ears: list[Ear] = []

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """Run one statement in a transaction of its own."""
        async with self._lock:
            return await self._open.rows(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Rows]:
        """Hold the database until everything is written, or nothing is."""
        async with self._lock:
            try:
                await self._finish("BEGIN IMMEDIATE")
                yield self._open
                await self._finish("COMMIT")
            except BaseException:
                # None may be open any more: COMMIT was done when the caller was
                # cancelled, or a full disk has rolled back by itself.
                with suppress(StorageError, sqlite3.OperationalError):
                    await self._finish("ROLLBACK")
                raise

    async def _finish(self, word: str) -> None:
        """Run BEGIN, COMMIT or ROLLBACK to its end, even when we are cancelled."""
        ending = asyncio.ensure_future(self._open.rows(word))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def say(self, job_id: str) -> None:
        """Tell everyone who listens in this process."""
        for ear in self._ears:
            ear(job_id)

    def hear(self, ear: Ear) -> None:
        """Listen for hints."""
        self._ears.append(ear)

    async def close(self) -> None:
        """Close the file."""
        async with self._lock:
            await self._db.close()


class _Transaction:
    """Runs statements and words the driver's errors."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db

    async def rows(self, sql: str, *values: object) -> list[Row]:
        try:
            found = await self._db.execute_fetchall(sql, values)
        except sqlite3.OperationalError as error:
            name = getattr(error, "sqlite_errorname", "")
            for prefix, sentence in _SENTENCES.items():
                if name.startswith(prefix):
                    raise StorageError(sentence) from error
            raise
        return [dict(row) for row in found]


async def _migrate(db: aiosqlite.Connection, path: Path) -> None:
    [(version,)] = await db.execute_fetchall("PRAGMA user_version")
    if version > len(MIGRATIONS):
        raise SetupError(
            [f"{path} is from a newer Vivant: update this one or restore a backup."]
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        await db.executescript(
            f"BEGIN IMMEDIATE;{script};PRAGMA user_version={number};COMMIT"
        )


def _make_private(path: Path) -> None:
    """Create the folder and the file so that only the bot's user can read them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with closing(path.open("ab")):
        pass  # says at once, and by its own errno, when it may not be written


def _why_closed(path: Path, error: OSError | sqlite3.Error) -> str:
    if isinstance(error, OSError):
        return f"{path} cannot be written: {error.strerror}. Change VIVANT_DATA."
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_BUSY"):
        return f"{path} is in use: is another Vivant running on it? Stop that one."
    if name == "SQLITE_NOTADB":
        return f"{path} is no SQLite database: move it away or change VIVANT_DATA."
    return f"{path} cannot be opened ({error})."
