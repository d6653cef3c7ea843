"""Scripted faults: what goes wrong, where, and how often."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack_api.things import Json, matches

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call


@dataclass(eq=False)
class Fault:
    """What goes wrong with requests like this.

    Attributes:
        method: Of the Web API, with `*`; or `upload`, `download`, `response_url`,
            `socket`, `authorize`. Any if empty.
        status: Answered instead of handling them.
        error: Answered with `ok: false` instead of handling them.
        retry_after: Seconds, for a 429.
        cut: Whether the connection breaks "before" or "after" they are handled.
        hold: The answer waits for this; the request is handled at once.
        stall: The request itself waits for this.
        times: How many of them.
        where: Only requests of which this is true.
        more: Further keys of the answer.
        struck: How often it struck.
    """

    method: str = ""
    status: int = 0
    error: str = ""
    retry_after: float | None = None
    cut: str = ""
    hold: asyncio.Event | None = None
    stall: asyncio.Event | None = None
    times: int = 1
    where: "Callable[[Call], bool] | None" = None
    more: Json = field(default_factory=dict)
    struck: int = 0

    def takes(self, call: "Call") -> bool:
        """Whether it strikes here; counts."""
        if self.struck >= self.times or not matches(call.method, self.method):
            return False
        if self.where is not None and not self.where(call):
            return False
        self.struck += 1
        return True

    @property
    def answer(self) -> web.Response | None:
        """What is answered instead, if anything."""
        if self.status == 429:
            return limited(self.retry_after or 0)
        if self.error:
            body = {"ok": False, "error": self.error} | self.more
            return web.json_response(body, status=self.status or 200)
        if self.status:
            return web.Response(
                text="<html>It went wrong.</html>",
                content_type="text/html",
                status=self.status,
            )
        return None


def limited(retry_after: float) -> web.Response:
    """The answer to a call too many."""
    headers = {"Retry-After": str(round(retry_after))}
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers=headers)


def cut(request: web.Request) -> web.Response:
    """Break the connection; what is returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
