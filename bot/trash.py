"""Files that nobody seemed to need, kept for a while before they are deleted.

Each time that something is thrown away has a folder of its own, named after its moment
in Unix time: some disks keep no time of a file that moves.
"""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bot import disk


class Trash:
    """A folder of what was thrown away. Everything about it blocks.

    Args:
        folder: On the file system of what is thrown away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path, *, now: float) -> None:
        """Throw a file away.

        Raises:
            FileNotFoundError: It is gone already.
        """
        batch = self._folder / str(int(now))
        batch.mkdir(mode=0o700, exist_ok=True)
        file.replace(batch / file.name)

    def batches(self) -> list[Path]:
        """The folders of what was thrown away together."""
        return [one for one in disk.folders(self._folder) if one.name.isdecimal()]

    def take_back(self, files: Iterable[Path]) -> int:
        """Bring files back to where they were; how many there were."""
        back = 0
        batches = self.batches()
        for file in files if batches else ():
            for batch in batches:
                with suppress(FileNotFoundError):
                    file.parent.mkdir(mode=0o700, exist_ok=True)
                    (batch / file.name).replace(file)
                    back += 1
        return back

    def delete(self, name: str) -> None:
        """Delete a file that was thrown away, for good."""
        for batch in self.batches():
            (batch / name).unlink(missing_ok=True)

    def empty(self, *, older_than: float) -> int:
        """Delete for good what was thrown away before a moment; how many files."""
        gone = 0
        for batch in self.batches():
            if int(batch.name) < older_than:
                gone += len(disk.names(batch))
                shutil.rmtree(batch)
        return gone
