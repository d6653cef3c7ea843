"""Everything that can go wrong, in words that a person can act on.

BotError
├── RequestError         whoever asked can mend it
│   ├── StillError         the picture
│   ├── FilmError          the video of a character
│   ├── LinkError          the address of a picture
│   ├── PromptError        the words
│   ├── OptionError        seconds, shape, model
│   │   └── PriceError       nobody knows what that model costs
│   ├── MissingError       no such clip or job, or it is somebody else's
│   ├── StateError         too late or too early for that
│   └── QuotaError         a cap is reached
│       └── RateError        for minutes, not for the day
├── ProviderError        what renders said no; its `Fault` says why
├── DeliveryError        the chat said no
├── StorageError         this machine's disk or database said no
├── BusyError            too many came at once; in a moment there is room again
└── WorkshopError        our own worker process broke, ran too long or was stopped

SetupError is apart: the owner sees it before anything starts.

A chat shows `str(error)` and then `error.hint`; the log shows `error.__cause__`.
Nothing else ever reaches a person.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar


class BotError(Exception):
    """A failure that a person may be told about.

    The sentence is a template, so that it can be looked up in another language;
    the facts fill it in.

    Attributes:
        hint: What to do next, in one sentence.
        retryable: Whether the same call may succeed if made again.
    """

    hint: str = "Try again; if it keeps failing, ask whoever runs this bot."
    retryable: ClassVar[bool] = False

    def __init__(
        self, sentence: str, *, hint: str | None = None, **facts: object
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return self.sentence.format(**self.facts) if self.facts else self.sentence


class RequestError(BotError):
    """Whoever asked can mend it."""

    hint = "Change the request and send it again."


class StillError(RequestError):
    """The picture cannot be used."""

    hint = "Send a JPEG, PNG, WebP, AVIF, HEIC or GIF picture."


class FilmError(RequestError):
    """The video of a character cannot be used."""

    hint = "Send an MP4 of 1 to 15 seconds."


class LinkError(RequestError):
    """The picture cannot be fetched from the address that was given."""

    hint = "Save the picture and upload it instead."


class PromptError(RequestError):
    """The words cannot be used."""

    hint = "Say in a sentence how the picture should move."


class OptionError(RequestError):
    """The seconds, the shape or the model cannot be had."""


class PriceError(OptionError):
    """What the model costs is not known, and the bot may not spend without limit."""


class MissingError(RequestError):
    """There is no such clip or job, or it is somebody else's."""

    hint = "Look at your latest clips and pick one of them."


class StateError(RequestError):
    """It is too late or too early for that."""


class ReusedError(StateError):
    """A program's key of an order comes again, with another order."""

    hint = "Send another Idempotency-Key with each new order."


class QuotaError(RequestError):
    """A cap is reached."""

    hint = "Wait until it resets, or ask whoever runs this bot for more."


class RateError(QuotaError):
    """A cap is reached that makes room again by itself, and soon.

    Attributes:
        after: Seconds until then, where that is known.
    """

    def __init__(
        self,
        sentence: str,
        *,
        hint: str | None = None,
        after: float | None = None,
        **facts: object,
    ) -> None:
        super().__init__(sentence, hint=hint, **facts)
        self.after = after


class Fault(StrEnum):
    """Why a provider did not deliver; each has its advice in `ADVICE`."""

    REFUSED_INPUT = "refused_input"
    REFUSED_OUTPUT = "refused_output"
    INVALID = "invalid"
    AUTH = "auth"
    NO_MONEY = "no_money"
    BUSY = "busy"
    UNSUPPORTED = "unsupported"
    MODEL_GONE = "model_gone"
    EXPIRED = "expired"
    TIMEOUT = "timeout"
    UPSTREAM = "upstream"
    LOST = "lost"


_TELL_OWNER = "Whoever runs this bot has to mend it."
ADVICE: dict[Fault, str] = {
    Fault.REFUSED_INPUT: "Change the picture or the words and try again.",
    Fault.REFUSED_OUTPUT: "Say it differently, or try once more: results vary.",
    Fault.INVALID: "Try other words, another length or another shape.",
    Fault.AUTH: _TELL_OWNER,
    Fault.NO_MONEY: _TELL_OWNER,
    Fault.BUSY: "Try again in a few minutes.",
    Fault.UNSUPPORTED: "Pick another model, or ask for something simpler.",
    Fault.MODEL_GONE: "Pick another model.",
    Fault.EXPIRED: "Ask for it again; the old result is gone.",
    Fault.TIMEOUT: "Try again, perhaps with fewer seconds.",
    Fault.UPSTREAM: "Try again in a few minutes.",
    Fault.LOST: "Press Again to order it anew.",
}
PASSING = frozenset({Fault.BUSY, Fault.TIMEOUT, Fault.UPSTREAM})


class ProviderError(BotError):
    """What renders said no.

    Attributes:
        fault: Why; decides the advice and whether a retry can help.
        billed: Whether the provider may have charged the owner all the same.
        after: Seconds in which trying again is of no use, where it says so.
        doubtful: Whether a later look may find otherwise: a 404 may be a hiccup.
    """

    def __init__(
        self,
        fault: Fault,
        sentence: str,
        *,
        hint: str | None = None,
        billed: bool = False,
        after: float | None = None,
        doubtful: bool = False,
        **facts: object,
    ) -> None:
        super().__init__(sentence, hint=hint or ADVICE[fault])
        self.facts = facts
        self.doubtful = doubtful
        self.fault = fault
        self.billed = billed
        self.after = after


class DeliveryError(BotError):
    """The chat said no; the clip is kept.

    Attributes:
        passing: Whether the same post may succeed a little later.
    """

    hint = "The clip is kept: ask the bot to send it again."

    def __init__(
        self,
        sentence: str,
        *,
        hint: str | None = None,
        passing: bool = False,
        **facts: object,
    ) -> None:
        super().__init__(sentence, hint=hint, **facts)
        self.passing = passing


class StorageError(BotError):
    """This machine's disk or database said no."""

    hint = "Nothing was charged. Whoever runs this bot has to make room or look at it."


class BusyError(BotError):
    """Too many came at once; in a moment there is room again.

    Attributes:
        after: Seconds after which it is worth trying again.
    """

    hint = "Try again in a few seconds."
    retryable = True
    after: ClassVar[int] = 5


class WorkshopError(BotError):
    """Our own worker process broke, ran too long or was stopped."""

    hint = "Try again with a smaller picture or fewer seconds."
    retryable = True


class SetupError(Exception):
    """The owner has to change something before the bot can start.

    Attributes:
        problems: Every problem that was found, each one sentence with its remedy.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
