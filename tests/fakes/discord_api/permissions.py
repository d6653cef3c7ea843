"""Discord's permission arithmetic."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.places import Channel

EVERYTHING = discord.Permissions.all().value
USUAL = {
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "create_public_threads",
    "embed_links",
    "attach_files",
    "add_reactions",
    "read_message_history",
    "use_application_commands",
    "use_external_apps",
}


def bits(names: Iterable[str]) -> int:
    """A bit set of names as discord.Permissions knows them."""
    return discord.Permissions(**dict.fromkeys(names, True)).value


PRIVATE = bits({"attach_files", "embed_links", "mention_everyone"})
DM = PRIVATE | bits(USUAL | {"use_external_emojis"})
NOTHING_WITHOUT_SENDING = bits({"attach_files", "embed_links", "mention_everyone"})


def permissions_in(channel: "Channel", person: "Person") -> int:
    """What a person may do in a channel."""
    guild = channel.guild
    if guild is None:
        return DM if person in channel.recipients else 0
    member = guild.members.get(person.id)
    if member is None:
        return 0
    if person is guild.owner:
        return EVERYTHING
    found = 0
    for role in [guild.everyone, *member.roles]:
        found |= role.permissions
    if found & bits({"administrator"}):
        return EVERYTHING
    return _implied(_overwritten(channel, person, found), channel)


def _overwritten(channel: "Channel", person: "Person", found: int) -> int:
    assert channel.guild is not None
    overwrites = channel.settings.overwrites
    roles = {role.id for role in channel.guild.members[person.id].roles}
    for ids in ({channel.guild.id}, roles, {person.id}):
        some = [one for id_, one in overwrites.items() if id_ in ids]
        for one in some:
            found &= ~one.deny
        for one in some:
            found |= one.allow
    return found


def _implied(found: int, channel: "Channel") -> int:
    if not found & bits({"view_channel"}):
        return 0
    if not found & bits({sending(channel)}):
        found &= ~NOTHING_WITHOUT_SENDING
    return found


def sending(channel: "Channel") -> str:
    """The permission that sending needs there."""
    return "send_messages_in_threads" if channel.is_thread else "send_messages"


def may(person: "Person", channel: "Channel", *names: str) -> bool:
    """Whether a person has all these permissions in a channel."""
    wanted = bits(names)
    return permissions_in(channel, person) & wanted == wanted
