"""The web application, put together: guards outside, handlers inside."""

from pathlib import Path

from aiohttp import web

from adapters.web import bodies, guards, orders, server
from adapters.web.api import Api
from adapters.web.chat import WebChat
from adapters.web.door import Door
from adapters.web.hooks import Hooks
from adapters.web.live import Live
from adapters.web.pictures import Pictures, RangedFile
from adapters.web.problems import show_people
from adapters.web.videos import create_videos
from bot.config import Settings
from bot.service import RenderService

MOST_BODY = 60_000_000  # bytes; what is too large is read so far as to say so in words
STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, service: RenderService) -> web.Application:
    """Everything the page needs; works without a running worker."""
    chat = WebChat()
    service.connect("web", chat)
    middlewares = [
        server.begin,
        show_people(),
        guards.tell_errors,
        guards.check_host(settings),
    ]
    routes = [web.get("/", _page)]
    if settings.web_token:
        secure = (settings.public_url or "").startswith("https://")
        door = Door(settings.web_token, service, secure=secure, signed_out=chat.close)
        middlewares.append(door.check)
        routes += door.routes()
    middlewares.append(guards.check_origin(settings))
    wait = bodies.in_room(service.room, most=MOST_BODY, but="/v1/")
    middlewares.append(wait)

    app = web.Application(middlewares=middlewares, client_max_size=orders.MAX_JSON)
    app.add_routes(routes)
    app.add_routes(Api(service, chat, signs_out=bool(settings.web_token)).routes())
    app.add_routes(Live(service, chat).routes())
    app.add_routes(Pictures(service).routes())
    app.add_routes(Hooks(service).routes())
    app.add_subapp("/v1", create_videos(settings, service))
    app.router.add_static("/static", STATIC)
    app.on_response_prepare.append(guards.add_headers)
    app.on_response_prepare.append(guards.leave_broken)

    async def let_pages_go(_: web.Application) -> None:
        chat.close()

    app.on_shutdown.append(let_pages_go)
    return app


async def _page(_: web.Request) -> RangedFile:
    return RangedFile(STATIC / "index.html", headers={"Cache-Control": "no-cache"})
