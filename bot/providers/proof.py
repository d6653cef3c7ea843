"""Whether it is the service itself that answers, and to a key that it knows."""

import httpx

from bot.errors import PASSING, Fault
from bot.providers.answers import Answer
from bot.providers.faults import fault_of
from bot.providers.wire import Wire


def prove(wire: Wire, answer: Answer, *, good: bool) -> None:
    """Refuse an answer that is not what only a good key gets.

    A page for people, or another program's “not found”, comes from a wrong address.

    Raises:
        ProviderError: It is not good.
    """
    if good:
        return
    said = answer.said()
    fault = fault_of(answer.status, said) if answer.status >= 300 else Fault.AUTH
    known = fault in PASSING or fault is Fault.NO_MONEY
    raise wire.refusal(fault if known else Fault.AUTH, said) from UnfitError(answer)


class UnfitError(Exception):
    """What was answered in place of what only a good key gets.

    Attributes:
        answer: All of it, for the owner's eyes.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


def unfit_answer(error: BaseException) -> Answer | None:
    """The answer behind an error of `prove`; None when there was no answer."""
    cause = error.__cause__
    return cause.answer if isinstance(cause, UnfitError) else None


def is_proxys(error: BaseException) -> bool:
    """Whether a proxy between us and the service would not let us through."""
    return isinstance(error.__cause__, httpx.ProxyError)


def is_late(error: BaseException) -> bool:
    """Whether the service took the connection and then kept silent."""
    return isinstance(error.__cause__, (httpx.TimeoutException, TimeoutError))


def ids(listed: object, name: str = "id") -> frozenset[str]:
    """The models in a service's own list."""
    items = listed if isinstance(listed, list) else []
    found = [item.get(name) for item in items if isinstance(item, dict)]
    return frozenset(one for one in found if isinstance(one, str))
