"""Who asks, and where: Discord's people and places in the core's words."""

from typing import TypedDict

import discord

from bot.models import Person, Place

CHAT = "discord"


class Whence(TypedDict):
    """Who orders, where, and by which click."""

    person: Person
    place: Place
    event: str


def person_of(
    user: discord.User | discord.Member, permissions: discord.Permissions | None = None
) -> Person:
    """The person, with the roles that may raise their caps.

    Args:
        user: As Discord sent them.
        permissions: What they may do where they are, if that is known.
    """
    roles: frozenset[str] = frozenset()
    moderates = None
    if isinstance(user, discord.Member):
        ids = {str(role.id) for role in user.roles}
        # Whoever has a server names its roles: no name may pass for an id.
        roles = frozenset(ids | {r.name for r in user.roles if not r.name.isdecimal()})
        if permissions and permissions.manage_guild:
            moderates = f"{CHAT}:{user.guild.id}"
    return Person(chat=CHAT, id=str(user.id), roles=roles, moderates=moderates)


def asker(interaction: discord.Interaction) -> Person:
    """Who caused an interaction."""
    return person_of(interaction.user, interaction.permissions)


def place_of(interaction: discord.Interaction) -> Place:
    """Where an interaction happens, in the language of who caused it."""
    return Place(
        chat=CHAT,
        workspace=_workspace(interaction.guild_id, interaction.channel_id or 0),
        channel=str(interaction.channel_id or 0),
        locale=interaction.locale.value,
    )


def place_of_message(message: discord.Message) -> Place:
    """Where a message was written; it does not tell its author's language."""
    guild = message.guild
    return Place(
        chat=CHAT,
        workspace=_workspace(guild.id if guild else None, message.channel.id),
        channel=str(message.channel.id),
        locale=guild.preferred_locale.value if guild else "en",
    )


def _workspace(guild: int | None, channel: int) -> str:
    """The server; outside of servers each conversation is a place of its own."""
    return str(guild or f"private-{channel}")


def whence(interaction: discord.Interaction) -> Whence:
    """Who orders by an interaction, and where."""
    return Whence(
        person=asker(interaction),
        place=place_of(interaction),
        event=f"interaction {interaction.id}",
    )


def jump(place: Place, channel: str | int, message: str | int) -> str:
    """The address of a message; one outside the place is a direct message."""
    here = str(channel) == place.channel and place.workspace.isdecimal()
    guild = place.workspace if here else "@me"
    return f"https://discord.com/channels/{guild}/{channel}/{message}"


def may_post(interaction: discord.Interaction) -> bool:
    """Whether the bot may post files in its own name where it was called."""
    if interaction.guild_id is None:
        return interaction.context.dm_channel
    if not interaction.is_guild_integration():
        return False
    may = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    sends = may.send_messages_in_threads if in_thread else may.send_messages
    return may.view_channel and sends and may.attach_files
