"""Slack over HTTP: calls that are signed, and the way to install the app."""

import time
from collections.abc import Callable

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request

from adapters.slack.app import Parts
from adapters.slack.paths import EVENTS, INSTALL, RETURN
from adapters.slack.signature import is_slacks
from bot.config import Settings


def add_routes(
    web_app: web.Application,
    parts: Parts,
    settings: Settings,
    *,
    now: Callable[[], float] = time.time,
) -> None:
    """Let Slack call us, where the owner has set up how it signs."""
    app, flow = parts.app, parts.flow
    secret = settings.slack_signing_secret or ""

    async def events(request: web.Request) -> web.Response:
        body = await request.read()
        if not is_slacks(secret, request.headers, body, now=now()):
            return web.Response(status=401, text="not signed by Slack")
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await app.async_dispatch(asked))

    async def install(request: web.Request) -> web.Response:
        assert flow is not None  # noqa: S101 - there is no such route without it
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await flow.handle_installation(asked))

    async def come_back(request: web.Request) -> web.Response:
        assert flow is not None  # noqa: S101 - there is no such route without it
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await flow.handle_callback(asked))

    if secret:
        web_app.router.add_post(EVENTS, events)
    if flow is not None:
        web_app.router.add_get(INSTALL, install)
        web_app.router.add_get(RETURN, come_back)
