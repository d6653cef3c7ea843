"""A small internet on loopback: what is public is there, the rest counts who knocks.

It stands in below our code, where a socket connects and a name is looked up, so the
fetcher under test is the real one with its real rules.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp.connector
import pytest

PEM = Path(__file__).with_name("secure_test.pem")  # for secure.test, by itself
PUBLIC = "93.184.215.14"

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
Address = tuple[str, int]


def reply(
    body: bytes = b"", *, status: str = "200 OK", **headers: str | int | None
) -> bytes:
    """An HTTP answer, with its length unless that is given or None."""
    headers = {"content_length": len(body), **headers}
    lines = [f"HTTP/1.1 {status}"]
    lines += [
        f"{k.replace('_', '-')}: {v}" for k, v in headers.items() if v is not None
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(to: str, status: str = "302 Found") -> bytes:
    return reply(status=status, location=to)


class Internet:
    """Names, servers and a memory.

    Attributes:
        names: What each name resolves to; one list for each time it is asked.
        answers: What each link answers, by `host/path`.
        knocks: Every address that anybody tried to connect to.
        requests: The heads of all requests, in order.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.answers: dict[str, Answer] = {}
        self.knocks: list[Address] = []
        self.requests: list[str] = []
        self.servers: dict[int, Address] = {}

    def put(self, link: str, answer: Answer) -> None:
        """Let a public host answer."""
        self.names.setdefault(link.partition("/")[0], [[PUBLIC]])
        self.answers[link] = answer

    def look_up(self, host: str) -> list[str]:
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def serve(
        self, read: asyncio.StreamReader, write: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await read.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            path = head.split(" ")[1]
            host = head.lower().partition("host: ")[2].partition("\r\n")[0]
            answer = self.answers[f"{host}{path}"]
            if isinstance(answer, bytes):
                write.write(answer)
            else:
                await answer(write)
            await write.drain()
        write.close()
        with suppress(ConnectionError, ssl.SSLError):
            await write.wait_closed()


@asynccontextmanager
async def open_internet(patch: pytest.MonkeyPatch) -> AsyncGenerator[Internet]:
    """Put it where the real one was."""
    internet = Internet()
    _stand_in_for_sockets(internet, patch)
    _stand_in_for_names(internet, patch)
    trusting = ssl.create_default_context(cafile=PEM)
    patch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    proving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    proving.load_cert_chain(PEM)
    async with AsyncExitStack() as stack:
        for port, context in ((80, None), (443, proving)):
            server = await asyncio.start_server(
                internet.serve, "127.0.0.1", 0, ssl=context
            )
            await stack.enter_async_context(server)
            internet.servers[port] = server.sockets[0].getsockname()
        yield internet


def _stand_in_for_sockets(internet: Internet, patch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Address) -> None:
        host, port = address[:2]
        internet.knocks.append((host, port))
        if host != PUBLIC or port not in internet.servers:
            raise ConnectionRefusedError(host)
        real(self, internet.servers[port])

    patch.setattr(socket.socket, "connect", connect)


def _stand_in_for_names(internet: Internet, patch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        # What the C library reads as a number, it reads without asking anybody.
        options = {"type": socket.SOCK_STREAM, "flags": socket.AI_NUMERICHOST}
        hosts = internet.look_up(host) if host in internet.names else [host]
        return [found for one in hosts for found in real(one, port, **options)]

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
