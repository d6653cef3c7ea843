"""A reply read on top of the plan it answers to."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.prompt import beats as of
from bot.prompt.moods import CONTRARY, LOOKS, PALETTE, SOUNDS, name_of
from bot.prompt.moves import WIDEST
from bot.prompt.plan import Move, MoveKind, Plan
from bot.prompt.reading import Reading, read
from bot.prompt.relative import length_in, less_or_more, speed_in
from bot.prompt.timing import lay_out
from bot.prompt.verbs import IN_OUT, WAYS
from bot.prompt.words import any_of

SHAKIEST = 1.3  # strength of the handheld wobble
UNHEARD = "Nothing in that reply was understood, so the clip stays as it is."
NO_CHANGE = "That changes nothing, so the clip stays as it is."
EXAMPLES = "Try “slower, and add snow” or “pan right instead, no music”."

_REVERSE = any_of(r"revers\w+|other way|opposite|backwards\b|other direction")
_KEEP = any_of(r"keep\b|leave\b")
_ONLY = any_of(r"only\b|just\b")
_HOLD_ON = any_of(r"hold (?:\w+ ){0,2}longer|longer (?:hold|pause)")
_INSTEAD = any_of(r"instead\b|replace\b|rather than\b")
_INTO = any_of(r"instead\b|(?:make|turn) it\b")
_ALSO = any_of(r"(?:also|add|plus|as well|while|too)\b")
_THEN = any_of(r"(?:then|and finally|finish|afterwards|at the end)\b")
_SILENT = any_of(
    r"(?:no|without|remove|lose|drop|mute)\s+(?:any |all |the )*(?:sounds?|audio|noise)"
    r"|mute\b|silent\b"
)


def remix(plan: Plan, reply: str) -> Plan:
    """Change a plan by what somebody said about it; what is not spoken of stays.

    Args:
        plan: As the clip was made.
        reply: Any text; it never fails.

    Returns:
        The new plan; its notes say what changed, and it is framed anew.
    """
    seconds, rest = length_in(reply, plan.seconds)
    reading = read(rest)
    changed = replace(plan, notes=(), cannot=(), framing=None)
    changed = _with_length(changed, seconds)
    steps: tuple[Callable[[Plan, Reading], Plan], ...] = (
        _with_hand,
        _with_moves,
        _with_speed,
        _with_looks,
        _with_sounds,
    )
    for step in steps:
        changed = step(changed, reading)
    changed = _noted(changed, *reading.notes)
    if not changed.notes and not reading.cannot:
        known = reading.drafts or reading.unmoved or reading.steady
        known = known or _speaks_of_moods(reading)
        changed = _noted(changed, *((NO_CHANGE,) if known else (UNHEARD, EXAMPLES)))
    return replace(changed, cannot=tuple(reading.cannot))


def _with_length(plan: Plan, seconds: float | None) -> Plan:
    if seconds is None or seconds == plan.seconds:
        return plan
    beats = of.stretched(plan.beats, seconds / plan.seconds)
    plan = replace(plan, seconds=seconds, beats=of.covered(beats, seconds))
    return _noted(plan, f"The clip takes {seconds:g} s.")


def _with_hand(plan: Plan, reading: Reading) -> Plan:
    if reading.steady and plan.handheld:
        return _noted(replace(plan, handheld=0.0), "The camera is steady.")
    if reading.handheld and not plan.handheld:
        plan = replace(plan, handheld=reading.handheld)
        return _noted(plan, "The camera is handheld.")
    return plan


def _with_moves(plan: Plan, reading: Reading) -> Plan:
    if _HOLD_ON.search(reading.wanted):
        beats = of.covered(of.stretched(plan.beats, 0.75), plan.seconds)
        return _noted(replace(plan, beats=beats), "The last picture is held longer.")
    gone = reading.unmoved & _kinds(plan)
    spoken_of = _spoken_of(plan, reading)
    if spoken_of and _ONLY.search(reading.low):
        gone |= _kinds(plan) - spoken_of
    if gone:
        plan = replace(
            plan, beats=of.covered(of.without(plan.beats, gone), plan.seconds)
        )
        plan = _noted(plan, *(f"Without the {kind}." for kind in sorted(gone)))
    if spoken_of or not reading.drafts:
        return plan
    if not _INSTEAD.search(reading.low):
        if _THEN.search(reading.low):
            return _with_moves_after(plan, reading)
        if _ALSO.search(reading.low):
            return _with_moves_beside(plan, reading)
    beats, notes = lay_out(reading.drafts, plan.seconds)
    plan = replace(plan, beats=beats)
    return _noted(plan, "The camera moves anew, as you said.", *notes)


def _with_moves_after(plan: Plan, reading: Reading) -> Plan:
    """What was there in half of the time, and the new moves in the other half."""
    half = round(plan.seconds / 2, 3)
    before = of.covered(of.stretched(plan.beats, 0.5), half)
    after, notes = lay_out(reading.drafts, plan.seconds - half)
    plan = replace(plan, beats=before + of.shifted(after, half))
    return _noted(plan, "The new move comes after the others.", *notes)


def _with_moves_beside(plan: Plan, reading: Reading) -> Plan:
    """The new moves together with those that are there."""
    if not _kinds(plan):
        beats, notes = lay_out(reading.drafts, plan.seconds)
        return _noted(replace(plan, beats=beats), "The camera moves now.", *notes)
    added = tuple(move for draft in reading.drafts for move in draft.moves)
    if not added:
        return plan
    plan = replace(plan, beats=of.beside(plan.beats, added))
    return _noted(plan, "The new move runs beside the others.")


def _with_speed(plan: Plan, reading: Reading) -> Plan:
    speed = speed_in(reading.wanted, of_moods=_speaks_of_moods(reading))
    if speed and _kinds(plan):
        only = _spoken_of(plan, reading) or set(WIDEST)
        beats = of.scaled(plan.beats, speed.factor, only)
        beats = of.softened(beats) if speed.factor < 1 else beats
        shake = round(min(SHAKIEST, plan.handheld * speed.factor), 3)
        plan = replace(plan, beats=beats, handheld=shake)
        plan = _noted(plan, speed.sentence(only if only < set(WIDEST) else ()))
    if _REVERSE.search(reading.wanted) and _kinds(plan):
        plan = replace(plan, beats=of.turned_round(plan.beats))
        plan = _noted(plan, "Every move goes the other way.")
    return plan


def _spoken_of(plan: Plan, reading: Reading) -> set[MoveKind]:
    """The moves that are there and that a reply such as "the pan slower" names."""
    words = reading.wanted
    relative = speed_in(words, of_moods=False) or reading.unmoved
    if not relative and (
        _INSTEAD.search(words) or not (_KEEP.search(words) or _ONLY.search(words))
    ):
        return set()
    named = [move for draft in reading.drafts for move in draft.moves]
    kinds = {move.kind for move in named}
    if any(way.search(words) for way, _ in (*WAYS, *IN_OUT)):
        there = {_heading(move) for move in _moves(plan)}
        return kinds if {_heading(move) for move in named} <= there else set()
    return kinds if kinds <= _kinds(plan) else set()


def _heading(move: Move) -> tuple[MoveKind, int, int]:
    return move.kind, move.dx, move.dy


def _moves(plan: Plan) -> Iterator[Move]:
    return (move for beat in plan.beats for move in beat.moves)


def _kinds(plan: Plan) -> set[MoveKind]:
    return {move.kind for move in _moves(plan)}


def _with_looks(plan: Plan, reading: Reading) -> Plan:
    gone = reading.unwanted.union(*(CONTRARY.get(n, ()) for n in reading.looks))
    if PALETTE & set(reading.looks) and _INTO.search(reading.low):
        gone |= PALETTE
    looks = {
        name: strength
        for name, strength in plan.looks.items()
        if name not in gone or name in reading.looks
    }
    notes = [f"Without {name_of(name)}." for name in plan.looks if name not in looks]
    for name, strength in reading.looks.items():
        before = looks.get(name, 0.0)
        after = less_or_more(reading.low, LOOKS[name], before) if before else strength
        if after != before:
            looks[name] = after
            word = "With" if not before else "More" if after > before else "Less"
            notes.append(f"{word} {name_of(name)}.")
    return _noted(replace(plan, looks=looks), *notes)


def _with_sounds(plan: Plan, reading: Reading) -> Plan:
    silent = bool(_SILENT.search(reading.low))
    gone = set(plan.sounds) if silent else reading.unwanted
    kept = tuple(name for name in plan.sounds if name not in gone)
    added = () if silent else tuple(n for n in reading.sounds if n not in kept)
    notes = [f"No more sound of {name_of(n)}." for n in plan.sounds if n in gone]
    notes += [f"With the sound of {name_of(name)}." for name in added]
    return _noted(replace(plan, sounds=kept + added), *notes)


def _speaks_of_moods(reading: Reading) -> bool:
    known = (*LOOKS.values(), *SOUNDS.values())
    return any(words.search(reading.low) for words in known)


def _noted(plan: Plan, *notes: str) -> Plan:
    return replace(plan, notes=(*plan.notes, *notes))
