"""The right secret opens, however many wrong ones knock."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.programs import open_programs
from tests.fakes.site import Site, open_site

SECRET = "open-sesame"


@asynccontextmanager
async def guessing(address: str, path: str, **how: Any) -> AsyncGenerator[list[int]]:
    """Forty clients that guess without a pause; the statuses that they get."""
    statuses: list[int] = []

    async def guess(session: aiohttp.ClientSession, number: int) -> None:
        while True:
            headers = {"Authorization": f"Bearer wrong-{number}"}
            async with session.request(
                url=address + path, headers=headers, allow_redirects=False, **how
            ) as answer:
                statuses.append(answer.status)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        clients = [asyncio.create_task(guess(session, n)) for n in range(40)]
        while not statuses:
            await asyncio.wait(clients, timeout=0.05)
        yield statuses
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


async def sign_in(site: Site, token: str) -> tuple[int, str, str]:
    """Type a token into the form: status, where it leads, and the cookie."""
    async with site.session.post(
        f"{site.address}/sign-in",
        data={"token": token},
        headers={"Origin": site.address},
        allow_redirects=False,
    ) as answer:
        headers = answer.headers
        cookie = headers.get("Set-Cookie", "").partition(";")[0]
        return answer.status, headers.get("Location", ""), cookie


@pytest.mark.parametrize("path", ["/api/jobs", "/sign-in"])
async def test_the_owner_gets_in_while_forty_guess(tmp_path: Path, path: str) -> None:
    async with open_site(tmp_path, web_token=SECRET) as site:
        right = {"Authorization": f"Bearer {SECRET}"}
        how: dict[str, Any] = {"method": "GET"}
        if path == "/sign-in":
            how = {"method": "POST", "data": {"token": "wrong"}}
        async with guessing(site.address, path, **how) as statuses:
            for _ in range(6):
                assert (await site.get("/api/jobs", headers=right))[0] == 200
            cookie = ""
            for _ in range(6):
                status, to, cookie = await sign_in(site, SECRET)
                assert (status, to) == (303, "/")
            site.session.cookie_jar.clear()
            for _ in range(6):
                known = {"Cookie": cookie}
                assert (await site.get("/api/jobs", headers=known))[0] == 200

        assert 200 not in statuses
        assert not any(status >= 500 for status in statuses)


async def test_a_program_gets_in_while_forty_guess_keys(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        async with guessing(programs.address, "/v1/models", method="GET") as statuses:
            for _ in range(6):
                assert (await program.ask("GET", "/models"))[0] == 200

        assert set(statuses) == {401}


ODD: dict[str, tuple[str, bytes]] = {
    "no text": ("Authorization", b"Bearer \xff"),
    "nothing": ("Authorization", b"Bearer "),
    "a word": ("Authorization", b"Bearer"),
    "bytes": ("Authorization", b"\xff\xfe"),
    "long": ("Authorization", b"Basic " + b"A" * 8_000),
    "a cookie that is no text": ("Cookie", b"vivant=9999999999.\xff"),
    "bytes in a cookie": ("Cookie", b"vivant=\xff.\xff"),
    "Arabic": ("Cookie", "vivant=٩٩٩٩٩٩٩٩٩٩.a".encode()),
    "a broken cookie": ("Cookie", b"vivant=99999999999999.;=;;vivant;\x01"),
    "a long cookie": ("Cookie", b"a" * 8_000),
}


@pytest.mark.parametrize("name", ODD)
async def test_what_is_no_secret_at_all_is_just_wrong(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_site(tmp_path, web_token=SECRET) as site:
        host, port = site.address.removeprefix("http://").split(":")
        for path in ("/api/jobs", "/v1/videos"):
            reader, writer = await asyncio.open_connection(host, int(port))
            lines = [f"GET {path} HTTP/1.1".encode(), b"Host: localhost"]
            lines.append(b": ".join((ODD[name][0].encode(), ODD[name][1])))
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
            status = (await reader.readline()).split()[1]
            writer.close()
            assert status in {b"401", b"400"}

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
