"""Keeps the bot on Discord: a new client when one is lost, with ever longer pauses.

A thousand logins a day and Discord resets the token, so pauses grow; a token that is
refused is never tried again.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import aiohttp
import discord

from adapters.discord.client import Parts, assemble
from bot.config import Settings
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

FORESEEN = (aiohttp.ClientError, OSError, discord.DiscordException)

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
    """

    first: float = 5.0
    longest: float = 300.0
    healthy: float = 600.0
    silence: float = 90.0
    look: float = 5.0


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
    """Be on Discord until cancelled, or until Discord refuses the token.

    Args:
        settings: The owner's; `discord_token` is set.
        service: The core.
        tell: Shows a line to the owner.
        patience: How long to wait for what.
        make: Puts a client together.
    """
    patience = patience or Patience()
    pause = patience.first
    parts = make(settings, service)
    try:
        while True:
            begun = time.monotonic()
            trouble = await _live(parts, settings.discord_token or "", tell, patience)
            if remedy := _remedy(trouble):
                tell(remedy)
                return
            if isinstance(trouble, discord.PrivilegedIntentsRequired):
                tell(NO_CONTENT)
                settings = replace(settings, discord_message_content=False)
            else:
                foreseen = isinstance(trouble, FORESEEN)
                why = None if foreseen else trouble
                log.warning("Discord is lost: %r", trouble, exc_info=why)
            lost, parts = parts, make(settings, service)
            await lost.close()
            if time.monotonic() - begun > patience.healthy:
                pause = patience.first
            await asyncio.sleep(pause)
            pause = min(pause * 2, patience.longest)
    finally:
        await parts.close()


async def _live(
    parts: Parts, token: str, tell: Tell, patience: Patience
) -> BaseException:
    """Run one client to its end, and say what that was."""
    _greet(parts.client, tell)
    client = asyncio.create_task(parts.client.start(token))
    watch = asyncio.create_task(_watch(parts, patience))
    try:
        await asyncio.wait([client, watch], return_when=asyncio.FIRST_COMPLETED)
        ended = client if client.done() else watch
        return ended.exception() or ConnectionError("the client ended by itself")
    finally:
        client.cancel()
        watch.cancel()
        await asyncio.gather(client, watch, return_exceptions=True)


async def _watch(parts: Parts, patience: Patience) -> None:
    """Raises SilentError when discord.py does not get back by itself."""
    while parts.line.silent_for() < patience.silence:  # noqa: ASYNC110 - silence rings no bell
        await asyncio.sleep(patience.look)
    raise SilentError


NO_CONTENT = (
    "Discord does not give this bot the message content intent: switch it on at"
    f" {PORTAL} or take DISCORD_MESSAGE_CONTENT out. Going on without it."
)


def _remedy(trouble: BaseException) -> str | None:
    """What the owner has to do, where trying again would only do harm."""
    if isinstance(trouble, discord.LoginFailure):
        return (
            "Discord refuses DISCORD_TOKEN: copy it anew from the page Bot of"
            f" {PORTAL} and start again. The rest goes on."
        )
    if isinstance(trouble, discord.Forbidden):
        return f"Discord has locked this bot out: see {PORTAL}. The rest goes on."
    return None


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
