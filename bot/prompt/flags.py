"""The flags that users of other bots type: understood, never required."""

import re
from typing import NamedTuple

SEEDS = re.compile(
    r"(?<!\S)(?:--?seed|-gs|--?fps|--?bs|--?raw|--?hd)(?:\s+\d+(?:\.\d+)?)?"
)
SHAPE = re.compile(r"(?<!\S)--?ar\s+\d+:\d+")
LOOP = re.compile(r"(?<!\S)--?loop\b")
MOTION = re.compile(r"(?<!\S)--?motion\s+(low|high|auto|[0-9](?:\.\d+)?)\b")
CAMERA = re.compile(r"(?<!\S)--?camera\s+((?:[a-z]+\s*){1,3})(?=\s*(?:-|,|;|$))")
NEGATIVE = re.compile(r"(?<!\S)(?:--?no|--?neg)\s+((?:(?!\s--?[a-z]).)+)")

STRENGTHS = {"low": 0.5, "auto": 1.0, "high": 1.6}


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
    if "-" not in prompt:
        return Flags(prompt)
    strength = 1.0
    notes = []
    if motion := MOTION.search(prompt.lower()):
        strength = _strength(motion[1])
    if LOOP.search(prompt):
        notes.append("A loop cannot be made; the clip ends where the camera is.")
    words = MOTION.sub("", LOOP.sub("", SHAPE.sub("", SEEDS.sub("", prompt))))
    words = CAMERA.sub(lambda match: f", {match[1].strip()}, ", words)
    words = NEGATIVE.sub(lambda match: f", no {match[1].strip()}", words)
    return Flags(words, strength, tuple(notes))


def _strength(word: str) -> float:
    """`low`, `high`, or 0 to 4 with 2 as usual."""
    if word in STRENGTHS:
        return STRENGTHS[word]
    return min(2.0, max(0.3, float(word) / 2))
