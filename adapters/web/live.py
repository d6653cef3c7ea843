"""Live updates: one open page reads, card by card, what changed."""

from contextlib import suppress

import msgspec
from aiohttp import web

from adapters.web.cards import card
from adapters.web.chat import OWNER, Listener, WebChat
from bot.errors import MissingError, StorageError
from bot.models import State
from bot.service import RenderService

HEARTBEAT = 15.0  # seconds; proxies cut, and pages doubt, what is silent for longer


class Live:
    """Server-sent events: `card` with a whole card, `gone` with the id of one."""

    def __init__(self, service: RenderService, chat: WebChat) -> None:
        self._service = service
        self._chat = chat

    def routes(self) -> list[web.RouteDef]:
        """The address that a page keeps open."""
        return [web.get("/api/events", self.follow)]

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """Tell a page of every change until it goes, or we do."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        with self._chat.listening() as listener, suppress(ConnectionError):
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
