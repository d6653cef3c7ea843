"""`/v1/videos`: the core for programs that were written for OpenAI's Videos API.

`orders` reads what they send, `making` takes it, `objects` and `errors` word what they
get, `files` hands out what was made, `shelf` keeps what comes ahead, `calls` tells the
owner's address; `api` puts them together.
"""

from aiohttp import web

from adapters.web.bodies import in_room
from adapters.web.videos.api import Videos
from adapters.web.videos.calls import Calls
from adapters.web.videos.errors import tell_errors
from adapters.web.videos.holders import HOLDER
from bot.config import Settings
from bot.keys import CHAT
from bot.providers.hooks import read_secret
from bot.service import RenderService

MOST_BODY = 60_000_000  # bytes; two pictures and the words


def create_videos(settings: Settings, service: RenderService) -> web.Application:
    """Everything below `/v1`, with its own errors and its own door."""
    videos = Videos(service, keep_days=settings.keep_days)
    key = read_secret(settings.webhook_secret or "") or b""
    calls = Calls(service.outbox, url=settings.webhook_url, key=key)
    service.connect(CHAT, calls)
    wait = in_room(
        service.room, most=MOST_BODY, whose=lambda request: request[HOLDER].key
    )
    app = web.Application(middlewares=[tell_errors, videos.let_in, wait])
    app.add_routes(videos.routes())
    app.cleanup_ctx.append(calls.running)
    return app
