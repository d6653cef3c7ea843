"""How far a job is, what came of it, what it took: lines without markup."""

from collections.abc import Callable

from bot.errors import BotError
from bot.languages import Say
from bot.models import (
    Allowance,
    Clip,
    Delay,
    Entry,
    Job,
    Op,
    Price,
    RenderRequest,
    State,
)

MICROS = 1_000_000  # in a dollar
_STATES = {
    State.QUEUED: "Waiting for its turn",
    State.SUBMITTING: "Getting ready",
    State.RENDERING: "Rendering",
    State.FETCHING: "Finishing",
    State.FINISHING: "Finishing",
    State.DELIVERING: "Sending",
    State.DONE: "Done",
    State.FAILED: "That did not work",
    State.CANCELLED: "Stopped",
}
DELAYS = {
    Delay.TURN: "The order is waiting for its turn at the service.",
    # A chat may write a moment as “14:21” or as “3 minutes ago”.
    Delay.SILENT: "The service does not answer (first noticed {when}). "
    "The bot keeps asking.",
    Delay.FETCH: "The clip is ready, but the service does not hand it out yet "
    "(first try {when}). The bot keeps trying.",
}
_OPS = {Op.CREATE: "New clip", Op.REMIX: "Remix", Op.EXTEND: "Longer"}


def state_line(entry: Entry, say: Say) -> str:
    """How far a job is, with its place in the queue or its share done."""
    job = entry.job
    if job.cancel and not job.state.ended:
        return say("Stopping")
    if job.state is State.QUEUED and entry.ahead:
        if entry.ahead == 1:
            return say("Waiting: one other is before you")
        return say("Waiting: {ahead} others are before you", ahead=entry.ahead)
    if job.state is State.DELIVERING and job.end is not None:
        return say(_STATES[job.end])
    queued = job.delay is Delay.TURN and job.state is State.RENDERING
    told = say(_STATES[State.QUEUED if queued else job.state])
    if job.state is State.RENDERING and job.progress:
        return f"{told} · {job.progress:.0%}"
    return told


def delay_line(job: Job, say: Say, moment: Callable[[float], str]) -> str | None:
    """Why a job makes no progress for now, and since when.

    Args:
        job: The job.
        say: The language.
        moment: Writes a Unix time in the chat's words.
    """
    if job.delay is None or job.state.ended or job.cancel:
        return None
    return say(DELAYS[job.delay], when=moment(job.delayed_since or job.since))


def ready_at(job: Job, now: float) -> float | None:
    """Unix time when a render will be done, guessed from how far it is."""
    if job.state is not State.RENDERING or not job.progress or job.cancel:
        return None
    spent = now - job.since
    return now + spent / job.progress * (1 - job.progress)


def facts_line(request: RenderRequest, say: Say) -> str:
    """What is made: operation, length, frame, model."""
    size = request.size
    return " · ".join(
        [
            say(_OPS[request.op]),
            say("{seconds} s", seconds=request.seconds),
            f"{size.width}×{size.height}",
            request.model,
        ]
    )


def clip_line(clip: Clip, say: Say) -> str:
    """What was made: length, frame, model and seed, so that it can be had again."""
    size = clip.size
    return " · ".join(
        [
            say("{seconds} s", seconds=f"{clip.seconds:g}"),
            f"{size.width}×{size.height}",
            clip.request.model,
            say("seed {seed}", seed=clip.request.seed),
        ]
    )


def price_line(price: Price, say: Say) -> str:
    """What a render takes from the person, and from the owner."""
    if not price.units and not price.micros:
        return say("free")
    units = say("{units} clip-seconds", units=price.units)
    if not price.micros:
        return units
    return f"{units} ({dollars(price.micros)})"


def refund_line(job: Job, say: Say) -> str | None:
    """What a job without a clip takes from the quota all the same, or gives back.

    None while it is under way, and for one that made a clip or was free.
    """
    units = job.price.units
    if job.end is None or not (units or job.price.micros):
        return None
    if not job.billed:
        return say("Its {units} clip-seconds were given back.", units=units)
    if not units:
        return say("It may have been billed.")
    return say(
        "It may have been billed, so its {units} clip-seconds count.", units=units
    )


def left_line(allowance: Allowance, say: Say) -> str:
    """What a person has left today."""
    if allowance.left is None:
        return say("no daily limit")
    if allowance.cap is None:
        return say("{left} clip-seconds left today", left=allowance.left)
    return say(
        "{left} of {cap} clip-seconds left today",
        left=allowance.left,
        cap=allowance.cap,
    )


def quota_lines(allowance: Allowance, say: Say) -> list[str]:
    """Everything about what a person has left, but the moment when it resets."""
    lines = [left_line(allowance, say)]
    if allowance.doubtful:
        lines.append(
            say(
                "{units} of those taken may have been billed without a clip",
                units=allowance.doubtful,
            )
        )
    if allowance.together_left is not None:
        together = allowance.together_left
        lines.append(say("{left} left for everyone here together", left=together))
    lines.append(
        say(
            "{used} of {cap} free renders in the last hour",
            used=allowance.free_used,
            cap=allowance.free_cap,
        )
    )
    if allowance.waiting:
        lines.append(say("{count} under way", count=allowance.waiting))
    return lines


def error_lines(
    error: BotError, say: Say, safe: Callable[[str], str]
) -> tuple[str, str]:
    """What went wrong and what to do next, in a language.

    `safe` makes harmless what somebody typed and an error repeats.
    """
    facts = {
        name: fact if isinstance(fact, int | float) else safe(str(fact))
        for name, fact in error.facts.items()
    }
    return say(error.sentence, **facts), say(error.hint)


def dollars(micros: int) -> str:
    """Money as people write it."""
    return f"${micros / MICROS:.2f}"
