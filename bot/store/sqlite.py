"""One machine's database: a SQLite file through aiosqlite.

Everything is written over one connection, whose statements queue behind each other;
what only reads goes over a second one beside it and waits for no write. In WAL mode it
sees all that was committed before it began, so whoever has written reads it again.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.checkup.disk import cannot_lock
from bot.errors import SetupError
from bot.store.backup import copy
from bot.store.health import check, told_in_words, why_closed
from bot.store.lock import Lock, in_use
from bot.store.rows import Ear, Row, Rows
from bot.store.schema import MIGRATIONS

# FULL: a row that was acknowledged survives a power cut, so nothing is paid twice.
PRAGMAS = (
    "busy_timeout=2000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
READS = ("SELECT ", "WITH ")
T = TypeVar("T")


async def open_sqlite(path: Path) -> "Sqlite":
    """Open the file, make it if it is new, and bring it up to date.

    Raises:
        SetupError: It cannot be opened, is in use, is damaged, is no database or is
            too new.
    """
    try:
        lock = await asyncio.to_thread(_prepare, path)
    except OSError as error:
        why = await asyncio.to_thread(why_closed, path, error)
        raise SetupError([why]) from error
    opened: list[_Wired] = []
    try:
        for _ in ("writer", "reader"):
            db = _Wired(partial(sqlite3.connect, path, isolation_level=None), 64)
            opened.append(db)
            await db
            await db.run(partial(_set_up, path=path, first=len(opened) == 1))
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        why = await asyncio.to_thread(_why, path, error, lock)
        await _let_go(opened, lock)
        raise SetupError([why]) from error
    except BaseException:
        await _let_go(opened, lock)
        raise
    writer, reader = opened
    return Sqlite(path, writer, reader, lock)


class Sqlite:
    """An open SQLite file; satisfies `Store`.

    Every task shares the two connections; a lock keeps their writes apart.
    """

    def __init__(
        self, path: Path, writer: "_Wired", reader: "_Wired", lock: Lock
    ) -> None:
        self._path = path
        self._db = writer
        self._reader = reader
        self._held = lock
        self._lock = asyncio.Lock()
        self._ears: list[Ear] = []

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """Run one statement in a transaction of its own."""
        if sql.startswith(READS):
            return await self._reader.run(partial(_rows, sql=sql, values=values))
        async with self._lock:
            return await self._db.run(partial(_rows, sql=sql, values=values))

    async def transaction(self, work: Callable[[Rows], Awaitable[T]]) -> T:
        """Carry out everything that `work` writes, or nothing of it."""
        async with self._lock:
            running = asyncio.ensure_future(self._db.run(partial(_carry_out, work)))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.gather(running, return_exceptions=True)
                raise

    async def backup(self, to: Path) -> None:
        """Write a copy of this moment to a file, while everything goes on.

        Raises:
            StorageError: The disk is full, or the file cannot be written.
        """
        await asyncio.to_thread(copy, self._path, to)

    async def say(self, job_id: str) -> None:
        """Tell everyone who listens in this process."""
        for ear in self._ears:
            ear(job_id)

    def hear(self, ear: Ear) -> None:
        """Listen for hints."""
        self._ears.append(ear)

    async def close(self) -> None:
        """Close the file and let the next bot in."""
        async with self._lock:
            await _let_go([self._reader, self._db], self._held)


class _Wired(aiosqlite.Connection):
    """A connection that runs whole functions in its thread, not statements alone."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


class _InThread:
    """Runs statements in the database's thread, from which this is used."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    async def rows(self, sql: str, *values: object) -> list[Row]:
        return _rows(self._db, sql, values)


def _rows(db: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[Row]:
    """Run one statement; text that is no UTF-8 any more is read as far as it is."""
    with told_in_words():
        try:
            return _fetched(db, sql, values)
        except sqlite3.OperationalError as error:
            if not str(error).startswith("Could not decode to UTF-8"):
                raise
        db.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            return _fetched(db, sql, values)
        finally:
            db.text_factory = str


def _fetched(db: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[Row]:
    cursor = db.execute(sql, values)
    if cursor.description is None:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _carry_out(work: Callable[[Rows], Awaitable[T]], db: sqlite3.Connection) -> T:
    """Run a transaction from BEGIN to COMMIT, or undo all of it."""
    with told_in_words():
        db.execute("BEGIN IMMEDIATE")
    try:
        result = _driven(work(_InThread(db)))
        with told_in_words():
            db.execute("COMMIT")
    except BaseException:
        # None may be open any more: a full disk has rolled back by itself.
        with suppress(sqlite3.DatabaseError):
            db.execute("ROLLBACK")
        raise
    return result


def _driven(work: Awaitable[T]) -> T:
    """What comes of a coroutine that never has to wait: nothing else runs here."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a transaction may await its own statements only")


def _set_up(db: sqlite3.Connection, *, path: Path, first: bool) -> None:
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    if first:
        check(db, path)
        _migrate(db, path)
    else:
        db.execute("PRAGMA query_only=ON")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    [version] = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise SetupError(
            [f"{path} is from a newer Vivant: update this one or restore a backup."]
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        db.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version={number}")
        db.execute("COMMIT")


def _prepare(path: Path) -> Lock:
    """Create the folder and the file so that only the bot's user can read them."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock(path)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))
    except BaseException:
        lock.release()
        raise
    return lock


def _why(path: Path, error: Exception, lock: Lock) -> str:
    if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
        # Some network disks refuse SQLite's locks with the words for a taken one.
        return in_use(path) if lock.works() else cannot_lock(path)
    return why_closed(path, error)


async def _let_go(opened: "list[_Wired]", lock: Lock) -> None:
    for db in opened:
        with suppress(sqlite3.Error, ValueError):
            await db.close()
    await asyncio.to_thread(lock.release)
