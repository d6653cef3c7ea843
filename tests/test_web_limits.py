"""Clients that are slow, silent or many: none takes the page from the others."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from adapters.web import live
from adapters.web.gate import Gate, neighbourhood
from tests.fakes.garbage import reset
from tests.fakes.site import ORDER, Site, open_site

READ = 10.0  # seconds; a limit for what takes well under one
SHORT = {"head": 0.2, "body": 0.2}


class Raw:
    """A client that sends what it likes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def status(self) -> int:
        """The status of the next answer; 0 where the connection was closed."""
        async with asyncio.timeout(READ):
            line = await self.reader.readline()
        return int(line.split()[1]) if line else 0

    async def head(self) -> bytes:
        """The head of the next answer; nothing where the connection was closed."""
        async with asyncio.timeout(READ):
            try:
                return await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                return error.partial

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(READ):
            return await self.reader.read()


@asynccontextmanager
async def raw(site: Site) -> AsyncGenerator[Raw]:
    """A connection of its own."""
    url = URL(site.address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


def head(method: str, path: str, **headers: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "X-Vivant: 1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"\r\n"],
    ids=["nothing", "a word", "half a head", "an empty line"],
)
async def test_a_head_that_does_not_come_whole_is_not_waited_for(
    tmp_path: Path, sent: bytes
) -> None:
    async with open_site(tmp_path, limits=SHORT) as site, raw(site) as client:
        client.send(sent)
        assert await client.rest() == b""


async def test_a_second_request_has_to_come_whole_too(tmp_path: Path) -> None:
    async with open_site(tmp_path, limits=SHORT) as site, raw(site) as client:
        client.send(head("HEAD", "/healthz"))
        assert await client.status() == 200
        client.send(b"GET /healthz HT")
        assert (await client.rest()).count(b"HTTP/1.1") == 0


async def test_a_head_that_drips_is_not_waited_for(tmp_path: Path) -> None:
    """As slowloris does: a header now and then, and never an end."""
    async with open_site(tmp_path, limits=SHORT) as site, raw(site) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        ended = asyncio.create_task(client.rest())
        while not ended.done():
            client.send(b"X-A: b\r\n")
            await asyncio.wait([ended], timeout=0.02)
        assert await ended == b""


@pytest.mark.parametrize(
    "path", ["/api/stills", "/api/jobs", "/api/preview", "/hooks/local", "/sign-in"]
)
async def test_a_body_that_does_not_come_is_answered_and_let_go(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_site(tmp_path, limits=SHORT, web_token="open-sesame") as site,
        raw(site) as client,
    ):
        kind = "application/json"
        if path in {"/api/stills", "/sign-in"}:
            kind = "multipart/form-data; boundary=x"
        known = {
            "Authorization": "Bearer open-sesame",
            "Content_Type": kind,
            "Content_Length": 99,
            "Origin": "http://localhost",
        }
        client.send(head("POST", path, **known) + b"--x\r\n")
        told = await client.rest()

        assert told.startswith(b"HTTP/1.1 408")
        if path.startswith("/api/"):
            assert b"That did not arrive in time." in told
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_silent_connections_lock_nobody_out(tmp_path: Path) -> None:
    """Each who comes takes the place of the one that has been silent for longest."""
    gate = Gate(20, each=10)
    async with (
        open_site(tmp_path, limits={"gate": gate}) as site,
        AsyncExitStack() as stack,
    ):
        silent = [await stack.enter_async_context(raw(site)) for _ in range(40)]
        assert await silent[0].rest() == b""
        for _ in range(3):
            client = await stack.enter_async_context(raw(site))
            client.send(head("GET", "/healthz"))
            assert await client.status() == 200
        assert len(gate) <= 10


async def test_who_comes_while_all_are_busy_is_told_so(tmp_path: Path) -> None:
    async with (
        open_site(tmp_path, limits={"gate": Gate(4, each=2)}) as site,
        raw(site) as first,
        raw(site) as second,
    ):
        for client in (first, second):
            client.send(head("GET", "/api/events"))
            assert await client.status() == 200

        async with raw(site) as third:
            told = await third.rest()

        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 5\r\n" in told
        assert told.endswith(b"Try again in a moment.\n")
        first.writer.close()
        await first.writer.wait_closed()


async def test_open_pages_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_EACH", 3)
    async with open_site(tmp_path) as site, AsyncExitStack() as stack:
        url = f"{site.address}/api/events"
        pages = [
            await stack.enter_async_context(site.session.get(url)) for _ in range(3)
        ]
        async with site.session.get(url) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
            assert "Too many pages" in (await refused.json())["error"]
        assert (await site.get("/api/jobs"))[0] == 200

        pages[0].close()
        for _ in range(100):
            async with site.session.get(url) as answer:
                if answer.status == 200:
                    break
            await site.get("/healthz")
        else:
            pytest.fail("a page that was closed is still counted")


async def test_what_is_no_request_is_one_short_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent = (
        b"\x16\x03\x01\x02\x00\x01",  # TLS on a plain port
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%zz%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 9_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 2_000 + b"\r\n",
        b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nhello",
        b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nX-Vivant: 1\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    )
    caplog.set_level(logging.INFO)
    async with open_site(tmp_path, limits=SHORT) as site:
        for data in sent:
            async with raw(site) as client:
                client.send(data)
                told = await client.head()
                assert not told.startswith(b"HTTP/1.1 5"), data[:50]
                assert b"Python" not in told
                assert b"aiohttp" not in told

    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert "Traceback" not in caplog.text


async def test_an_upload_that_is_broken_off_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_site(tmp_path) as site:
        for path, kind in (
            ("/api/stills", "multipart/form-data; boundary=x"),
            ("/api/jobs", "application/json"),
            ("/hooks/local", "application/json"),
        ):
            for end in (socket.SHUT_WR, None):
                async with raw(site) as client:
                    more = {"Content_Type": kind, "Content_Length": 9_999}
                    client.send(head("POST", path, **more) + b"--x\r\n")
                    await client.writer.drain()
                    await site.get("/healthz")
                    if end is None:
                        reset(client.writer)
                    else:
                        client.writer.write_eof()
                        await client.rest()
        async with asyncio.timeout(READ):
            while (await site.get("/healthz"))[0] != 200:
                pass

    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_every_answer_says_no_more_than_our_name(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        for path in ("/", "/healthz", "/static/app.js", "/v1/models", "/no/such"):
            async with site.session.get(site.address + path) as answer:
                assert answer.headers.getall("Server") == ["Vivant"]


async def test_a_browser_reads_on_beside_many_silent_clients(tmp_path: Path) -> None:
    """An open page is never the one that has to go."""
    async with (
        open_site(tmp_path, limits={"gate": Gate(20, each=10)}) as site,
        site.session.get(f"{site.address}/api/events") as events,
        AsyncExitStack() as stack,
    ):
        assert await events.content.readuntil(b"\n\n")
        for _ in range(30):
            await stack.enter_async_context(raw(site))
        async with aiohttp.ClientSession() as other:
            url = f"{site.address}/api/stills"
            sample = {"sample": "coffee.jpg"}
            async with other.post(url, json=sample, headers=ORDER) as answer:
                still = await answer.json()
            order = {"event": "event-01", "prompt": "pan left", "still": still}
            url = f"{site.address}/api/jobs"
            async with other.post(url, json=order, headers=ORDER) as answer:
                assert answer.status == 202
        told = await events.content.readuntil(b"\n\n")
        assert told.startswith(b"event: card")


def test_everybody_in_one_house_is_one_address() -> None:
    assert neighbourhood("2001:db8:1:2:3::4") == neighbourhood("2001:db8:1:2:9::9")
    assert neighbourhood("2001:db8:1:2::") != neighbourhood("2001:db8:1:3::")
    assert neighbourhood("::ffff:192.0.2.1") == neighbourhood("192.0.2.1")
    assert neighbourhood("fe80::1%eth0") == "fe80::/64"
    assert neighbourhood("") == ""
