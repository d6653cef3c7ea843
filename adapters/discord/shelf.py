"""Looking at clips and quotas: answers that only who asked can read."""

from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord.app_commands import Choice

from adapters.discord.desk import say_of
from adapters.discord.doors import Doors
from adapters.discord.people import asker, jump, person_of, place_of
from adapters.discord.text import DISCORD, formed, joined
from bot import checking
from bot.languages import Say
from bot.models import Clip, Entry
from bot.wording import messages

Interaction = discord.Interaction[Any]
Chooser = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]

MOST_LISTED = 15  # clips in a list; more would not fit into a message
MOST_CHOICES = 25
MOST_LABEL = 100


def chooser(doors: Doors, *, unfinished: bool) -> Chooser:
    """Offers a person's own clips, or what they have under way."""

    async def choose(interaction: Interaction, typed: str) -> list[Choice[str]]:
        entries = await doors.service.history(asker(interaction), limit=100)
        say = say_of(interaction)
        fitting = [
            entry
            for entry in entries
            if (not entry.job.state.ended if unfinished else entry.clip is not None)
            and typed.lower() in f"{entry.job.id} {entry.job.request.prompt}".lower()
        ]
        return [
            Choice(name=_label(entry, say), value=entry.job.id)
            for entry in fitting[:MOST_CHOICES]
        ]

    return choose


async def show(doors: Doors, interaction: Interaction, clip_id: str) -> str:
    """One clip: what was asked, what was made, where it is."""
    entry = await doors.service.entry(clip_id, person=asker(interaction))
    say = say_of(interaction)
    if entry.clip is None:
        return formed(messages.shown(entry, say, DISCORD))
    links = await _links(doors, interaction, entry.clip)
    hint = say("/clip resend posts it here.")
    told = messages.shown(
        entry, say, DISCORD, links=links if entry.lost else [*links, hint]
    )
    return formed(told)


async def listing(doors: Doors, interaction: Interaction) -> str:
    """The latest clips and renders."""
    entries = await doors.service.history(asker(interaction), limit=MOST_LISTED)
    say = say_of(interaction)
    if not entries:
        return say("You have no clips yet: /animate makes one.")
    return joined(*(messages.listed(entry, say, DISCORD) for entry in entries))


async def tree(doors: Doors, interaction: Interaction, clip_id: str) -> str:
    """Which clips a clip was made from, the eldest first."""
    line = await doors.service.lineage(clip_id, person=asker(interaction))
    return joined(*messages.tree(line, DISCORD))


async def resend(doors: Doors, interaction: Interaction, clip_id: str) -> str:
    """Post a finished clip where the command was given."""
    event = f"interaction {interaction.id}"
    doors.desk.remember(f"{clip_id}:{event}", interaction)
    await doors.service.resend(
        clip_id, person=asker(interaction), place=place_of(interaction), event=event
    )
    return say_of(interaction)("Posted.")


async def quota(doors: Doors, interaction: Interaction) -> str:
    """What is left today, and when it resets."""
    here = place_of(interaction)
    allowance = await doors.service.allowance(asker(interaction), here)
    return joined(*messages.quota(allowance, say_of(interaction), DISCORD))


async def give(
    doors: Doors, interaction: Interaction, member: discord.Member, units: str
) -> str:
    """Give a member their own number in this server.

    Raises:
        OptionError: The number is none.
    """
    number = checking.units(units)
    person = person_of(member)
    await doors.service.set_units(person.key, number, place=place_of(interaction))
    return messages.given(person.id, number, say_of(interaction), DISCORD)


async def usage(doors: Doors, interaction: Interaction) -> str:
    """Who used how much here today."""
    used = await doors.service.usage_of(place_of(interaction))
    return joined(*messages.usage(used, say_of(interaction), DISCORD))


def _label(entry: Entry, say: Say) -> str:
    prompt = " ".join(entry.job.request.prompt.split()) or say("no words")
    return f"{prompt[:70]} · {entry.job.id}"[:MOST_LABEL]


async def _links(doors: Doors, interaction: Interaction, clip: Clip) -> list[str]:
    """Where the clip was posted."""
    found = await doors.service.messages(clip.id, person=asker(interaction))
    ours = [m for m in found if m.chat == clip.place.chat]
    return [jump(clip.place, m.channel, m.message) for m in ours[:3]]
