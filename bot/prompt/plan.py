"""The plan of a shot: timed camera moves, looks and sounds, as plain values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec

ROUNDING = 0.01  # seconds by which beats may overlap or pass the end


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
        back_soft: How far out of focus the background is at first, 0 to 1.
        front_soft: The same for the subject.
    """

    crop: float
    back_blur: float
    front_blur: float
    seconds: float
    back_soft: float = 0.0
    front_soft: float = 0.0


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
        """Read what `to_json` wrote; keys that it did not write are passed over.

        Raises:
            ValueError: It is not a plan, or not one that can be carried out.
        """
        try:
            plan = msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        _check(plan)
        return plan


def _check(plan: Plan) -> None:
    """Raise a ValueError for a plan that no camera could follow."""
    if not (math.isfinite(plan.seconds) and plan.seconds > 0):
        raise ValueError(f"A clip of {plan.seconds} s cannot be.")
    clock = 0.0
    for beat in plan.beats:
        in_order = clock - ROUNDING <= beat.start <= beat.end
        if not (in_order and beat.end <= plan.seconds + ROUNDING):
            raise ValueError(f"A beat from {beat.start} to {beat.end} s does not fit.")
        clock = beat.end
        for move in beat.moves:
            if not (math.isfinite(move.amount) and {move.dx, move.dy} <= {-1, 0, 1}):
                raise ValueError(f"{move} cannot be done.")
    strengths = (*plan.looks.values(), plan.handheld)
    if not all(math.isfinite(strength) and strength >= 0 for strength in strengths):
        raise ValueError("A look has a strength of 0 to 1.")
