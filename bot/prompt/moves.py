"""A camera verb and the words around it, made into a move."""

import math
import re
from typing import NamedTuple

from bot.prompt.plan import Move, MoveKind
from bot.prompt.verbs import (
    IN_OUT,
    SIZES,
    STRAIGHT_ON,
    TO_THE_BACK,
    VERBS,
    WAYS,
    Verb,
    Way,
)

WIDEST = {  # how far one move may ever go; units as in `Move`
    MoveKind.DOLLY: 0.6,
    MoveKind.ZOOM: 1.3,
    MoveKind.VERTIGO: 0.5,
    MoveKind.PAN: 0.45,
    MoveKind.TILT: 0.35,
    MoveKind.TRUCK: 0.3,
    MoveKind.CRANE: 0.3,
    MoveKind.ORBIT: 0.3,
    MoveKind.ROLL: 30.0,
    MoveKind.RACK: 1.0,
    MoveKind.DRIFT: 0.12,
}
NEAR = 40  # characters after a verb that may say where it goes
_INWARD = frozenset({MoveKind.DOLLY, MoveKind.ZOOM, MoveKind.VERTIGO})
_SIDEWAYS_ONLY = frozenset({MoveKind.ORBIT, MoveKind.ROLL, MoveKind.DRIFT})
_UPRIGHT = {MoveKind.PAN: MoveKind.TILT, MoveKind.TRUCK: MoveKind.CRANE}
_LEVEL = {MoveKind.TILT: MoveKind.PAN, MoveKind.CRANE: MoveKind.TRUCK}
_AHEAD = {MoveKind.PAN: MoveKind.ZOOM, MoveKind.TRUCK: MoveKind.DOLLY}

_DEGREES = re.compile(r"(\d{1,4}(?:\.\d+)?)[\s-]*(?:°|deg(?:ree)?s?\b)")
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(?:%|percent)")
_TIMES = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*[x\u00d7]\b")


class Named(NamedTuple):
    """A camera verb in a text, and where it stands."""

    verb: Verb
    start: int
    end: int


def verb_in(words: str) -> Named | None:
    """The verb that begins first, the longest of those that do; None without one."""
    named = (
        Named(verb, found.start(), found.end())
        for verb in VERBS
        if (found := verb.words.search(words))
    )
    return min(named, key=lambda one: (one.start, -one.end), default=None)


def size_of(words: str) -> float:
    """How much an adverb makes of a move, against none."""
    return next((size for known, size in SIZES if known.search(words)), 1.0)


def move_of(named: Named, words: str, *, strength: float) -> tuple[Move, bool]:
    """The move that a verb names, and whether more was asked than can be shown.

    Args:
        named: The verb.
        words: The words it stands in, in lower case.
        strength: How far moves go, against what is usual.
    """
    kind, dx, dy = _direction(named, words)
    asked = _asked_amount(kind, words)
    usual = _usual_amount(kind, named.verb) * size_of(words) * strength
    amount = usual if asked is None else asked
    too_far = asked is not None and asked > WIDEST[kind] + 1e-6
    move = Move(kind=kind, amount=round(min(amount, WIDEST[kind]), 4), dx=dx, dy=dy)
    return move, too_far


def _usual_amount(kind: MoveKind, verb: Verb) -> float:
    if kind is verb.kind:
        return verb.amount
    return next(verb.amount for verb in VERBS if verb.kind is kind)


def _direction(named: Named, words: str) -> tuple[MoveKind, int, int]:
    """Where a move goes; some moves turn into others by their direction."""
    verb, kind = named.verb, named.verb.kind
    near = words[named.start : named.end + NEAR]
    way, way_at = _way_in(near)
    if kind in _INWARD:
        dy, at = _in_or_out(near, usual=verb.dy)
        if kind is MoveKind.DOLLY and way[0] and way_at < at:
            return MoveKind.TRUCK, way[0], 0
        return kind, 0, dy
    if kind is MoveKind.RACK:
        return kind, (-1 if TO_THE_BACK.search(near) else 1), 0
    ahead = STRAIGHT_ON.match(words, named.end)
    if ahead and kind in _AHEAD and not way[0]:
        return _AHEAD[kind], 0, (-1 if ahead["back"] else 1)
    if way == (0, 0) or (kind in _SIDEWAYS_ONLY and not way[0]):
        return kind, verb.dx, verb.dy
    turned = (_UPRIGHT if way[1] else _LEVEL).get(kind, kind)
    return turned, way[0], way[1]


def _way_in(words: str) -> tuple[Way, int]:
    """The direction that is named first and where it stands; (0, 0) without one."""
    named = (
        (way, found.start()) for known, way in WAYS if (found := known.search(words))
    )
    return min(named, key=lambda pair: pair[1], default=((0, 0), len(words)))


def _in_or_out(words: str, *, usual: int) -> tuple[int, int]:
    """+1 in or -1 out, whichever is named first, and where it stands."""
    named = (
        (way, found.start()) for known, way in IN_OUT if (found := known.search(words))
    )
    return min(named, key=lambda pair: pair[1], default=(usual, len(words)))


def _asked_amount(kind: MoveKind, words: str) -> float | None:
    """An amount given in degrees, percent or times, in the move's own unit."""
    if found := _DEGREES.search(words):
        return _from_degrees(kind, min(float(found[1]), 360.0))
    if found := _PERCENT.search(words):
        share = float(found[1]) / 100
        if kind is MoveKind.ZOOM:
            return math.log2(share if share > 1 else 1 + share)
        return None if kind is MoveKind.RACK else share
    if kind is MoveKind.ZOOM and (found := _TIMES.search(words)):
        return math.log2(max(1.01, float(found[1])))
    return None


def _from_degrees(kind: MoveKind, degrees: float) -> float:
    """Degrees of turn or of view in a move's own unit, for a lens that sees 60°."""
    match kind:
        case MoveKind.PAN | MoveKind.TILT:
            return math.tan(math.radians(min(degrees, 80))) / 1.155
        case MoveKind.ORBIT | MoveKind.TRUCK | MoveKind.CRANE:
            return math.tan(math.radians(min(degrees, 80))) * 0.5
        case MoveKind.ROLL:
            return degrees
        case MoveKind.DOLLY | MoveKind.ZOOM | MoveKind.VERTIGO:
            narrow = math.tan(math.radians(max(5.0, 25 - degrees / 2)))
            nearer = math.tan(math.radians(25)) / narrow
            return math.log2(nearer) if kind is MoveKind.ZOOM else 1 - 1 / nearer
        case _:
            return 0.04
