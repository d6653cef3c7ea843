"""A clip on its way to our disk: looked at as it comes, never held in memory."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bot.disk import told_in_words
from bot.errors import Fault, ProviderError

BATCH = 1 << 20  # bytes that are written in one go


class Inflow:
    """Takes the pieces of an MP4 and writes them to a file.

    Args:
        to: The file; half a one is deleted.
        title: Who sends it, for sentences.
        most: Bytes that it may have.
    """

    def __init__(self, to: Path, *, title: str, most: int) -> None:
        self._to = to
        self._title = title
        self._most = most
        self._file: BinaryIO | None = None
        self._batch = bytearray()
        self._come = 0
        self._expected: int | None = None

    async def __aenter__(self) -> Self:
        with told_in_words():
            self._file = await asyncio.to_thread(self._to.open, "wb")
        return self

    def expect(self, length: float | None) -> None:
        """Look at how long the sender says it is. What it calls it is often wrong.

        Raises:
            ProviderError: It is too large.
        """
        if length is not None:
            self._expected = int(length)
            self._check_room(self._expected)

    async def write(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            ProviderError: It is no video, or too large by now.
        """
        started = self._come < 12
        self._batch += piece
        self._come += len(piece)
        self._check_room(self._come)
        if started and self._come >= 12 and self._batch[4:8] != b"ftyp":
            raise self._no_video()
        if len(self._batch) >= BATCH:
            await self._flush()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._check_end()
                await self._flush()
                kept = True
            else:
                kept = False
        except BaseException:
            await asyncio.to_thread(self._end, keep=False)
            raise
        await asyncio.to_thread(self._end, keep=kept)

    async def _flush(self) -> None:
        batch, self._batch = bytes(self._batch), bytearray()
        if self._file and batch:
            with told_in_words():
                await asyncio.to_thread(self._file.write, batch)

    def _end(self, *, keep: bool) -> None:
        if self._file:
            with told_in_words():
                self._file.close()
        if not keep:
            self._to.unlink(missing_ok=True)

    def _check_room(self, size: int) -> None:
        if size > self._most:
            raise ProviderError(
                Fault.INVALID,
                "The clip from {title} is larger than {most} MB.",
                billed=True,
                title=self._title,
                most=self._most >> 20,
            )

    def _check_end(self) -> None:
        if self._come < 12 or (self._expected or 0) > self._come:
            raise ProviderError(
                Fault.UPSTREAM,
                "The connection to {title} broke before the whole clip had come.",
                title=self._title,
            )

    def _no_video(self) -> ProviderError:
        return ProviderError(
            Fault.UPSTREAM,
            "{title} sent something that is not a video.",
            title=self._title,
        )
