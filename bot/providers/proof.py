"""Whether it is the service itself that answers, and to a key that it knows."""

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
    raise wire.refusal(fault if known else Fault.AUTH, said)


def ids(listed: object, name: str = "id") -> frozenset[str]:
    """The models in a service's own list."""
    items = listed if isinstance(listed, list) else []
    found = [item.get(name) for item in items if isinstance(item, dict)]
    return frozenset(one for one in found if isinstance(one, str))
