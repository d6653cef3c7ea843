"""Every sentence the bot says, once, for all chats. Errors bring their own words."""

from collections.abc import Iterable, Sequence

from bot.prompt.moods import name_of
from bot.prompt.plan import Beat, Ease, Move, MoveKind, Plan

_SIDEWAYS = {-1: "left", 1: "right"}
_UPRIGHT = {-1: "up", 1: "down"}
_INWARD = {-1: "out", 1: "in"}
_EASES = {
    Ease.LINEAR: "at a steady pace",
    Ease.IN: "getting faster",
    Ease.OUT: "coming to rest",
    Ease.SNAP: "at once",
}


def plan_lines(plan: Plan) -> tuple[str, ...]:
    """What the embedded renderer will do, a line for each beat, the look, the sound."""
    lines = [beat_line(beat) for beat in plan.beats]
    if plan.handheld:
        lines.append("handheld")
    if plan.looks:
        lines.append(f"look: {', '.join(names(plan.looks))}")
    if plan.sounds:
        lines.append(f"sound: {', '.join(names(plan.sounds))}")
    return tuple(lines)


def names(words: Iterable[str]) -> tuple[str, ...]:
    """Looks or sounds as people call them."""
    return tuple(name_of(word) for word in words)


def beat_line(beat: Beat) -> str:
    """One beat: from when to when, and what the camera does."""
    return f"{beat.start:g}\u2013{beat.end:g} s: {moves_line(beat)}"


def moves_line(beat: Beat) -> str:
    """What the camera does in a beat."""
    what = " + ".join(_move(move) for move in beat.moves) or "hold"
    if beat.moves and beat.ease in _EASES:
        return f"{what}, {_EASES[beat.ease]}"
    return what


def cannot_line(cannot: Sequence[str]) -> str:
    """What will not happen, in the person's own words."""
    said = ", ".join(f"“{words}”" for words in cannot)
    return f"I move the camera; I cannot do {said}."


def _move(move: Move) -> str:
    match move.kind:
        case MoveKind.DOLLY | MoveKind.ZOOM:
            return f"{move.kind} {_INWARD.get(move.dy, 'in')}"
        case MoveKind.VERTIGO:
            return f"vertigo {_INWARD.get(move.dy, 'in')}"
        case MoveKind.RACK:
            return f"focus to the {'back' if move.dx < 0 else 'front'}"
        case MoveKind.DRIFT:
            return "drift"
        case _:
            way = _SIDEWAYS.get(move.dx) or _UPRIGHT.get(move.dy) or ""
            return f"{move.kind} {way}".strip()
