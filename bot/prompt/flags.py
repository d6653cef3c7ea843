"""The flags that users of other bots type: understood, never required."""

import re
from typing import NamedTuple

_FLAG = r"(?<!\S)(?:--?|[\u2014\u2013])"  # phones make one long dash of two


def _flag(words: str) -> re.Pattern[str]:
    return re.compile(rf"{_FLAG}(?:{words})", re.IGNORECASE)


MOTION = _flag(r"motion[ =](low|high|auto|[0-9](?:\.\d+)?)\b")
CAMERA = _flag(r"camera[ =]((?:[a-z]+ ?){1,3})(?=\s*(?:-|,|;|$))")
NEGATIVE = _flag(r"(?:no|neg)[ =]((?:(?! --?[a-z])[^\n])+)")
LOOP = _flag(r"loop\b")
SET_ASIDE = (
    _flag(r"ar[ =]\d+:\d+"),
    _flag(r"(?:seed|gs|fps|bs|raw|hd|v|s|stylize|chaos)\b(?:[ =]\d+(?:\.\d+)?)?"),
)
STRENGTHS = {"low": 0.5, "auto": 1.0, "high": 1.6}
NO_LOOP = "A loop cannot be made; the clip ends where the camera is."


class Flags(NamedTuple):
    """What the flags of a prompt meant.

    Attributes:
        words: The prompt without them; what meant something is now plain words.
        strength: How far moves go, against what is usual.
        notes: What was not used, each a sentence.
    """

    words: str
    strength: float = 1.0
    notes: tuple[str, ...] = ()


def take(prompt: str) -> Flags:
    """Take the flags out of a prompt."""
    motion = MOTION.search(prompt)
    strength = _strength(motion[1].lower()) if motion else 1.0
    notes = (NO_LOOP,) if LOOP.search(prompt) else ()
    words = prompt
    for known in (MOTION, LOOP, *SET_ASIDE):
        words = known.sub("", words)
    words = CAMERA.sub(lambda found: f", {found[1].strip()}, ", words)
    words = NEGATIVE.sub(lambda found: _negated(found[1]), words)
    return Flags(words, strength, notes)


def _negated(things: str) -> str:
    """`blurry, fog` as "no blurry, no fog"."""
    return "".join(f", no {thing.strip()}" for thing in things.split(","))


def _strength(word: str) -> float:
    """`low`, `high`, or 0 to 4 with 2 as usual."""
    if word in STRENGTHS:
        return STRENGTHS[word]
    return min(2.0, max(0.3, float(word) / 2))
