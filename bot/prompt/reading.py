"""A prompt read clause by clause: moves, looks, sounds, and what cannot be done."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.prompt import vocabulary as vocab
from bot.prompt.plan import Ease, Move, MoveKind
from bot.prompt.timing import ANCHOR, NO_TIMES, ONLY_TIME, Draft, Times, times_in
from bot.prompt.vocabulary import Verb

READ = 8_000  # characters; what comes after them is not looked at
USUAL_LOOK = 0.6  # strength of a look of which nothing else is said
WIDEST = {  # how far one move may ever go; more is noted
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

_CLAUSE = re.compile(
    r"[;\n.]|,(?=\s)|\bthen\b|\bfollowed by\b|\bafter(?:wards| that)\b"
    r"|\bbefore\b(?! the)|→|->|\bfinally\b|\bnext\b",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\b(?:while|whilst|as (?:it|we|the camera)|at the same time|combined with"
    r"|and simultaneously|with(?=\s+(?:a\s+)?(?:\w+\s+)?(?:pan|tilt|zoom|doll|orbit"
    r"|truck|parallax|roll|crane|push|pull|drift))"
    r"|and(?=\s+(?:\w+ly\s+)?(?:pan|tilt|zoom|doll|push|pull|orbit|truck|track|crane"
    r"|roll|drift|ris(?:e|es|ing) up)))|\+"
)
_LABEL = re.compile(
    r"\s*(shot(?: (?:&|and) framing)?|framing|action|motion(?: (?:& |and )?timing)?"
    r"|timing|camera|lighting(?: (?:&|and) mood)?|mood|audio(?: cues?)?|sounds?|style"
    r"|scene|subject|keep|may change)\s*[:=]\s*",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|without|avoid|don'?t|do not|never|not|remove|lose|stop|drop)\s+"
    r"(?:any\s+|the\s+|that\s+)?[^,;.]*"
)
_BULLET = re.compile(r"^\s*(?:\d[.)]|[-*•])\s*", re.MULTILINE)
_DEGREES = re.compile(r"(\d{1,4}(?:\.\d+)?)[\s-]*(?:°|deg(?:ree)?s?\b)")
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(?:%|percent)")
_TIMES = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*[x\u00d7]\b")
_EASES = (
    (re.compile(r"linear|constant (?:speed|rate)|\bsteady|\bsteadily"), Ease.LINEAR),
    (re.compile(r"ease[- ]?in\b(?![- ]?out)|accelerat"), Ease.IN),
    (re.compile(r"ease[- ]?out|decelerat|settles?\b"), Ease.OUT),
    (re.compile(r"\bwhip|\bcrash|\bsnap|abrupt"), Ease.SNAP),
)


@dataclass(slots=True)
class Reading:
    """What a text says.

    Attributes:
        drafts: Beats in the order they were named, not on the clock yet.
        looks: Name and strength, 0 to 1.
        pending: A time that stood alone and belongs to the next beat.
        unwanted: Looks and sounds that shall not be there.
        notes: What was changed, each a sentence.
    """

    drafts: list[Draft] = field(default_factory=list)
    looks: dict[str, float] = field(default_factory=dict)
    sounds: list[str] = field(default_factory=list)
    unwanted: set[str] = field(default_factory=set)
    handheld: float = 0.0
    cannot: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pending: Times = NO_TIMES


def read(text: str, *, strength: float = 1.0) -> Reading:
    """Read a text; never fails, whatever it says.

    Args:
        text: What a person typed.
        strength: How far moves go, against what is usual.
    """
    reading = Reading()
    for clause in _clauses(text[:READ]):
        _read_clause(clause, reading, strength)
    reading.cannot = list(dict.fromkeys(reading.cannot))
    reading.notes = list(dict.fromkeys(reading.notes))
    return reading


def size_of(words: str) -> float:
    """How much an adverb makes of a move, against none."""
    return next((size for known, size in vocab.SIZES if known.search(words)), 1.0)


def _clauses(text: str) -> Iterator[str]:
    whole = re.sub(r"(\d)\.(\d)", "\\1\u00b7\\2", _BULLET.sub("", text))
    for part in _CLAUSE.split(whole):
        if clause := part.replace("\u00b7", ".").strip(" \t,-\u2013\u2014:"):
            yield clause


def _read_clause(clause: str, reading: Reading, strength: float) -> None:
    label = _LABEL.match(clause)
    words = clause[label.end() :] if label else clause
    named = label[1].lower() if label else ""
    low = words.lower()
    wanted = _without_negations(low, reading)
    for_the_ear = named.startswith(("audio", "sound"))
    if not for_the_ear:
        _read_looks(wanted, reading)
    if for_the_ear or vocab.HEARD.search(wanted) or vocab.LOUD.search(wanted):
        _read_sounds(wanted, reading)
    if for_the_ear or named in {"keep", "may change"}:
        return
    if vocab.HANDHELD.search(wanted):
        reading.handheld = max(reading.handheld, round(0.8 * size_of(wanted), 2))
    reading.cannot.extend(
        words.strip() for known, _ in vocab.OTHER if known.search(wanted)
    )
    moves = _read_moves(wanted, words, reading, strength)
    _add_draft(low, wanted, words, moves, reading)


def _without_negations(low: str, reading: Reading) -> str:
    """Blank out what is negated, and note which looks and sounds that was."""
    for negated in _NEGATED.finditer(low):
        for table in (vocab.LOOKS, vocab.SOUNDS):
            reading.unwanted |= {
                name for name, known in table.items() if known.search(negated[0])
            }
    return _NEGATED.sub(lambda match: " " * len(match[0]), low)


def _read_looks(wanted: str, reading: Reading) -> None:
    for name, known in vocab.LOOKS.items():
        if known.search(wanted):
            size = size_of(re.sub(r"slow\w*|fast\w*|soft light\w*", "", wanted))
            strength = round(min(1.0, USUAL_LOOK * size), 2)
            reading.looks[name] = max(reading.looks.get(name, 0.0), strength)


def _read_sounds(wanted: str, reading: Reading) -> None:
    for name, known in vocab.SOUNDS.items():
        if known.search(wanted) and name not in reading.sounds:
            reading.sounds.append(name)


def _read_moves(
    wanted: str, words: str, reading: Reading, strength: float
) -> tuple[Move, ...]:
    """The moves that a clause names together; subjects that act go to `cannot`."""
    moves = []
    position = 0
    for piece in _TOGETHER.split(wanted):
        start = max(0, wanted.find(piece, position))
        position = start + len(piece)
        verb, found = _first_verb(piece)
        if found and verb and _is_camera(piece, verb, found):
            moves.append(_move(verb, found, piece, reading, strength))
            if verb.kind is MoveKind.TRUCK and vocab.FOLLOWING.search(piece):
                reading.cannot.append(words[start:position].strip(" ,"))
        elif found or _acts(piece) or vocab.FOLLOWING.search(piece):
            if vocab.SUBJECT.search(piece):
                reading.cannot.append(words[start:position].strip(" ,"))
            continue
        if found and verb and _acts_beside(piece, found):
            reading.cannot.append(words[start:position].strip(" ,"))
    return tuple(moves)


def _first_verb(piece: str) -> tuple[Verb | None, re.Match[str] | None]:
    """The verb that begins first, the longest of those."""
    best: tuple[Verb | None, re.Match[str] | None] = (None, None)
    for verb in vocab.VERBS:
        if found := verb.words.search(piece):
            seen = best[1]
            if seen is None or (found.start(), -found.end()) < (
                seen.start(),
                -seen.end(),
            ):
                best = (verb, found)
    return best


def _is_camera(piece: str, verb: Verb, found: re.Match[str]) -> bool:
    """Whether the camera moves, and not the thing in the picture."""
    subject = vocab.SUBJECT.search(piece)
    if vocab.CAMERA.search(piece) or subject is None:
        return True
    return not subject.start() < found.start() or (
        verb.kind is MoveKind.DOLLY and found[0].startswith("doll")
    )


def _acts(piece: str) -> bool:
    subject, action = vocab.SUBJECT.search(piece), vocab.ACTION.search(piece)
    return bool(subject and action)


def _acts_beside(piece: str, found: re.Match[str]) -> bool:
    """Whether a subject does something in a clause that also moves the camera."""
    action, subject = vocab.ACTION.search(piece), vocab.SUBJECT.search(piece)
    if not action or not subject:
        return False
    return not found.start() <= action.start() < found.end() + 12


def _add_draft(
    low: str,
    wanted: str,
    words: str,
    moves: tuple[Move, ...],
    reading: Reading,
) -> None:
    times = times_in(low)
    if times == NO_TIMES:
        times, reading.pending = reading.pending, NO_TIMES
    holds = vocab.HOLD.search(wanted) or (vocab.HOLD.search(low) and not moves)
    ease = next((ease for known, ease in _EASES if known.search(wanted)), Ease.SMOOTH)
    if moves:
        reading.drafts.append(Draft(moves=moves, times=times, ease=ease, words=words))
    elif holds:
        hold = Draft(moves=(), times=times, ease=Ease.LINEAR, words=words)
        reading.drafts.append(hold)
    elif times.start is not None and ANCHOR.fullmatch(low):
        reading.pending = times
    elif times.length and reading.drafts and ONLY_TIME.fullmatch(low):
        _give_time(reading.drafts, times)


def _give_time(drafts: list[Draft], times: Times) -> None:
    """A time that stands alone belongs to the move before it."""
    last = drafts[-1]
    if last.times == NO_TIMES:
        drafts[-1] = Draft(
            moves=last.moves, times=times, ease=last.ease, words=last.words
        )


def _move(
    verb: Verb, found: re.Match[str], piece: str, reading: Reading, strength: float
) -> Move:
    """The move that a verb and the words around it name."""
    after = f"{found[0]} {piece[found.end() : found.end() + 40]}"
    kind, dx, dy = _direction(verb, after)
    usual = next((v.amount for v in vocab.VERBS if v.kind is kind), verb.amount)
    amount = usual if kind is not verb.kind else verb.amount
    asked = _asked_amount(kind, piece)
    amount = amount * size_of(piece) * strength if asked is None else asked
    if amount > WIDEST[kind] + 1e-6 and asked is not None:
        reading.notes.append(
            f"“{piece.strip()}” is more than one photo can show, so it goes less far."
        )
    return Move(kind=kind, amount=round(min(amount, WIDEST[kind]), 4), dx=dx, dy=dy)


def _direction(verb: Verb, words: str) -> tuple[MoveKind, int, int]:
    """Where a move goes; some moves turn into others by their direction."""
    kind = verb.kind
    named = next((way for known, way in vocab.DIRECTIONS if known.search(words)), None)
    if kind in {MoveKind.DOLLY, MoveKind.ZOOM, MoveKind.VERTIGO}:
        if kind is MoveKind.DOLLY and named and named[0]:
            return MoveKind.TRUCK, named[0], 0
        dy = next((way for known, way in vocab.IN_OUT if known.search(words)), verb.dy)
        return kind, 0, dy
    if kind is MoveKind.RACK:
        to_back = re.search(
            r"to (?:the )?(?:back|background|distan)|from (?:the )?fore", words
        )
        return kind, (-1 if to_back else 1), 0
    if named is None:
        return kind, verb.dx, verb.dy
    if named[1] and kind in {MoveKind.PAN, MoveKind.TRUCK}:
        kind = MoveKind.TILT if kind is MoveKind.PAN else MoveKind.CRANE
    if named[0] and kind in {MoveKind.TILT, MoveKind.CRANE}:
        kind = MoveKind.PAN if kind is MoveKind.TILT else MoveKind.TRUCK
    return kind, named[0], named[1]


def _asked_amount(kind: MoveKind, piece: str) -> float | None:
    """An amount given in degrees, percent or times, in the move's own unit."""
    if found := _DEGREES.search(piece):
        return _from_degrees(kind, min(float(found[1]), 360.0))
    if found := _PERCENT.search(piece):
        share = float(found[1]) / 100
        if kind is MoveKind.ZOOM:
            return math.log2(1 + (share - 1 if share > 1 else share))
        return None if kind is MoveKind.RACK else share
    if kind is MoveKind.ZOOM and (found := _TIMES.search(piece)):
        return math.log2(max(1.01, float(found[1])))
    return None


def _from_degrees(kind: MoveKind, degrees: float) -> float:
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
