"""What people typed, made harmless for Discord, and what we say, in its markup."""

import re
from io import BytesIO

import discord
from discord.utils import MISSING

from bot.errors import BotError
from bot.languages import Say
from bot.models import Allowance, Clip, Entry, Job
from bot.wording import markup, messages
from bot.wording.markup import MOST_QUOTED, Told

MOST = 2_000  # characters of a message (docs, 2026-08)
_MARKUP = re.compile(r"([\\`*_~|<>\[\]()@]|(?<=:)/(?=/)|^[#-])")


class Discord:
    """Discord's markup. Satisfies `Markup`."""

    def plain(self, words: str, *, most: int = MOST_QUOTED) -> str:
        """Somebody's words on one line: shown as typed, no markup, no mention."""
        return _MARKUP.sub(r"\\\1", markup.on_one_line(words, most))

    def bold(self, line: str) -> str:
        """A line that stands out."""
        return f"**{line}**"

    def quote(self, line: str) -> str:
        """A line that somebody else said."""
        return f"> {line}"

    def moment(self, at: float) -> str:
        """A Unix time, as in “in 2 minutes”; Discord counts it down."""
        return f"<t:{at:.0f}:R>"

    def command(self, verb: str, clip_id: str) -> str:
        """A command and its option."""
        return f"`/clip {verb} clip:{clip_id}`"

    def person(self, person_id: str) -> str:
        """Somebody; whether that pings is said with each message."""
        return f"<@{person_id}>"


DISCORD = Discord()
plain = DISCORD.plain


def quoted(words: str) -> str:
    """Somebody's words as a quotation; empty for none."""
    return markup.quoted(words, DISCORD)


def whole(words: str) -> discord.File:
    """Somebody's words as a file, where they are too long to be quoted."""
    is_long = len(words) > MOST_QUOTED
    return discord.File(BytesIO(words.encode()), "words.txt") if is_long else MISSING


def joined(*lines: str) -> str:
    """Those lines that say something, cut to what a message takes."""
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def formed(told: Told) -> str:
    """A message as Discord shows it."""
    return joined(*told.lines, *(f"-# {line}" for line in told.small))


def error_text(error: BotError, say: Say) -> str:
    """What went wrong, and what to do next."""
    return joined(*messages.trouble(error, say, DISCORD))


def ended_text(job: Job, say: Say) -> str:
    """Why a job came to nothing, and what that took."""
    return joined(*messages.ended(job, say, DISCORD))


def card_text(entry: Entry, say: Say, *, now: float, link: str | None = None) -> str:
    """How far a job is."""
    return formed(messages.card(entry, say, DISCORD, now=now, link=link))


def caption(clip: Clip, allowance: Allowance, say: Say, *, notes: list[str]) -> str:
    """What stands over a finished clip; `notes` are about this very message."""
    hint = say("AI-generated · Reply to this message to change the clip.")
    told = messages.caption(clip, allowance, say, DISCORD, notes=[*notes, hint])
    return formed(told)
