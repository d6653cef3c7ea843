"""Small nouns everybody needs: ids, times, files, roles, and the bell."""

import asyncio
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, TypeVar

from PIL import Image, UnidentifiedImageError

Json = dict[str, Any]
T = TypeVar("T")

DISCORD_EPOCH = 1_420_070_400_000
MONTH = 30 * 24 * 3600 * 1000
STEP = 2520  # a multiple of every likely number of shards


class Ids:
    """Snowflakes by the clock; guilds spread evenly over the shards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0
        month_ago = max(self._milliseconds() - MONTH, 0)
        self._guilds = month_ago - month_ago % STEP

    def new(self) -> int:
        """An id later than all before."""
        self._last = max(self._last + 1, self._milliseconds() << 22)
        return self._last

    def guild(self) -> int:
        """The n-th guild belongs to shard n modulo the number of shards."""
        self._guilds += 1
        return (self._guilds - 1) << 22 or 1 << 21

    def _milliseconds(self) -> int:
        return max(int(self._clock() * 1000) - DISCORD_EPOCH, 1)


def iso(seconds: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Bell:
    """Wakes everyone who waits for the world to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(
        self, look: Callable[[], T | None], patience: float, dump: Callable[[], str]
    ) -> T:
        """What `look` finds, now or after some change."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    event = self._event
                    if found := look():
                        return found
                    await event.wait()
        except TimeoutError:
            if found := look():
                return found
            raise AssertionError(f"Waited {patience} s in vain.\n{dump()}") from None


@dataclass(frozen=True)
class Upload:
    """A file as a person picks it; type and size are claims."""

    name: str
    data: bytes
    content_type: str | None = None
    size: int | None = None


@dataclass(eq=False)
class Attachment:
    """A file that lies on Discord's servers."""

    id: int
    name: str
    data: bytes
    path: str
    content_type: str | None = None
    size: int = 0
    ephemeral: bool = False
    description: str | None = None
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        self.size = self.size or len(self.data)
        self.content_type = self.content_type or mimetypes.guess_type(self.name)[0]
        try:
            with Image.open(BytesIO(self.data)) as picture:
                self.width, self.height = picture.size
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
            pass


@dataclass(eq=False)
class Role:
    """A role of a guild."""

    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False
    managed: bool = False


@dataclass(eq=False)
class Member:
    """A person's place in a guild."""

    roles: list[Role] = field(default_factory=list)
    joined_at: float = 0.0
