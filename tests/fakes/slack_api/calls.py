"""What the app asks of the fake, taken apart."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.things import Json
from tests.fakes.slack_api.tokens import Install, Token

if TYPE_CHECKING:
    from tests.fakes.slack_api.places import Channel
    from tests.fakes.slack_api.world import FakeSlack


@dataclass(eq=False)
class Logged:
    """A request and what came of it, to be looked at by tests.

    Attributes:
        status: Of the answer; 0 while there is none, or where it was cut.
        error: Of the answer, if it was `ok: false`.
    """

    method: str
    args: Json
    token: str
    at: float
    status: int = 0
    error: str = ""
    answer: Any = None


@dataclass(eq=False)
class Call:
    """A request of the app.

    Attributes:
        args: From the query, the form or the JSON, as they came.
        later: What happens once it has been answered.
    """

    slack: "FakeSlack"
    method: str
    args: Json
    bearer: str
    request: web.Request
    logged: Logged
    token: Token | None = None
    later: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def install(self) -> Install:
        """The installation whose token it was made with."""
        assert self.token is not None
        assert self.token.install is not None
        return self.token.install

    def text(self, name: str) -> str:
        """An argument as a word; empty if it is missing."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """An argument as a switch."""
        return self.text(name).lower() in {"1", "true"}

    def json(self, name: str, error: str) -> Any:
        """An argument that holds JSON, or is JSON already."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Problem(error) from None

    def scope(self, *wanted: str) -> None:
        """Insist on one of some scopes."""
        if not self.install.granted(wanted):
            provided = ",".join(sorted(self.install.scopes))
            raise Problem("missing_scope", needed=",".join(wanted), provided=provided)

    def channel(self, name: str = "channel") -> "Channel":
        """A channel the bot can see."""
        found = self.slack.channels.get(self.text(name))
        if found is None or not found.seen_by_bot(self.install):
            raise Problem("channel_not_found")
        return found


def bare_call(slack: "FakeSlack", request: web.Request, name: str, args: Json) -> Call:
    """A request with its token."""
    header = request.headers.get("Authorization", "")
    bearer = header.removeprefix("Bearer ") if header.startswith("Bearer ") else ""
    bearer = str(args.pop("token", "")) or bearer
    logged = Logged(name, args, bearer, slack.clock())
    slack.log.append(logged)
    return Call(slack, name, args, bearer, request, logged)


async def read_call(slack: "FakeSlack", request: web.Request, name: str) -> Call:
    """Take a request apart; raises if the app hangs up meanwhile."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        args |= json.loads(body) if body else {}
    elif request.can_read_body:
        args |= dict((await request.post()).items())
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        pair = base64.b64decode(header.removeprefix("Basic ")).decode()
        args["client_id"], _, args["client_secret"] = pair.partition(":")
    return bare_call(slack, request, name, args)
