"""Socket Mode: tickets, connections, envelopes and their acknowledgements."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSMessage, WSMsgType, web

from tests.fakes.slack_api import faults
from tests.fakes.slack_api.calls import bare_call
from tests.fakes.slack_api.delivery import ACK_WINDOW, EVENT, Delivered, Delivery
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.world import FakeSlack

MOST = 10


@dataclass(eq=False)
class Connection:
    """One WebSocket of the app.

    Attributes:
        brought: Envelopes that went over it.
        frozen: Whether it is dead, but nobody knows: no pongs, nothing is read.
        leaving: Whether it was told to go; others are preferred then.
    """

    ws: web.WebSocketResponse
    request: web.Request
    brought: list[Json] = field(default_factory=list)
    frozen: bool = False
    leaving: bool = False

    async def send(self, body: Json) -> None:
        """Send something, unless the connection is dead."""
        if not self.frozen:
            await self.ws.send_str(json.dumps(body))


@dataclass(eq=False)
class Waiting:
    """An envelope that is to be acknowledged."""

    delivery: Delivery
    at: float
    due: float
    done: bool = False
    in_time: bool = False


Bidding = Callable[[Connection], Awaitable[None]]


class Socket:
    """The door for Socket Mode.

    Attributes:
        connections: Those that are open, oldest first.
        opened: How many there have been.
        disabled: Whether Socket Mode is switched off.
    """

    def __init__(self, slack: "FakeSlack") -> None:
        self.slack = slack
        self.connections: list[Connection] = []
        self.opened = 0
        self.disabled = False
        self._tickets: set[str] = set()
        self._envelopes: dict[str, Waiting] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self.connections)

    async def until(self, count: int, patience: float = 5) -> None:
        """Wait until so many connections are open."""
        look = lambda: self.count == count  # noqa: E731
        await self.slack.bell.until(look, patience, lambda: f"{self.count} are open")

    def ticket(self) -> str:
        """An address for one connection."""
        ticket = self.slack.ids.new("ticket-")
        self._tickets.add(ticket)
        host = self.slack.address.replace("http", "ws", 1)
        return f"{host}/link/?ticket={ticket}&app_id={self.slack.app_id}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A connection, until it ends."""
        ticket = request.query.get("ticket", "")
        call = bare_call(self.slack, request, "socket", dict(request.query))
        fault = self.slack.faulty(call)
        if fault is not None and fault.cut:
            return faults.cut(request)
        if fault is not None and fault.answer is not None:
            return fault.answer
        if ticket not in self._tickets:
            return web.Response(status=408, text="Ticket was used or is unknown")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        connection = Connection(ws, request)
        if self.count >= MOST:
            await connection.send(self._farewell("too_many_websockets"))
            await ws.close()
            return ws
        self.connections.append(connection)
        self.opened += 1
        try:
            await self._talk(connection)
        finally:
            self.connections.remove(connection)
            self.slack.bell.ring()
        return ws

    async def _talk(self, connection: Connection) -> None:
        hello = {
            "type": "hello",
            "num_connections": self.count,
            "connection_info": {"app_id": self.slack.app_id},
            "debug_info": {"host": "applink-1", "approximate_connection_time": 18060},
        }
        await connection.send(hello)
        self.slack.bell.ring()
        async for message in connection.ws:
            if connection.frozen:
                continue
            if message.type == WSMsgType.PING:
                await connection.ws.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self._heard(message)

    def _heard(self, message: WSMessage) -> None:
        """An acknowledgement; it may come over any connection."""
        said = json.loads(message.data)
        waiting = self._envelopes.get(said.get("envelope_id", ""))
        if waiting is None:
            self.slack.unexpected.append(f"socket: of no envelope: {said}")
            return
        body = said.get("payload")
        delivery = waiting.delivery
        if body is not None and delivery.kind == EVENT:
            self.slack.unexpected.append(f"socket: an event takes no answer: {said}")
        took = asyncio.get_running_loop().time() - waiting.at
        waiting.done, waiting.in_time = True, self.slack.clock() <= waiting.due
        if waiting.in_time:
            delivery.acknowledge(body, took)
        else:
            delivery.too_late(body, took)

    async def bring(
        self, delivery: Delivery, number: int, reason: str
    ) -> tuple[str, bool]:
        """Send it in an envelope over one connection, and wait for the answer."""
        if not self.connections:
            return "connection_failed", False
        slack = self.slack
        self._turn += 1
        stay = [one for one in self.connections if not one.leaving]
        able = stay or self.connections
        connection = able[self._turn % len(able)]
        envelope: Json = {
            "envelope_id": slack.ids.new("envelope-"),
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != EVENT,
        }
        if delivery.kind == EVENT:
            why = reason if number else ""
            envelope |= {"retry_attempt": number, "retry_reason": why}
        now = asyncio.get_running_loop().time()
        waiting = Waiting(delivery, now, slack.clock() + ACK_WINDOW)
        self._envelopes[envelope["envelope_id"]] = waiting
        connection.brought.append(envelope)
        try:
            await connection.send(envelope)
        except ConnectionError:
            return "connection_failed", False
        look = lambda: waiting.done or slack.clock() > waiting.due  # noqa: E731
        await slack.bell.until(look, None, str)
        return "" if waiting.in_time else "timeout", False

    def disconnect(
        self, reason: str = "refresh_requested", which: int | None = None
    ) -> "asyncio.Task[None]":
        """Tell connections to go: `warning`, `refresh_requested`, `link_disabled`.

        Args:
            reason: What they are told.
            which: Only the n-th, oldest first.
        """
        self.disabled = self.disabled or reason == "link_disabled"
        return self._each(self._bid(reason), which)

    def _each(self, act: Bidding, which: int | None) -> "asyncio.Task[None]":
        every = list(self.connections)
        some = every if which is None else [every[which]]

        async def all_of_them() -> None:
            for connection in some:
                await act(connection)

        return self.slack.background(all_of_them())

    def _bid(self, reason: str) -> Bidding:
        async def bid(connection: Connection) -> None:
            connection.leaving = True
            await connection.send(self._farewell(reason))
            if reason == "link_disabled":
                await connection.ws.close()

        return bid

    def _farewell(self, reason: str) -> Json:
        about = {"host": "applink-1"}
        return {"type": "disconnect", "reason": reason, "debug_info": about}

    def drop(self, which: int | None = None) -> None:
        """Cut connections, without a word."""
        every = list(self.connections)
        for connection in every if which is None else [every[which]]:
            if connection.request.transport is not None:
                connection.request.transport.abort()

    def freeze(self, which: int | None = None) -> None:
        """Let connections die in a way that nobody notices at once."""
        every = list(self.connections)
        for connection in every if which is None else [every[which]]:
            connection.frozen = True

    async def send_raw(self, text: str) -> None:
        """Send anything, over every connection."""
        for connection in list(self.connections):
            await connection.ws.send_str(text)

    async def redeliver(self, what: Delivered, times: int = 1) -> Delivered:
        """Bring events again that were acknowledged already."""
        return await self.slack.redeliver(what, times=times)

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self.connections):
            await connection.ws.close()
