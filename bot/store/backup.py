"""A copy of a database that is in use."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bot.store.health import told_in_words


def copy(database: Path, to: Path) -> None:
    """Write the database as it is at this moment to a new file. Blocks.

    It is read in one go over a connection of its own: in WAL mode that holds nobody up,
    whereas a copy in slices would begin again after each write of another connection.

    Raises:
        StorageError: The disk is full, or the file cannot be written.
        FileExistsError: There is such a file; it is left alone.
        OSError: The folder cannot be written.
    """
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            told_in_words(),
            closing(sqlite3.connect(database)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, with no -wal
    except BaseException:
        with suppress(OSError):
            to.unlink()
        raise
