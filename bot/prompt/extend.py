"""A plan continued: the same beats, and some seconds more."""

from dataclasses import replace

from bot.prompt.beats import shifted
from bot.prompt.plan import Beat, Ease, Move, MoveKind, Plan
from bot.prompt.reading import read
from bot.prompt.timing import lay_out

EASING_ON = 0.35  # how far the last move goes on when nothing is said
SAME_LOOK = "The look cannot change in the middle, so it stays as it is."
SAME_HAND = "The camera cannot become handheld in the middle, so it stays steady."
DRIFT = (Move(kind=MoveKind.DRIFT, amount=0.02, dx=1),)


def extend(plan: Plan, words: str, seconds: float) -> Plan:
    """Continue a plan; its framing is kept, so that there is no seam.

    Args:
        plan: As the clip was made.
        words: What shall happen now; nothing lets the last move go on gently.
        seconds: How many more.
    """
    reading = read(words)
    notes = list(reading.notes)
    if reading.drafts:
        beats, said = lay_out(reading.drafts, seconds)
        notes += said
    else:
        beats = (_going_on(plan, seconds),)
        notes.append("The last move goes on gently.")
    if set(reading.looks) - set(plan.looks) or reading.unwanted & set(plan.looks):
        notes.append(SAME_LOOK)
    if reading.handheld and not plan.handheld:
        notes.append(SAME_HAND)
    new = tuple(name for name in reading.sounds if name not in plan.sounds)
    return replace(
        plan,
        seconds=plan.seconds + seconds,
        beats=plan.beats + shifted(beats, plan.seconds),
        sounds=plan.sounds + new,
        cannot=tuple(reading.cannot),
        notes=tuple(notes),
    )


def _going_on(plan: Plan, seconds: float) -> Beat:
    moving = [beat for beat in plan.beats if beat.moves]
    again = tuple(
        replace(move, amount=round(move.amount * EASING_ON, 4))
        for move in (moving[-1].moves if moving else ())
        if move.kind not in {MoveKind.RACK, MoveKind.DRIFT}
    )
    return Beat(start=0.0, end=seconds, moves=again or DRIFT, ease=Ease.SMOOTH)
