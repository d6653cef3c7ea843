"""The plan of a shot: timed camera moves, looks and sounds, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec


class MoveKind(StrEnum):
    """What the camera does."""

    DOLLY = "dolly"
    ZOOM = "zoom"
    VERTIGO = "vertigo"
    PAN = "pan"
    TILT = "tilt"
    TRUCK = "truck"
    CRANE = "crane"
    ORBIT = "orbit"
    ROLL = "roll"
    RACK = "rack"
    DRIFT = "drift"


class Ease(StrEnum):
    """How a move starts and stops."""

    SMOOTH = "smooth"
    LINEAR = "linear"
    IN = "in"
    OUT = "out"
    SNAP = "snap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One camera move.

    Attributes:
        amount: How far: dolly in shares of the depth; pan, tilt, truck, crane, orbit
            and drift in shares of the frame's width; zoom in powers of two; roll in
            degrees; rack 0 to 1.
        dx: -1 left, +1 right, else 0.
        dy: -1 up, +1 down; for dolly, zoom and vertigo +1 in, -1 out.
    """

    kind: MoveKind
    amount: float
    dx: int = 0
    dy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A stretch of the clip with its moves; none is a hold.

    Attributes:
        start: Seconds from the beginning of the clip.
        end: Seconds from the beginning of the clip.
        words: The person's own words for it.
    """

    start: float
    end: float
    moves: tuple[Move, ...] = ()
    ease: Ease = Ease.SMOOTH
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How a plan was fitted into its picture; an extension keeps it.

    Attributes:
        crop: Share of the picture that the frame uses, at most 1.
        back_blur: How much the background's relief was smoothed, sigma in grid cells.
        front_blur: The same for the subject's relief.
        seconds: Length of the clip that it was made for.
    """

    crop: float
    back_blur: float
    front_blur: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the embedded renderer will do with a still.

    Attributes:
        beats: In order, not overlapping.
        looks: Name of a look and its strength, 0 to 1.
        sounds: Names of ambiences.
        handheld: Strength of the handheld wobble, 0 is a tripod.
        cannot: What it will not do, in the person's own words.
        notes: What was understood or changed, each a sentence for the person.
        framing: Set once rendered; None lets the renderer choose.
    """

    seconds: float
    beats: tuple[Beat, ...] = ()
    looks: Mapping[str, float] = field(default_factory=dict)
    sounds: tuple[str, ...] = ()
    handheld: float = 0.0
    cannot: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    framing: Framing | None = None

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON-ready values; `from_json` reads it back."""
        ready: dict[str, Any] = msgspec.to_builtins(self)
        return ready

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is not a plan.
        """
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
