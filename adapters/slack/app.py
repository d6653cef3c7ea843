"""The Slack app, put together: an ordinary Bolt app with our listeners.

Listeners run before Slack is answered (`process_before_response`): they commit what was
ordered and acknowledge; work goes on in the core and in tasks of our own.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.http_retry.builtin_interval_calculators import (
    BackoffRetryIntervalCalculator,
)
from slack_sdk.http_retry.interval_calculator import RetryIntervalCalculator

from adapters.slack.cards import DRIP, GAP, Cards
from adapters.slack.chat import SlackChat
from adapters.slack.commands import Commands
from adapters.slack.desk import Desk
from adapters.slack.dialogs import Dialogs
from adapters.slack.doors import Doors
from adapters.slack.echoes import Echoes
from adapters.slack.installs import Installs
from adapters.slack.listeners import Listeners
from adapters.slack.oauth import open_flow
from adapters.slack.people import CHAT, People
from adapters.slack.pictures import LOOKS as PICTURE_LOOKS
from adapters.slack.pictures import Pictures
from adapters.slack.posts import Posts
from adapters.slack.replies import Replies
from adapters.slack.uploads import LATER, LOOKS, Uploads
from adapters.slack.wire import Client, Wire
from bot.config import Settings
from bot.service import RenderService

BOLT_LOG = logging.getLogger("adapters.slack.bolt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the app is; all in seconds but `clock` and `now`.

    Attributes:
        gap: Least time between two edits of a card.
        drip: Least time between two edits in a workspace.
        looks: Pauses before each look for the message of a file.
        later: Pauses before further looks for one that may not have been shared.
        picture_looks: Pauses before each look for a picture that was just sent.
        echo: How long an echo is waited for after a line broke.
        slow: How long a form waits for its picture.
        pauses: Between tries of one call.
    """

    gap: float = GAP
    drip: float = DRIP
    looks: tuple[float, ...] = LOOKS
    later: tuple[float, ...] = LATER
    picture_looks: tuple[float, ...] = PICTURE_LOOKS
    echo: float = 3.0
    slow: float = 2.0
    pauses: RetryIntervalCalculator = field(
        default_factory=BackoffRetryIntervalCalculator
    )
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Parts:
    """An app and what belongs to it.

    Attributes:
        flow: The way to install it, where other workspaces may.
    """

    app: AsyncApp
    flow: AsyncOAuthFlow | None
    chat: SlackChat
    desk: Desk
    wire: Wire
    installs: Installs

    async def close(self) -> None:
        """Hang up."""
        await self.desk.close()
        await self.chat.close()
        await self.wire.close()


def create_app(settings: Settings, service: RenderService) -> AsyncApp:
    """An app with all our listeners; needs no token, no network, no running worker.

    Jobs report to it from now on.
    """
    return assemble(settings, service).app


def assemble(
    settings: Settings, service: RenderService, *, pace: Pace | None = None
) -> Parts:
    """An app and its parts; jobs report to it from now on."""
    pace = pace or Pace()
    installs = Installs(settings, service.vault, now=pace.now)
    wire = Wire(settings, installs, pauses=pace.pauses)
    installs.open = wire.opened
    echoes = Echoes()
    chat = SlackChat(
        wire,
        installs,
        service,
        cards=Cards(
            wire,
            service,
            gap=pace.gap,
            drip=pace.drip,
            clock=pace.clock,
            now=pace.now,
        ),
        posts=Posts(service, echoes, pace.echo),
        uploads=Uploads(wire, service, echoes, pace.looks, pace.later),
        now=pace.now,
    )
    people = People(wire, pace.clock)
    desk = Desk(wire, service, chat, people)
    pictures = Pictures(settings, wire, service, looks=pace.picture_looks)
    doors = Doors(desk, service, pictures)
    dialogs = Dialogs(doors, pace.slow)
    flow = open_flow(settings, installs, service)
    app = _bolt(settings, wire, installs, echoes, flow)
    Listeners(doors, dialogs, installs, Commands(doors), Replies(doors)).add_to(app)
    service.connect(CHAT, chat)
    return Parts(app, flow, chat, desk, wire, installs)


def _bolt(
    settings: Settings,
    wire: Wire,
    installs: Installs,
    echoes: Echoes,
    flow: AsyncOAuthFlow | None,
) -> AsyncApp:
    client = Client(None, wire.base_url)

    async def listen(
        body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> None:
        client.session = wire.session
        echoes.heard(body.get("event") or {})
        await next_()

    BOLT_LOG.setLevel(logging.ERROR)  # it warns that it leaves our settings to us
    app = AsyncApp(
        name="vivant",
        logger=BOLT_LOG,
        process_before_response=True,
        signing_secret=settings.slack_signing_secret or "",
        client=client,
        authorize=Authorize(installs),  # type: ignore[arg-type] # Bolt takes either
        before_authorize=listen,
        oauth_flow=flow,
    )
    BOLT_LOG.setLevel(logging.NOTSET)
    return app


class Authorize(AsyncAuthorize):
    """Tells Bolt who we are in a workspace, without asking Slack each time."""

    def __init__(self, installs: Installs) -> None:
        self._installs = installs

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, **_: object
    ) -> AuthorizeResult | None:
        """What Bolt needs to know of where a request came from."""
        return await self._installs.authorize(enterprise_id, team_id)
