"""A text parted into clauses, each with what is wanted and what is not."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.prompt.subjects import QUOTED

# Clauses part at these, but not inside of a quotation or a number.
_PARTING = re.compile(
    rf"{QUOTED.pattern}|\d\.\d"
    r"|(?P<between>[;\n.]|,(?=\s)|\bthen\b|\bfollowed by\b|\bafter(?:wards| that)\b"
    r"|\bbefore\b(?! the)|→|->|\bfinally\b|\bnext\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\s*(shot(?: (?:&|and) framing)?|framing|action|motion(?: (?:& |and )?timing)?"
    r"|timing|camera|lighting(?: (?:&|and) mood)?|mood|audio(?: cues?)?|sounds?|style"
    r"|scene|subject|keep|may change)\s*[:=]\s*",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|without|avoid|don'?t|do not|never|not(?! (?:so|too|as)\b)|remove|lose"
    r"|stop|drop)\s+(?:any\s+|the\s+|that\s+)?"
    r"(?:(?!\bbut\b|\band (?:add|make|with|then|do|keep)\b)[^,;.\n])*"
)
_BULLET = re.compile(r"^[ \t]*(?:\d[.)]|[-*•])[ \t]*", re.MULTILINE)
_STAMPS = re.compile(r"\b(\d{1,2}):(\d\d)\s*(?:-|\u2013|to)\s*(\d{1,2}):(\d\d)\b")


class Clause(NamedTuple):
    """A part of a text.

    Attributes:
        words: As they were typed.
        low: The same in lower case, with blanks for what is quoted.
        wanted: The same with blanks for what is negated too.
        label: What it stands under, in lower case, or nothing.
    """

    words: str
    low: str
    wanted: str
    label: str

    @property
    def for_the_ear(self) -> bool:
        """Whether all of it is sound."""
        return self.label.startswith(("audio", "sound"))

    @property
    def about_the_picture(self) -> bool:
        """Whether it only says what of the picture must or may not stay."""
        return self.label in {"keep", "may change"}

    def negated(self) -> Sequence[str]:
        """Each thing that shall not be, with its "no"."""
        return _NEGATED.findall(self.low)


def clauses(text: str) -> Iterator[Clause]:
    """The clauses of a text, in order; a label holds until its sentence ends."""
    label = ""
    for part, goes_on in _parts(_BULLET.sub("", _STAMPS.sub(_in_seconds, text))):
        if not goes_on:
            label = ""
        found = _LABEL.match(part)
        if found:
            label = found[1].lower()
        words = part[found.end() if found else 0 :].strip(" \t,-\u2013\u2014:")
        if words:
            low = QUOTED.sub(_blank, words.lower())
            yield Clause(words, low, _NEGATED.sub(_blank, low), label)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in parts, and whether each goes on after a comma."""
    start, goes_on = 0, False
    for found in _PARTING.finditer(text):
        if between := found["between"]:
            yield text[start : found.start()], goes_on
            start, goes_on = found.end(), between == ","
    yield text[start:], goes_on


def _in_seconds(found: re.Match[str]) -> str:
    """`0:02-0:05` as "2-5s"."""
    first, last = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    return f"{first}-{last}s"


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
