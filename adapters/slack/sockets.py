"""Keeps the bot on Slack: two connections, so that one may be renewed at any time.

Slack renews a connection every few hours, and what it sends in that moment is lost when
there is no other. The SDK connects again by itself; a connection that stays away too
long is left for a new one.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from adapters.slack.app import Parts
from adapters.slack.faults import GONE
from adapters.slack.paths import EVENTS
from adapters.slack.wire import LOST, code_of
from bot.config import Settings
from bot.fence import Pauses, fenced
from bot.health import Health

log = logging.getLogger(__name__)

APPS = "https://api.slack.com/apps"
CONNECTIONS = 2
CONNECTIONS_SCOPE = "connections:write"  # of an app token, for Socket Mode
PART = "slack"
AWAY = "Slack does not answer."
REFUSED = "Slack refuses the tokens."

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How patient the supervisor is; all in seconds.

    Attributes:
        first: Pause before the second try to reach Slack.
        longest: The longest pause.
        grace: How long a connection may be gone before that is called trouble.
        silence: How long a connection may be gone before it is made anew.
        look: How often that is looked at.
        ping: How often each connection is checked by the SDK.
        refused: How often tokens that Slack refuses are tried again.
    """

    first: float = 1.0
    longest: float = 60.0
    grace: float = 15.0
    silence: float = 90.0
    look: float = 5.0
    ping: float = 5.0
    refused: float = 300.0


async def keep_connected(
    settings: Settings,
    parts: Parts,
    *,
    tell: Tell,
    patience: Patience | None = None,
) -> None:
    """Be on Slack until cancelled.

    Args:
        settings: The owner's.
        parts: The app.
        tell: Shows a line to the owner.
        patience: How long to wait for what.
    """
    patience, health = patience or Patience(), parts.desk.service.health
    pauses = Pauses(first=patience.first, longest=patience.longest)
    try:
        work = partial(_live, settings, parts, tell, health, patience)
        await fenced(PART, work, health, pauses=pauses)
    finally:
        await parts.close()


async def _live(
    settings: Settings, parts: Parts, tell: Tell, health: Health, patience: Patience
) -> None:
    """Be on Slack until something breaks."""
    await _reach(parts, settings, tell, health, patience)
    await parts.chat.catch_up()
    if settings.slack_app_token is None:
        tell(f"Slack: waiting for its calls at {_address(settings)}.")
        await asyncio.Event().wait()
    async with asyncio.TaskGroup() as tasks:
        lines = Lines(health)
        for number in range(CONNECTIONS):
            tasks.create_task(
                _hold(number, parts, settings, lines, patience), name=f"slack {number}"
            )


class Lines:
    """Which connections are there: Slack is, as long as one of them is."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._there: set[int] = set()

    def note(self, number: int, *, there: bool) -> None:
        """Say how a connection is."""
        (self._there.add if there else self._there.discard)(number)
        if self._there:
            self._health.up(PART)
        else:
            self._health.down(PART, AWAY)


def _address(settings: Settings) -> str:
    base = settings.public_url or f"http://{settings.web_host}:{settings.web_port}"
    return base + EVENTS


async def _reach(
    parts: Parts, settings: Settings, tell: Tell, health: Health, patience: Patience
) -> None:
    """Wait until Slack accepts our tokens; what else it says of them is told once."""
    pause, told = patience.first, ""
    client = parts.wire.opened(None, hasty=True)
    while True:
        try:
            if settings.slack_app_token:
                await client.apps_connections_open(app_token=settings.slack_app_token)
            if settings.slack_bot_token:
                me = await parts.wire.opened(settings.slack_bot_token).auth_test()
                tell(f"Slack: connected to {me['team']} as {me['user']}.")
        except (SlackApiError, *LOST) as error:
            if remedy := _remedy(error):
                health.down(PART, REFUSED)
                if remedy != told:
                    tell(remedy)
                told = remedy
                await asyncio.sleep(patience.refused)
                continue
            health.down(PART, AWAY)
            said = code_of(error) if isinstance(error, SlackApiError) else error
            log.warning("Slack does not answer: %s", said)
            await asyncio.sleep(pause)
            pause = min(pause * 2, patience.longest)
        else:
            health.up(PART)
            return


async def _hold(
    number: int, parts: Parts, settings: Settings, lines: Lines, patience: Patience
) -> None:
    """Hold one connection, with a new handler when the old one does not get back."""
    while True:
        handler = AsyncSocketModeHandler(
            parts.app, settings.slack_app_token, ping_interval=patience.ping
        )
        connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
        try:
            await _watch(handler, partial(lines.note, number), patience)
        finally:
            connecting.cancel()
            lines.note(number, there=False)
            await _close(handler, connecting)
        log.warning("a connection to Slack was silent for too long; here is another")


async def _watch(
    handler: AsyncSocketModeHandler, note: Callable[..., None], patience: Patience
) -> None:
    """Return when a connection has been gone for too long."""
    seen = time.monotonic()
    while time.monotonic() - seen < patience.silence:
        await asyncio.sleep(patience.look)
        if await handler.client.is_connected():
            seen = time.monotonic()
        note(there=time.monotonic() - seen < patience.grace)


async def _close(
    handler: AsyncSocketModeHandler, connecting: "asyncio.Task[None]"
) -> None:
    """Hang up, and wait for the tasks that the SDK leaves behind."""
    client = handler.client
    await handler.close_async()  # type: ignore[no-untyped-call]
    left = [client.message_processor, client.message_receiver]
    left += [client.current_session_monitor, connecting]
    await asyncio.gather(*(task for task in left if task), return_exceptions=True)


def _remedy(error: Exception) -> str | None:
    """What the owner has to do, where trying again would only do harm."""
    if not isinstance(error, SlackApiError):
        return None
    code = code_of(error)
    if code == "missing_scope":
        return (
            f"Slack refuses SLACK_APP_TOKEN: it lacks {CONNECTIONS_SCOPE}. Make one"
            f" with that scope at {APPS}, Basic Information, App-Level Tokens, and"
            " start again. The rest goes on."
        )
    if code in GONE or code == "not_allowed_token_type":
        return (
            "Slack refuses SLACK_APP_TOKEN or SLACK_BOT_TOKEN: copy both anew from"
            f" {APPS} and start again. The rest goes on."
        )
    return None
