"""What a database says when it cannot work, in words; and whether it is whole."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.checkup.disk import why_not_writable
from bot.errors import SetupError, StorageError

CHECK_SECONDS = 1.0  # of a start that may go into looking for damage
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_SENTENCES = {
    "SQLITE_FULL": "The bot's disk is full.",
    "SQLITE_READONLY": "The bot may not write to its database.",
    "SQLITE_BUSY": "The bot's database is busy.",
    "SQLITE_LOCKED": "The bot's database is busy.",
    "SQLITE_IOERR": "The bot's disk does not answer.",
    "SQLITE_CANTOPEN": "The bot's disk does not answer.",
    "SQLITE_CORRUPT": "The bot's database is damaged.",
    "SQLITE_NOTADB": "The bot's database is damaged.",
}


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what a database may say into a StorageError; our own mistakes stay."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        for prefix, sentence in _SENTENCES.items():
            if name.startswith(prefix):
                raise StorageError(sentence) from error
        raise
    except UnicodeDecodeError as error:  # even its error messages are damaged
        raise StorageError(_SENTENCES["SQLITE_CORRUPT"]) from error


def check(db: sqlite3.Connection, path: Path, seconds: float = CHECK_SECONDS) -> None:
    """Look for damage, as far as one gets in so many seconds. Blocks.

    Raises:
        SetupError: The database is damaged.
        sqlite3.Error: It cannot even be looked at.
    """
    until = time.monotonic() + seconds
    db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        found = [str(row[0]) for row in db.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
            raise
        return  # a large one: what there was time for is whole
    finally:
        db.set_progress_handler(None, 0)
    if found != ["ok"]:
        raise SetupError([damaged(path)])


def never_used(path: Path) -> bool:
    """Whether a database is one that nothing was ever ordered from. Blocks."""
    try:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA query_only=ON")
            if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                return not db.execute("PRAGMA user_version").fetchone()[0]
            return not any(
                db.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0]
                for table in ("ledger", "jobs", "clips")
            )
    except (sqlite3.Error, UnicodeDecodeError):
        return False  # whatever it is: opening it says so


def latest_clips(path: Path, limit: int = 100) -> list[str]:
    """Files of the newest clips that a database knows, if it can be read. Blocks."""
    try:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA query_only=ON")
            latest = "SELECT media FROM clips ORDER BY created DESC LIMIT ?"
            return [media for (media,) in db.execute(latest, (limit,))]
    except (sqlite3.Error, UnicodeDecodeError):
        return []  # whatever it is: opening it says so


def damaged(path: Path) -> str:
    """What to do about a damaged database."""
    return (
        f"{path} is damaged. Move it away with its -wal and -shm files and put the"
        f" latest backup in its place; without one, save what can be read with: sqlite3"
        f" {path.name} .recover | sqlite3 saved.sqlite3 (in its folder), then rename."
    )


def why_closed(path: Path, error: Exception) -> str:
    """Why a database cannot be opened, and what to do. Blocks."""
    if isinstance(error, OSError):
        return why_not_writable(path, error)
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_NOTADB":
        return f"{path} is no SQLite database: move it away or change VIVANT_DATA."
    if name.startswith(_DAMAGED) or isinstance(error, UnicodeDecodeError):
        return damaged(path)
    if name.startswith("SQLITE_FULL"):
        return f"{path} cannot be written: the disk is full. Make room."
    if name.startswith("SQLITE_READONLY"):
        return f"{path} may not be written: change its owner or VIVANT_DATA."
    return f"{path} cannot be opened ({error})."
