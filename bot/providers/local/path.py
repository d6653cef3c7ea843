"""Where the camera is at each moment of a plan."""

import math

from bot.prompt.plan import Ease, Move, MoveKind, Plan
from bot.providers.local.scene import Scene
from bot.providers.local.warp import FARTHEST, NEARER, Pose

WOBBLES = ((0.35, 1.0), (0.8, 0.5), (1.7, 0.22))  # hertz and strength of a hand


def poses(plan: Plan, scene: Scene, fps: int) -> list[Pose]:
    """The pose of every frame."""
    moments = (frame / fps for frame in range(round(plan.seconds * fps)))
    return [pose_at(plan, moment, scene) for moment in moments]


def pose_at(plan: Plan, moment: float, scene: Scene) -> Pose:
    """Where the camera is at a moment, in seconds."""
    pose = start(plan)
    power = 0.0  # of two, for the zoom
    for beat in plan.beats:
        if moment < beat.start:
            break
        share = eased(
            beat.ease, (moment - beat.start) / max(1e-6, beat.end - beat.start)
        )
        for move in beat.moves:
            if move.kind is MoveKind.DRIFT:
                _float(pose, move, min(moment, beat.end) - beat.start)
            else:
                power += _add(pose, move, share, scene.pivot)
    if plan.handheld:
        _shake(pose, plan.handheld, moment)
    pose.zoom = 2.0**power
    _close_in(pose, scene)
    pose.back_blur = min(1.0, max(0.0, pose.back_blur))
    pose.front_blur = min(1.0, max(0.0, pose.front_blur))
    return pose


def _close_in(pose: Pose, scene: Scene) -> None:
    """Keep the subject where it is in the frame while the frame gets narrower."""
    narrowed = (1 - pose.z * (FARTHEST + NEARER * scene.pivot)) / pose.zoom
    pose.pan += scene.focus[0] * (1 - narrowed)
    pose.tilt += scene.focus[1] * (1 - narrowed)


def eased(ease: Ease, share: float) -> float:
    """How far a move has come after a share of its time; both 0 to 1."""
    x = min(1.0, max(0.0, share))
    match ease:
        case Ease.LINEAR:
            return x
        case Ease.IN:
            return x * x
        case Ease.OUT:
            return 1 - (1 - x) ** 2
        case Ease.SNAP:
            return 1 - (1 - x) ** 4
        case _:  # between smoothstep and smootherstep: soft ends, not sluggish
            return 0.6 * x**3 * (x * (6 * x - 15) + 10) + 0.4 * x * x * (3 - 2 * x)


def start(plan: Plan) -> Pose:
    """The focus at first: off what the first rack leads to, or as it was."""
    if plan.framing:
        soft = plan.framing.back_soft, plan.framing.front_soft
        return Pose(back_blur=soft[0], front_blur=soft[1])
    moves = (move for beat in plan.beats for move in beat.moves)
    if rack := next((move for move in moves if move.kind is MoveKind.RACK), None):
        return Pose(back_blur=rack.dx < 0, front_blur=rack.dx >= 0)
    return Pose(back_blur=plan.looks.get("shallow", 0.0))


def _add(pose: Pose, move: Move, share: float, pivot: float) -> float:
    """Add a move to the pose; what it adds to the zoom, in powers of two."""
    amount = move.amount * share
    match move.kind:
        case MoveKind.DOLLY:
            pose.z += amount * move.dy
        case MoveKind.ZOOM:
            return amount * move.dy
        case MoveKind.VERTIGO:
            pose.z += amount * move.dy
            depth = 1 - amount * move.dy * (FARTHEST + NEARER * pivot)
            return math.log2(max(0.3, depth))
        case MoveKind.PAN:
            pose.pan += amount * move.dx
        case MoveKind.TILT:
            pose.tilt += amount * move.dy
        case MoveKind.TRUCK:
            pose.x += amount * move.dx
            pose.pan += 0.25 * amount * move.dx
        case MoveKind.CRANE:
            pose.y += amount * move.dy
            pose.tilt += 0.25 * amount * move.dy
        case _:
            _turn(pose, move, amount)
    return 0.0


def _turn(pose: Pose, move: Move, amount: float) -> None:
    """Add a move that leans the frame or shifts the focus."""
    match move.kind:
        case MoveKind.ORBIT:
            pose.x += amount * move.dx
            pose.roll += 0.06 * amount * move.dx
        case MoveKind.ROLL:
            pose.roll += math.radians(amount) * move.dx
        case MoveKind.RACK:
            towards_front = 1 if move.dx >= 0 else -1
            pose.front_blur -= amount * towards_front
            pose.back_blur += amount * towards_front


def _float(pose: Pose, move: Move, seconds: float) -> None:
    pose.x += move.amount * math.sin(2 * math.pi * seconds / 7) * (move.dx or 1)
    pose.y += 0.4 * move.amount * math.sin(2 * math.pi * seconds / 5.3)


def _shake(pose: Pose, strength: float, moment: float) -> None:
    pose.pan += 0.006 * strength * _wobble(moment, 1)
    pose.tilt += 0.006 * strength * _wobble(moment, 2)
    pose.roll += 0.004 * strength * _wobble(moment, 3)
    pose.x += 0.008 * strength * _wobble(moment, 4)


def _wobble(moment: float, number: int) -> float:
    phase = number * 2.399
    waves = (
        strength * math.sin(2 * math.pi * hertz * moment + phase + index * 1.7)
        for index, (hertz, strength) in enumerate(WOBBLES)
    )
    return sum(waves) / sum(strength for _, strength in WOBBLES)
