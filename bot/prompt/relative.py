"""Words that only mean something beside what is there: slower, more, longer."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from bot.prompt.words import any_of

SHORTEST = 1.0  # seconds of a clip
LONGEST = 60.0  # seconds; what a model can make is checked later
LONGER = 2.0  # seconds that "longer" adds when nothing else is said
_A_BIT = any_of(r"a (?:bit|little|touch)\b(?! of)|slightly|somewhat")
_MUCH = any_of(r"(?:much|a lot|far|way) (?=\w+er\b|more|less|too)")

_NUMBER = r"(\d{1,2})\s*-?\s*s(?:ec(?:ond)?s?)?\b"
_RELATIVE_LENGTH = any_of(rf"(?:make (?:it|this|that) )?{_NUMBER} (longer|shorter)\b")
_LENGTH = any_of(
    rf"make (?:it|this|that) (?:last )?{_NUMBER}(?: (?:long|in total))?"
    rf"|{_NUMBER} (?:long|in total|total)\b"
)
_ONLY_LENGTH = re.compile(
    rf"\W*(?:now |just |only |please )*{_NUMBER}(?: please)?\W*", re.IGNORECASE
)
_LONGER = any_of(r"(?<!hold )(?<!hold it )(longer|shorter)\b(?! (?:hold|pause))")
_MORE = any_of(r"(?:more|heavier|thicker|stronger|warmer|harder)\b")
_LESS = any_of(r"(?:less|lighter|weaker|subtler|thinner)\b")
_PART = re.compile(r"[,;.\n]|\band\b|\bbut\b")


class Speed(NamedTuple):
    """How much further every move goes.

    Attributes:
        name: What was asked, in a word.
        factor: Below 1 is less far.
    """

    name: str
    factor: float

    def sentence(self, moves: Collection[str]) -> str:
        """What it does, for the person; no moves are all of them."""
        which = (
            f"the {' and '.join(sorted(moves))} goes" if moves else "every move goes"
        )
        if self.factor >= 2:
            return f"{which.capitalize()} {self.factor:g} times as far."
        share = round(abs(1 - self.factor) * 100)
        far = "less far" if self.factor < 1 else "further"
        return f"{self.name}: {which} {share} % {far}."


_SPEEDS: Sequence[tuple[re.Pattern[str], Speed]] = (
    (any_of(r"(?:half as|twice as slow)"), Speed("Half", 0.5)),
    (any_of(r"twice as|double (?:it|the|that)"), Speed("Twice", 2.0)),
    (any_of(r"three times as"), Speed("Three times", 3.0)),
    (
        any_of(
            r"slower|slow (?:it|that|this)? ?down|calmer|gentler|less fast|too fast"
            r"|so fast"
        ),
        Speed("Slower", 0.6),
    ),
    (
        any_of(r"faster|quicker|speed (?:it|that|this)? ?up|livelier|too slow"),
        Speed("Faster", 1.6),
    ),
    (
        any_of(r"stronger|more (?:dramatic|motion|movement|intense)|further|bigger"),
        Speed("Stronger", 1.5),
    ),
    (
        any_of(
            r"subtler|less (?:motion|movement|dramatic|intense)|smaller|too much"
            r"|softer(?! (?:light|music))"
        ),
        Speed("Subtler", 0.6),
    ),
)
_BARE = (
    (any_of(r"more\b"), Speed("More", 1.5)),
    (any_of(r"less\b"), Speed("Less", 0.6)),
)


def speed_in(words: str, *, of_moods: bool) -> Speed | None:
    """What a reply says of how far moves go; None when it says nothing of it.

    Args:
        words: The reply, in lower case.
        of_moods: Whether it speaks of looks or sounds, to which a bare "more" belongs.
    """
    rows = _SPEEDS if of_moods else (*_SPEEDS, *_BARE)
    for known, speed in rows:
        if known.search(words):
            return speed._replace(factor=_degree(speed.factor, words))
    return None


def _degree(factor: float, words: str) -> float:
    """A bit slower is 0.8, much slower 0.4, where slower is 0.6."""
    if _A_BIT.search(words):
        return round(1 + (factor - 1) / 2, 2)
    if _MUCH.search(words):
        return round(max(0.3, 1 + (factor - 1) * 1.5), 2)
    return factor


def length_in(reply: str, seconds: float) -> tuple[float | None, str]:
    """The clip's length that a reply asks for, and the rest of the reply.

    Args:
        reply: Any text.
        seconds: What "longer" is longer than.
    """
    asked: float | None = None
    rest = reply
    if found := _RELATIVE_LENGTH.search(reply):
        asked = seconds + float(found[1]) * _sign(found[2])
    elif found := (_LENGTH.search(reply) or _ONLY_LENGTH.fullmatch(reply)):
        asked = float(next(number for number in found.groups() if number))
    elif found := _LONGER.search(reply):
        asked = seconds + LONGER * _sign(found[1])
    if asked is None or found is None:
        return None, reply
    rest = f"{reply[: found.start()]} {reply[found.end() :]}"
    return min(LONGEST, max(SHORTEST, asked)), rest


def _sign(word: str) -> int:
    return 1 if word.lower() == "longer" else -1


def less_or_more(reply: str, look: re.Pattern[str], strength: float) -> float:
    """How strong a look becomes that is there already, 0 to 1."""
    for part in _PART.split(reply):
        if look.search(part) and _LESS.search(part):
            return round(strength * 0.5, 2)
        if look.search(part) and _MORE.search(part):
            return round(min(1.0, strength * 1.5), 2)
    return strength
