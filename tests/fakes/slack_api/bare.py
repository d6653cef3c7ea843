"""A small bare app of slack-bolt, to try the fake with."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack_api.world import FakeSlack

SCOPES = (
    "app_mentions:read channels:history chat:write commands files:read files:write "
    "groups:history im:history im:write mpim:history users:read"
)
EVENTS = (
    "app_home_opened app_mention app_uninstalled message.channels message.groups "
    "message.im message.mpim tokens_revoked"
)
MANIFEST: dict[str, Any] = {
    "features": {
        "bot_user": {"display_name": "Bare"},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {"command": "/animate", "should_escape": False},
            {"command": "/escaped", "should_escape": True},
        ],
        "shortcuts": [
            {"name": "Animate this", "type": "message", "callback_id": "animate_it"},
            {"name": "Animate", "type": "global", "callback_id": "animate"},
        ],
    },
    "oauth_config": {"scopes": {"bot": SCOPES.split()}},
    "settings": {
        "event_subscriptions": {"bot_events": EVENTS.split()},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


@asynccontextmanager
async def open_client(slack: FakeSlack) -> AsyncGenerator[AsyncWebClient]:
    """The unmodified client of the Web API, with one session."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(slack.bot_token, slack.api_url, session=session)


@asynccontextmanager
async def open_app(slack: FakeSlack, **how: Any) -> AsyncGenerator[AsyncApp]:
    """The app, with no listeners and no way to be reached."""
    async with open_client(slack) as client:
        yield AsyncApp(
            client=client,
            signing_secret=slack.signing_secret,
            raise_error_for_unhandled_request=False,
            **how,
        )


@asynccontextmanager
async def over_socket(
    slack: FakeSlack, app: AsyncApp, connections: int = 1
) -> AsyncGenerator[None]:
    """Bring the app online by Socket Mode."""
    async with AsyncExitStack() as stack:
        for _ in range(connections):
            handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.05)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            stack.push_async_callback(_close, handler)
        await slack.socket.until(connections)
        yield


async def _close(handler: AsyncSocketModeHandler) -> None:
    client = handler.client
    tasks = [client.message_processor, client.message_receiver]
    tasks.append(client.current_session_monitor)
    await handler.close_async()  # type: ignore[no-untyped-call]
    await asyncio.gather(*(one for one in tasks if one), return_exceptions=True)


@asynccontextmanager
async def over_http(slack: FakeSlack, app: AsyncApp) -> AsyncGenerator[str]:
    """Bring the app online at an address of its own; the origin of it."""
    runner = web.AppRunner(app.web_app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    try:
        await slack.deliver_over("http", f"http://{host}:{port}/slack/events")
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
