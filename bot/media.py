"""Our own bytes: stills and clips in one folder, each named by what is in it."""

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.checkup.disk import why_not_writable
from bot.errors import MissingError, SetupError, StorageError

KEY = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}")
WORK_FILE = re.compile(r"[\w-][\w.-]{0,100}")

_FULL = "The bot's disk is full."
_CLOSED = "The bot may not write to its own folder."
_SENTENCES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}
_LACKING = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM}
)


class Media:
    """A folder of files that never change.

    A key is the SHA-256 of the bytes and a suffix, so the same bytes are one file,
    and a file is whole and safe from a power cut before anybody knows its key.
    Make one in a thread: it creates the folder.

    Raises:
        SetupError: The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch = folder / "scratch"
        self._door = threading.Lock()  # nothing is kept while a sweep looks at it
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._scratch.mkdir(exist_ok=True)
        except OSError as error:
            raise SetupError([why_not_writable(folder, error)]) from error

    async def add_bytes(self, data: bytes, suffix: str) -> str:
        """Keep these bytes and return their key.

        Args:
            data: The whole content of the file.
            suffix: What the file is, as in `.png`.

        Raises:
            StorageError: The disk is full or cannot be written.
        """
        return await asyncio.to_thread(self._add, data, suffix)

    async def adopt(self, file: Path, suffix: str) -> str:
        """Keep a work file, which moves, and return its key.

        Raises:
            StorageError: The disk is full or cannot be written.
        """
        return await asyncio.to_thread(self._adopt, file, suffix)

    def path(self, key: str) -> Path:
        """Where the file of a key is, if it is still there.

        Raises:
            MissingError: This cannot be a key; nothing outside the folder is one.
        """
        if not KEY.fullmatch(key):
            raise MissingError("There is no such file.")
        return self._folder / key[:2] / key

    def scratch(self, name: str) -> Path:
        """Where to put a work file of this name, on the same file system."""
        if not WORK_FILE.fullmatch(name):
            raise ValueError(name)
        return self._scratch / name

    async def write(self, file: Path, data: bytes) -> None:
        """Write a work file.

        Raises:
            StorageError: The disk is full or cannot be written.
        """
        with told_in_words():
            await asyncio.to_thread(file.write_bytes, data)

    async def remove(self, key: str) -> None:
        """Delete the file of a key, if it is there."""
        with told_in_words():
            await asyncio.to_thread(self.path(key).unlink, missing_ok=True)

    async def sweep(self, keep: Container[str], *, older_than: float) -> int:
        """Delete every file that is old and not wanted, work files too.

        Args:
            keep: Keys that somebody still needs.
            older_than: Unix time; what was written since then stays.

        Returns:
            How many files were deleted.
        """
        with told_in_words():
            return await asyncio.to_thread(self._sweep, keep, older_than)

    def look(self, key: str | None = None) -> tuple[int, bool]:
        """How many bytes the file system has left, and whether a file is there.

        It touches the disk, so never call it in the event loop's thread.
        """
        with told_in_words():
            free = shutil.disk_usage(self._folder).free
            return free, key is None or self.path(key).exists()

    def _add(self, data: bytes, suffix: str) -> str:
        draft = self.scratch(f"{secrets.token_hex(8)}.part")
        try:
            with told_in_words():
                draft.write_bytes(data)
            return self._adopt(draft, suffix)
        finally:
            draft.unlink(missing_ok=True)

    def _adopt(self, file: Path, suffix: str) -> str:
        with told_in_words():
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
                with _where_it_can():
                    os.fsync(opened.fileno())
            key = f"{digest}{suffix}"
            kept = self.path(key)
            kept.parent.mkdir(exist_ok=True)
            with self._door:
                with _where_it_can():
                    file.chmod(0o600)
                with _where_it_can():
                    os.utime(file)
                file.replace(kept)
            # Two names of one file, as after a hard link, survive a rename.
            file.unlink(missing_ok=True)
            _sync_folder(kept.parent)
            _sync_folder(self._folder)
        return key

    def _sweep(self, keep: Container[str], older_than: float) -> int:
        gone = 0
        for file in list(self._folder.glob("*/*")):
            with self._door, suppress(FileNotFoundError):
                if file.name not in keep and file.stat().st_mtime < older_than:
                    file.unlink()
                    gone += 1
        return gone


def draft_of(file: Path) -> Path:
    """Where a file is written until it is whole."""
    return file.with_name(f".{file.name}.part")


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turn what a disk may say into a StorageError."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        sentence = _SENTENCES.get(number, "The bot's disk does not work as it should.")
        raise StorageError(sentence) from error


@contextmanager
def _where_it_can() -> Iterator[None]:
    """Go on where a file system has no such thing: FAT, SMB and FUSE lack several."""
    try:
        yield
    except OSError as error:
        if error.errno not in _LACKING:
            raise


def _sync_folder(folder: Path) -> None:
    """A rename outlives a power cut only once its folder is written."""
    with _where_it_can():
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
