"""Keeps the bot on Discord: a new client when one is lost, with ever longer pauses.

A thousand logins a day and Discord resets the token, so pauses grow; a token that is
refused is tried again every few minutes, and its owner is told once.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import discord

from adapters.discord.client import Parts, assemble
from bot.config import Settings
from bot.fence import brief
from bot.health import Health
from bot.service import RenderService

log = logging.getLogger(__name__)

PORTAL = "https://discord.com/developers/applications"
NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)

PART = "discord"
AWAY = "Discord does not answer."
REFUSED = "Discord refuses the bot."

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How patient the supervisor is; all in seconds.

    Attributes:
        first: Pause before the first new client.
        longest: The longest pause; 300 are at most 288 logins a day.
        healthy: A client that lived for so long makes the next pause short again.
        silence: How long a gateway may be gone before we start anew.
        look: How often that is looked at.
        refused: How often a token that Discord refuses is tried again.
    """

    first: float = 5.0
    longest: float = 300.0
    healthy: float = 600.0
    silence: float = 90.0
    look: float = 5.0
    refused: float = 300.0


class SilentError(ConnectionError):
    """The gateway has been gone for too long."""


async def keep_connected(
    settings: Settings,
    service: RenderService,
    *,
    tell: Tell,
    patience: Patience | None = None,
    make: Callable[[Settings, RenderService], Parts] = assemble,
) -> None:
    """Be on Discord until cancelled.

    Args:
        settings: The owner's; `discord_token` is set.
        service: The core.
        tell: Shows a line to the owner.
        patience: How long to wait for what.
        make: Puts a client together.
    """
    patience, health = patience or Patience(), service.health
    told: str | None = None
    pause = patience.first
    parts = make(settings, service)
    try:
        while True:
            begun = time.monotonic()
            token = settings.discord_token or ""
            trouble = await _live(parts, token, tell, health, patience)
            remedy = _remedy(trouble)
            health.down(PART, REFUSED if remedy else AWAY)
            if remedy:
                if remedy != told:
                    tell(remedy)
            elif isinstance(trouble, discord.PrivilegedIntentsRequired):
                tell(NO_CONTENT)
                settings = replace(settings, discord_message_content=False)
            else:
                log.warning("Discord is lost: %s", brief(trouble))
                log.debug("Discord is lost", exc_info=trouble)
            lost, parts = parts, make(settings, service)
            await lost.close()
            if time.monotonic() - begun > patience.healthy:
                pause = patience.first
            told = remedy
            await asyncio.sleep(patience.refused if remedy else pause)
            pause = min(pause * 2, patience.longest)
    finally:
        await parts.close()


async def _live(
    parts: Parts, token: str, tell: Tell, health: Health, patience: Patience
) -> BaseException:
    """Run one client to its end, and say what that was."""
    _greet(parts.client, tell)
    client = asyncio.create_task(parts.client.start(token))
    watch = asyncio.create_task(_watch(parts, health, patience))
    try:
        await asyncio.wait([client, watch], return_when=asyncio.FIRST_COMPLETED)
        ended = client if client.done() else watch
        return ended.exception() or ConnectionError("the client ended by itself")
    finally:
        client.cancel()
        watch.cancel()
        await asyncio.gather(client, watch, return_exceptions=True)


async def _watch(parts: Parts, health: Health, patience: Patience) -> None:
    """Raises SilentError when discord.py does not get back by itself."""
    while parts.line.silent_for() < patience.silence:
        if parts.line.is_up:
            health.up(PART)
        else:
            health.down(PART, AWAY)
        await asyncio.sleep(patience.look)
    raise SilentError


NO_CONTENT = (
    "Discord does not give this bot the message content intent: switch it on at"
    f" {PORTAL} or take DISCORD_MESSAGE_CONTENT out. Going on without it."
)


def _remedy(trouble: BaseException) -> str | None:
    """What the owner has to do, where trying again would only do harm."""
    if not _is_discords(trouble):
        return None
    if isinstance(trouble, discord.LoginFailure):
        return (
            "Discord refuses DISCORD_TOKEN: copy it anew from the page Bot of"
            f" {PORTAL} and start again. The rest goes on."
        )
    if isinstance(trouble, discord.Forbidden):
        return f"Discord has locked this bot out: see {PORTAL}. The rest goes on."
    return None


def _is_discords(trouble: BaseException) -> bool:
    """Whether Discord itself said so, in its own shape; a proxy's page has another."""
    said = trouble.__cause__ if isinstance(trouble, discord.LoginFailure) else trouble
    if not isinstance(said, discord.HTTPException):
        return isinstance(trouble, discord.LoginFailure)
    return bool(said.code) or said.text.startswith(f"{said.status}:")


def _greet(client: discord.Client, tell: Tell) -> None:
    """Say once who we are and how to invite us."""
    greeted = False

    @client.event
    async def on_ready() -> None:
        nonlocal greeted
        if not greeted and client.application_id is not None:
            greeted = True
            tell(f"Discord: connected as {client.user}.")
            tell(f"Invite the bot: {invite(client.application_id)}")


def invite(application_id: int) -> str:
    """The address that brings the bot into a server, with just what it needs."""
    return discord.utils.oauth_url(
        application_id,
        permissions=NEEDED,
        scopes=("bot", "applications.commands"),
    )
