"""A server that answers whatever it is asked with the same odd bytes."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

STATUSES = (200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 502, 503)
BODIES: dict[str, tuple[str, bytes]] = {
    "nothing": ("application/json", b""),
    "a page": ("text/html", b"<html><body>Log in to the hotel's Wi-Fi</body></html>"),
    "a word": ("text/plain", b"nope"),
    "a JSON word": ("application/json", b'"x"'),
    "a list": ("application/json", b"[1]"),
    "a list of lists": ("application/json", b"[[[]]]"),
    "a number": ("application/json", b"1e999"),
    "null": ("application/json", b"null"),
    "an empty object": ("application/json", b"{}"),
    "yes, and no more": ("application/json", b'{"ok": true}'),
    "no, and no more": ("application/json", b'{"ok": false}'),
    "numbers for words": (
        "application/json",
        b'{"ok": true, "ts": 1, "url": 2, "id": 3, "file": 4, "channel": 5, "user": 6,'
        b' "messages": 7, "status": 8, "data": 9, "error": 10, "request_id": 11,'
        b' "polling_url": 12, "name": 13, "urls": 14, "output": 15, "video": 16}',
    ),
    "lists for words": (
        "application/json",
        b'{"ok": [], "ts": [], "url": [], "id": [], "status": [], "data": [[]],'
        b' "error": [], "request_id": [], "urls": [], "output": [[]], "video": []}',
    ),
    "a code of another kind": ("application/json", b'{"code": {}, "message": [1]}'),
    "half an object": ("application/json", b'{"ok": true, "ts": "1'),
    "text that is JSON": ("text/plain", b'{"ok": true}'),
    "another charset": ("application/json; charset=utf-16", b'{"ok": true}'),
    "no such charset": ("text/plain; charset=klingon", b"\xff\xfe"),
    "no UTF-8": ("application/json", b'{"ok": "\xff"}'),
    "deep": ("application/json", b"[" * 99_999),
    "zeroes": ("application/gzip", bytes(99)),
}


@dataclass
class Garbage:
    """The server; `answer` may be changed at any time.

    Attributes:
        answer: Raw bytes of an answer; None resets the connection.
        onward: Address of a server that answers instead, from now on.
    """

    answer: bytes | None
    onward: str = ""
    address: str = ""
    asked: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    pipes: list[asyncio.StreamWriter] = field(default_factory=list)

    def turn_odd(self) -> None:
        """Answer by itself again, also where somebody is connected already."""
        self.onward = ""
        for pipe in self.pipes:
            pipe.close()

    async def heard(self, times: int) -> None:
        """Wait until it was asked so many times."""
        async with asyncio.timeout(10):
            while self.asked < times:
                self.bell.clear()
                await self.bell.wait()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.onward:
            await self.pass_on(reader, writer)
            return
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            self.bell.set()
            if self.answer is None:
                reset(writer)
            else:
                writer.write(self.answer)
                await writer.drain()
        writer.close()

    async def pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there = urlsplit(self.onward)
        self.pipes.append(writer)
        answers, orders = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(_pipe(reader, orders), _pipe(answers, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def open_garbage(answer: bytes | None) -> AsyncGenerator[Garbage]:
    """Serve it on a port of its own."""
    garbage = Garbage(answer)
    server = await asyncio.start_server(garbage.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    garbage.address = f"http://{host}:{port}"
    try:
        yield garbage
    finally:
        server.close()


def answer(status: int, kind: str, body: bytes, **headers: str) -> bytes:
    """Raw bytes of an answer; the connection ends with it."""
    lines = [f"HTTP/1.1 {status} Odd", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if "Content_Length" not in headers and status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers() -> dict[str, bytes | None]:
    """Every odd answer, by what is odd about it."""
    found: dict[str, bytes | None] = {
        f"{status} {name}": answer(status, kind, b"" if status == 204 else body)
        for status in STATUSES
        for name, (kind, body) in BODIES.items()
    }
    found["reset"] = None
    found["closed"] = b""
    found["no HTTP"] = b"SSH-2.0-OpenSSH_9.2\r\n"
    found["half a head"] = b"HTTP/1.1 200 OK\r\nContent-Ty"
    found["cut off"] = answer(200, "application/json", b"{", Content_Length="99")
    found["badly packed"] = answer(
        200, "application/json", b"x", Content_Encoding="gzip"
    )
    found["around"] = answer(307, "text/html", b"", Location="/api/around")
    found["to nowhere"] = answer(302, "text/html", b"", Location="ftp://[::1")
    return found


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off with a reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
