"""What would make a prompt better, in at most two sentences."""

from bot.prompt.parse import NO_MOVE
from bot.prompt.plan import Plan

MANY_BEATS = 1.0  # beats a second; more looks hurried


def coach(prompt: str, plan: Plan) -> tuple[str, ...]:
    """Advice on a prompt that was read into `plan`."""
    advice = []
    if NO_MOVE in plan.notes:
        said = " ".join(prompt.split())[:40]
        if said:
            advice.append(
                f"“{said}” names no camera move: push in? pan left? let it drift?"
            )
        else:
            advice.append(
                "Say how the camera should move: push in, pan left, hold 1 s …"
            )
    moving = [beat for beat in plan.beats if beat.moves]
    if len(moving) > max(2.0, plan.seconds * MANY_BEATS):
        advice.append(
            f"{len(moving)} moves in {plan.seconds:g} s look hurried: fewer, or longer?"
        )
    if plan.cannot and moving:
        advice.append("The camera can move, the things in the photo cannot.")
    return tuple(advice[:2])
