"""What `vivant doctor` looks at on Discord, from the token to the channels."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord

from adapters.discord import checkup_servers as servers
from adapters.discord.client import intents, point_at
from adapters.discord.supervisor import PORTAL, invite
from adapters.discord.tree import compare
from adapters.probe import PATIENCE, Heard, ask, unfit
from bot.checkup import Finding, broken, warning, well
from bot.checkup.clock import check_clock
from bot.checkup.network import why_unreachable
from bot.config import DISCORD_API, DISCORD_GATEWAY, Settings

LOST = (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError)
USER_INSTALL, GUILD_INSTALL = "1", "0"
HELLO = 10  # the gateway's first word
MISTAKEN = (  # other words of the portal that are taken for the token
    (re.compile(r"\d{15,21}"), "the application's ID"),
    (re.compile(r"[0-9a-f]{64}"), "the public key"),
    (re.compile(r"[\w-]{32}"), "the client secret"),
)


async def check(settings: Settings, *, running: bool = False) -> list[Finding]:
    """Log in without connecting, and look at what the bot may and needs.

    Args:
        settings: The owner's.
        running: Whether the bot runs now, so that its commands must be there.
    """
    api = settings.discord_api_url
    setting = "" if api == DISCORD_API else "DISCORD_API_URL"
    heard = await _me(api, settings, setting)
    if isinstance(heard, str):
        return [broken("Discord", heard)]
    clock = check_clock(heard.date, whose="Discord")
    if heard.status == 401 and heard.fields:
        return [broken("Discord token", _refused(settings.discord_token or "")), *clock]
    if heard.status != 200 or "id" not in heard.fields:
        wrong = setting and not heard.is_passing
        if wrong and (better := await _better(api, settings)):
            remedy = f"{api} is not the address: set DISCORD_API_URL={better}"
            return [broken("Discord", f"{remedy}, or leave it out"), *clock]
        return [unfit("Discord", "Discord", heard, setting), *clock]
    return [*await _logged_in(settings, running), *clock]


async def _logged_in(settings: Settings, running: bool) -> list[Finding]:  # noqa: FBT001
    point_at(settings)
    client = discord.Client(intents=intents(settings))
    try:
        await client.login(settings.discord_token or "")
        found = [well("Discord token", f"logs in as {client.user}")]
        about: Mapping[str, Any] = await client.http.application_info()
        found += _application(about, settings)
        found += await _gateway(settings)
        found += await _commands(client, running)
        found += await _servers(client, about)
        link = invite(int(about["id"]))
        return [*found, well("Discord invite", link)]
    except LOST as error:
        told = f"broke off ({type(error).__name__}): try again later"
        return [broken("Discord", told)]
    finally:
        await client.close()


async def _me(api: str, settings: Settings, setting: str) -> Heard | str:
    token = {"Authorization": f"Bot {settings.discord_token}"}
    return await ask(f"{api}/users/@me", headers=token, setting=setting)


async def _better(api: str, settings: Settings) -> str | None:
    """The address at the same host where Discord's API really is."""
    parts = urlsplit(api)
    for path in ("/api/v10", parts.path.rstrip("/") + "/api/v10"):
        address = f"{parts.scheme}://{parts.netloc}{path}"
        if address == api:
            continue
        heard = await _me(address, settings, "")
        if isinstance(heard, Heard) and heard.status in (200, 401) and heard.fields:
            return address
    return None


def _refused(token: str) -> str:
    for shape, what in MISTAKEN:
        if shape.fullmatch(token):
            told = f"refused: DISCORD_TOKEN looks like {what}, not like a token"
            return f"{told}; press Reset Token on the page Bot of {PORTAL}"
    return f"refused: copy it anew from the page Bot of {PORTAL}"


def _application(about: Mapping[str, Any], settings: Settings) -> list[Finding]:
    """What is ticked in the portal."""
    found = [_intents(int(about.get("flags") or 0), settings)]
    page = f"{PORTAL}/{about['id']}"
    if url := about.get("interactions_endpoint_url"):
        host = urlsplit(str(url)).hostname or "an address"
        told = f"the portal has an Interactions Endpoint URL ({host}), so Discord sends"
        remedy = (
            f"every command there and none to this bot: empty it at {page}/information"
        )
        found.append(broken("Discord commands", f"{told} {remedy}"))
    if about.get("bot_require_code_grant"):
        remedy = f"Requires OAuth2 Code Grant is on, so no invite works: {page}/bot"
        found.append(broken("Discord invite", remedy))
    return found


def _intents(flags: int, settings: Settings) -> Finding:
    granted = discord.ApplicationFlags._from_value(flags)  # noqa: SLF001 - no other way
    if not settings.discord_message_content:
        return well("Discord intents", "none that is privileged")
    if granted.gateway_message_content or granted.gateway_message_content_limited:
        return well("Discord intents", "message content is on")
    remedy = (
        f"message content is off: switch it on on the page Bot of {PORTAL},"
        " or take DISCORD_MESSAGE_CONTENT out"
    )
    return broken("Discord intents", remedy)


async def _gateway(settings: Settings) -> list[Finding]:
    """Open the gateway and hang up after its first word; that is no login."""
    url = settings.discord_gateway_url
    setting = "" if url == DISCORD_GATEWAY else "DISCORD_GATEWAY_URL"
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            asyncio.timeout(PATIENCE.total),
            session.ws_connect(url, params={"v": "10", "encoding": "json"}) as line,
        ):
            if (await line.receive_json()).get("op") == HELLO:
                return [well("Discord gateway", "answers")]
        why = None
    except (aiohttp.ClientError, TimeoutError, OSError, TypeError, ValueError):
        why = await why_unreachable(url, setting=setting)
    correct = f"correct {setting}, or leave it out" if setting else "try again later"
    return [
        broken("Discord gateway", why or f"nobody speaks as a gateway there: {correct}")
    ]


async def _commands(client: discord.Client, running: bool) -> list[Finding]:  # noqa: FBT001
    """Whether Discord has the commands that this version sends."""
    name = "Discord commands"
    try:
        there = await client.http.get_global_commands(client.application_id or 0)
    except LOST:
        return [warning(name, "cannot be listed now: try again later")]
    missing, odd = compare(there)
    if not (missing or odd):
        return [well(name, "all are there")]
    remedy = (
        "restart the bot, which sends them" if running else "`vivant run` sends them"
    )
    if not there:
        told = f"Discord has none of them: {remedy}"
    else:
        names = ", ".join(sorted(missing | odd))
        told = f"out of step ({names}): {remedy}"
        told += "; is another program using the same token?" if odd else ""
    return [broken(name, told) if running else warning(name, told)]


async def _servers(client: discord.Client, about: Mapping[str, Any]) -> list[Finding]:
    try:
        there = await client.http.get_guilds(servers.MOST)
    except LOST:
        return [warning("Discord servers", "cannot be listed now: try again later")]
    found = []
    for server in there:
        found += await servers.check(client, dict(server))
    ways = about.get("integration_types_config") or {}
    if not there and USER_INSTALL in ways and GUILD_INSTALL not in ways:
        found.append(well("Discord servers", "none: people install it for themselves"))
    elif not there:
        found.append(broken("Discord servers", "in none yet: invite it"))
    return found
