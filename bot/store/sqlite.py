"""One machine's database: a SQLite file through aiosqlite."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.checkup.disk import why_no_locks, why_not_writable
from bot.errors import SetupError, StorageError
from bot.media import told_in_words
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
T = TypeVar("T")
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
        db = _Wired(partial(sqlite3.connect, path, isolation_level=None), 64)
        await db
    except (OSError, sqlite3.Error) as error:
        why = await asyncio.to_thread(_why_closed, path, error)
        raise SetupError([why]) from error
    try:
        for pragma in PRAGMAS:
            await db.execute(f"PRAGMA {pragma}")
        await _migrate(db, path)
    except sqlite3.Error as error:
        await db.close()
        why = await asyncio.to_thread(_why_closed, path, error)
        raise SetupError([why]) from error
    except BaseException:
        await db.close()
        raise
    db.row_factory = aiosqlite.Row
    return Sqlite(db)


class Sqlite:
    """An open SQLite file; satisfies `Store`.

    Every task shares one connection, and a lock keeps their statements apart.
    """

    def __init__(self, db: "_Wired") -> None:
        self._db = db
        self._lock = asyncio.Lock()
        self._open = _Transaction(db)
        self._ears: list[Ear] = []

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """Run one statement in a transaction of its own."""
        async with self._lock:
            return await self._open.rows(sql, *values)

    async def transaction(self, work: Callable[[Rows], Awaitable[T]]) -> T:
        """Carry out everything that `work` writes, or nothing of it."""
        async with self._lock:
            running = asyncio.ensure_future(self._db.run(partial(_carry_out, work)))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.gather(running, return_exceptions=True)
                raise

    async def say(self, job_id: str) -> None:
        """Tell everyone who listens in this process."""
        for ear in self._ears:
            ear(job_id)

    def hear(self, ear: Ear) -> None:
        """Listen for hints."""
        self._ears.append(ear)

    async def backup(self, to: Path) -> None:
        """Write everything as it is at this moment to a new file, which only we read.

        Raises:
            StorageError: The disk is full or cannot be written.
        """
        async with self._lock:
            await self._db.run(partial(_copy, to))

    async def close(self) -> None:
        """Close the file."""
        async with self._lock:
            await self._db.close()


class _Wired(aiosqlite.Connection):
    """A connection that runs whole functions in its thread, not statements alone."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


class _Transaction:
    """Runs statements, each in a trip to the database's thread."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with _told_in_words():
            found = await self._db.execute_fetchall(sql, values)
        return [dict(row) for row in found]


class _InThread:
    """Runs statements in the database's thread, from which this is used."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with _told_in_words():
            return [dict(row) for row in self._db.execute(sql, values).fetchall()]


def _carry_out(work: Callable[[Rows], Awaitable[T]], db: sqlite3.Connection) -> T:
    """Run a transaction from BEGIN to COMMIT, or undo all of it."""
    with _told_in_words():
        db.execute("BEGIN IMMEDIATE")
    try:
        result = _driven(work(_InThread(db)))
        with _told_in_words():
            db.execute("COMMIT")
    except BaseException:
        # None may be open any more: a full disk has rolled back by itself.
        with suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")
        raise
    return result


def _copy(to: Path, db: sqlite3.Connection) -> None:
    with told_in_words(), _told_in_words():
        os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(to)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file and no other


def _driven(work: Awaitable[T]) -> T:
    """What comes of a coroutine that never has to wait: nothing else runs here."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a transaction may await its own statements only")


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "")
        for prefix, sentence in _SENTENCES.items():
            if name.startswith(prefix):
                raise StorageError(sentence) from error
        raise


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
        return why_not_writable(path, error)
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_BUSY"):
        if problem := why_no_locks(path.parent):
            return f"{path} cannot be opened: {problem}."
        return f"{path} is in use: is another Vivant running on it? Stop that one."
    if name == "SQLITE_NOTADB":
        return f"{path} is no SQLite database: move it away or change VIVANT_DATA."
    return f"{path} cannot be opened ({error})."
