"""Times that people give for moves, and the clock that lays the moves out."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.prompt.beats import SHORTEST, Beats, covered
from bot.prompt.plan import Beat, Ease, Move

_COUNTED = "one two three four five six seven eight nine ten"
_WORDS = {word: float(n) for n, word in enumerate(_COUNTED.split(), start=1)}
_WORDS |= {"half": 0.5, "a": 1.0, "an": 1.0, "twelve": 12.0}
_NUMBER = (
    r"(\d{1,6}(?:[.,]\d{1,4})?|\.\d{1,4}|half an?"
    rf"|(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b)"
)
_SECONDS = r"\s*-?\s*(?:s(?:ec(?:ond)?s?)?\b|″)"
_CLOCK = r"(\d{1,6}(?:\.\d{1,4})?)"
RANGE = re.compile(
    rf"(?:from\s+)?\b{_CLOCK}(?:{_SECONDS})?\s*(?:-|\u2013|to|until)\s*{_CLOCK}{_SECONDS}"
)
BETWEEN = re.compile(rf"\bbetween\s+{_CLOCK}(?:{_SECONDS})?\s+and\s+{_CLOCK}{_SECONDS}")
LAST = re.compile(
    rf"\b(?:in|for|over|during)?\s*(?:the\s+)?(?:last|final)\s+(?:{_NUMBER}\s+)?"
    r"s(?:ec(?:ond)?s?)?\b"
)
DURING = re.compile(
    r"\b(?:over|for|during|lasting|in|takes?|within)\s+(?:the\s+)?"
    rf"(?:first|next|about|approx\w*\.?|around|~)?\s*{_NUMBER}{_SECONDS}"
)
AT = re.compile(rf"(?:\bat|@)\s*(?:t\s*=\s*)?{_NUMBER}{_SECONDS}")
BARE = re.compile(rf"(?:^|(?<=[\s(~\[:])){_NUMBER}{_SECONDS}")
ONLY_TIME = re.compile(rf"[\s(]*(?:over|for|in)?\s*{_NUMBER}{_SECONDS}[\s)]*")

_ANCHORS = (LAST, AT, RANGE, BETWEEN)
ANCHOR = re.compile(rf"\s*(?:{'|'.join(known.pattern for known in _ANCHORS)})\s*")

TENTH = 0.1  # seconds; what nobody timed ends at a whole one
BEATS_A_SECOND = 4  # more cannot be told apart
HOLD_WEIGHT = 0.35  # share of the free time that a hold takes, against a move


class Times(NamedTuple):
    """What a clause says of time, in seconds.

    Attributes:
        length: How long.
        start: From when.
        from_end: Whether `start` counts from the end.
    """

    length: float | None = None
    start: float | None = None
    from_end: bool = False


NO_TIMES = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A beat that is not on the clock yet."""

    moves: tuple[Move, ...]
    times: Times
    ease: Ease
    words: str


def times_in(clause: str) -> Times:
    """Read the times of one clause, in lower case."""
    if found := LAST.search(clause):
        length = _number(found[1]) if found[1] else 1.0
        return Times(length, length, from_end=True)
    if found := RANGE.search(clause) or BETWEEN.search(clause):
        first, last = float(found[1]), float(found[2])
        return Times(last - first, first) if last > first else Times()
    if found := AT.search(clause):
        return Times(None, _number(found[1]))
    if found := DURING.search(clause) or BARE.search(clause):
        return Times(_number(found[1]) or None)
    return Times()


def natural_length(drafts: Sequence[Draft], *, most: float) -> float | None:
    """Whole seconds that the times add up to; None when there are none."""
    if not any(_places(draft.times) for draft in drafts):
        return None
    clock = 0.0
    for draft in drafts:
        if draft.times.start is not None and not draft.times.from_end:
            clock = max(clock, draft.times.start)
        clock += draft.times.length or (1.0 if draft.moves else 0.5)
    return float(min(most, max(2.0, math.ceil(round(clock, 3)))))


def lay_out(drafts: Sequence[Draft], seconds: float) -> tuple[Beats, tuple[str, ...]]:
    """Put drafts on the clock: beats from 0 to the end, and what had to be changed.

    Drafts without a time share what is left. Times that add up to too much are scaled.
    What nothing is said of is a hold.
    """
    notes: list[str] = []
    most = max(1, int(seconds * BEATS_A_SECOND))
    if len(drafts) > most:
        drafts = drafts[:most]
        notes.append(f"Only the first {most} of the moves fit into {seconds:g} s.")
    drafts = [_inside(draft, seconds, notes) for draft in drafts]
    lengths = _lengths(drafts, seconds, notes)
    beats: list[Beat] = []
    clock = 0.0
    for draft, length in zip(drafts, lengths, strict=True):
        start = max(clock, _start(draft.times, seconds, clock))
        end = min(seconds, start + length)
        if not draft.times.length:
            end = seconds if seconds - end < TENTH else round(end, 1)
        if end - start >= SHORTEST:
            beats.append(_beat(draft, start, end))
            clock = end
    rest = seconds - clock
    if beats and beats[-1].moves and rest > SHORTEST:
        notes.append(f"The camera holds still for the last {rest:.1f} s.")
    return covered(beats, seconds), tuple(notes)


def _places(times: Times) -> bool:
    """Whether times say how long a clip is; the last second of what does not."""
    return bool(times.length or times.start) and not times.from_end


def _start(times: Times, seconds: float, clock: float) -> float:
    if times.start is None:
        return clock
    return seconds - times.start if times.from_end else times.start


def _inside(draft: Draft, seconds: float, notes: list[str]) -> Draft:
    start = draft.times.start
    if start is None or start < seconds or draft.times.from_end:
        return draft
    notes.append(f"{start:g} s is past the end of the clip, so that time was ignored.")
    return replace(draft, times=Times(draft.times.length))


def _lengths(drafts: Sequence[Draft], seconds: float, notes: list[str]) -> list[float]:
    fixed = sum(draft.times.length or 0.0 for draft in drafts)
    free = [draft for draft in drafts if not draft.times.length]
    scale = 1.0
    if fixed > seconds + 1e-6 or (free and fixed > 0.9 * seconds):
        scale = seconds * (0.85 if free else 1.0) / fixed
        if fixed > seconds + 1e-6:
            scaled = f"they were scaled to fit {seconds:g} s."
            notes.append(f"The times add up to {fixed:g} s; {scaled}")
    left = seconds - fixed * scale
    weight = sum(1.0 if draft.moves else HOLD_WEIGHT for draft in free)
    return [
        draft.times.length * scale
        if draft.times.length
        else left * (1.0 if draft.moves else HOLD_WEIGHT) / weight
        for draft in drafts
    ]


def _beat(draft: Draft, start: float, end: float) -> Beat:
    return Beat(
        start=round(start, 3),
        end=round(end, 3),
        moves=draft.moves,
        ease=draft.ease,
        words=draft.words,
    )


def _number(words: str) -> float:
    """A number in figures or in a word; "half a" is a half."""
    first = words.split(maxsplit=1)[0]
    return _WORDS.get(first) or float(first.replace(",", "."))
