"""What a `/v1/videos` server says of a render, whatever its dialect."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.models import RenderRequest, State
from bot.providers.answers import moment, number
from bot.providers.cloud import is_ref
from bot.providers.planning import sent_words

# Words of nine dialects (2026-11), lower case. Any other word means: still at it.
_STATES: Mapping[str, State] = dict.fromkeys(
    ("completed", "succeeded", "succeed", "success", "done", "complete", "finished"),
    State.DONE,
) | dict.fromkeys(("failed", "failure", "error", "fail"), State.FAILED)
_PLACES = (  # where gateways were seen to put the clip's address
    *("video_url", "url", "urls", "download_url", "video.url", "output.url"),
    *("output", "outputs.video_url", "result.video_url", "data.url"),
)
_IDS = ("id", "request_id", "task_id", "video_id")
_MADE = ("created_at", "createdAt", "created", "create_time", "createTime")
_ENDS = ("expires_at", "expiresAt", "expire_time", "expireTime")
_ENDED = frozenset({"cancelled", "canceled", "deleted", "aborted"})
_WAITING = frozenset(
    (
        "queued",
        "in_progress",
        "pending",
        "processing",
        "running",
        "submitted",
        "starting",
        "not_start",
        "",
    )
)


def word_of(video: Mapping[str, Any]) -> str | None:
    """The state in the server's word; None when the body is no video at all."""
    word = video.get("status", video.get("state"))
    return word.strip().lower() if isinstance(word, str) else None


def state_of(word: str) -> State | None:
    """What the word means; None when nobody has seen it before."""
    if word in _STATES:
        return _STATES[word]
    if word in _ENDED:
        return State.CANCELLED
    if word == "expired":
        return State.FAILED
    return State.RENDERING if word in _WAITING else None


def is_video(video: Mapping[str, Any], ref: str | None) -> bool:
    """Whether a body surely speaks of a render: it says so, or has its id."""
    named = ref is not None and ref in [str(video.get(name)) for name in _IDS]
    return named or video.get("object") == "video"


def ref_of(video: Mapping[str, Any]) -> object:
    """The server's id of a render, under any of its names."""
    for name in _IDS:
        if is_ref(video.get(name)):
            return str(video[name])
    return None


def progress_of(video: Mapping[str, Any]) -> float | None:
    """0 to 1. None where it is missing, stuck at zero or nonsense."""
    told = video.get("progress")
    if isinstance(told, str) and re.fullmatch(r"[0-9.]{1,6}%?", told):
        told = float(told.rstrip("%")) if told.count(".") < 2 else None
    share = number(told, most=100)
    if share is not None and (share > 1 or isinstance(told, int)):
        share /= 100
    return share or None


def took(video: Mapping[str, Any]) -> float | None:
    """Seconds from order to clip, where the server says both."""
    begun, ended = made_at(video), moment(video.get("completed_at"))
    return ended - begun if begun and ended and ended > begun else None


def links_in(video: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """The addresses of the clip, in the order of their names; then under any other."""
    found = (
        link for name in (*names, *_PLACES) for link in _at(video, name.split("."))
    )
    return list(dict.fromkeys(found))


def made_at(item: Mapping[str, Any]) -> float | None:
    """Unix time in seconds when a listed render was ordered, if it says so."""
    return _first(item, _MADE)


def ends_at(video: Mapping[str, Any]) -> float | None:
    """Unix time in seconds until which the server keeps the clip, if it says so."""
    return _first(video, _ENDS)


def _first(item: Mapping[str, Any], names: Sequence[str]) -> float | None:
    """The first moment that any of these names tells."""
    told = (moment(item.get(name)) for name in names)
    return next((found for found in told if found is not None), None)


def same_order(item: Mapping[str, Any], request: RenderRequest) -> bool | None:
    """Whether a listed render is of this request; None when it does not say."""
    prompt = item.get("prompt")
    if not isinstance(prompt, str):
        return None
    # Of an extension the reference tells all the seconds, others those it adds.
    lengths = {str(request.made_seconds), str(request.seconds)}
    checks = (
        (item.get("model"), {request.model}),
        (item.get("size"), {str(request.size)}),
        (item.get("seconds"), lengths),
    )
    same = all(str(told) in wanted for told, wanted in checks if told not in (None, ""))
    return same and prompt.strip() == sent_words(request).strip()


def _at(value: Any, names: Sequence[str]) -> Iterator[str]:  # noqa: ANN401 - JSON
    if names and isinstance(value, Mapping):
        yield from _at(value.get(names[0]), names[1:])
    elif not names and isinstance(value, str) and value:
        yield value
    elif not names and isinstance(value, list):
        yield from (link for link in value if isinstance(link, str) and link)
