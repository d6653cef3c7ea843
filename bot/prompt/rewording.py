"""A prompt reworded, clause by clause: what nobody has to change stays as it is.

A cut may bring words together that have to be cut in turn, and what is cut is slowed
only the next time: call each until it changes nothing more.
"""

import re
from collections.abc import Callable, Collection

from bot.prompt.clauses import Clause, clauses
from bot.prompt.flags import MOTION
from bot.prompt.moods import LOOKS
from bot.prompt.parse import NO_MOVE, parse
from bot.prompt.reading import read
from bot.prompt.verbs import HANDHELD, VERBS
from bot.prompt.words import any_of

UNNAMED = "push in"  # what a text without a camera move gets

_BEFORE = (  # what goes with a word that is cut
    r"(?:\b(?:and|add)\s+)?(?:\b(?:with|in|through|under)\s+)?"
    r"(?:\b(?:an?|the|some|very|slight(?:ly)?|subtle|light|heavy|thick|falling)\s+)*"
)
_SHAKY = re.compile(
    rf"{_BEFORE}{HANDHELD.pattern}"
    r"(?:\s+(?:camera|cam|shot|feel|look|style|footage|movement|motion|of)\b)*",
    re.IGNORECASE,
)
_CLOSE = any_of(r"(?:(?:an?|extreme|tight)\s+)*close[- ]?ups?\b(?:\s+(?:shot|of)\b)*")
_FAST = any_of(
    r"(?:(?:very|really)\s+)?(?:fast|quick(?:ly)?|rapid(?:ly)?|sudden(?:ly)?|whip|crash"
    r"|snap(?:py)?|abrupt(?:ly)?|dramatic(?:ally)?(?! light))\b[-\s]*"
)
_TIMID = r"(?:slow|slight|subtle|subtly|gentle|gently|barely|tiny)(?:ly)?\b(?! ?mo)"
_SLOW = any_of(_TIMID)
_VERY_SLOW = any_of(r"(?:very (?:slow|slight|subtle|gentle)|barely|tiny)(?:ly)?\b")
_HELD_BACK = any_of(rf"(?:very\s+)?{_TIMID}\s*")
_VERB = re.compile("|".join(verb.words.pattern for verb in VERBS), re.IGNORECASE)
_LEAD = any_of(r"(?:camera|shot)\s")  # how the verb begins in "camera rises"
_ARTICLE = re.compile(r"\b(?:an?|the)\s+$", re.IGNORECASE)
_TIMED = re.compile(r"\d\s*-?\s*s(?:ec(?:ond)?s?)?\b", re.IGNORECASE)
_GAP = re.compile(r"[ \t,;.]*")
_BARE_LABEL = re.compile(
    r"^[ \t]*[a-z &]{4,20}:[ \t]*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE
)
_LOOSE_END = re.compile(r"(?:[\s,;]|\b(?:then|and|with)\Z)+\Z", re.IGNORECASE)

Change = Callable[[Clause], str]


def steadied(text: str) -> str:
    """The text without what makes the camera shake."""
    return _edited(text, lambda clause: _cut(clause, _SHAKY))


def widened(text: str) -> str:
    """The text without close-ups."""
    return _edited(text, lambda clause: _cut(clause, _CLOSE))


def cleared(text: str, looks: Collection[str]) -> str:
    """The text without the words for some looks, as `moods` names them."""
    words = "|".join(LOOKS[name].pattern for name in looks)
    known = re.compile(
        rf"{_BEFORE}(?:{words})(?:\s+(?:falls|falling|drifts|drifting)\b)?",
        re.IGNORECASE,
    )
    return _edited(text, lambda clause: _cut(clause, known))


def slowed(text: str, *, much: bool = False) -> str:
    """The text with every camera move slow, or very slow."""

    def slow(clause: Clause) -> str:
        if not _is_camera(clause):
            return clause.words
        calm = _cut(clause, _FAST)
        enough = (_VERY_SLOW if much else _SLOW).search(clause.wanted)
        if calm != clause.words or enough:
            return calm
        return _slow(clause, "very " if much else "")

    return _edited(MOTION.sub("", text), slow)


def moved(text: str, seconds: float) -> str:
    """The text with a camera move, if it names none.

    Args:
        text: Any.
        seconds: How long the move takes.
    """
    if NO_MOVE not in parse(text, seconds).notes:
        return text
    return f"{UNNAMED} {seconds:g} s, {text}".rstrip(" ,")


def in_beats(text: str, seconds: float) -> str:
    """The text with a time for every camera move, and each going its full way.

    Args:
        text: Any.
        seconds: How long all of it takes.
    """
    plan = parse(text, seconds)
    lengths = {
        beat.words: round(round(beat.end, 1) - round(beat.start, 1), 1)
        for beat in plan.beats
    }

    def timed(clause: Clause) -> str:
        length = lengths.get(clause.words, 0.0)
        if not _is_camera(clause):
            return clause.words
        words = _cut(clause, _HELD_BACK)
        if _TIMED.search(words) or not length:
            return words
        return f"{words} {length:g} s"

    return _edited(MOTION.sub("", text), timed)


def _edited(text: str, change: Change) -> str:
    """The text with a change made to each clause that is for the eye."""
    end = 0
    emptied = False
    for clause in clauses(text):
        start = text.find(clause.words, end)
        if start < 0 or clause.about_the_picture or clause.for_the_ear:
            continue
        end = start + len(clause.words)
        words = change(clause)
        if not words and (gap := _GAP.match(text, end)):
            emptied, end = True, gap.end()
        text = text[:start] + words + text[end:]
        end = start + len(words)
    return _BARE_LABEL.sub("", text) if emptied else text


def _cut(clause: Clause, known: re.Pattern[str]) -> str:
    """The words of a clause without those that are known and not negated."""
    words = clause.words
    if len(words) != len(clause.wanted) or not known.search(clause.wanted):
        return words
    for found in reversed([*known.finditer(clause.wanted)]):
        words = words[: found.start()] + words[found.end() :]
    return _LOOSE_END.sub("", re.sub(r"\s{2,}", " ", words)).strip(" ,;:.-")


def _slow(clause: Clause, very: str) -> str:
    """The words of a clause with "slowly" where its camera verbs are."""
    words = clause.words
    if len(words) != len(clause.wanted):
        return words
    if found := _SLOW.search(clause.wanted):
        word = "slowly" if found[0].endswith("ly") else "slow"
        return f"{words[: found.start()]}{very}{word}{words[found.end() :]}"
    for found in reversed([*_VERB.finditer(clause.wanted)]):
        lead = _LEAD.match(clause.wanted, found.start())
        at = lead.end() if lead else found.start()
        word = "slow" if _ARTICLE.search(words[:at]) else "slowly"
        how = "barely" if lead and very else very + word  # that verb takes one word
        words = f"{words[:at]}{how} {words[at:]}"
    return words


def _is_camera(clause: Clause) -> bool:
    """Whether a clause moves the camera or holds it still."""
    return bool(read(clause.words).drafts)
