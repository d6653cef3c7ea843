"""Small nouns everybody needs: ids, timestamps, uploads, and the bell."""

import asyncio
import contextlib
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

MIB = 1024 * 1024


class Ids:
    """Ids as Slack writes them, and timestamps that never repeat."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._numbers = count(0xA1)
        self._last = 0

    def new(self, kind: str) -> str:
        """A fresh id; the kind is its first letters."""
        return f"{kind}0{next(self._numbers):08X}"

    def ts(self) -> str:
        """A timestamp later than all before."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


class Bell:
    """Wakes everyone who waits for the world to change.

    Attributes:
        stretch: How often as long as usual everyone waits: a busy machine is slow.
    """

    def __init__(self) -> None:
        self.stretch = 1.0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(
        self,
        look: Callable[[], T | None],
        patience: float | None,
        dump: Callable[[], str],
    ) -> T:
        """What `look` finds that is true, now or after some change."""
        loop = asyncio.get_running_loop()
        end = None if patience is None else loop.time() + patience * self.stretch
        while not (found := look()):
            if end is not None and loop.time() > end:
                raise AssertionError(f"Waited {patience} s in vain.\n{dump()}")
            await self._change()
        return found

    async def _change(self) -> None:
        # Nobody rings for a test's clock, or what a test sees elsewhere.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.005):
                await self._event.wait()


@dataclass(frozen=True)
class FileUpload:
    """A file as a person picks it; type and size are claims.

    Attributes:
        ready: Whether Slack has looked through it already.
    """

    name: str
    data: bytes
    mimetype: str | None = None
    size: int | None = None
    ready: bool = True


def matches(name: str, pattern: str) -> bool:
    """Whether a method's name is meant; `files.*` is several."""
    return not pattern or fnmatch.fnmatchcase(name, pattern)
