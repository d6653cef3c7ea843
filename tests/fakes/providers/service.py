"""What all fake services share: a port, a memory, a key, and ways to go wrong.

A handler belongs to a step (`create`, `look`, `content`, ...). A trouble that is put
on a step meets its next request instead of the handler, or after it.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import Any, ClassVar

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Trouble = Callable[["FakeService", web.Request, Handler], Awaitable[web.StreamResponse]]

KEY = "key-canary-3f9a"
NOTHING = web.Response()


@dataclass(slots=True)
class Seen:
    """A request as it came."""

    step: str
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def parts(self) -> list[tuple[str, str | None, bytes]]:
        """Name, file name and content of each part of a form, in order."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = BytesParser().parsebytes(head + self.body)
        return [_part(part) for part in form.get_payload()]

    @property
    def fields(self) -> dict[str, str]:
        """The plain fields of a form."""
        return {name: data.decode() for name, file, data in self.parts if file is None}

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Names and contents of the files of a form."""
        return [(name, data) for name, file, data in self.parts if file is not None]


def _part(part: Any) -> tuple[str, str | None, bytes]:
    assert isinstance(part, Message)
    name = part.get_param("name", header="content-disposition")
    return str(name), part.get_filename(), part.get_payload(decode=True) or b""  # type: ignore[return-value]


@dataclass
class Render:
    """An order that was accepted.

    Attributes:
        looks: How often it is looked at before it is done.
        error: What it ends with instead of a clip, as the service words it.
    """

    id: str
    prompt: str
    looks: int = 1
    error: Any = None
    state: str = ""


class FakeService:
    """A service on a port of its own.

    Attributes:
        clip: What every finished render is.
        looks: Of new renders.
        error: Of new renders.
        renders: What was accepted, by id.
        seen: Every request, in order.
        needs_key: Whether the key is checked.
        began: Whether renders that are not done have left the service's own queue.
        asked: Set whenever a request has come.
    """

    errors: ClassVar[Mapping[str, tuple[int, Any]]] = {}

    def __init__(self, clip: bytes = b"") -> None:
        self.clip = clip
        self.looks = 1
        self.error: Any = None
        self.renders: dict[str, Render] = {}
        self.seen: list[Seen] = []
        self.needs_key = True
        self.began = True
        self.own_errors: Mapping[str, tuple[int, Any]] = {}
        self.url = ""
        self.released = asyncio.Event()
        self.asked = asyncio.Event()
        self._troubles: dict[str, list[Trouble]] = defaultdict(list)
        self.app = web.Application(client_max_size=64 << 20)

    def route(self, method: str, path: str, step: str, handler: Handler) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            await self._remember(step, request)
            if self._troubles[step]:
                return await self._troubles[step].pop(0)(self, request, handler)
            if self.needs_key and not self.is_keyed(request):
                return self.told("wrong key")
            return await handler(request)

        self.app.router.add_route(method, path, handle)

    def spoil(self, step: str, *troubles: Trouble) -> None:
        """Let the next requests of a step go wrong, one each."""
        self._troubles[step] += troubles

    def add(self, step: str, **headers: str) -> None:
        """Put headers on the handler's own answer to the next request of a step."""

        async def trouble(
            _: FakeService, request: web.Request, handler: Handler
        ) -> web.StreamResponse:
            answer = await handler(request)
            answer.headers.update(headers)
            return answer

        self.spoil(step, trouble)

    def told(self, name: str, **headers: str) -> web.Response:
        """One of the service's own errors."""
        status, body = (self.own_errors or self.errors)[name]
        return web.json_response(body, status=status, headers=headers)

    def is_keyed(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {KEY}"

    def steps(self, step: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.step == step]

    def accept(self, ref: str, prompt: str) -> Render:
        """Note an order; each gets an id of its own."""
        self.renders[ref] = Render(ref, prompt, self.looks, self.error)
        return self.renders[ref]

    def look(self, ref: str) -> Render | None:
        """Look at a render, which brings it nearer to its end."""
        render = self.renders.get(ref)
        if render is not None and not render.state:
            render.looks -= 1
            if render.looks < 0:
                render.state = "failed" if render.error else "done"
        return render

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["FakeService"]:
        self.app.router.add_route("*", "/{any:.*}", self._nowhere)
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            self.released.set()
            await runner.cleanup()

    async def _remember(self, step: str, request: web.Request) -> None:
        self.seen.append(
            Seen(
                step,
                request.method,
                request.raw_path,
                request.headers.copy(),
                dict(request.query),
                await request.read(),
            )
        )
        self.asked.set()

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        await self._remember("nowhere", request)
        return web.json_response({"detail": "Not Found"}, status=404)


def answers(
    status: int, body: object = None, *, kind: str = "application/json", **headers: str
) -> Trouble:
    """Answer this instead; text as it is, anything else as JSON."""
    data = body.encode() if isinstance(body, str) else body
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    async def trouble(
        _: FakeService, __: web.Request, ___: Handler
    ) -> web.StreamResponse:
        return web.Response(status=status, body=data, content_type=kind, headers=names)

    return trouble


def says(error: str, **headers: str) -> Trouble:
    """Answer with one of the service's own errors."""

    async def trouble(
        service: FakeService, _: web.Request, __: Handler
    ) -> web.StreamResponse:
        return service.told(
            error, **{name.replace("_", "-"): value for name, value in headers.items()}
        )

    return trouble


async def hangs_up(
    _: FakeService, request: web.Request, __: Handler
) -> web.StreamResponse:
    """Close the connection without a word."""
    _close(request)
    return NOTHING


async def loses_the_answer(
    _: FakeService, request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Do what was asked, and close the connection before saying so."""
    await handler(request)
    _close(request)
    return NOTHING


async def breaks_off(
    service: FakeService, request: web.Request, _: Handler
) -> web.StreamResponse:
    """Send half of what was announced."""
    response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    response.content_length = 2 * len(service.clip) + 100
    await response.prepare(request)
    await response.write(service.clip[:500] or b'{"id": "x')
    _close(request)
    return response


async def falls_silent(
    service: FakeService, request: web.Request, _: Handler
) -> web.StreamResponse:
    """Begin an answer and never go on."""
    response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    await response.prepare(request)
    await response.write(service.clip[:100] or b"{")
    await service.released.wait()
    return response


async def never_ends(
    service: FakeService, request: web.Request, _: Handler
) -> web.StreamResponse:
    """Send more and more, without saying how much."""
    response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    await response.prepare(request)
    await response.write(service.clip)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(bytes(1 << 16))
    return response


def leads_to(url: str, status: int = 307) -> Trouble:
    """Send the caller elsewhere."""
    return answers(status, "", kind="text/plain", location=url)


def page() -> Trouble:
    """A page of HTML, as a proxy in between answers."""
    return answers(200, "<html>Please sign in</html>", kind="text/html")


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
