"""What `vivant doctor` looks at on Discord: token, intent, servers, limits, invite."""

from typing import Any

import aiohttp
import discord

from adapters.discord.client import intents, point_at
from adapters.discord.supervisor import NEEDED, PORTAL, invite
from bot.checkup import Finding
from bot.config import Settings

MOST_SERVERS = 20  # that are looked at one by one


async def check(settings: Settings) -> list[Finding]:
    """Log in without connecting, and look at what the bot may and needs."""
    point_at(settings)
    client = discord.Client(intents=intents(settings))
    try:
        await client.login(settings.discord_token or "")
        return await _look(client, settings)
    except discord.LoginFailure:
        remedy = f"refused: copy it anew from the page Bot of {PORTAL}"
        return [Finding("Discord token", good=False, detail=remedy)]
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        remedy = f"Discord does not answer ({error}): is this machine online?"
        return [Finding("Discord", good=False, detail=remedy)]
    finally:
        await client.close()


async def _look(client: discord.Client, settings: Settings) -> list[Finding]:
    me = await client.application_info()
    found = [
        Finding("Discord token", good=True, detail=f"logs in as {client.user}"),
        _intents(me, settings),
    ]
    servers: list[dict[str, Any]] = list(await client.http.get_guilds(MOST_SERVERS))  # type: ignore[arg-type]
    found += [await _server(client, server) for server in servers]
    if not servers:
        found.append(
            Finding("Discord servers", good=False, detail="in none yet: invite it")
        )
    return [*found, Finding("Discord invite", good=True, detail=invite(me.id))]


def _intents(me: discord.AppInfo, settings: Settings) -> Finding:
    flags = me.flags
    granted = flags.gateway_message_content or flags.gateway_message_content_limited
    if not settings.discord_message_content:
        return Finding("Discord intents", good=True, detail="none that is privileged")
    if granted:
        return Finding("Discord intents", good=True, detail="message content is on")
    remedy = (
        f"message content is off: switch it on on the page Bot of {PORTAL},"
        " or take DISCORD_MESSAGE_CONTENT out"
    )
    return Finding("Discord intents", good=False, detail=remedy)


async def _server(client: discord.Client, server: dict[str, Any]) -> Finding:
    """What the bot may in a server, and how large a file may be there."""
    name = f"Discord: {server['name']}"
    may = discord.Permissions(int(server.get("permissions", 0)))
    missing = [
        word.replace("_", " ")
        for word, needed in NEEDED
        if needed and not (may.administrator or getattr(may, word))
    ]
    if missing:
        remedy = f"may not {', '.join(missing)}: allow it in the server's roles"
        return Finding(name, good=False, detail=remedy)
    guild = await client.fetch_guild(int(server["id"]), with_counts=False)
    limit = guild.filesize_limit >> 20
    return Finding(name, good=True, detail=f"may all it needs; files up to {limit} MiB")
