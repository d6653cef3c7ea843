"""What can be done with the beats of a plan; times are seconds, beats stay in order."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.prompt.moves import WIDEST
from bot.prompt.plan import Beat, Ease, Move, MoveKind

Beats = tuple[Beat, ...]
SHORTEST = 0.05  # seconds; a beat below it is none


def covered(beats: Sequence[Beat], seconds: float) -> Beats:
    """The beats from 0 to the end: gaps become holds, holds that meet become one."""
    whole: list[Beat] = []
    clock = 0.0
    for beat in (*beats, Beat(start=seconds, end=seconds)):
        if beat.start - clock >= SHORTEST:
            _add(whole, _hold(clock, beat.start))
        if beat.end > beat.start:
            _add(whole, beat)
        clock = beat.end
    return tuple(whole)


def stretched(beats: Sequence[Beat], factor: float) -> Beats:
    """The same beats in more or less time; those that get too short are dropped."""
    moved = (
        replace(
            beat, start=round(beat.start * factor, 3), end=round(beat.end * factor, 3)
        )
        for beat in beats
    )
    return tuple(beat for beat in moved if beat.end - beat.start >= SHORTEST)


def shifted(beats: Sequence[Beat], seconds: float) -> Beats:
    """The same beats, later."""
    return tuple(
        replace(
            beat, start=round(beat.start + seconds, 3), end=round(beat.end + seconds, 3)
        )
        for beat in beats
    )


def scaled(
    beats: Sequence[Beat], factor: float, kinds: Collection[MoveKind] = WIDEST
) -> Beats:
    """Moves of these kinds go further or less far, as far as moves may ever go."""
    return tuple(
        replace(
            beat,
            moves=tuple(
                _scaled(move, factor) if move.kind in kinds else move
                for move in beat.moves
            ),
        )
        for beat in beats
    )


def softened(beats: Sequence[Beat]) -> Beats:
    """What happened at once happens smoothly."""
    return tuple(
        replace(beat, ease=Ease.SMOOTH) if beat.ease is Ease.SNAP else beat
        for beat in beats
    )


def turned_round(beats: Sequence[Beat]) -> Beats:
    """Every move goes the other way."""
    return tuple(
        replace(
            beat,
            moves=tuple(replace(move, dx=-move.dx, dy=-move.dy) for move in beat.moves),
        )
        for beat in beats
    )


def without(beats: Sequence[Beat], kinds: Collection[MoveKind]) -> Beats:
    """No moves of these kinds; a beat that has no others becomes a hold."""
    left = (
        replace(
            beat, moves=tuple(move for move in beat.moves if move.kind not in kinds)
        )
        for beat in beats
    )
    return tuple(beat if beat.moves else _hold(beat.start, beat.end) for beat in left)


def beside(beats: Sequence[Beat], moves: Sequence[Move]) -> Beats:
    """The moves run together with those that are there, in place of their own kind."""
    kinds = {move.kind for move in moves}
    return tuple(
        replace(
            beat,
            moves=(*(move for move in beat.moves if move.kind not in kinds), *moves),
        )
        if beat.moves
        else beat
        for beat in beats
    )


def _add(beats: list[Beat], beat: Beat) -> None:
    if beats and not beats[-1].moves and not beat.moves:
        beats[-1] = replace(beats[-1], end=beat.end)
    else:
        beats.append(beat)


def _hold(start: float, end: float) -> Beat:
    return Beat(start=round(start, 3), end=round(end, 3), ease=Ease.LINEAR)


def _scaled(move: Move, factor: float) -> Move:
    most = WIDEST[move.kind]
    if move.kind is MoveKind.RACK:  # a focus is here or there
        return move
    return replace(move, amount=round(min(move.amount * factor, most), 4))
