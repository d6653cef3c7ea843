"""Live updates: one open page reads, card by card, what changed."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress

import msgspec
from aiohttp import web

from adapters.web.cards import card
from adapters.web.chat import OWNER, Listener, WebChat
from adapters.web.gate import neighbourhood
from adapters.web.server import Line
from bot.errors import BusyError, MissingError, StorageError
from bot.models import State
from bot.service import RenderService

MOST = 200  # pages that may listen at the same time
MOST_EACH = 100  # of one address; behind a proxy everybody has the same one
HEARTBEAT = 15.0  # seconds; proxies cut, and pages doubt, what is silent for longer


class Live:
    """Server-sent events: `card` with a whole card, `gone` with the id of one."""

    def __init__(self, service: RenderService, chat: WebChat) -> None:
        self._service = service
        self._chat = chat
        self._open: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """The address that a page keeps open."""
        return [web.get("/api/events", self.follow)]

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """Tell a page of every change until it goes, or we do.

        Raises:
            BusyError: Too many listen already.
        """
        with self._counted(neighbourhood(request.remote or "")):
            return await self._follow(request)

    @contextmanager
    def _counted(self, home: str) -> Generator[None]:
        if self._open.total() >= MOST or self._open[home] >= MOST_EACH:
            raise BusyError("Too many pages are open.", hint="Close some of them.")
        self._open[home] += 1
        try:
            yield
        finally:
            self._open[home] -= 1
            if not self._open[home]:
                del self._open[home]

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        with self._chat.listening() as listener, suppress(ConnectionError):
            if isinstance(request.protocol, Line):
                request.protocol.when_lost(listener.close)
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            await self._tell(response, listener)
        return response

    async def _tell(self, response: web.StreamResponse, listener: Listener) -> None:
        waiting: set[str] = set()
        while not listener.closed:
            changed = await listener.changes(HEARTBEAT)
            if not changed:
                await response.write(b"event: beat\ndata: 1\n\n")
            for job_id in changed:
                state = await self._tell_one(response, job_id)
                if state is State.QUEUED:
                    waiting.add(job_id)
                elif job_id in waiting:  # it left the queue: the others moved up
                    waiting.remove(job_id)
                    for other in waiting:
                        listener.tell(other)

    async def _tell_one(
        self, response: web.StreamResponse, job_id: str
    ) -> State | None:
        """Send how a job is now; None when it is no more."""
        try:
            entry = await self._service.entry(job_id, person=OWNER)
        except MissingError:
            await _send(response, "gone", {"id": job_id})
            return None
        except StorageError:
            return None  # the page looks again by itself when it reconnects
        await _send(response, "card", card(entry))
        return entry.job.state


async def _send(response: web.StreamResponse, event: str, value: object) -> None:
    data = msgspec.json.encode(value)  # one line: JSON escapes line ends
    await response.write(b"event: %s\ndata: %s\n\n" % (event.encode(), data))
