"""Who asks: whoever the key of a request belongs to."""

from aiohttp import web

from adapters.web.videos.errors import WireError
from bot.keys import CHAT
from bot.models import Person, Place

HOLDER = web.RequestKey("holder", Person)
LONGEST_KEY = 200  # characters, of a key of ours and of a key for idempotency


def place_of(request: web.Request) -> Place:
    """Where a key's jobs report: a channel of its own, in a workspace of all keys."""
    return Place(chat=CHAT, workspace=CHAT, channel=request[HOLDER].id)


def event_of(request: web.Request) -> str | None:
    """The program's own key of an order: the same one again is the same video."""
    key = request.headers.get("Idempotency-Key")
    if key is None or (key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        return key
    raise WireError("An Idempotency-Key has 1 to 200 characters.")
