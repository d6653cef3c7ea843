"""Slack over HTTP: calls that are signed, and the way to install the app."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from yarl import URL

from adapters.slack.app import Parts
from adapters.slack.paths import EVENTS, INSTALL, RETURN
from adapters.slack.signature import is_slacks
from adapters.slack.wire import LOST
from bot.config import Settings
from bot.fence import brief

log = logging.getLogger(__name__)


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
        try:
            payload = read_body(body)
        except ValueError:
            return web.Response(status=400, text="not understood")
        # Signed and read, it is what a socket brings; Bolt need do neither again.
        asked = AsyncBoltRequest(body=payload, mode="socket_mode")
        try:
            return await to_aiohttp_response(await app.async_dispatch(asked))
        except (SlackApiError, *LOST) as error:
            log.warning("Slack does not answer: %s", brief(error))
            return web.Response(status=503, text="again, please")  # Slack does so

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


def read_body(body: bytes) -> dict[str, Any]:
    """What Slack sent: an event as JSON, a form with JSON in it, or a plain form.

    Raises:
        ValueError: It is none of them.
    """
    text = body.decode()
    if not text.startswith("{"):
        form = dict(URL.build(query_string=text, encoded=True).query)
        if "payload" not in form:
            return dict(form)
        text = form["payload"]
    payload = json.loads(text)
    if not isinstance(payload, dict):
        raise ValueError("not an object")  # noqa: TRY004 - it is about the value
    return payload
