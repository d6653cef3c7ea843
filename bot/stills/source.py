"""The bytes of a picture, mapped from its file: only what is read takes memory."""

from io import BytesIO
from mmap import ACCESS_READ, MADV_DONTNEED, mmap
from pathlib import Path
from typing import IO, TypeAlias


class Mapped(mmap):
    """The bytes of a file that give back the memory of what was read."""

    def read(self, count: int | None = None) -> bytes:
        """Read on, as from a file."""
        piece = super().read(count)
        self.madvise(MADV_DONTNEED)
        return piece


Data: TypeAlias = bytes | Mapped


def mapped(file: Path) -> Data:
    """The bytes of a file. Blocks.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as opened:
        if not file.stat().st_size:
            return b""
        return Mapped(opened.fileno(), 0, access=ACCESS_READ)


def opened(data: Data) -> IO[bytes]:
    """The same as a file, from its beginning."""
    if isinstance(data, bytes):
        return BytesIO(data)
    forget(data)
    data.seek(0)
    return data  # type: ignore[return-value]  # it reads, seeks and tells


def forget(data: Data) -> None:
    """Give back the memory of what was looked at; it is read again if need be."""
    if isinstance(data, Mapped):
        data.madvise(MADV_DONTNEED)
