"""Installing the app in many workspaces: where to go, and the way back."""

import secrets
import time
from collections.abc import Callable
from logging import Logger, getLogger

from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.slack.installs import Installs
from adapters.slack.manifest import SCOPES
from adapters.slack.paths import INSTALL, RETURN
from bot.config import Settings
from bot.service import RenderService

log = getLogger(__name__)

LASTS = 600  # seconds that somebody has to decide


class States(AsyncOAuthStateStore):
    """Remembers who set out to install the app; each is good for one return.

    Args:
        service: Where they are noted.
        now: Unix time in seconds.
    """

    def __init__(
        self, service: RenderService, now: Callable[[], float] = time.time
    ) -> None:
        self._service = service
        self._now = now

    @property
    def logger(self) -> Logger:
        """Ours."""
        return log

    async def async_issue(self, *_: object, **__: object) -> str:
        """A new one."""
        state = secrets.token_urlsafe(24)
        await self._service.note(f"slack state {state}", str(self._now() + LASTS))
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether somebody set out with this one, and has not returned yet."""
        until = await self._service.recall(f"slack state {state}")
        if not until or float(until) < self._now():
            return False
        return await self._service.once(f"slack state {state}")


def open_flow(
    settings: Settings, installs: Installs, service: RenderService
) -> AsyncOAuthFlow | None:
    """The way to install the app, where the owner has set it up."""
    if not (settings.slack_client_id and settings.slack_client_secret):
        return None
    slack = settings.slack_api_url.removesuffix("/api")
    return AsyncOAuthFlow(
        logger=log,
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret,
            scopes=list(SCOPES),
            user_scopes=[],
            redirect_uri=f"{settings.public_url}{RETURN}",
            install_path=INSTALL,
            redirect_uri_path=RETURN,
            authorization_url=f"{slack}/oauth/v2/authorize",
            installation_store=installs,
            state_store=States(service),
            state_expiration_seconds=LASTS,
        ),
    )
