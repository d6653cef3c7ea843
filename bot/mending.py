"""What may be wrong with a finished clip, and the words that would mend it. Pure.

A mend only shows its words; whoever reads them may change them before anything is
spent. Each chat shows the same faults (`FAULTS`) and the same notes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from bot.models import Op, RenderRequest
from bot.prompt import rewording

SHORT = 3  # seconds in which little can go wrong
ROUNDS = 5  # of all steps, as one may make room for another
AIR = ("rain", "snow", "haze", "dust", "embers")  # looks that add things


class ClipFault(StrEnum):
    """What may be wrong with a finished clip."""

    JITTER = "jitter"
    DRIFT = "drift"
    ADDED = "added"
    IGNORED = "ignored"
    DISTORTED = "distorted"


class Offer(NamedTuple):
    """A fault as people are asked about it: on a button, and in a line."""

    label: str
    help: str


FAULTS: Mapping[ClipFault, Offer] = {
    ClipFault.JITTER: Offer("It jitters", "The picture shakes, jumps or flickers."),
    ClipFault.DRIFT: Offer("It drifts off", "What it shows becomes something else."),
    ClipFault.ADDED: Offer("Something was added", "There are things nobody asked for."),
    ClipFault.IGNORED: Offer("Not what I said", "It does not do what the words say."),
    ClipFault.DISTORTED: Offer("It is distorted", "Hands, faces or shapes are wrong."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What a clip could be made with instead.

    Attributes:
        prompt: The changed words; for a remix or an extension, those of the reply.
        seconds: Length of the whole clip.
        notes: What was changed, each a sentence to be looked up in a language.
    """

    fault: ClipFault
    prompt: str
    seconds: int
    notes: tuple[str, ...]


class Step(NamedTuple):
    """One change of the words, and the sentence that tells of it."""

    change: Callable[[str, RenderRequest], str]
    note: str


def mend(
    fault: ClipFault, request: RenderRequest, *, lengths: Sequence[int], limit: int
) -> Mended:
    """The words and the length that would mend a clip; twice is the same as once.

    Only the own words of a remix or an extension are mended: what they answer to has
    been made already. An extension keeps its length.

    Args:
        fault: What is wrong with it.
        request: What it was made from.
        lengths: Seconds that its model makes, ascending.
        limit: Characters that a prompt may have; a change that does not fit is left.
    """
    words = request.prompt[:limit].strip()
    notes: list[str] = []
    for _ in range(ROUNDS):
        before = words
        for step in STEPS[fault]:
            changed = step.change(words, request).strip()
            if changed != words and len(changed) <= limit:
                words = changed
                notes.append(step.note)
        if words == before:
            break
    seconds = _seconds(fault, request, lengths)
    if seconds < request.seconds:
        notes.append(SHORTER)
    said = tuple(dict.fromkeys(notes)) or (NOTHING,)
    return Mended(fault=fault, prompt=words, seconds=seconds, notes=said)


def _seconds(fault: ClipFault, request: RenderRequest, lengths: Sequence[int]) -> int:
    """The longest that the model makes and that is not too long, else its shortest."""
    shorter = fault in {ClipFault.JITTER, ClipFault.DRIFT}
    if request.op is Op.EXTEND or (request.op is Op.REMIX and not shorter):
        return request.seconds
    most = min(SHORT, request.seconds) if shorter else request.seconds
    return max((s for s in lengths if s <= most), default=lengths[0])


def _steadied(words: str, _: RenderRequest) -> str:
    return rewording.steadied(words)


def _slowed(words: str, request: RenderRequest, *, much: bool = False) -> str:
    """A reply asks for less of what is there; other words say it of each move."""
    if request.op is not Op.REMIX:
        return rewording.slowed(words, much=much)
    return _with(words, "much slower" if much else "slower")


def _shortened(words: str, request: RenderRequest) -> str:
    """The embedded renderer reads a remix's length from the reply."""
    said = f"make it {SHORT} seconds"
    here = request.op is Op.REMIX and request.plan and request.seconds > SHORT
    return f"{said}, {words}" if here and said not in words else words


def _cleared(words: str, request: RenderRequest) -> str:
    """What floats in the air is all that the embedded renderer ever adds."""
    if request.plan is None:
        return words
    if request.op is not Op.REMIX:
        return rewording.cleared(words, AIR)
    there = [name for name in AIR if name in request.plan["looks"]]
    return _with(words, ", ".join(f"no {name}" for name in there))


def _in_beats(words: str, request: RenderRequest) -> str:
    if request.op is Op.REMIX:
        return words
    return rewording.in_beats(words, request.made_seconds)


def _moved(words: str, request: RenderRequest) -> str:
    """The embedded renderer shows nothing but moves, so one has to be named."""
    if request.plan is None or request.op is Op.REMIX:
        return words
    return rewording.moved(words, request.made_seconds)


def _widened(words: str, _: RenderRequest) -> str:
    return rewording.widened(words)


def _with(words: str, more: str) -> str:
    """The words and a sentence more, if it is not there yet."""
    if more in words or not more:
        return words
    before = words.rstrip(" .,;")
    return f"{before}. {more}" if before else more


def _adding(more: str) -> Callable[[str, RenderRequest], str]:
    return lambda words, _: _with(words, more)


NOTHING = "I find nothing to change in these words; change them as you like."
SHORTER = "The clip is shorter."
MOVES = "The camera has a move of its own."
STEADY = "The camera is steady."
WIDE = "The shot is wide."
STEPS: Mapping[ClipFault, Sequence[Step]] = {
    ClipFault.JITTER: (
        Step(_steadied, STEADY),
        Step(_slowed, "The camera moves slowly."),
        Step(_shortened, SHORTER),
        Step(_adding("Smooth stabilized camera, no shake"), STEADY),
    ),
    ClipFault.DRIFT: (
        Step(_shortened, SHORTER),
        Step(
            _adding("Keep: the same subject and background to the end"),
            "It is told to show the same to the end.",
        ),
    ),
    ClipFault.ADDED: (
        Step(_cleared, "What floats in the air is left out."),
        Step(
            _adding("Keep: only what is there, no new objects"),
            "It is told to add nothing.",
        ),
    ),
    ClipFault.IGNORED: (
        Step(_moved, MOVES),
        Step(_in_beats, "Every camera move has its time and goes its full way."),
        Step(
            _adding("Keep: one subject, everything else as it is"),
            "It is told to do one thing alone.",
        ),
    ),
    ClipFault.DISTORTED: (
        Step(_widened, WIDE),
        Step(_steadied, STEADY),
        Step(_moved, MOVES),
        Step(partial(_slowed, much=True), "The camera moves very slowly."),
        Step(_adding("Wide shot, little motion"), WIDE),
        Step(
            _adding("Keep: natural hands and faces"),
            "It is told to take care of hands and faces.",
        ),
    ),
}
