"""Jobs as the reference wire shows them."""

from collections.abc import Mapping
from typing import TypedDict

from bot.errors import Fault
from bot.languages import say
from bot.models import Entry, Job, ModelCard, Op, State, Tier
from bot.store.characters import Kept
from bot.wording.cards import refund_line

NAMES = {Tier.DRAFT: "sora-2", Tier.FINAL: "sora-2-pro"}
CODES = {
    Fault.REFUSED_INPUT: "moderation_blocked",
    Fault.REFUSED_OUTPUT: "moderation_blocked",
    Fault.INVALID: "invalid_value",
    Fault.UNSUPPORTED: "invalid_value",
    Fault.TIMEOUT: "timeout",
}
DAY = 86_400


class Why(TypedDict):
    """Why a video failed."""

    code: str
    message: str


class Video(TypedDict):
    """A job; times are Unix times in seconds, `progress` is 0 to 100."""

    id: str
    object: str
    model: str
    status: str
    progress: int
    created_at: int
    completed_at: int | None
    expires_at: int | None
    prompt: str
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: Why | None


class Character(TypedDict):
    """Somebody whom videos are to show again."""

    id: str
    name: str
    created_at: int


class Videos(TypedDict):
    """A page of a list."""

    object: str
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


def video(entry: Entry, *, keep_days: int) -> Video:
    """A job with what came of it; kept for so many days, 0 is for ever."""
    job, clip = entry.job, entry.clip
    request, source = job.request, job.request.source
    status = status_of(job)
    until = clip and keep_days and int(clip.created) + keep_days * DAY
    return Video(
        id=job.id,
        object="video",
        model=model(job),
        status=status,
        progress=100 if status == "completed" else int((job.progress or 0) * 100),
        created_at=int(job.created),
        completed_at=int(clip.created) if clip and status == "completed" else None,
        expires_at=until or None,
        prompt=request.prompt,
        size=str(request.size),
        seconds=str(request.seconds),
        remixed_from_video_id=source.clip_id
        if source and request.op is Op.REMIX
        else None,
        error=_why(job) if status == "failed" else None,
    )


def character(kept: Kept) -> Character:
    """A character as its key knows it."""
    name = kept.character.name
    return Character(id=kept.id, name=name, created_at=int(kept.created))


def model(job: Job) -> str:
    """The name that was asked for: ours, or what stands for the tier."""
    request = job.request
    if request.named:
        return f"{request.provider}/{request.model}"
    return NAMES[request.tier]


def status_of(job: Job) -> str:
    """One of the wire's four words; a clip that lies here is completed."""
    match job.state:
        case State.QUEUED:
            return "queued"
        case State.DONE:
            return "completed"
        case State.FAILED | State.CANCELLED:
            return "failed"
        case State.DELIVERING:
            return "failed" if job.end else "completed"
        case _:
            return "in_progress"


def page(videos: list[Video], *, more: bool) -> Videos:
    """Some videos in a row."""
    return Videos(
        object="list",
        data=videos,
        first_id=videos[0]["id"] if videos else None,
        last_id=videos[-1]["id"] if videos else None,
        has_more=more,
    )


def models(names: Mapping[str, ModelCard | None]) -> dict[str, object]:
    """Every name that an order may have, as `GET /v1/models` lists them."""
    listed = [model_of(name, card) for name, card in names.items()]
    return {"object": "list", "data": listed}


def model_of(name: str, card: ModelCard | None) -> dict[str, object]:
    """A name that an order may have, and what the model behind it needs and can.

    The reference knows the first four fields only; its clients pass over the others.
    """
    known: dict[str, object] = {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "vivant",
    }
    if card is None:
        return known
    return known | {
        "stands_for": card.name,
        "input_reference": "optional" if card.text_only else "required",
        "last_frame": card.last_frame,
        "characters": card.characters,
        "seconds": [str(one) for one in card.seconds],
        "sizes": [str(one) for one in card.sizes],
        "audio": card.audio,
        "free": card.weight == 0,
        "prompt_characters": card.prompt_limit,
    }


def _why(job: Job) -> Why:
    refund = refund_line(job, say)
    if job.error is None:
        words = ["Somebody stopped it.", refund or ""]
        return Why(code="cancelled", message=" ".join(words).strip())
    code = CODES.get(job.error.fault, "server_error") if job.error.fault else None
    message = f"{job.error} {job.error.hint} {refund or ''}"
    return Why(code=code or "server_error", message=message.strip())
