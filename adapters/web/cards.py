"""What the page is told about a job, as JSON-ready values."""

import re
from typing import TypedDict

from bot.languages import say
from bot.models import Clip, Entry, Job, Op
from bot.prompt.plan import Plan
from bot.wording import plan_lines
from bot.wording.cards import DELAYS, refund_line


class Trouble(TypedDict):
    """What went wrong and what to do about it."""

    error: str
    hint: str


class Film(TypedDict):
    """A finished clip, ready to be played.

    `seconds` is its length and `bytes` its size on disk.
    """

    url: str
    poster: str
    download: str
    width: int
    height: int
    seconds: float
    bytes: int


class Delayed(TypedDict):
    """Why a job makes no progress for now, and since when; `{when}` stands for that."""

    sentence: str
    since: float


class Card(TypedDict):
    """A job as the page shows it.

    `progress` is 0 to 1 or None, times are Unix times in seconds, `lines` say what
    was done, and `parent` is the job whose clip this one started from.
    """

    id: str
    op: Op
    state: str
    ended: bool
    stopping: bool
    ahead: int
    progress: float | None
    prompt: str
    seconds: int
    width: int
    height: int
    model: str
    seed: int
    parent: str | None
    still: str | None
    lines: list[str]
    notes: list[str]
    cannot: list[str]
    trouble: Trouble | None
    delay: Delayed | None
    created: float
    updated: float
    clip: Film | None


def card(entry: Entry) -> Card:
    """Everything the page shows about a job."""
    job, clip = entry.job, entry.clip
    request = job.request
    told = clip or job
    refund = None if clip else refund_line(job, say)
    return Card(
        id=job.id,
        op=request.op,
        state=job.state,
        ended=job.state.ended,
        stopping=job.cancel and not job.state.ended,
        ahead=entry.ahead,
        progress=job.progress,
        prompt=request.prompt,
        seconds=request.seconds,
        width=request.size.width,
        height=request.size.height,
        model=f"{request.provider}/{request.model}",
        seed=request.seed,
        parent=request.source.clip_id if request.source else None,
        still=f"/stills/{request.still}" if request.still else None,
        lines=_lines(told),
        notes=[*told.notes, *([refund] if refund else [])],
        cannot=list(told.cannot),
        trouble=_trouble(job),
        delay=_delayed(job),
        created=job.created,
        updated=job.updated,
        clip=film(clip) if clip else None,
    )


def film(clip: Clip) -> Film:
    """Where the page finds a clip's files."""
    url = f"/clips/{clip.id}.mp4"
    return Film(
        url=url,
        poster=f"/clips/{clip.id}.jpg",
        download=f"{url}?download=1",
        width=clip.size.width,
        height=clip.size.height,
        seconds=clip.seconds,
        bytes=clip.bytes,
    )


def file_name(clip: Clip) -> str:
    """A name that says what is in the file and is safe on every system."""
    words = re.findall(r"[a-z0-9]+", clip.request.prompt.lower())
    return "-".join(["vivant", *words[:6], clip.id])[:80] + ".mp4"


def _lines(told: Clip | Job) -> list[str]:
    """What is done with the still, in words; other providers have no plan."""
    return list(plan_lines(Plan.from_json(told.plan))) if told.plan else []


def _delayed(job: Job) -> Delayed | None:
    if job.delay is None or job.state.ended:
        return None
    return Delayed(sentence=DELAYS[job.delay], since=job.delayed_since or job.updated)


def _trouble(job: Job) -> Trouble | None:
    if job.error is None:
        return None
    return Trouble(error=str(job.error), hint=job.error.hint)
