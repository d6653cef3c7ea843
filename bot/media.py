"""Our own bytes: stills and clips in one folder, each named by what is in it."""

import asyncio
import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from bot import disk
from bot.checkup.disk import why_not_writable
from bot.disk import told_in_words
from bot.errors import MissingError, SetupError
from bot.trash import Trash

KEY = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}")
WORK_FILE = re.compile(r"[\w-][\w.-]{0,100}")


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
        self._trash = Trash(folder / "trash")
        self._door = threading.Lock()  # nothing is kept while a sweep looks at it
        try:
            trash = folder / "trash"
            for made in (folder.parent, folder, self._scratch, trash):
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
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
        """Delete the file of a key for good, if it is there."""
        with told_in_words():
            await asyncio.to_thread(self._remove, self.path(key))

    async def older(self, most: int, *, than: float) -> AsyncIterator[list[str]]:
        """The keys of all files that were kept before a moment, some at a time.

        Args:
            most: Keys at a time.
            than: Unix time in seconds.
        """
        for folder in await asyncio.to_thread(disk.folders, self._folder):
            found = await asyncio.to_thread(disk.names, folder, than=than)
            for keys in _some(found, most):
                yield keys

    async def in_trash(self, most: int) -> AsyncIterator[list[str]]:
        """The keys of what is in the trash, some at a time."""
        for batch in await asyncio.to_thread(self._trash.batches):
            for keys in _some(await asyncio.to_thread(disk.names, batch), most):
                yield keys

    def discard(self, keys: Iterable[str], *, older_than: float, now: float) -> int:
        """Put files into the trash, but none that was kept again since. Blocks.

        Returns:
            How many there were.
        """
        gone = 0
        with told_in_words():
            for key in keys:
                file = self.path(key)
                with self._door, suppress(FileNotFoundError):
                    if file.stat().st_mtime < older_than:
                        self._trash.put(file, now=now)
                        gone += 1
        return gone

    async def restore(self, keys: Collection[str]) -> int:
        """Take files back from the trash; how many there were."""
        files = [self.path(key) for key in keys]
        with told_in_words():
            return await asyncio.to_thread(self._trash.take_back, files)

    async def empty_trash(self, *, older_than: float) -> int:
        """Delete for good what is in the trash since before a moment; work files too.

        Args:
            older_than: Unix time in seconds.

        Returns:
            How many files were deleted.
        """
        with told_in_words():
            gone = await asyncio.to_thread(self._trash.empty, older_than=older_than)
            return gone + await asyncio.to_thread(self._clear_scratch, older_than)

    def holds(self, suffix: str = "") -> bool:
        """Whether any file is kept, of this kind if one is named. Blocks."""
        folders = [*disk.folders(self._folder), *self._trash.batches()]
        return any(
            KEY.fullmatch(name) and name.endswith(suffix)
            for folder in folders
            for name in disk.names(folder)
        )

    def look(self, key: str | None = None) -> tuple[int, bool]:
        """How many bytes the file system has left, and whether a file is there.

        It touches the disk, so never call it in the event loop's thread.
        """
        with told_in_words():
            free = shutil.disk_usage(self._folder).free
            there = key is None or self.path(key).exists()
            if key and not there:
                there = self._trash.take_back([self.path(key)]) > 0
            return free, there

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
                disk.sync_file(opened.fileno())
            key = f"{digest}{suffix}"
            kept = self.path(key)
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            with self._door:
                disk.keep_private(file)
                file.replace(kept)
            # Two names of one file, as after a hard link, survive a rename.
            file.unlink(missing_ok=True)
            disk.sync_folder(kept.parent)
            disk.sync_folder(self._folder)
        return key

    def _remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._trash.delete(file.name)

    def _clear_scratch(self, older_than: float) -> int:
        old = disk.names(self._scratch, than=older_than)
        for name in old:
            (self._scratch / name).unlink(missing_ok=True)
        return len(old)


def draft_of(file: Path) -> Path:
    """Where a file is written until it is whole."""
    return file.with_name(f".{file.name}.part")


def _some(names: list[str], most: int) -> Iterator[list[str]]:
    """The keys among some names, in slices."""
    keys = [name for name in names if KEY.fullmatch(name)]
    for first in range(0, len(keys), most):
        yield keys[first : first + most]
