"""No request, however it is formed, ends in a 5xx or in a traceback: every route."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from adapters.web import create_app
from bot import keys
from tests.fakes.providers.videos import SECRET
from tests.fakes.site import Site, open_site

HOST = b"Host: localhost\r\nX-Vivant: 1\r\n"
WORDS = (
    *("prompt", "words", "seconds", "event", "still", "media", "width", "height"),
    *("shape", "link", "sample", "token", "model", "size", "seed", "video", "id"),
    *("input_reference", "image_url", "file_id", "characters", "name", "purpose"),
    *("remix_video_id", "limit", "order", "after", "variant", "file", "download"),
)
VALUES: tuple[Any, ...] = (
    *("", "a", "x" * 5_000, "\x00\r\n\u202e", "../../etc/passwd", "%ff%00", "{a}", "٣"),
    *(0, 1, -1, 4, 2**31, 2**63, -(2**63), 10**30, 0.5, 1e300, True, None),
    *([], {}, [[]], [{"id": {}}], {"id": "a"}, {"media": "a", "width": 1, "height": 1}),
    {"image_url": "data:image/png;base64,AAAA"},
    {"image_url": "http://[::1"},
)
TYPES = (
    *("application/json", "application/json; charset=utf-16", "text/plain", ""),
    *("multipart/form-data", "multipart/form-data; boundary=x", "\xff", "a/b/c;;=;"),
    "application/x-www-form-urlencoded",
)
LONE = rb'{"prompt": "\ud800", "words": "\udfff", "event": "event-01", "seconds": 1}'
BODIES = (
    *(b"", b"{", b"[]", b"null", b"1e999", b"NaN", b'"\xff"', b"\xff\xfe{\x00}\x00"),
    *(LONE, b'{"prompt": NaN, "seconds": Infinity}', b'{"seconds": 1e400}'),
    b'{"prompt": "a", "event": "event-01", "seconds": ' + b"9" * 5_000 + b"}",
    b'{"prompt": "a", "seconds": -5}',
    b'{"prompt": "pan left 0 s, hold -3 s, orbit 1e9 s, 99999999999 s", "seconds": 0}',
    b'{"prompt": ' + b"[" * 50_000,
    b'{"a":' * 50_000,
    b'{"prompt": "a", "prompt": 1}',
    b"token=%ff&token=%zz&a[b]=c&a=d",
    b"--x\r\n\r\na\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\na\r\n',
    b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="seconds"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n'
    b"Content-Encoding: gzip\r\n\r\nnot packed\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n'
    b"Content-Type: text/plain; charset=klingon\r\n\r\na\r\n--x--\r\n",
    b"--x\r\nContent-Disposition: \xff;;=\r\nContent-Length: -1\r\n\r\na\r\n--x--\r\n",
    b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n",
)
PARTS = (
    *("a", "%00", "%ff", "%2e%2e%2f", "٣", "%F0%9F%98%80", "x" * 3_000, "%25zz", "~"),
    *("-1", "1e9", "nan", "char_a", "a.mp4", "%0d%0aX:y"),
)
QUERIES = (
    *("", "?", "?a", "?%ff=%ff", "?limit=-1", "?limit=9e9", "?limit=٣", "?after=%00"),
    *("?order=x", "?variant=%ff", "?download", "?code=%ff&state=%00", "?" + "a&" * 999),
)
HEADERS = (
    *(b"", b"Range: bytes=9-1,-", b"Range: bytes=" + b"9" * 99, b"Cookie: a=\xff;=;"),
    *(b"If-None-Match: \xff", b"If-Modified-Since: never", b"Accept-Encoding: \xff"),
    *(
        b"Idempotency-Key: \xff",
        b"Content-Encoding: gzip",
        b"Content-Encoding: klingon",
    ),
    *(
        b"Expect: 100-continue",
        b"Expect: the moon",
        b"Upgrade: websocket",
        b"Origin: \xff",
    ),
    *(b"Transfer-Encoding: chunked", b"Connection: \xff", b"If-Range: \xff"),
    *(b"X-Slack-Signature: \xff", b"webhook-timestamp: nan", b"webhook-id: \xff"),
)


def routes(app: web.Application) -> Iterator[tuple[str, str]]:
    """Method and address of everything that the application answers to."""
    for route in app.router.routes():
        info = route.resource.get_info() if route.resource else {}
        found = info.get("formatter") or info.get("path") or info.get("prefix", "")
        yield route.method, str(found) + ("/{any}" if "prefix" in info else "")


def filled(address: str, part: str) -> bytes:
    """An address with something in each of its places."""
    pieces = address.split("{")
    text = pieces[0] + "".join(part + piece.partition("}")[2] for piece in pieces[1:])
    return text.encode()


async def ask(site: Site, *requests: bytes) -> list[int]:
    """Send each over a connection of its own; the statuses, 0 for none."""
    url = URL(site.address)

    async def one(request: bytes) -> int:
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            writer.write(request)
            async with asyncio.timeout(30):
                line = await reader.readline()
                if line.split()[1:2] == [b"100"]:
                    await reader.readline()
                    line = await reader.readline()
            return int(line.split()[1]) if line else 0
        finally:
            writer.close()

    return await asyncio.gather(*(one(request) for request in requests))


def formed(
    method: str,
    path: bytes,
    key: str,
    *,
    kind: str = "",
    body: bytes = b"",
    header: bytes = b"",
) -> bytes:
    lines = [method.encode() + b" " + path + b" HTTP/1.1", HOST.strip()]
    lines += [f"Authorization: Bearer {key}".encode(), b"Connection: close"]
    lines += [b"Content-Type: " + kind.encode("latin-1")] if kind else []
    lines += [header] if header else []
    if b"chunked" not in header:
        lines.append(b"Content-Length: %d" % len(body))
    elif body:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def key_of(site: Site) -> str:
    key = await keys.create(site.house.store, "fuzz", now=time.time())
    assert key
    return key


def every(app: web.Application, key: str) -> Iterator[bytes]:
    """Each route with each odd place, query, header and body."""
    for method, address in sorted({*routes(app)}):
        verb = "PATCH" if method == "*" else method
        for part in PARTS if "{" in address else ("a",):
            yield formed(verb, filled(address, part), key)
        path = filled(address, "a")
        for query in QUERIES:
            yield formed(verb, path + query.encode(), key)
        for header in HEADERS:
            yield formed(verb, path, key, header=header, kind=TYPES[0], body=b"{}")
        if verb in {"POST", "PUT", "PATCH", "DELETE"}:
            for number, body in enumerate(BODIES):
                for kind in (TYPES[0], TYPES[5], TYPES[number % len(TYPES)]):
                    yield formed(verb, path, key, kind=kind, body=body)


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
async def test_every_route_answers_every_odd_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """New routes are tried too: they are read from the application itself."""
    failed = []
    async with open_site(tmp_path, limits={"body": 1.0}, webhook_secret=SECRET) as site:
        app = await asyncio.to_thread(
            create_app, site.house.settings, site.house.service
        )
        key = await key_of(site)
        requests = [r for r in every(app, key) if b"GET /api/events" not in r]
        assert len(requests) > 1_000
        for start in range(0, len(requests), 20):
            batch = requests[start : start + 20]
            for request, status in zip(batch, await ask(site, *batch), strict=True):
                if status >= 500 or status == 0:
                    failed.append((status, request[:300]))

    assert failed == []
    loud = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert loud == []


async def test_any_order_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Known fields with unlikely values, to every address that takes a body."""
    async with open_site(tmp_path) as site:
        app = await asyncio.to_thread(
            create_app, site.house.settings, site.house.service
        )
        key, loop = await key_of(site), asyncio.get_running_loop()
        takes = sorted({r for r in routes(app) if r[0] in {"POST", "PUT", "PATCH"}})
        value = st.sampled_from(VALUES) | st.text(max_size=9) | st.integers()
        orders = st.dictionaries(st.sampled_from(WORDS), value, max_size=6)

        @settings(
            deadline=None,
            max_examples=150,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(st.sampled_from(takes), orders)
        def check(route: tuple[str, str], order: dict[str, Any]) -> None:
            body = json.dumps(order).encode("utf-8", "surrogatepass")
            request = formed(
                route[0], filled(route[1], "a"), key, kind=TYPES[0], body=body
            )
            asked = ask(site, request)
            [status] = asyncio.run_coroutine_threadsafe(asked, loop).result(30)
            assert 0 < status < 500

        await asyncio.to_thread(check)

    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
