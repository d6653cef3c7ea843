"""Looking at clips and quotas: answers that only who asked can read."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord
from discord.app_commands import Choice

from adapters.discord.desk import say_of
from adapters.discord.doors import Doors
from adapters.discord.people import asker, jump, person_of, place_of
from adapters.discord.text import error_text, joined, plain, quoted
from bot.errors import OptionError
from bot.languages import Say
from bot.models import Clip, Entry
from bot.prompt.plan import Plan
from bot.wording import plan_lines
from bot.wording.cards import clip_line, price_line, quota_lines, state_line

Interaction = discord.Interaction[Any]
Chooser = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]

MOST_LISTED = 15  # clips in a list; more would not fit into a message
MOST_CHOICES = 25
MOST_LABEL = 100
UNLIMITED = "unlimited"
STEP = "\u2003"  # a wide blank; Discord eats ordinary ones


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
    job, clip = entry.job, entry.clip
    if clip is None:
        why = error_text(job.error.again(), say) if job.error else ""
        return joined(state_line(entry, say), quoted(job.request.prompt), why)
    trouble = await doors.service.trouble(clip_id)
    lost = [say("It could not be posted: {why}", why=say(trouble))] if trouble else []
    return joined(
        f"**{clip.id}** · {clip_line(clip, say)} · {price_line(clip.price, say)}",
        quoted(clip.request.prompt),
        *(f"-# {plain(line)}" for line in _made(clip, say)),
        *lost,
        *await _links(doors, interaction, clip),
        say("/clip resend posts it here."),
    )


async def listing(doors: Doors, interaction: Interaction) -> str:
    """The latest clips and renders."""
    entries = await doors.service.history(asker(interaction), limit=MOST_LISTED)
    say = say_of(interaction)
    if not entries:
        return say("You have no clips yet: /animate makes one.")
    return joined(*(_line(entry, say) for entry in entries))


async def tree(doors: Doors, interaction: Interaction, clip_id: str) -> str:
    """Which clips a clip was made from, the eldest first."""
    line = await doors.service.lineage(clip_id, person=asker(interaction))
    return joined(
        *(
            f"{STEP * depth}**{clip.id}** {plain(clip.request.prompt, most=80)}"
            for depth, clip in enumerate(line)
        )
    )


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
    say = say_of(interaction)
    resets = say("It resets {when}.", when=f"<t:{allowance.resets:.0f}:R>")
    return joined(*quota_lines(allowance, say), resets)


async def give(
    doors: Doors, interaction: Interaction, member: discord.Member, units: str
) -> str:
    """Give a member their own number in this server.

    Raises:
        OptionError: The number is none.
    """
    text = units.strip().lower()
    if text != UNLIMITED and not (text.isascii() and text.isdecimal()):
        raise OptionError(
            "“{units}” is no number of clip-seconds.",
            hint="Say a whole number, or “unlimited”.",
            units=units,
        )
    number = None if text == UNLIMITED else int(text)
    key = person_of(member).key
    await doors.service.set_units(key, number, place=place_of(interaction))
    say = say_of(interaction)
    if number is None:
        return say("{member} has no daily limit here.", member=member.mention)
    return say(
        "{member} has {units} clip-seconds a day here.",
        member=member.mention,
        units=number,
    )


async def usage(doors: Doors, interaction: Interaction) -> str:
    """Who used how much here today."""
    say = say_of(interaction)
    used = await doors.service.usage_of(place_of(interaction))
    if not used:
        return say("Nobody has rendered anything here today.")
    lines = [
        say(
            "<@{person}>: {renders} renders, {units} clip-seconds",
            person=key.partition(":")[2],
            renders=renders,
            units=units,
        )
        for key, renders, units in used
    ]
    return joined(*lines)


def _label(entry: Entry, say: Say) -> str:
    prompt = " ".join(entry.job.request.prompt.split()) or say("no words")
    return f"{prompt[:70]} · {entry.job.id}"[:MOST_LABEL]


def _line(entry: Entry, say: Say) -> str:
    job = entry.job
    words = plain(job.request.prompt, most=80)
    return f"**{job.id}** {state_line(entry, say)} <t:{job.created:.0f}:R> · {words}"


def _made(clip: Clip, say: Say) -> Sequence[str]:
    """What was done with the still, in words; other providers have no plan."""
    plan = plan_lines(Plan.from_json(clip.plan), say) if clip.plan else ()
    return [*plan, *clip.notes]


async def _links(doors: Doors, interaction: Interaction, clip: Clip) -> list[str]:
    """Where the clip was posted."""
    found = await doors.service.messages(clip.id, person=asker(interaction))
    ours = [m for m in found if m.chat == clip.place.chat]
    return [jump(clip.place, m.channel, m.message) for m in ours[:3]]
