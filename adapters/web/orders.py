"""What the page sends, read from JSON into values; the only place that trusts none."""

import re
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from bot.errors import RequestError
from bot.models import Ask, Shape, Size, Still

MAX_JSON = 1 << 20  # bytes; the longest prompt that is refused in words fits in it
Event = Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=3_600)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
CURSOR = re.compile(r"([0-9]{1,12}\.[0-9]{1,9})-([0-9a-z]{1,40})")
Order = TypeVar("Order", bound="msgspec.Struct")


class Link(msgspec.Struct, frozen=True):
    """Where a picture lies: an address, or the name of one of our samples."""

    link: str | None = None
    sample: str | None = None


class StillOrder(msgspec.Struct, frozen=True):
    """A still that we handed out before."""

    media: str
    width: Pixels
    height: Pixels

    def still(self) -> Still:
        """The still itself; its key has yet to be checked."""
        return Still(media=self.media, size=Size(self.width, self.height))


class PreviewOrder(msgspec.Struct, frozen=True):
    """Words to be understood, not yet carried out."""

    prompt: str
    seconds: Seconds | None = None


class AnimateOrder(msgspec.Struct, frozen=True):
    """A new clip, please. `event` names the click: the same one is the same job."""

    event: Event
    prompt: str = ""
    still: StillOrder | None = None
    seconds: int | None = None
    shape: Shape = Shape.AUTO

    def ask(self) -> Ask:
        """The same in the core's words."""
        return Ask(
            prompt=self.prompt,
            still=self.still.still() if self.still else None,
            seconds=self.seconds,
            shape=self.shape,
        )


class RemixOrder(msgspec.Struct, frozen=True):
    """Change a clip by these words."""

    event: Event
    words: str


class ExtendOrder(msgspec.Struct, frozen=True):
    """Make a clip some seconds longer."""

    event: Event
    seconds: int
    words: str = ""


class AgainOrder(msgspec.Struct, frozen=True):
    """The same once more."""

    event: Event


def cursor(told: str | None) -> tuple[float, str] | None:
    """Behind which job a page of the list begins: when it was ordered, and its id.

    Raises:
        RequestError: That is no such place.
    """
    if told is None:
        return None
    if place := CURSOR.fullmatch(told):
        return float(place[1]), place[2]
    raise RequestError("There is no such page of clips.", hint="Start at the first.")


async def read(request: web.Request, order: type[Order]) -> Order:
    """The order in the body of a request.

    Raises:
        RequestError: It is not JSON, or not this kind of order.
    """
    if request.content_type != "application/json":
        raise RequestError("Orders are JSON, with that as their content type.")
    try:
        return msgspec.json.decode(await request.read(), type=order)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = str(error)[:300]
        raise RequestError("That order cannot be read: {why}.", why=why) from error
