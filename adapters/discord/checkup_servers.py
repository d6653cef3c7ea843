"""What `vivant doctor` looks at in each server: where the bot may post, and how."""

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import discord

from adapters.discord.supervisor import NEEDED
from bot.checkup import Finding, broken, warning, well

MOST = 20  # servers that are looked at one by one
TALKING = (0, 5)  # kinds of channels that clips are asked for in: text, announcements
SHOWN = 5  # channels that are named
GONE = (discord.NotFound, discord.Forbidden)
LOST = (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError)


async def check(client: discord.Client, server: Mapping[str, Any]) -> list[Finding]:
    """Permissions of the server, then of its channels, and how large a file may be."""
    name = f"Discord: {server['name']}"
    granted = discord.Permissions(int(server.get("permissions", 0)))
    if missing := _lacking(granted):
        remedy = f"may not {_words(missing)}: allow it in the server's roles"
        return [broken(name, remedy)]
    bot = client.user.id if client.user else 0
    try:
        about = await client.http.get_guild(int(server["id"]), with_counts=False)
        guild = await client.fetch_guild(int(server["id"]), with_counts=False)
        channels = await client.http.get_all_guild_channels(int(server["id"]))
        me = await client.http.get_member(int(server["id"]), bot)
    except GONE:
        return [warning(name, "the bot was removed from it just now, or it is gone")]
    except LOST:
        return [warning(name, "cannot be looked at now: try again later")]
    limit = f"files up to {guild.filesize_limit >> 20} MiB"
    closed = _closed(about, channels, me, granted)
    there = sum(channel["type"] in TALKING for channel in channels)
    if not closed:
        return [well(name, f"may all it needs; {limit}")]
    return [_of_channels(name, closed, there, limit)]


def _of_channels(
    name: str,
    closed: Mapping[str, tuple[frozenset[str], bool]],
    there: int,
    limit: str,
) -> Finding:
    """Channels whose own settings leave the bot out."""
    meant = {where: kept for where, (kept, on_purpose) in closed.items() if on_purpose}
    shown = meant or {where: kept for where, (kept, _) in closed.items()}
    names = ", ".join(f"#{where}" for where in list(shown)[:SHOWN])
    names += f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    words = _words(frozenset[str]().union(*shown.values()))
    remedy = (
        f"may not {words} in {names}: Edit Channel, Permissions, and allow it there"
    )
    if len(closed) == there:
        return broken(name, f"{remedy}; it can post in no channel")
    if meant:
        return warning(name, f"{remedy}, if people are to have clips there")
    return well(name, f"may all it needs in {there - len(closed)} channels; {limit}")


def _closed(
    guild: Mapping[str, Any],
    channels: Iterable[Mapping[str, Any]],
    me: Mapping[str, Any],
    granted: discord.Permissions,
) -> dict[str, tuple[frozenset[str], bool]]:
    """What is missing in each channel, and whether it was denied to the bot itself."""
    if granted.administrator:
        return {}
    everyone = str(guild["id"])
    mine = {str(me["user"]["id"]), *map(str, me["roles"])}
    found = {}
    for channel in channels:
        if channel["type"] not in TALKING:
            continue
        overrides = {str(one["id"]): one for one in channel["permission_overwrites"]}
        layers = [[everyone], [str(role) for role in me["roles"]], [me["user"]["id"]]]
        bits = granted.value
        for layer in layers:
            some = [overrides[str(one)] for one in layer if str(one) in overrides]
            for one in some:
                bits &= ~int(one["deny"])
            for one in some:
                bits |= int(one["allow"])
        if missing := _lacking(discord.Permissions(bits)):
            denied = [int(one["deny"]) for id_, one in overrides.items() if id_ in mine]
            on_purpose = any(_lacking(discord.Permissions(~bit)) for bit in denied)
            found[str(channel["name"])] = (missing, on_purpose)
    return found


def _lacking(may: discord.Permissions) -> frozenset[str]:
    """What the bot needs and may not."""
    if may.administrator:
        return frozenset()
    return frozenset(
        name for name, needed in NEEDED if needed and not getattr(may, name)
    )


def _words(names: frozenset[str]) -> str:
    order = [name for name, needed in NEEDED if needed and name in names]
    return ", ".join(name.replace("_", " ") for name in order)
