"""The workspaces that have installed the bot, and its token in each.

One workspace needs no more than the token in the settings. Many install the app by
OAuth: what Slack gives for each lies sealed in the vault, and goes when they go.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import (
    AsyncInstallationStore,
)
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.wire import LOST
from bot.config import Settings
from bot.vault import Vault

log = logging.getLogger(__name__)

EARLY = 2 * 3_600.0  # seconds before its end that a token is replaced
NOW = 10**9  # minutes; the SDK replaces a token that ends sooner


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in a workspace.

    Attributes:
        url: The workspace's address, as in `https://acme.slack.com/`.
    """

    token: str
    user: str
    bot: str
    url: str
    name: str


class Installs(AsyncInstallationStore):
    """Satisfies slack_sdk's port of an installation store, and `wire.Tokens`."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._now = now
        self._known: dict[str, Identity] = {}
        self._lock = asyncio.Lock()
        self.open: Callable[[str | None], AsyncWebClient] = AsyncWebClient

    @property
    def logger(self) -> logging.Logger:
        """Ours."""
        return log

    async def token(self, workspace: str) -> str | None:
        """The bot's token in a workspace, replaced in time where tokens end."""
        if self._settings.slack_bot_token:
            return self._settings.slack_bot_token
        found = await self._read(workspace)
        if found is None:
            return None
        if self._ends_soon(found):
            found = await self._rotated(workspace, found)
        return found.bot_token

    async def identity(self, workspace: str) -> Identity | None:
        """Who the bot is in a workspace; Slack is asked once per token."""
        token = await self.token(workspace)
        if token is None:
            return None
        known = self._known.get(workspace)
        if known is None or known.token != token:
            me = await self.open(token).auth_test()
            known = Identity(
                token,
                user=str(me["user_id"]),
                bot=str(me.get("bot_id") or ""),
                url=str(me.get("url") or ""),
                name=str(me.get("user") or ""),
            )
            self._known[workspace] = known
        return known

    async def authorize(
        self, enterprise_id: str | None, team_id: str | None
    ) -> AuthorizeResult | None:
        """What Bolt needs to know of a workspace that a request came from."""
        for workspace in (team_id, enterprise_id):
            me = await self.identity(workspace) if workspace else None
            if me is not None:
                return AuthorizeResult(
                    enterprise_id=enterprise_id,
                    team_id=team_id,
                    bot_token=me.token,
                    bot_id=me.bot,
                    bot_user_id=me.user,
                )
        return None

    async def async_save(self, installation: Installation) -> None:
        """Keep what Slack gave for a workspace, or for a whole organisation."""
        names = installation.to_dict().keys()  # which would make times of numbers
        kept = {name: getattr(installation, name) for name in names}
        workspace = _workspace(
            installation.enterprise_id,
            installation.team_id,
            whole=bool(installation.is_enterprise_install),
        )
        self._known.pop(workspace, None)
        await self._vault.put(_name(workspace), json.dumps(kept))

    async def async_save_bot(self, bot: Bot) -> None:
        """Only whole installations are kept."""

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """The bot's part of an installation."""
        found = await self.async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            is_enterprise_install=is_enterprise_install,
        )
        return found.to_bot() if found else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,  # noqa: ARG002 - of the port; we keep one each
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """What Slack gave for a workspace."""
        whole = bool(is_enterprise_install)
        return await self._read(_workspace(enterprise_id, team_id, whole=whole))

    async def async_delete_bot(
        self, *, enterprise_id: str | None, team_id: str | None
    ) -> None:
        """Forget a workspace."""
        await self.async_delete_all(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
    ) -> None:
        """Whoever installed it has gone; the bot's own token stays."""

    async def left(
        self, enterprise: str | None, team: str | None, *, at: float
    ) -> None:
        """Forget a workspace that removed us, unless it has come back since.

        Args:
            enterprise: Its organisation.
            team: The workspace; None is the whole organisation.
            at: When, in whole seconds of Unix time; it may be told late.
        """
        found = await self._read(team or enterprise or "")
        if found is not None and at > found.installed_at:
            await self.async_delete_all(enterprise_id=enterprise, team_id=team)

    async def async_delete_all(
        self, *, enterprise_id: str | None, team_id: str | None
    ) -> None:
        """Forget a workspace, or an organisation when no workspace is named."""
        workspace = team_id or enterprise_id or ""
        self._known.pop(workspace, None)
        await self._vault.remove(_name(workspace))

    async def _read(self, workspace: str) -> Installation | None:
        kept = await self._vault.get(_name(workspace))
        return Installation(**json.loads(kept)) if kept else None

    def _ends_soon(self, found: Installation) -> bool:
        until = found.bot_token_expires_at
        return until is not None and float(until) - self._now() < EARLY

    async def _rotated(self, workspace: str, found: Installation) -> Installation:
        """An installation whose token lasts; a refresh token works only once."""
        async with self._lock:
            found = await self._read(workspace) or found
            if not self._ends_soon(found):
                return found
            rotator = AsyncTokenRotator(
                client_id=self._settings.slack_client_id or "",
                client_secret=self._settings.slack_client_secret or "",
                client=self.open(None),
            )
            try:
                fresh = await rotator.perform_token_rotation(
                    installation=found, minutes_before_expiration=NOW
                )
            except (SlackTokenRotationError, *LOST) as error:
                log.warning("the token of %s cannot be replaced: %s", workspace, error)
                return found
            if fresh is not None:
                await self.async_save(fresh)
            return fresh or found


def _name(workspace: str) -> str:
    return f"slack {workspace}"


def _workspace(enterprise: str | None, team: str | None, *, whole: bool) -> str:
    return (enterprise if whole else team) or ""
