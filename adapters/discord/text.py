"""What people typed, made harmless for Discord, and what we say, in its markup."""

import re
import unicodedata

from bot.errors import BotError
from bot.languages import Say
from bot.models import Allowance, Clip, Entry
from bot.wording import cannot_line
from bot.wording.cards import (
    clip_line,
    error_lines,
    facts_line,
    left_line,
    price_line,
    ready_at,
    state_line,
)

MOST = 2_000  # characters of a message (docs, 2026-08)
MOST_QUOTED = 300  # characters of a prompt in a message
_MARKUP = re.compile(r"([\\`*_~|<>\[\]()@]|(?<=:)/(?=/)|^[#-])")
_JOINER = "\u200d"  # holds emoji together


def plain(words: str, *, most: int = MOST_QUOTED) -> str:
    """Somebody's words on one line: shown as typed, no markup, no mention, no tricks.

    Args:
        words: Anything.
        most: Characters that are kept of it.
    """
    line = " ".join(_visible(words).split())
    if len(line) > most:
        line = line[:most].rstrip() + "…"
    return _MARKUP.sub(r"\\\1", line)


def quoted(words: str) -> str:
    """Somebody's words as a quotation; empty for none."""
    return f"> {said}" if (said := plain(words)) else ""


def joined(*lines: str) -> str:
    """Those lines that say something, cut to what a message takes."""
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def error_text(error: BotError, say: Say) -> str:
    """What went wrong, and what to do next."""
    sentence, hint = error_lines(error, say, _safe)
    return joined(f"**{sentence}**", hint)


def card_text(entry: Entry, say: Say, *, now: float, link: str | None = None) -> str:
    """How far a job is."""
    job = entry.job
    ready = ready_at(job, now)
    state = f"**{state_line(entry, say)}**"
    if link and entry.clip:
        state += f": {link}"
    elif ready is not None:
        state += " · " + say("ready {when}", when=f"<t:{ready:.0f}:R>")
    elif not job.state.ended:
        state += " · " + say("asked {when}", when=f"<t:{job.created:.0f}:R>")
    trouble = ("", "")
    if job.error:
        trouble = error_lines(job.error.again(), say, _safe)
    told = [] if entry.clip else [*job.notes]
    if job.cannot and not entry.clip:
        told.append(cannot_line(job.cannot, say))
    price = price_line(job.price, say)
    return joined(
        state,
        quoted(job.request.prompt),
        f"-# {facts_line(job.request, say)} · {price}",
        *trouble,
        *(f"-# {_safe(line)}" for line in told),
    )


def caption(clip: Clip, allowance: Allowance, say: Say, *, notes: list[str]) -> str:
    """What stands over a finished clip.

    Args:
        clip: What was made.
        allowance: What its person has left.
        say: Their language.
        notes: What there is to know of this very message.
    """
    told = [*clip.notes]
    if clip.cannot:
        told.append(cannot_line(clip.cannot, say))
    cost = [price_line(clip.price, say), left_line(allowance, say)]
    return joined(
        f"<@{clip.person.id}> " + say("here is your clip."),
        quoted(clip.request.prompt),
        f"{clip_line(clip, say)} · {' · '.join(cost)}",
        *(f"-# {_safe(line)}" for line in told),
        *(f"-# {line}" for line in notes),
        "-# " + say("AI-generated · Reply to this message to change the clip."),
    )


def _safe(line: str) -> str:
    """Our own sentence, which may quote what somebody typed."""
    return plain(line, most=600)


def _visible(words: str) -> str:
    """The words without what hides, turns or piles up on other text."""
    kept: list[str] = []
    marks = 0
    for character in words:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        hides = kind in {"Cf", "Co", "Cs"} and character != _JOINER
        if hides or marks > 2:
            continue
        kept.append(" " if kind == "Cc" else character)
    return "".join(kept)
