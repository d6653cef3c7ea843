"""The methods of the Web API that are modelled, and Slack's rules for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api.tokens import BOT

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call

Handler = Callable[["Call"], Awaitable[Any]]
PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}


@dataclass(frozen=True)
class Method:
    """A method, as the reference describes it.

    Attributes:
        scopes: One of these is needed.
        tier: How often it may be called: 1 to 4; 5 is special.
        needs: Arguments that must be there.
        args: All arguments.
        errors: Errors the fake may answer with.
        token: The kind of token, or "" for none.
    """

    name: str
    handler: Handler
    scopes: frozenset[str]
    tier: int
    needs: frozenset[str]
    args: frozenset[str]
    errors: frozenset[str]
    token: str


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *,
    tier: int,
    scopes: str = "",
    needs: str = "",
    args: str = "",
    errors: str = "",
    token: str = BOT,
) -> Callable[[Handler], Handler]:
    """Model a method; lists are words with spaces between."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(
            name,
            handler,
            frozenset(scopes.split()),
            tier,
            frozenset(needs.split()),
            frozenset(args.split()) | frozenset(needs.split()),
            frozenset(errors.split()),
            token,
        )
        return handler

    return register
