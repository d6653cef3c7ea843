"""Bodies on their way in: how large each may be, and how much all may be together."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from adapters.web.gate import neighbourhood
from adapters.web.uploads import UploadError
from bot.room import Room

SMALL = 1 << 16  # bytes; a body of so many is held by its connection anyway
TIMES = 3  # how often a body lies in memory at worst: as it came, as text, as bytes
STRANGERS = 24_000_000  # bytes for all bodies of those who have proved nothing yet
BY_STRANGERS = ("/hooks/", "/slack/", "/sign-in")


def from_where(request: web.Request) -> str:
    """Whom a body counts against where nobody has said who they are."""
    return neighbourhood(request.remote or "")


def in_room(
    room: Room,
    *,
    most: int,
    but: str | None = None,
    whose: Callable[[web.Request], object] = from_where,
) -> Middleware:
    """Let a request through once there is room for its body.

    It comes after the door, so that nobody takes room who may not come in.

    Args:
        room: Where the bytes are taken from, until the request is answered.
        most: Bytes that any body may have.
        but: Beginning of addresses that are let through, as they have a door behind.
        whose: Whom a body counts against; nobody holds more than half of the room.

    Raises:
        BusyError: There was no room in time.
        UploadError: A body says itself that it is too large.
    """
    strangers = Room(STRANGERS)

    @web.middleware
    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        if but and request.path.startswith(but):
            return await handler(request)
        size = _size(request, most)
        if size > most:
            raise UploadError("That has more than {limit} MB.", limit=most // 10**6)
        if size <= SMALL:
            return await handler(request)
        unknown = request.path.startswith(BY_STRANGERS)
        who = whose(request)
        async with (strangers if unknown else room).hold(TIMES * size, who=who):
            return await handler(request)

    return wait


def _size(request: web.Request, most: int) -> int:
    """Bytes that a body will have; the most there may be where it does not say."""
    if not request.body_exists:
        return 0
    if "Content-Encoding" in request.headers or request.content_length is None:
        return most
    return request.content_length
