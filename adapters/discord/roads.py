"""The ways a message can take to a person, and what Discord says when one is closed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import discord
from discord.utils import MISSING

from adapters.discord.line import BROKEN, LOST, code_of
from bot.errors import DeliveryError

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 10 << 20  # bytes a file; Discord's without boosts (docs, 2025-01-16)
TOO_LARGE = frozenset({40005, 50045})
CLOSED = {
    50001: "I cannot see that channel.",
    50013: "I may not post in that channel.",
    50007: "I may not write to you: your direct messages are closed.",
    50027: "Discord's answer window is over.",
    50083: "That thread is archived.",
    160005: "That thread is locked.",
    160002: "I may not answer in that channel.",
    10003: "That channel is gone.",
    10015: "Discord's answer window is over.",
    10062: "Discord's answer window is over.",
    40094: "Discord takes no more answers to that command.",
    20016: "That channel is in slow mode.",
}

Send = Callable[..., Awaitable[discord.Message]]
Fit = Callable[[int], AbstractAsyncContextManager[Path]]


class ClosedError(Exception):
    """This road is closed; another may be open.

    Attributes:
        sentence: Why, for the person.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class TooLargeError(Exception):
    """The file is larger than Discord takes here."""


@dataclass(frozen=True, slots=True)
class Road:
    """One way to a person.

    Attributes:
        send: Posts a message there.
        where: What its limit is kept under.
        limit: Bytes that a file may have, as far as Discord says.
        repeats: Whether a message that is sent again would be there twice.
    """

    send: Send
    where: str
    limit: int
    repeats: bool = False


@dataclass(slots=True)
class Limits:
    """What Discord really took, learned downward from what it refused."""

    learned: dict[str, int] = field(default_factory=dict)

    def of(self, road: Road) -> int:
        """Bytes a file may have on this road."""
        return min(road.limit, self.learned.get(road.where, road.limit))

    def refused(self, road: Road, size: int) -> int:
        """A file of this size was too large; the next guess."""
        guess = DEFAULT_LIMIT if size > DEFAULT_LIMIT * 1.1 else size // 2
        self.learned[road.where] = min(self.of(road), guess)
        log.info("files of %s bytes are too large for %s", size, road.where)
        return self.learned[road.where]


async def send(
    road: Road,
    text: str,
    *,
    view: discord.ui.View,
    file: Path | None = None,
    name: str = "",
) -> discord.Message:
    """Post a message, with a file or without.

    Raises:
        ClosedError: Nothing can be posted there.
        TooLargeError: Nothing that large can be posted there.
        DeliveryError: Discord cannot be reached; it may a little later.
    """
    opened = None
    if file is not None:
        opened = await asyncio.to_thread(discord.File, file, filename=name)
    try:
        with worded(with_file=file is not None, repeats=road.repeats):
            return await road.send(text, view=view, file=opened or MISSING)
    finally:
        if opened is not None:
            await asyncio.to_thread(opened.close)


@contextmanager
def worded(*, with_file: bool = False, repeats: bool = False) -> Iterator[None]:
    """Turn what Discord says, or does not, into our own errors: those of `send`."""
    try:
        yield
    except discord.HTTPException as error:
        raise _worded(error, with_file=with_file) from error
    except LOST as error:
        if repeats and _may_have_arrived(error):
            raise DeliveryError("Discord did not say whether it arrived.") from error
        raise _unreachable() from error


def _may_have_arrived(error: Exception) -> bool:
    return isinstance(error, BROKEN) and not isinstance(
        error, aiohttp.ClientConnectorError
    )


def _worded(error: discord.HTTPException, *, with_file: bool) -> Exception:
    if with_file and (error.status == 413 or code_of(error) in TOO_LARGE):
        return TooLargeError()
    if code_of(error) in CLOSED:
        return ClosedError(CLOSED[code_of(error)])
    if error.status in (403, 404):
        return ClosedError("I may not post in that channel.")
    if error.status >= 500 or error.status in (401, 429):
        return _unreachable()
    log.error("Discord refused a message: %s", error)
    return DeliveryError("Discord refused the message.")


def _unreachable() -> DeliveryError:
    return DeliveryError("Discord does not answer.", passing=True)
