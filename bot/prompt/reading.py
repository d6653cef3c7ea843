"""A prompt read clause by clause: moves, looks, sounds, and what cannot be done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.prompt import flags, verbs
from bot.prompt.clauses import Clause, clauses
from bot.prompt.moods import HEARD, LOOKS, LOUD, SOUNDS
from bot.prompt.moves import Named, move_of, size_of, verb_in
from bot.prompt.plan import Ease, Move, MoveKind
from bot.prompt.subjects import ACTION, FOLLOWING, OTHER, QUOTED, SUBJECT
from bot.prompt.timing import ANCHOR, NO_TIMES, ONLY_TIME, Draft, Times, times_in

READ = 5_000  # characters; what comes after them is not looked at
USUAL_LOOK = 0.6  # strength of a look of which nothing else is said
TOO_FAR = "“{words}” is more than one photo can show, so it goes less far."

_TOGETHER = re.compile(
    r"\b(?:while|whilst|as (?:it|we|the camera)|at the same time|combined with"
    r"|and simultaneously|with(?=\s+(?:a\s+)?(?:\w+\s+)?(?:pan|tilt|zoom|doll|orbit"
    r"|truck|parallax|roll|crane|push|pull|drift))"
    r"|and(?=\s+(?:\w+ly\s+)?(?:pan|tilt|zoom|doll|push|pull|orbit|truck|track|crane"
    r"|roll|drift|ris(?:e|es|ing) up|(?:s?he|they|the|his|her)\b)))|\+"
)
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(slots=True)
class Reading:
    """What a text says.

    Attributes:
        low: The text that was read, in lower case.
        wanted: The same without what is quoted or negated.
        drafts: Beats in the order they were named, not on the clock yet.
        looks: Name and strength, 0 to 1.
        unwanted: Looks and sounds that shall not be there.
        unmoved: Moves that shall not be there.
        steady: Whether the camera shall not be handheld.
        notes: What was changed, each a sentence.
        pending: A time that stood alone and belongs to the next beat.
    """

    low: str = ""
    wanted: str = ""
    drafts: list[Draft] = field(default_factory=list)
    looks: dict[str, float] = field(default_factory=dict)
    sounds: list[str] = field(default_factory=list)
    unwanted: set[str] = field(default_factory=set)
    unmoved: set[MoveKind] = field(default_factory=set)
    handheld: float = 0.0
    steady: bool = False
    cannot: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pending: Times = NO_TIMES


def read(text: str) -> Reading:
    """Read a text; never fails, whatever it says."""
    asked = flags.take(_UNSEEN.sub("", text[:READ]))
    reading = Reading(low=asked.words.lower(), notes=list(asked.notes))
    wanted = []
    for clause in clauses(asked.words):
        if clause.about_the_picture:
            continue
        wanted.append(clause.wanted)
        _read_negations(clause, reading)
        _read_moods(clause, reading)
        if not clause.for_the_ear:
            moves = _read_moves(clause, reading, asked.strength)
            _add_draft(clause, moves, reading)
    reading.wanted = ", ".join(wanted)
    reading.cannot = list(dict.fromkeys(reading.cannot))
    reading.notes = list(dict.fromkeys(reading.notes))
    return reading


def _read_negations(clause: Clause, reading: Reading) -> None:
    for negated in clause.negated():
        for table in (LOOKS, SOUNDS):
            reading.unwanted |= {
                name for name, known in table.items() if known.search(negated)
            }
        if named := verb_in(negated):
            reading.unmoved.add(named.verb.kind)
        reading.steady |= bool(verbs.HANDHELD.search(negated))


def _read_moods(clause: Clause, reading: Reading) -> None:
    """Looks and sounds; what is labelled as sound is not for the eye."""
    wanted = clause.wanted
    if not clause.for_the_ear:
        size = size_of(re.sub(r"slow\w*|fast\w*", "", wanted))
        strength = round(min(1.0, USUAL_LOOK * size), 2)
        for name, known in LOOKS.items():
            if known.search(wanted):
                reading.looks[name] = max(reading.looks.get(name, 0.0), strength)
    if clause.for_the_ear or HEARD.search(wanted) or LOUD.search(wanted):
        for name, known in SOUNDS.items():
            if known.search(wanted) and name not in reading.sounds:
                reading.sounds.append(name)


def _read_moves(clause: Clause, reading: Reading, strength: float) -> tuple[Move, ...]:
    """The moves that a clause names together; subjects that act go to `cannot`."""
    if verbs.HANDHELD.search(clause.wanted):
        size = 0.8 * size_of(clause.wanted)
        reading.handheld = max(reading.handheld, round(size, 2))
    quoted = QUOTED.search(clause.words)
    if quoted or any(known.search(clause.wanted) for known in OTHER):
        reading.cannot.append(clause.words)
    moves = []
    for piece, said in _pieces(clause):
        named = verb_in(piece)
        if named and not _is_camera(piece, named):
            reading.cannot.append(said)
        elif named:
            move, too_far = move_of(named, piece, strength=strength)
            moves.append(move)
            if too_far:
                reading.notes.append(TOO_FAR.format(words=said))
            if _acts_beside(piece, named):
                reading.cannot.append(said)
        elif SUBJECT.search(piece) and (
            ACTION.search(piece) or FOLLOWING.search(piece)
        ):
            reading.cannot.append(said)
    return tuple(moves)


def _pieces(clause: Clause) -> Iterator[tuple[str, str]]:
    """What a clause lets happen at once: what to look at, and as it was typed."""
    start = 0
    for found in _TOGETHER.finditer(clause.wanted):
        end = found.start()
        yield clause.wanted[start:end], clause.words[start:end].strip(" ,")
        start = found.end()
    yield clause.wanted[start:], clause.words[start:].strip(" ,")


def _is_camera(piece: str, named: Named) -> bool:
    """Whether the camera moves, and not the thing in the picture."""
    subject = SUBJECT.search(piece)
    if subject is None or verbs.CAMERA.search(piece):
        return True
    return subject.start() > named.start or piece.startswith("doll", named.start)


def _acts_beside(piece: str, named: Named) -> bool:
    """Whether a subject does something in a piece that also moves the camera."""
    if named.verb.kind is MoveKind.TRUCK and FOLLOWING.search(piece):
        return True
    action = ACTION.search(piece)
    if action is None or not SUBJECT.search(piece):
        return False
    return not named.start <= action.start() < named.end + 12  # "camera slowly rises"


def _add_draft(clause: Clause, moves: tuple[Move, ...], reading: Reading) -> None:
    low = clause.low
    times = times_in(low)
    if times == NO_TIMES:
        times, reading.pending = reading.pending, NO_TIMES
    holds = verbs.HOLD.search(clause.wanted) or verbs.MOTIONLESS.search(low)
    ease = _ease_of(clause.wanted)
    if moves:
        draft = Draft(moves=moves, times=times, ease=ease, words=clause.words)
        reading.drafts.append(draft)
    elif holds:
        hold = Draft(moves=(), times=times, ease=Ease.LINEAR, words=clause.words)
        reading.drafts.append(hold)
    elif times.start is not None and ANCHOR.fullmatch(low):
        reading.pending = times
    elif reading.drafts:
        last = reading.drafts[-1]
        if times.length and last.times == NO_TIMES and ONLY_TIME.fullmatch(low):
            reading.drafts[-1] = replace(last, times=times)
        elif ease is not Ease.SMOOTH and len(low.split()) <= 4:
            reading.drafts[-1] = replace(last, ease=ease)


def _ease_of(wanted: str) -> Ease:
    return next(
        (ease for known, ease in verbs.EASES if known.search(wanted)), Ease.SMOOTH
    )
