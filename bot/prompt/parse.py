"""A prompt made into a plan. No model: tables, a clause reader and a clock."""

from bot.prompt.plan import Ease, Move, MoveKind, Plan
from bot.prompt.reading import Reading, read
from bot.prompt.timing import Draft, Times, lay_out, natural_length

USUAL_SECONDS = 4.0
GENTLE = (
    Move(kind=MoveKind.DOLLY, amount=0.14, dy=1),
    Move(kind=MoveKind.DRIFT, amount=0.02, dx=1),
)
NO_MOVE = "No camera move was named, so the camera pushes in gently."


def parse(prompt: str, seconds: float | None = None, *, most: float = 20.0) -> Plan:
    """Read what a person typed into timed moves, looks and sounds.

    Args:
        prompt: Any text; it never fails.
        seconds: Length of the clip; what is no length, and None, takes what the times
            add up to, else 4.
        most: The longest clip there can be.
    """
    reading = read(prompt)
    notes = list(reading.notes)
    if not reading.drafts:
        moves = () if reading.handheld else GENTLE
        alone = Draft(moves=moves, times=Times(), ease=Ease.SMOOTH, words="")
        reading.drafts.append(alone)
        notes += [NO_MOVE] if moves else []
    drafts = _run_together(reading)
    wanted = seconds if seconds and seconds > 0 else None
    length = wanted or natural_length(drafts, most=most) or USUAL_SECONDS
    beats, said = lay_out(drafts, length)
    return Plan(
        seconds=length,
        beats=beats,
        looks=reading.looks,
        sounds=tuple(reading.sounds),
        handheld=reading.handheld,
        cannot=tuple(reading.cannot),
        notes=(*notes, *said),
    )


def _run_together(reading: Reading) -> list[Draft]:
    """Parallax without a time of its own goes on beside the move before or after."""
    drafts: list[Draft] = []
    for draft in reading.drafts:
        before = drafts[-1] if drafts else None
        if before and _is_beside(before, draft):
            drafts[-1] = Draft(
                moves=before.moves + draft.moves,
                times=before.times if before.times.length else draft.times,
                ease=before.ease,
                words=f"{before.words}, {draft.words}",
            )
        else:
            drafts.append(draft)
    return drafts


def _is_beside(before: Draft, draft: Draft) -> bool:
    both_move = bool(before.moves and draft.moves)
    timed = before.times.length and draft.times.length
    parallax = "parallax" in f"{before.words} {draft.words}".lower()
    return both_move and parallax and not timed
