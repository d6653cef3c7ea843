"""The server under the page: it lets nobody wait for ever, and waits for nobody so.

aiohttp limits the idle time of a connection only. Here a request has so long for its
head, so long for its body, and its answer so long to be read.
"""

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.gate import LEAST, SPARE, Gate
from bot.errors import RequestError
from bot.fence import brief

log = logging.getLogger(__name__)

HEAD = 20.0  # seconds from the first byte of a request, or the connection, to its body
BODY = 120.0  # seconds for a whole body
IDLE = 75.0  # seconds between two requests; nginx keeps its own for 60
AHEAD = (
    1 << 15
)  # bytes of a body that are read before anybody asks for them; twice that
STALLED = 60_000  # milliseconds in which nothing of an answer is read
UNLIMITED = 1 << 16  # descriptors that are enough where there is no limit
NAME = "Vivant"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: Vivant\r\nRetry-After: 5\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 45\r\nConnection: close\r\n\r\n"
    b"Too many connections. Try again in a moment.\n"
)


class SlowError(RequestError):
    """A body took too long to come."""

    hint = "Send it again over a better line."


class Line(web.RequestHandler):
    """A connection that has limits.

    Args:
        gate: Who may hold one.
        head: Seconds for the head of a request.
        body: Seconds for its body.
    """

    def __init__(
        self,
        manager: web.Server,
        gate: Gate,
        *,
        head: float = HEAD,
        body: float = BODY,
        **more: Any,  # noqa: ANN401 - as aiohttp has it
    ) -> None:
        super().__init__(manager, **more)
        self._gate = gate
        self._patience = (head, body)
        self._refused = self._is_busy = False
        self._listeners: list[Callable[[], None]] = []
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection in, or say that there are too many."""
        address = transport.get_extra_info("peername")
        if not self._gate.enter(self, str(address[0]) if address else ""):
            self._refused = True
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(FULL)
            transport.close()
            return
        _hang_up_on_the_deaf(transport)
        super().connection_made(transport)
        self._wait(self._patience[0])

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that has begun has to end in time."""
        if self._refused:
            return
        if data and self._clock is None and not self._is_busy:
            self._wait(self._patience[0])
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget a connection."""
        self._gate.leave(self)
        self._stop()
        for listener in self._listeners:
            listener()
        super().connection_lost(exc)

    def when_lost(self, listener: Callable[[], None]) -> None:
        """Be told when whoever is connected has gone."""
        self._listeners.append(listener)

    def begin(self, request: web.Request) -> None:
        """A head has come whole; what follows is the body, if there is one."""
        self._is_busy = True
        self._gate.busy(self)
        self._stop()
        if not request.content.is_eof():
            content = request.content

            def late() -> None:
                if not content.is_eof():
                    content.set_exception(SlowError("That did not arrive in time."))

            self._clock = self._loop.call_later(self._patience[1], late)
            content.on_eof(self._stop)

    def log_access(
        self, request: web.BaseRequest, response: web.StreamResponse, time: float | None
    ) -> None:
        """A request is answered: wait for the next."""
        self._is_busy = False
        self._gate.idle(self)
        self._stop()
        super().log_access(request, response, time)

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401
        """Note in one short line what broke outside of every handler."""
        error = kw.get("exc_info")
        why = brief(error) if isinstance(error, BaseException) else str(args[:1])
        log.info("a connection broke: %s", why)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats what was sent
    ) -> web.StreamResponse:
        """Answer what is no request; strangers may not fill the log with it.

        Raises:
            ConnectionError: An answer has begun already.
        """
        level = logging.INFO if status < 500 else logging.ERROR
        why = brief(exc) if exc else status
        log.log(level, "a request from %s cannot be answered: %s", request.remote, why)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        text = "That is not a request.\n" if status < 500 else "It broke on our side.\n"
        response = web.Response(status=status, text=text, headers={"Server": NAME})
        response.force_close()
        return response

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._clock = self._loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._clock = None
        if not self._is_busy:
            self.force_close()

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


class Site(web.BaseSite):
    """A place where such connections are taken.

    Args:
        runner: Set up already.
        host: Where to listen.
        port: On which port; 0 takes a free one.
        gate: Who may hold a connection.
        head: Seconds for the head of a request.
        body: Seconds for its body.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        *,
        gate: Gate | None = None,
        head: float = HEAD,
        body: float = BODY,
    ) -> None:
        super().__init__(runner)
        self._where = (host, port)
        self._gate = Gate() if gate is None else gate
        self._patience = {"head": head, "body": body}

    @property
    def name(self) -> str:
        """Its address."""
        return "http://{}:{}".format(*self._where)

    async def start(self) -> None:
        """Listen from now on."""
        await super().start()
        loop, manager = asyncio.get_running_loop(), self._runner.server
        assert manager is not None  # noqa: S101 - the runner is set up

        def connect() -> Line:
            return Line(
                manager,
                self._gate,
                loop=loop,
                access_log=None,
                keepalive_timeout=IDLE,
                read_bufsize=AHEAD,
                **self._patience,
            )

        self._server = await loop.create_server(
            connect, *self._where, backlog=self._backlog
        )


@web.middleware
async def begin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection that a request has come; the outermost of all.

    Whoever left in the middle of an upload has caused no error, and reads no answer.
    """
    if isinstance(request.protocol, Line):
        request.protocol.begin(request)
    try:
        return await handler(request)
    except ConnectionError as error:
        log.info("a request broke off: %s", brief(error))
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


def raise_limit() -> int:
    """Take as many descriptors as the system gives; how many connections they hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = UNLIMITED if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays at %s: %s", soft, error)
    room = UNLIMITED if soft == resource.RLIM_INFINITY else soft - SPARE
    return max(LEAST, room)


def _hang_up_on_the_deaf(transport: asyncio.BaseTransport) -> None:
    """Let the system close a connection whose other end reads nothing any more."""
    raw = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if raw is not None and option is not None and raw.family != socket.AF_UNIX:
        raw.setsockopt(socket.IPPROTO_TCP, option, STALLED)
