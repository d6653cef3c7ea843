"""A reply read on top of the plan it answers to."""

import re
from collections.abc import Callable
from dataclasses import replace

from bot.prompt import flags
from bot.prompt.plan import Beat, Ease, Plan
from bot.prompt.reading import Reading, read
from bot.prompt.timing import lay_out, stretched

LONGEST = 60.0  # seconds; what a model can make is checked later
STRONGEST = 2.5  # how much further a move may go in one reply
PALETTE = frozenset({"golden", "night", "noir", "cold", "vintage"})
UNHEARD = "Nothing in that reply was understood, so the clip stays as it is."
EXAMPLES = "Try “slower, and add snow” or “pan right instead, no music”."

_SLOWER = re.compile(
    r"\b(?:slower|slow (?:it|that|this)? ?down|calmer|gentler|less fast)"
)
_FASTER = re.compile(r"\b(?:faster|quicker|speed (?:it|that|this)? ?up|livelier)")
_MORE = re.compile(
    r"\b(?:stronger|more (?:dramatic|motion|movement|intense)|further|bigger)"
)
_LESS = re.compile(
    r"\b(?:subtler|less (?:motion|movement|dramatic|intense)|smaller|softer)"
)
_FACTOR = re.compile(
    r"\b(twice|double|half|three times)\b(?: as (?:far|much|fast|strong))?"
)
_REVERSE = re.compile(r"\b(?:revers\w+|other way|opposite|backwards|other direction)")
_LENGTH = re.compile(
    r"(?:make (?:it|this|that)|should be|let it be|now)?\s*(\d{1,2})"
    r"\s*s(?:ec(?:ond)?s?)?\s*(?:long|in total|total)?\b"
)
_LENGTHEN = re.compile(
    r"\b(?:make (?:it|this|that) \d|\d{1,2}\s*s(?:ec(?:ond)?s?)? (?:long|in total))"
)
_HOLD_ON = re.compile(r"\bhold (?:\w+ )?longer|longer (?:hold|pause)")
_INSTEAD = re.compile(r"\binstead\b|\breplace\b|\brather than\b")
_ALSO = re.compile(r"\b(?:also|add|plus|as well|while|too)\b")
_THEN = re.compile(r"\b(?:then|and finally|finish|afterwards|at the end)\b")
_FACTORS = {"twice": 2.0, "double": 2.0, "half": 0.5, "three times": 2.5}


def remix(plan: Plan, reply: str) -> Plan:
    """Change a plan by what somebody said about it; what is not spoken of stays.

    Args:
        plan: As the clip was made.
        reply: Any text; it never fails.

    Returns:
        The new plan; its notes say what changed, and it is framed anew.
    """
    asked = flags.take(reply)
    low = asked.words.lower()
    reading = read(asked.words, strength=asked.strength)
    changed = replace(plan, notes=(), cannot=(), framing=None)
    steps: tuple[Callable[[Plan, str, Reading], Plan], ...] = (
        _with_moves,
        _with_speed,
        _with_length,
        _with_looks,
        _with_sounds,
    )
    for step in steps:
        changed = step(changed, low, reading)
    if not changed.notes and not reading.cannot:
        return replace(changed, notes=(UNHEARD, EXAMPLES))
    return replace(changed, cannot=tuple(reading.cannot))


def _with_moves(plan: Plan, low: str, reading: Reading) -> Plan:
    if reading.handheld and not plan.handheld:
        plan = replace(plan, handheld=reading.handheld)
        plan = _noted(plan, "The camera is handheld.")
    if _HOLD_ON.search(low) and plan.beats:
        return _noted(_held(plan), "The last picture is held longer.")
    if not reading.drafts:
        return plan
    if _THEN.search(low) and not _INSTEAD.search(low):
        return _with_moves_after(plan, reading)
    if _ALSO.search(low) and not _INSTEAD.search(low):
        return _with_moves_beside(plan, reading)
    beats, notes = lay_out(reading.drafts, plan.seconds)
    plan = replace(plan, beats=beats, handheld=reading.handheld)
    return _noted(plan, "The camera moves anew, as you said.", *notes)


def _with_moves_after(plan: Plan, reading: Reading) -> Plan:
    """What was there in half of the time, and the new moves in the other half."""
    half = plan.seconds / 2
    later, notes = lay_out(reading.drafts, plan.seconds - half)
    moved = tuple(
        replace(beat, start=round(beat.start + half, 3), end=round(beat.end + half, 3))
        for beat in later
    )
    plan = replace(plan, beats=stretched(plan.beats, 0.5) + moved)
    return _noted(plan, "The new move comes after the others.", *notes)


def _with_moves_beside(plan: Plan, reading: Reading) -> Plan:
    """The new moves together with those that are there."""
    added = tuple(move for draft in reading.drafts for move in draft.moves)
    if not added:
        return plan
    if not any(beat.moves for beat in plan.beats):
        beats, notes = lay_out(reading.drafts, plan.seconds)
        return _noted(replace(plan, beats=beats), "The camera moves now.", *notes)
    beats = tuple(
        replace(beat, moves=beat.moves + added) if beat.moves else beat
        for beat in plan.beats
    )
    return _noted(replace(plan, beats=beats), "The new move runs beside the others.")


def _held(plan: Plan) -> Plan:
    """The moves in three quarters of the time, and a hold after them."""
    beats = stretched(plan.beats, 0.75)
    hold = Beat(start=beats[-1].end, end=plan.seconds, ease=Ease.LINEAR, words="hold")
    return replace(plan, beats=(*beats, hold))


def _with_speed(plan: Plan, low: str, reading: Reading) -> Plan:
    factor, words = 1.0, ""
    if _SLOWER.search(low):
        factor, words = 0.6, "Slower: every move goes 40 % less far."
    elif _FASTER.search(low):
        factor, words = 1.6, "Faster: every move goes 60 % further."
    elif _MORE.search(low):
        factor, words = 1.5, "Stronger: every move goes half as far again."
    elif _LESS.search(low):
        factor, words = 0.6, "Subtler: every move goes 40 % less far."
    elif (found := _FACTOR.search(low)) and not reading.drafts:
        factor = _FACTORS[found[1]]
        words = f"Every move goes {factor:g} times as far."
    if factor != 1.0:
        plan = _noted(_scaled(plan, min(STRONGEST, factor)), words)
    if _REVERSE.search(low):
        plan = _noted(_scaled(plan, -1.0), "Every move goes the other way.")
    return plan


def _scaled(plan: Plan, factor: float) -> Plan:
    """Moves that go further, less far, or the other way."""
    way = -1 if factor < 0 else 1
    beats = tuple(
        replace(
            beat,
            moves=tuple(
                replace(
                    move,
                    amount=round(min(move.amount * abs(factor), 30.0), 4),
                    dx=move.dx * way,
                    dy=move.dy * way,
                )
                for move in beat.moves
            ),
        )
        for beat in plan.beats
    )
    return replace(plan, beats=beats, handheld=round(plan.handheld * abs(factor), 3))


def _with_length(plan: Plan, low: str, reading: Reading) -> Plan:
    found = _LENGTH.search(low) if _LENGTHEN.search(low) else None
    if found is None or reading.drafts:
        return plan
    seconds = min(LONGEST, max(1.0, float(found[1])))
    if seconds == plan.seconds:
        return plan
    beats = stretched(plan.beats, seconds / plan.seconds)
    longer = replace(plan, seconds=seconds, beats=beats)
    return _noted(longer, f"The clip takes {seconds:g} s.")


def _with_looks(plan: Plan, low: str, reading: Reading) -> Plan:
    looks = dict(plan.looks)
    notes = []
    for name in sorted(reading.unwanted & set(looks)):
        del looks[name]
        notes.append(f"Without {NAMES.get(name, name)}.")
    if _INSTEAD.search(low) and PALETTE & set(reading.looks):
        looks = {name: looks[name] for name in looks if name not in PALETTE}
    for name, strength in reading.looks.items():
        before = looks.get(name, 0.0)
        size = _degree(low, name, before) if before else strength
        if size != before:
            looks[name] = size
            word = "With" if not before else "More" if size > before else "Less"
            notes.append(f"{word} {NAMES.get(name, name)}.")
    return _noted(replace(plan, looks=looks), *notes)


def _degree(low: str, name: str, before: float) -> float:
    """More or less of a look that is there already."""
    if re.search(r"\b(?:less|lighter|weaker|subtler)\b", low):
        return round(before * 0.5, 2)
    warmer = name == "golden" and "warmer" in low
    if warmer or re.search(r"\b(?:more|heavier|thicker|stronger)\b", low):
        return round(min(1.0, before * 1.5), 2)
    return before


def _with_sounds(plan: Plan, low: str, reading: Reading) -> Plan:
    silent = re.search(
        r"\b(?:no|without|mute)\s*(?:any |the )?(?:sounds?|audio|noise)", low
    )
    gone = set(plan.sounds) if silent or "mute" in low.split() else reading.unwanted
    kept = tuple(name for name in plan.sounds if name not in gone)
    added = tuple(name for name in reading.sounds if name not in kept)
    if silent:
        added = ()
    notes = [f"No more sound of {NAMES.get(n, n)}." for n in plan.sounds if n in gone]
    notes += [f"With the sound of {NAMES.get(name, name)}." for name in added]
    return _noted(replace(plan, sounds=kept + added), *notes)


def _noted(plan: Plan, *notes: str) -> Plan:
    return replace(plan, notes=(*plan.notes, *notes))


# Names of looks and sounds that are not already a word for them.
NAMES = {
    "haze": "fog",
    "golden": "golden light",
    "night": "night",
    "noir": "black and white",
    "cold": "cold light",
    "vintage": "a vintage look",
    "contrast": "hard light",
    "soft": "soft light",
    "shallow": "a blurred background",
    "lightrays": "rays of light",
    "flicker": "candlelight",
    "vignette": "dark corners",
    "room": "a quiet room",
    "cafe": "a café",
    "city": "the city",
    "pad": "soft music",
    "space": "engines",
    "steps": "footsteps",
    "clock": "a clock",
    "heart": "a heartbeat",
    "stream": "a stream",
    "whoosh": "a whoosh",
}
