"""A plan fitted into its picture, so that no frame shows what is not there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bot.prompt.plan import Beat, Framing, Move, MoveKind, Plan
from bot.providers.local import path, warp
from bot.providers.local.scene import Scene
from bot.providers.local.warp import Pose

SMALLEST_CROP = 0.66  # below this the picture looks like a detail of itself
CLOSER = (0.0, 0.1, 0.2, 0.35, 0.5)  # powers of two, tried in turn
THROUGH = {MoveKind.DOLLY, MoveKind.ZOOM, MoveKind.VERTIGO}  # moves in or out
USUAL = Pose(x=0.05, z=0.15)  # what an extension can still do with the relief
STILL = 0.05  # a move that keeps less than this share is none
GENTLER = 0.8  # a move that does not fit is made this much smaller, again and again


class Fitted(NamedTuple):
    """A plan that stays inside its picture.

    Attributes:
        plan: With the moves as far as they go, and its framing.
        scene: With its reliefs as smooth as that needs.
        poses: One per frame.
        share: How much of the moves was kept, 0 to 1.
        closer: Powers of two that an extension zooms in by, to have room for them.
    """

    plan: Plan
    scene: Scene
    poses: Sequence[Pose]
    share: float
    closer: float = 0.0


def fit(scene: Scene, plan: Plan, fps: int) -> Fitted:
    """Choose the crop that keeps every frame inside, or shorten the moves.

    A plan with a framing continues a clip: crop and relief stay as they were, and only
    the beats that begin after its end may be shortened, or come closer to have room.
    """
    share = 1.0
    while True:
        for closer in CLOSER if _may_come_closer(plan) else (0.0,):
            tried = _come_closer(_scaled(plan, share), closer)
            poses = path.poses(tried, scene, fps)
            framing = plan.framing or _framing(scene, tried, poses)
            smooth = _with_relief(scene, framing)
            known = round(plan.framing.seconds * fps) if plan.framing else 0
            # No frame shows the end of the last move, but an extension begins there.
            new = [*poses[known:], path.pose_at(tried, plan.seconds, scene)]
            room = _room(smooth, new, framing.crop if plan.framing else None)
            if room is not None or share < 0.01:
                crop = framing.crop if plan.framing else (room or SMALLEST_CROP)
                kept = replace(framing, crop=crop, seconds=plan.seconds)
                whole = replace(tried, framing=kept)
                return Fitted(whole, smooth, poses, share, closer)
        share *= GENTLER


def _scaled(plan: Plan, share: float) -> Plan:
    """The plan with smaller moves, where they may still be changed."""
    if share == 1.0:
        return plan
    new = _new_beats(plan)
    beats = tuple(
        _scaled_beat(beat, share) if beat in new else beat for beat in plan.beats
    )
    handheld = plan.handheld if plan.framing else plan.handheld * share
    return replace(plan, beats=beats, handheld=handheld)


def _scaled_beat(beat: Beat, share: float) -> Beat:
    moves = tuple(
        move
        if move.kind is MoveKind.RACK
        else replace(move, amount=move.amount * share)
        for move in beat.moves
        if share >= STILL or move.kind is MoveKind.RACK
    )
    return replace(beat, moves=moves)


def _may_come_closer(plan: Plan) -> bool:
    """Whether the plan continues a clip, and not by going back from the subject."""
    return plan.framing is not None and not any(
        move.dy < 0 and move.kind in THROUGH
        for beat in _new_beats(plan)
        for move in beat.moves
    )


def _new_beats(plan: Plan) -> tuple[Beat, ...]:
    """The beats that begin after the end of the clip that the plan continues."""
    known = plan.framing.seconds if plan.framing else 0.0
    return tuple(beat for beat in plan.beats if beat.start >= known - 1e-6)


def _come_closer(plan: Plan, power: float) -> Plan:
    """Zoom in along with the first of the new moves."""
    moving = next((beat for beat in _new_beats(plan) if beat.moves), None)
    if moving is None or not power:
        return plan
    zoom = Move(kind=MoveKind.ZOOM, amount=power, dy=1)
    nearer = replace(moving, moves=(*moving.moves, zoom))
    beats = (nearer if beat is moving else beat for beat in plan.beats)
    return replace(plan, beats=tuple(beats))


def _framing(scene: Scene, plan: Plan, poses: Sequence[Pose]) -> Framing:
    poses = [*poses, USUAL]
    blurs = [warp.smoothed(scene, plate.relief, poses) for plate in scene.layers]
    start = path.start(plan)
    return Framing(
        crop=1.0,
        back_blur=blurs[0],
        front_blur=blurs[-1],
        seconds=plan.seconds,
        back_soft=float(start.back_blur),
        front_soft=float(start.front_blur),
    )


def _with_relief(scene: Scene, framing: Framing) -> Scene:
    back = replace(scene.back, relief=warp.blur(scene.back.relief, framing.back_blur))
    front = scene.front
    if front is not None:
        front = replace(front, relief=warp.blur(front.relief, framing.front_blur))
    return replace(scene, back=back, front=front)


def _room(scene: Scene, poses: Sequence[Pose], crop: float | None) -> float | None:
    """The crop that holds every pose; None when the moves must be smaller."""
    largest = 1 / warp.overshoot(scene, poses)
    if crop is None:
        return min(1.0, largest) if largest >= SMALLEST_CROP else None
    strain = max(warp.strain(scene, plate.relief, poses) for plate in scene.layers)
    fits = largest >= crop * 0.999 and strain <= 1.05
    return crop if fits else None
