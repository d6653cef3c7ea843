"""What `bench.scale` starts: the bot with a watch on its event loop, and a service."""

import asyncio
import json
import multiprocessing
import socket
import sys
import time
from functools import partial
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

TICK = 0.005  # seconds
VIDEO = (
    b'{"id":"%s","object":"video","status":"in_progress","progress":%d,'
    b'"model":"bench","seconds":"4","size":"1280x720","created_at":1}'
)
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class Service:
    """The least that can be asked how far a render is; in a process of its own."""

    def __init__(self, *, progress: int = 0) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(theirs, progress))
        self._process.start()
        self._port = ours.recv()
        self.url = f"http://127.0.0.1:{self._port}/v1"

    def asked(self) -> int:
        """How many renders it was asked for."""
        line = HTTPConnection("127.0.0.1", self._port)
        line.request("GET", "/asked")
        count = int(line.getresponse().read())
        line.close()
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.join()


class _Line(asyncio.Protocol):
    """One connection to it."""

    transport: asyncio.Transport

    def __init__(self, asked: set[bytes], progress: int) -> None:
        self._asked = asked
        self._progress = progress

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            if path == b"/asked":
                body = b"%d" % len(self._asked)
            else:
                ref = path.rpartition(b"/")[2]
                self._asked.add(ref)
                body = VIDEO % (ref, self._progress)
            self.transport.write(HEAD % len(body) + body)


def _serve(tell: Connection, progress: int) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        line = partial(_Line, set(), progress)
        server = await loop.create_server(line, "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def _watch(lags: list[float]) -> None:
    """Note how late the loop is, again and again."""
    while True:
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        lags.append(round(time.monotonic() - due, 4))


async def _run(notes: Path) -> None:
    from bot.commands.run import run  # noqa: PLC0415 - not for who only asks
    from bot.config import load  # noqa: PLC0415

    lags: list[float] = []
    watching = asyncio.create_task(_watch(lags))
    await run(load(notes.parent))
    watching.cancel()
    await asyncio.to_thread(notes.write_text, json.dumps(lags))


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1])))
