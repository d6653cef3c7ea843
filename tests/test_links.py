"""A link from a person is followed to the public internet and to nowhere else."""

# ruff: noqa: RUF001 - digits that only look like digits are the point

import asyncio
import gzip
import itertools
import re
import socket
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import fetching
from bot.errors import LinkError
from bot.fetching import fetch_picture
from bot.fetching.reach import OutOfReachError, Reach, is_public
from bot.stills.header import MOST_BYTES
from tests.fakes.internet import PUBLIC, Internet, moved, open_internet, reply

PICTURE = b"\x89PNG a picture"


@pytest.fixture
async def internet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    async with open_internet(monkeypatch) as opened:
        yield opened


async def refusal(url: str, **options: float) -> LinkError:
    with pytest.raises(LinkError) as raised:
        await fetch_picture(url, **options)  # type: ignore[arg-type]
    assert raised.value.hint.endswith(".")
    return raised.value


@pytest.mark.parametrize(
    "url", ["http://ann.test/cat.png", "https://secure.test/cat.png?size=1#top"]
)
async def test_a_picture_behind_a_link_is_fetched(internet: Internet, url: str) -> None:
    internet.put("ann.test/cat.png", reply(PICTURE, content_type="image/png"))
    internet.put("secure.test/cat.png?size=1", reply(PICTURE))

    assert await fetch_picture(f" {url}\n") == PICTURE


async def test_what_we_say_of_ourselves_is_next_to_nothing(
    internet: Internet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:3128")
    cookie = reply(status="302 Found", location="/b", set_cookie="canary=1")
    internet.put("ann.test/a", cookie)
    internet.put("ann.test/b", reply(PICTURE))

    assert await fetch_picture("http://ann.test/a") == PICTURE

    assert internet.knocks == [(PUBLIC, 80)] * 2
    for head in internet.requests:
        names = {line.partition(":")[0].lower() for line in head.split("\r\n")[1:]}
        assert names - {""} == {"host", "accept", "accept-encoding", "user-agent"} | (
            names & {"connection"}
        )
        assert "Accept-Encoding: identity" in head


INSIDE = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001
127.000.000.001 0x7f.0x0.0x0.0x1 127.255.255.254 0 0.0.0.0 0x0 00
10.0.0.1 10.1 167772161 0xa000001 012.0.0.1 172.16.0.1 172.31.255.255
192.168.0.1 192.168.1 3232235521 0xc0a80001 0300.0250.0.1
169.254.169.254 2852039166 0xa9fea9fe 169.254.43518 0251.0376.0251.0376
169.254.170.2 100.100.100.200 100.64.0.1 168.63.129.16 192.0.0.192 192.0.0.1
198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
[::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]
[::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:93.184.215.14]
[::ffff:0:127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1]
[2002:7f00:1::] [2002:a9fe:a9fe::1] [2001:0:7f00:1::] [2001:db8::1] [3fff::1]
[fc00::1] [fd00:ec2::254] [fe80::1] [fe80::1%251] [fec0::1] [ff02::1] [100::1]
１２７.０.０.１ ⑫7.0.0.1 127。0。0。1 ①⑥⑨.②⑤④.①⑥⑨.②⑤④
localhost LOCALHOST localhost. printer.local db router metadata.google.internal
ip6-localhost kubernetes.default.svc localtest.example
""".split()  # noqa: SIM905 - eight words a line read better than a hundred lines
PRIVATE_NAMES = {
    "localhost": "127.0.0.1",
    "localhost.": "127.0.0.1",
    "printer.local": "192.168.1.9",
    "db": "172.18.0.2",
    "router": "fe80::1",
    "metadata.google.internal": "169.254.169.254",
    "ip6-localhost": "::1",
    "kubernetes.default.svc": "10.96.0.1",
    "localtest.example": "::ffff:127.0.0.1",
}


@pytest.mark.parametrize("host", INSIDE)
async def test_nobody_knocks_at_an_address_that_is_not_public(
    internet: Internet, host: str
) -> None:
    internet.names = {name: [[where]] for name, where in PRIVATE_NAMES.items()}

    for scheme in ("http", "https"):
        error = await refusal(f"{scheme}://{host}/latest/meta-data")
        assert "private network" in str(error) or "link" in str(error)

    assert internet.knocks == []


@pytest.mark.parametrize("host", INSIDE)
async def test_a_redirect_to_the_inside_is_not_followed(
    internet: Internet, host: str
) -> None:
    internet.names = {name: [[where]] for name, where in PRIVATE_NAMES.items()}
    internet.put("ann.test/a", moved("http://ann.test/b"))
    internet.put("ann.test/b", moved(f"//{host}/secret", "307 Temporary Redirect"))

    await refusal("http://ann.test/a")

    assert internet.knocks == [(PUBLIC, 80)] * 2


async def test_the_plain_case_is_told_in_plain_words(internet: Internet) -> None:
    error = await refusal("http://127.0.0.1/admin")

    assert str(error) == (
        "That link leads into a private network, where the bot does not go."
    )
    assert error.hint == "Save the picture and upload it instead."


@pytest.mark.parametrize("port", [0, 22, 8080])
def test_no_socket_is_opened_to_another_port(port: int) -> None:
    reach = Reach()

    with pytest.raises(OutOfReachError):
        reach((socket.AF_INET, socket.SOCK_STREAM, 0, "", (PUBLIC, port)))

    assert reach.refused


async def test_a_name_that_is_inside_and_outside_is_met_outside_only(
    internet: Internet,
) -> None:
    internet.put("both.test/a", reply(PICTURE))
    internet.names["both.test"] = [["127.0.0.1", "::1", PUBLIC, "10.0.0.1"]]

    assert await fetch_picture("http://both.test/a") == PICTURE

    assert internet.knocks == [(PUBLIC, 80)]


async def test_a_name_that_changes_its_mind_gets_nowhere(internet: Internet) -> None:
    internet.put("rebinding.test/a", moved("http://rebinding.test/b"))
    internet.names["rebinding.test"] = [[PUBLIC], ["169.254.169.254"]]

    assert "private network" in str(await refusal("http://rebinding.test/a"))

    assert internet.knocks == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "cat",
        "cat.png",
        "ann.test/cat.png",
        "//ann.test/a",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://ann.test/a",
        "gopher://ann.test:70/_x",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http:ann.test/a",
        "http:///a",
        "http://",
        "http://?a",
        "http://#a",
        "http://:80/a",
        "http://user@ann.test/a",
        "http://user:password@ann.test/a",
        "http://@ann.test/a",
        "http://ann.test@127.0.0.1/a",
        "http://127.0.0.1\\@ann.test/a",
        "http://ann.test\\@127.0.0.1/a",
        "http://ann.test/a b",
        "http://ann.test /a",
        "http://ann.test/\r\nHost: evil",
        "http://ann.test/\ta",
        "http://ann.test/\0",
        "http://ann.test/\u202egnp.tac",
        "http://[::1/a",
        "http://[v1.x]/a",
        "http://ann.test:22/a",
        "http://ann.test:6379/a",
        "http://ann.test:8080/a",
        "http://ann.test:0/a",
        "http://ann.test:99999/a",
        "http://ann.test:８０８０/a",
        "http://ann.test:-80/a",
        "http://ann.test:80:80/a",
        "http://.ann.test/a",
        "http://ann..test/a",
        f"http://{'a' * 64}.test/a",
        f"http://ann.test/{'a' * 2048}",
        "http://%31%32%37.0.0.1/a",
        "http://xn--a/a",
        "http://ann.test%00.evil.test/a",
    ],
)
async def test_what_is_no_plain_link_is_refused_before_anybody_is_asked(
    internet: Internet, url: str
) -> None:
    internet.put("ann.test/a", reply(PICTURE))

    await refusal(url)

    assert internet.knocks == []


@pytest.mark.parametrize(
    "to",
    [
        "ftp://ann.test/x",
        "file:///etc/passwd",
        "http://user:password@ann.test/x",
        "http://ann.test:8080/x",
        "http://ann.test/a b\\c",
        "https://[",
    ],
)
async def test_each_redirect_is_checked_like_a_link(
    internet: Internet, to: str
) -> None:
    internet.put("ann.test/a", moved(to))

    await refusal("http://ann.test/a")

    assert len(internet.requests) == 1


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_three_redirects_are_followed(internet: Internet, status: str) -> None:
    internet.put("ann.test/a", moved("/b/?x=1", status))
    internet.put("ann.test/b/?x=1", moved("c", status))
    internet.put("ann.test/b/c", moved("//bob.test/d", status))
    internet.put("bob.test/d", reply(PICTURE))

    assert await fetch_picture("http://ann.test/a") == PICTURE


@pytest.mark.parametrize("to", ["/a", "", "http://ann.test/a"])
async def test_redirects_in_a_circle_end(internet: Internet, to: str) -> None:
    internet.put("ann.test/a", moved(to))

    assert "without an end" in str(await refusal("http://ann.test/a"))

    assert len(internet.requests) == fetching.MOST_REDIRECTS + 1


async def test_a_secure_link_does_not_become_an_open_one(internet: Internet) -> None:
    internet.put("secure.test/a", moved("http://ann.test/a"))
    internet.put("ann.test/a", reply(PICTURE))

    assert "secure place" in str(await refusal("https://secure.test/a"))

    assert internet.knocks == [(PUBLIC, 443)]


async def test_a_server_has_to_prove_who_it_is(internet: Internet) -> None:
    internet.put("ann.test/a", reply(PICTURE))

    assert "prove who it is" in str(await refusal("https://ann.test/a"))

    assert internet.requests == []


ANSWERS = {
    "a page": (reply(b"<html>", content_type="text/html; charset=utf-8"), "a page"),
    "not found": (reply(status="404 Not Found"), "nothing at that link"),
    "gone": (reply(status="410 Gone"), "nothing at that link"),
    "login": (reply(status="401 Unauthorized"), "not public"),
    "forbidden": (reply(status="403 Forbidden"), "not public"),
    "broken": (reply(status="500 Oh"), r"an error \(500\)"),
    "a part": (reply(PICTURE, status="206 Partial"), r"an error \(206\)"),
    "nothing new": (reply(status="304 Not Modified"), r"an error \(304\)"),
    "packed": (reply(gzip.compress(PICTURE), content_encoding="gzip"), "packed"),
    "huge": (reply(b"", content_length=26 << 20), "larger than 25 MB"),
    "cut short": (reply(PICTURE, content_length=9_999), "connection broke"),
    "negative": (reply(PICTURE, content_length=-1), "as it should"),
    "two lengths": (reply(PICTURE, Content_Length=3), "as it should"),
    "rubbish": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "as it should"),
    "long header": (reply(PICTURE, x="y" * 100_000), "as it should"),
    "silence": (b"", "as it should"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_an_answer_that_is_no_picture_is_told_in_words(
    internet: Internet, what: str
) -> None:
    answer, sentence = ANSWERS[what]
    internet.put("ann.test/a", answer)

    with pytest.raises(LinkError, match=sentence):
        await fetch_picture("http://ann.test/a")


@pytest.mark.parametrize(
    "head",
    [
        reply(content_length=None),
        reply(content_length=None, transfer_encoding="chunked"),
        reply(content_length=100),
    ],
)
async def test_a_body_without_an_end_is_cut_at_the_limit(
    internet: Internet, head: bytes
) -> None:
    sent = 0

    async def pour(write: asyncio.StreamWriter) -> None:
        nonlocal sent
        write.write(head)
        while sent < 50 << 20:
            write.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
            sent += 1 << 16
            await write.drain()

    internet.put("ann.test/a", pour)

    assert re.search(
        r"larger than 1 MB|as it should",
        str(await refusal("http://ann.test/a", limit=1 << 20)),
    )
    assert sent < 10 << 20


async def test_a_body_that_drips_is_given_up(internet: Internet) -> None:
    internet.put("ann.test/a", reply(bytes(50_000)))
    clock = itertools.count(step=6).__next__

    with pytest.raises(LinkError, match="too slow"):
        await fetch_picture("http://ann.test/a", clock=clock)


async def test_a_server_that_says_nothing_is_given_up(internet: Internet) -> None:
    forever = asyncio.Event()

    async def wait(write: asyncio.StreamWriter) -> None:
        await forever.wait()

    internet.put("ann.test/a", wait)

    assert "too long" in str(await refusal("http://ann.test/a", seconds=0.05))
    forever.set()


async def test_a_name_that_nobody_knows_is_told(internet: Internet) -> None:
    assert "no server of the name" in str(await refusal("http://nowhere.test/a"))


async def test_a_server_that_is_down_is_told(internet: Internet) -> None:
    internet.names["down.test"] = [["93.184.215.99"]]

    assert "does not answer" in str(await refusal("http://down.test/a"))


def test_links_take_what_stills_take() -> None:
    assert fetching.MOST_BYTES == MOST_BYTES


@given(st.ip_addresses(v=4))
@example(IPv4Address("8.8.8.8"))
def test_no_special_ipv4_address_is_public(ip: IPv4Address) -> None:
    if ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_link_local:
        assert not is_public(str(ip))
    assert not is_public(f"::ffff:{ip}")
    assert is_public("8.8.8.8")


@given(st.ip_addresses(v=6))
@example(IPv6Address("2606:4700::1111"))
def test_no_special_ipv6_address_is_public(ip: IPv6Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.sixtofour or ip.teredo:
        assert not is_public(str(ip))
    assert is_public("2606:4700::1111")
