"""The database keeps what it acknowledged, and says plainly why it cannot open."""

import asyncio
import errno
import fcntl
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bot.errors import SetupError, StorageError
from bot.store import Rows, Store, open_sqlite
from bot.store.schema import MIGRATIONS, ORDERS

COUNT = "SELECT count(*) AS n FROM overrides"
INSERT = "INSERT INTO overrides(person, workspace, units) VALUES(?, '', ?)"


async def test_a_transaction_happens_whole_or_not_at_all(store: Store) -> None:
    async def write_and_break(db: Rows) -> None:
        await db.rows(INSERT, "ann", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.transaction(write_and_break)

    assert await store.rows(COUNT) == [{"n": 0}]


async def test_statements_of_other_tasks_stay_out_of_a_transaction(
    store: Store,
) -> None:
    async def write_and_break(db: Rows) -> None:
        for number in range(100):
            await db.rows(INSERT, f"ann-{number}", 1)
        raise ZeroDivisionError

    await asyncio.gather(
        store.transaction(write_and_break),
        store.rows(INSERT, "bob", 2),
        store.transaction(write_and_break),
        return_exceptions=True,
    )

    assert await store.rows("SELECT person FROM overrides") == [{"person": "bob"}]


async def test_a_transaction_waits_for_nothing_but_the_database(store: Store) -> None:
    async def write_and_wait(db: Rows) -> None:
        await db.rows(INSERT, "ann", 1)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="its own statements only"):
        await store.transaction(write_and_wait)

    assert await store.rows(COUNT) == [{"n": 0}]


async def test_a_cancel_at_any_moment_of_a_transaction_is_only_a_cancel(
    store: Store,
) -> None:
    """Whole or not at all, and the store goes on."""

    async def write(number: int, db: Rows) -> None:
        for name in ("one", "two"):
            await db.rows(INSERT, f"{name}-{number}", 1)

    for number in range(60):
        work = store.transaction(partial(write, number))
        task = asyncio.ensure_future(work)
        for _ in range(number % 6):
            await store_turn()
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)

        assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        [row] = await store.rows(
            "SELECT count(*) AS n FROM overrides WHERE person LIKE ?", f"%-{number}"
        )
        assert row["n"] in {0, 2}


async def store_turn() -> None:
    """Let the loop and the database's thread go on by a little."""
    await asyncio.to_thread(lambda: None)


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "vivant.sqlite3"
    store = await open_sqlite(file)
    await store.rows(INSERT, "ann", 7)
    await store.close()

    store = await open_sqlite(file)

    assert await store.rows("SELECT units FROM overrides") == [{"units": 7}]
    await store.close()


async def test_only_the_bots_own_user_can_read_the_file(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "vivant.sqlite3")

    mode = stat.S_IMODE((tmp_path / "vivant.sqlite3").stat().st_mode)

    assert mode & 0o077 == 0
    await store.close()


async def test_a_second_bot_on_the_same_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vivant.sqlite3"
    store = await open_sqlite(file)

    with pytest.raises(SetupError, match="in use: is another Vivant running"):
        await open_sqlite(file)

    await store.close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
async def test_a_disk_that_cannot_lock_is_no_second_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(SetupError, match="on a disk that cannot lock files"):
        await open_sqlite(tmp_path / "vivant.sqlite3")


async def test_sqlites_own_locks_refused_are_told_as_such_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says the same to a disk without locks as to a lock that is taken."""
    file = tmp_path / "vivant.sqlite3"
    await (await open_sqlite(file)).close()
    other = sqlite3.connect(file)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(SetupError, match="in use: is another Vivant"):
        await open_sqlite(file)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    with pytest.raises(SetupError, match="on a disk that cannot lock files"):
        await open_sqlite(file)
    other.close()


async def test_other_programs_may_read_beside_the_bot(
    store: Store, tmp_path: Path
) -> None:
    """A backup or a look by the command line; the bot writes on."""
    await store.rows(INSERT, "ann", 1)

    assert _pragma(tmp_path / "vivant.sqlite3", "user_version") == len(MIGRATIONS)
    await store.rows(INSERT, "bob", 1)


async def test_a_read_waits_for_no_write(store: Store) -> None:
    reading = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    go_on = threading.Event()

    async def write_slowly(db: Rows) -> None:
        await db.rows(INSERT, "ann", 1)
        loop.call_soon_threadsafe(reading.set_result, None)
        go_on.wait(30)

    writing = asyncio.create_task(store.transaction(write_slowly))
    await reading
    assert await store.rows(COUNT) == [{"n": 0}]
    go_on.set()
    await writing

    assert await store.rows(COUNT) == [{"n": 1}]


async def test_whoever_has_written_reads_it(store: Store) -> None:
    for number in range(50):
        await store.rows(INSERT, f"ann-{number}", 1)
        assert await store.rows(COUNT) == [{"n": number + 1}]


async def test_a_backup_is_of_one_moment_while_writing_goes_on(
    store: Store, tmp_path: Path
) -> None:
    async def write_both(db: Rows, *, number: int) -> None:
        for name in ("one", "two"):
            await db.rows(INSERT, f"{name}-{number}", 1)

    async def keep_writing() -> None:
        for number in range(200):
            await store.transaction(partial(write_both, number=number))

    writing = asyncio.create_task(keep_writing())
    for number in range(3):
        await store.backup(tmp_path / f"copy-{number}.sqlite3")
    await writing

    copy = tmp_path / "copy-2.sqlite3"
    assert copy.stat().st_mode & 0o077 == 0
    assert _one(copy, "PRAGMA integrity_check") == "ok"
    assert int(_one(copy, COUNT)) % 2 == 0
    with pytest.raises(FileExistsError):
        await store.backup(copy)


@pytest.mark.parametrize("number", range(len(MIGRATIONS)))
def test_a_kill_in_the_middle_of_a_migration_is_nothing_special(
    tmp_path: Path, number: int
) -> None:
    """At each statement of each: what is not whole is not there."""
    file = tmp_path / "vivant.sqlite3"
    statements = _statements(MIGRATIONS[number])
    for stop in range(len(statements)):
        file.unlink(missing_ok=True)
        db = sqlite3.connect(file, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        for step, script in enumerate(MIGRATIONS[:number], start=1):
            db.executescript(f"BEGIN;{script};PRAGMA user_version={step};COMMIT")
        db.execute("BEGIN IMMEDIATE")
        for statement in statements[: stop + 1]:
            db.execute(statement)
        lost = tmp_path / f"lost-{stop}.sqlite3"  # as a kill leaves it
        for end in ("", "-wal"):
            shutil.copy(f"{file}{end}", f"{lost}{end}")
        db.close()

        asyncio.run(_open_and_close(lost))

        assert _pragma(lost, "user_version") == len(MIGRATIONS)
        assert _one(lost, "PRAGMA integrity_check") == "ok"


def test_an_order_of_an_earlier_version_may_have_left(tmp_path: Path) -> None:
    """Its row does not say, so it is looked for first."""
    file = tmp_path / "vivant.sqlite3"
    before = MIGRATIONS.index(ORDERS)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for step, script in enumerate(MIGRATIONS[:before], start=1):
            db.executescript(f"BEGIN;{script};PRAGMA user_version={step};COMMIT")
        for state in ("submitting", "queued"):
            db.execute(
                "INSERT INTO jobs VALUES(?, NULL, 'c:p', 'c', 'w', '{}', 'x', NULL, ?,"
                " '{}', '{}', 4, 0, 1, 0, 1.0, 1.0, NULL)",
                (state, state),
            )

    asyncio.run(_open_and_close(file))

    read = "SELECT json_extract(details, '$.orders') FROM jobs WHERE id = '{}'"
    assert _one(file, read.format("submitting")) == "1"
    assert _one(file, read.format("queued")) == "None"


async def _open_and_close(file: Path) -> None:
    await (await open_sqlite(file)).close()


def _statements(script: str) -> list[str]:
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


async def test_a_file_from_a_newer_version_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    file = tmp_path / "vivant.sqlite3"
    await (await open_sqlite(file)).close()
    _pragma(file, "user_version = 99")

    with pytest.raises(SetupError, match="from a newer Vivant"):
        await open_sqlite(file)

    assert _pragma(file, "user_version") == 99


async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    file = tmp_path / "vivant.sqlite3"
    file.write_bytes(b"a holiday letter, not a database " * 100)

    with pytest.raises(SetupError, match="is no SQLite database"):
        await open_sqlite(file)

    assert file.read_bytes().startswith(b"a holiday letter")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")

    with pytest.raises(SetupError, match="cannot be written"):
        await open_sqlite(tmp_path / "data" / "vivant.sqlite3")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_without_write_permission_is_named(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o500)  # noqa: PTH101 - pathlib's is taken for blocking

    with pytest.raises(SetupError, match="Permission denied"):
        await open_sqlite(tmp_path / "vivant.sqlite3")


async def test_a_full_disk_is_said_and_heals_by_itself(store: Store) -> None:
    [size] = await store.rows("PRAGMA page_count")
    await store.rows(f"PRAGMA max_page_count = {size['page_count']}")

    with pytest.raises(StorageError, match="disk is full"):
        await store.rows(INSERT, "x" * 500_000, 1)

    await store.rows("PRAGMA max_page_count = 100000")
    await store.rows(INSERT, "ann", 1)


def _pragma(file: Path, words: str) -> int | None:
    database = sqlite3.connect(file)
    try:
        row = database.execute(f"PRAGMA {words}").fetchone()
    finally:
        database.close()
    return int(row[0]) if row else None


def _one(file: Path, sql: str) -> str:
    database = sqlite3.connect(file)
    try:
        return str(database.execute(sql).fetchone()[0])
    finally:
        database.close()
