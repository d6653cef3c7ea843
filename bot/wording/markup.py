"""What a chat's markup can do, so that a message is put together once for all chats."""

import unicodedata
from typing import NamedTuple, Protocol

MOST_QUOTED = 300  # characters of a prompt in a message
_JOINER = "\u200d"  # holds emoji together


class Markup(Protocol):
    """How one chat writes what it shows."""

    def plain(self, words: str, *, most: int = MOST_QUOTED) -> str:
        """Somebody's words on one line: shown as typed, no markup, no mention."""
        ...

    def bold(self, line: str) -> str:
        """A line that stands out; it is marked up already."""
        ...

    def quote(self, line: str) -> str:
        """A line that somebody else said; it is marked up already."""
        ...

    def moment(self, at: float) -> str:
        """A Unix time, shown in the reader's own."""
        ...

    def command(self, verb: str, clip_id: str) -> str:
        """What to type to do something with a clip."""
        ...

    def person(self, person_id: str) -> str:
        """Somebody, by the id that the core knows them by."""
        ...


class Told(NamedTuple):
    """A message without its form.

    Attributes:
        lines: What it says.
        small: What there is to know besides.
    """

    lines: tuple[str, ...]
    small: tuple[str, ...] = ()


def on_one_line(words: str, most: int) -> str:
    """Words without what hides, turns or piles up on other text, in so many letters."""
    line = " ".join(_visible(words).split())
    return line if len(line) <= most else line[:most].rstrip() + "…"


def quoted(words: str, markup: Markup) -> str:
    """Somebody's words as a quotation; empty for none."""
    return markup.quote(said) if (said := markup.plain(words)) else ""


def _visible(words: str) -> str:
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
