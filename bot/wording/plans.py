"""What a clip shows, said of its plan."""

from collections.abc import Iterable, Sequence

from bot.languages import Say, say
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


def plan_lines(plan: Plan, say: Say = say) -> tuple[str, ...]:
    """What the embedded renderer will do, a line for each beat, the look, the sound."""
    lines = [beat_line(beat, say) for beat in plan.beats]
    if plan.handheld:
        lines.append(say("handheld"))
    if plan.looks:
        lines.append(say("look: {looks}", looks=", ".join(names(plan.looks, say))))
    if plan.sounds:
        lines.append(say("sound: {sounds}", sounds=", ".join(names(plan.sounds, say))))
    return tuple(lines)


def names(words: Iterable[str], say: Say = say) -> tuple[str, ...]:
    """Looks or sounds as people call them."""
    return tuple(say(name_of(word)) for word in words)


def beat_line(beat: Beat, say: Say = say) -> str:
    """One beat: from when to when, and what the camera does."""
    return f"{beat.start:g}\u2013{beat.end:g} s: {moves_line(beat, say)}"


def moves_line(beat: Beat, say: Say = say) -> str:
    """What the camera does in a beat."""
    what = " + ".join(say(_move(move)) for move in beat.moves) or say("hold")
    if beat.moves and beat.ease in _EASES:
        return f"{what}, {say(_EASES[beat.ease])}"
    return what


def cannot_line(cannot: Sequence[str], say: Say = say) -> str:
    """What will not happen, in the person's own words."""
    said = ", ".join(f"“{words}”" for words in cannot)
    return say("I move the camera; I cannot do {what}.", what=said)


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
