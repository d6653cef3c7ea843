"""Questions go over kept connections, exactly as they are put together."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.errors import Fault, ProviderError
from bot.providers.calls import Calls


@dataclass
class Server:
    """Says what it is told to, and remembers what it was asked."""

    port: int = 0
    answer: bytes = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"id": "v"}'
    heads: list[str] = field(default_factory=list)
    lines: int = 0

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.lines += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode())
                writer.write(self.answer)
                if not self.answer:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with await asyncio.start_server(made.talk, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        yield made


@pytest.fixture
async def calls(server: Server) -> AsyncIterator[Calls]:
    made = Calls(
        f"http://127.0.0.1:{server.port}/v1",
        title="It",
        headers={"Authorization": "Bearer key"},
    )
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("videos/video_1", "/v1/videos/video_1"),
        ("videos/a.b~c-d_e", "/v1/videos/a.b~c-d_e"),
        ("videos/%2E%2E", "/v1/videos/%2E%2E"),
        ("videos/a%2Fb%20c", "/v1/videos/a%2Fb%20c"),
        ("videos/../models", "/v1/models"),
        ("/elsewhere", "/elsewhere"),
        ("videos/ä", "/v1/videos/%C3%A4"),
    ],
)
async def test_a_path_is_sent_as_it_is(
    server: Server, calls: Calls, path: str, sent: str
) -> None:
    answer = await calls.ask("GET", path)

    assert answer.fields == {"id": "v"}
    [head] = server.heads
    assert head.startswith(f"GET {sent} HTTP/1.1\r\n")
    assert "\r\nauthorization: bearer key\r\n" in head.lower()
    assert "\r\naccept-encoding: identity\r\n" in head.lower()


async def test_parameters_and_json_go_along(server: Server, calls: Calls) -> None:
    await calls.ask("GET", "videos", params={"limit": "100", "after": "a b"})
    await calls.ask("DELETE", "videos/v", headers={"X-One": "1"})

    first, second = server.heads
    assert first.startswith("GET /v1/videos?limit=100&after=a")
    assert second.startswith("DELETE /v1/videos/v HTTP/1.1\r\n")
    assert "\r\nx-one: 1\r\n" in second.lower()


async def test_one_connection_serves_many_questions(
    server: Server, calls: Calls
) -> None:
    for _ in range(20):
        await calls.ask("GET", "videos/v")

    assert server.lines == 1


async def test_a_question_is_sent_once_however_it_fails(
    server: Server, calls: Calls
) -> None:
    """Who asks counts the failures, and decides on the next try."""
    server.answer = b""

    with pytest.raises(ProviderError) as raised:
        await calls.ask("GET", "videos/v")

    assert raised.value.fault is Fault.UPSTREAM
    assert len(server.heads) == 1


async def test_no_redirect_is_followed_with_the_key(
    server: Server, calls: Calls
) -> None:
    server.answer = (
        b"HTTP/1.1 302 Found\r\nLocation: /stolen\r\nContent-Length: 0\r\n\r\n"
    )

    assert (await calls.ask("GET", "videos/v")).status == 302
    assert len(server.heads) == 1
