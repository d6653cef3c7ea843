"""One bot per database: a lock file beside it, held as long as the bot lives."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from bot.checkup.disk import LOCKLESS, cannot_lock
from bot.errors import SetupError

SUFFIX = ".lock"  # of the file beside the database


class Lock:
    """Held by whoever made it, until it is released or the process ends. Blocks.

    SQLite's own locks let other programs read beside the bot; this one keeps a second
    bot away.

    Args:
        database: The file that it is for.

    Raises:
        SetupError: Another bot holds it, or the disk cannot lock files.
        OSError: The file cannot be made.
    """

    def __init__(self, database: Path) -> None:
        self._file = os.open(
            _file_of(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            if error.errno in LOCKLESS:
                raise SetupError([cannot_lock(database)]) from error
            raise SetupError([in_use(database)]) from error

    def works(self) -> bool:
        """Whether the disk knows the kind of lock that SQLite takes, too."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in LOCKLESS
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        return True

    def release(self) -> None:
        """Let the next bot in."""
        os.close(self._file)


def is_held(database: Path) -> bool:
    """Whether a bot has a database open, so that nobody else may replace it. Blocks."""
    try:
        opened = os.open(_file_of(database), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # the disk cannot lock: no bot runs on it
    finally:
        os.close(opened)
    return False


def in_use(database: Path) -> str:
    """What to say when somebody else has the database."""
    return f"{database} is in use: is another Vivant running on it? Stop that one."


def _file_of(database: Path) -> Path:
    return database.with_name(database.name + SUFFIX)
