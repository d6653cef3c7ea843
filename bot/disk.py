"""What a disk may say, in words; and what not every disk knows, as far as it goes."""

import errno
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import StorageError

_FULL = "The bot's disk is full."
_CLOSED = "The bot may not write to its own folder."
_SENTENCES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}
# What a disk says that does not know a call, though it keeps bytes: FAT, SMB, FUSE.
_UNKNOWN = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY})


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what a disk may say into a StorageError."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        sentence = _SENTENCES.get(number, "The bot's disk does not work as it should.")
        raise StorageError(sentence) from error


def sync_file(opened: int) -> None:
    """Write an open file out to the disk, if the disk knows how."""
    with _if_it_can():
        os.fsync(opened)


def sync_folder(folder: Path) -> None:
    """A rename outlives a power cut only once its folder is written."""
    with _if_it_can(errno.EACCES, errno.EISDIR, errno.EBADF):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def keep_private(file: Path) -> None:
    """Let only the bot's user read a file, and call it young, where that can be."""
    with _if_it_can(errno.EPERM):
        file.chmod(0o600)
    with _if_it_can(errno.EPERM):
        os.utime(file)


def folders(folder: Path) -> list[Path]:
    """The folders in a folder, if it is there."""
    with suppress(FileNotFoundError):
        return sorted(Path(entry) for entry in os.scandir(folder) if entry.is_dir())
    return []


def names(folder: Path, *, than: float = math.inf) -> list[str]:
    """The names of the files in a folder that were written before a moment."""
    found = []
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                if entry.is_file() and entry.stat().st_mtime < than:
                    found.append(entry.name)
    return found


@contextmanager
def _if_it_can(*more: int) -> Iterator[None]:
    """Let pass that a disk does not know how; that it failed is an error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNKNOWN | set(more):
            raise
