"""The database keeps what it acknowledged, and says plainly why it cannot open."""

import asyncio
import os
import sqlite3
import stat
from functools import partial
from pathlib import Path

import pytest

from bot.errors import SetupError, StorageError
from bot.store import Rows, Store, open_sqlite

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
