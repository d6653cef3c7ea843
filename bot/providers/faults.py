"""What a service's error means. Services word it in five shapes and many codes.

A shape is read into a code and a text; both are only ever compared with what is
known, never shown: they may hold ids, links and other people's words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Fault, ProviderError

LONGEST = 2_000  # characters of an error that are worth looking at


@dataclass(frozen=True, slots=True)
class Said:
    """A service's own error.

    Attributes:
        code: Its codes and types in one line, lower case.
        text: Its sentence, lower case.
    """

    code: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.code or self.text)


def read_error(body: object) -> Said:
    """The error in a body, whatever its shape: object, word, list, or only text.

    `{"error": {…}}` (OpenAI), `{"error": "…", "code": …}` (xAI, OpenRouter),
    `{"detail": […]}` (FastAPI, fal), `{"message": …}`, and bare text.
    """
    codes: list[str] = []
    texts: list[str] = []
    _collect(body, codes, texts, depth=6)
    return Said(
        " ".join(codes)[:LONGEST].lower(),
        " ".join(texts)[:LONGEST].lower(),
    )


_CODES = ("code", "type", "reason", "error_type", "failure_code", "status")
_TEXTS = ("message", "msg", "title", "error_message", "misalignment")
_INSIDE = ("error", "detail", "errors", "details", "failure")


def _collect(said: Any, codes: list[str], texts: list[str], *, depth: int) -> None:  # noqa: ANN401
    if depth == 0 or said is None:
        return
    if isinstance(said, str):
        texts.append(said)
    elif isinstance(said, list):
        for one in said[:5]:
            _collect(one, codes, texts, depth=depth - 1)
    elif isinstance(said, Mapping):
        codes += [str(said[name]) for name in _CODES if _is_plain(said.get(name))]
        texts += [str(said[name]) for name in _TEXTS if _is_plain(said.get(name))]
        for name in _INSIDE:
            _collect(said.get(name), codes, texts, depth=depth - 1)


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


# Seen across gateways (LiteLLM, CometAPI, LaoZhang, Ark, fal, OpenAI; 2026-11). The
# order matters: the first that matches says what it was.
_MARKS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    (
        Fault.REFUSED_INPUT,
        re.compile(r"prompt_unsafe|image_unsafe|input\w*sensitive|public.?figure"),
    ),
    (Fault.REFUSED_OUTPUT, re.compile(r"video_unsafe|output\w*sensitive")),
    (
        Fault.REFUSED_INPUT,
        re.compile(
            r"moderation|sentinel_block|content.?policy|content.?filter|safety"
            r"|policy_violation|sensitive|usage polic|prohibited|nsfw"
        ),
    ),
    (
        Fault.MODEL_GONE,
        re.compile(
            r"model_?not_?found|model_gone|model_unavailable"
            r"|no longer (?:available|supported|offered)"
            r"|been (?:shut down|retired|removed|sunset|deprecated)"
            r"|(?:model|endpoint|application)\b.{0,120}"
            r"(?:not found|does not exist|not available|not supported)"
            r"|no (?:such|available) (?:model|endpoint|channel)|model mismatch"
        ),
    ),
    (
        Fault.NO_MONEY,
        re.compile(
            r"insufficient.?(?:quota|balance|credit|fund|user_quota)|billing|payment"
            r"|exhausted.?balance|low balance|(?:out of|no) credit|budget_exceeded"
            r"|credits? (?:are )?(?:exhausted|required)|quota_not_enough"
        ),
    ),
    (
        Fault.AUTH,
        re.compile(
            r"invalid_api_key|incorrect api key|invalid (?:api )?(?:key|token)"
            r"|unauthenti|unauthori[sz]ed|permission_denied|no connected db"
        ),
    ),
    (
        Fault.BUSY,
        re.compile(r"rate_?limit|too many requests|overloaded|capacity|throttl"),
    ),
    (
        Fault.UNSUPPORTED,
        re.compile(r"notimplemented|not implemented|unsupported|public image url"),
    ),
)
# LiteLLM's 500s for what it has not built (facts of 2026-11).
_NEVER_BUILT = re.compile(r"notimplemented|not implemented|public image url")
# The least that can be said, so looked for last.
_WRONG = re.compile(r"invalid|must match|validation|value_error|bad.?request")

_STATUSES: Mapping[int, Fault] = {
    400: Fault.INVALID,
    401: Fault.AUTH,
    402: Fault.NO_MONEY,
    403: Fault.AUTH,
    404: Fault.AUTH,  # on an order: the address is wrong; the owner mends it
    405: Fault.AUTH,
    408: Fault.LOST,
    409: Fault.LOST,
    410: Fault.MODEL_GONE,
    413: Fault.INVALID,
    415: Fault.UPSTREAM,
    422: Fault.INVALID,
    423: Fault.BUSY,
    425: Fault.BUSY,
    429: Fault.BUSY,
    451: Fault.REFUSED_INPUT,
    499: Fault.UPSTREAM,
    503: Fault.BUSY,
}
# A status that leaves no doubt; what the text says is then of no interest.
_CERTAIN = frozenset({401, 402, 413, 451})
# After these an order may have been accepted: a gateway answers for somebody behind it
# who may have had it already. So may one that sends us elsewhere (300 to 399): many a
# server answers what it has done with 302, and 307 comes from in front of those that
# have not heard of it as well as of those that have.
_IN_DOUBT = frozenset({*range(300, 400), 408, 409})


def fault_of(status: int, said: Said) -> Fault:
    """Why a request was turned away.

    Args:
        status: Of the answer, 300 or more.
        said: What it says.
    """
    if 300 <= status < 400:
        return Fault.AUTH
    if status in _CERTAIN:
        return _STATUSES[status]
    known = fault_in(said)
    if status == 429 and known not in (Fault.NO_MONEY, Fault.AUTH):
        return Fault.BUSY
    if status >= 500 and known in (Fault.INVALID, None):
        return _STATUSES.get(status, Fault.UPSTREAM)
    return known or _STATUSES.get(status, Fault.UPSTREAM)


def fault_of_order(status: int, said: Said, *, after: float | None) -> Fault:
    """Why an order was turned away; `Fault.LOST` where it may have been accepted.

    A server in trouble is believed by a code that it is known to give, or where it
    says when to come again. Its sentences are not: any page of errors has words.

    Args:
        status: Of the answer, 300 or more.
        said: What it says.
        after: Seconds until it wants to be asked again, if it says so.
    """
    if status in _IN_DOUBT:
        return Fault.LOST
    if status < 499:
        return fault_of(status, said)
    if known := _marked(said.code):
        return known
    if _NEVER_BUILT.search(said.text):
        return Fault.UNSUPPORTED
    return Fault.BUSY if status == 503 and after is not None else Fault.LOST


def fault_in(said: Said) -> Fault | None:
    """Why, by its words alone; None when none of them is known."""
    if known := _marked(said.code) or _marked(said.text):
        return known
    return Fault.INVALID if _WRONG.search(f"{said.code} {said.text}") else None


def _marked(words: str) -> Fault | None:
    return next((fault for fault, mark in _MARKS if mark.search(words)), None)


SENTENCES: Mapping[Fault, str] = {
    Fault.REFUSED_INPUT: "{title} refuses that picture or those words.",
    Fault.REFUSED_OUTPUT: "{title} stopped: its rules do not allow what came out.",
    Fault.INVALID: "{title} cannot do that with this picture and these words.",
    Fault.AUTH: "{title} does not accept the bot's key or address.",
    Fault.NO_MONEY: "The bot has no credit left with {title}.",
    Fault.BUSY: "{title} is too busy right now.",
    Fault.UNSUPPORTED: "{title} does not do that with this model.",
    Fault.MODEL_GONE: "{title} no longer offers that model.",
    Fault.EXPIRED: "{title} has not kept that clip.",
    Fault.TIMEOUT: "{title} took too long.",
    Fault.UPSTREAM: "{title} does not work as it should right now.",
    Fault.LOST: "{title} did not say whether it took the order.",
}
GONE = "{title} no longer offers that model and names {instead} in its place."
PICTURE = "{title} refuses that picture."
WORDS = "{title} refuses those words."


def told(
    fault: Fault, title: str, said: Said | None = None, *, after: float | None = None
) -> ProviderError:
    """The error for a person: our words, never the service's."""
    sentence = SENTENCES[fault]
    codes = said.code if said else ""
    if fault is Fault.REFUSED_INPUT and re.search(r"image|input\w*image", codes):
        sentence = PICTURE
    elif fault is Fault.REFUSED_INPUT and re.search(r"prompt|input\w*text", codes):
        sentence = WORDS
    return ProviderError(fault, sentence, after=after, title=title)


def failed(title: str, said: Said) -> ProviderError:
    """The error of a render that was accepted and then came to nothing."""
    fault = fault_in(said)
    inputs = re.search(r"prompt_unsafe|image_unsafe|input", said.code)
    if fault is Fault.REFUSED_INPUT and not inputs:
        fault = Fault.REFUSED_OUTPUT  # it looked while or after it rendered
    return told(fault or Fault.UPSTREAM, title, said)
