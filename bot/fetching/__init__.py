"""Pictures behind links that a person gave: fetched with as little trust as possible.

No credentials, no cookies, no proxy of ours, nothing unpacked, three redirects at
the most, and every limit is told in words. Where a link may lead is in `reach`; what
providers have ready for us is fetched by `files`.
"""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import aiohttp

from bot.errors import LinkError
from bot.fetching.reach import PORTS, Reach
from bot.fetching.session import open_session
from bot.room import Take, freely

MOST_BYTES = 25 << 20  # bytes; as `bot.stills` takes them
MOST_REDIRECTS = 3
LONGEST_URL = 2048  # characters
TIMES = 2  # how often a picture lies in memory while it is fetched
SECONDS = 30.0  # for everything
SLOWEST = 10_000  # bytes per second, once START_SECONDS are over
START_SECONDS = 5.0

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PAGES = frozenset({"text/html", "application/xhtml+xml"})

_NEVER_IN_A_LINK = frozenset(' \\"<>')
_COPY_ADDRESS = "Open the link, copy the address of the picture itself, or upload it."
_SMALLER = "Save the picture smaller and upload it."


async def fetch_picture(
    url: str,
    *,
    take: Take = freely,
    limit: int = MOST_BYTES,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Fetch what a link leads to. What it is, is for `bot.stills` to say.

    Args:
        url: As the person gave it.
        take: Told of every piece before it is kept; may refuse.
        limit: Bytes that are taken at the most.
        seconds: Time for everything, from the look-up to the last byte.
        clock: Seconds, for the speed of what comes.

    Raises:
        LinkError: It must not or cannot be fetched; says why and what to do.
    """
    url = _checked(url)
    reach = Reach()
    try:
        async with asyncio.timeout(seconds), open_session(reach) as session:
            return await _follow(session, url, limit, clock, take)
    except (aiohttp.ClientError, ValueError, OSError) as error:
        if reach.refused:
            raise LinkError(
                "That link leads into a private network, where the bot does not go."
            ) from error
        raise LinkError(_why(error)) from error


def _checked(url: str) -> str:
    """Read a link strictly.

    Raises:
        LinkError: It is no link, or one that must not be followed.
    """
    url = url.strip()
    if not url.isprintable() or len(url) > LONGEST_URL or set(url) & _NEVER_IN_A_LINK:
        raise LinkError("That is not a link.", hint=_COPY_ADDRESS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise LinkError("That is not a link.", hint=_COPY_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LinkError(
            "A link has to begin with https:// or http://.", hint=_COPY_ADDRESS
        )
    if "@" in parts.netloc:
        raise LinkError("The bot does not follow links with a name or password.")
    if port not in (None, *PORTS):
        raise LinkError("The bot does not follow links with a port of their own.")
    return url


async def _follow(
    session: aiohttp.ClientSession,
    url: str,
    limit: int,
    clock: Callable[[], float],
    take: Take,
) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        async with session.get(url, allow_redirects=False) as response:
            if response.status not in REDIRECTS:
                _check_answer(response, limit)
                return await _read(response, limit, clock, take)
            url = _redirected(url, response.headers.get("Location", ""))
    raise LinkError("That link leads from one place to the next without an end.")


def _redirected(url: str, location: str) -> str:
    following = _checked(urljoin(url, location))
    if urlsplit(url).scheme == "https" != urlsplit(following).scheme:
        raise LinkError("That link leads from a secure place to an open one.")
    return following


def _check_answer(response: aiohttp.ClientResponse, limit: int) -> None:
    if response.status in (401, 403, 407):
        raise LinkError("What that link leads to is not public.")
    if response.status in (404, 410):
        raise LinkError("There is nothing at that link.", hint=_COPY_ADDRESS)
    if response.status != 200:
        raise LinkError(
            "The server behind that link answers with an error ({status}).",
            status=response.status,
        )
    if response.content_type in PAGES:
        raise LinkError("That link is a page, not a picture.", hint=_COPY_ADDRESS)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise LinkError("The server behind that link sends the picture packed.")
    if (response.content_length or 0) > limit:
        raise _too_large(limit)


async def _read(
    response: aiohttp.ClientResponse,
    limit: int,
    clock: Callable[[], float],
    take: Take,
) -> bytes:
    data = bytearray()
    started = clock()
    async for part in response.content.iter_any():
        await take(TIMES * len(part))
        data += part
        if len(data) > limit:
            raise _too_large(limit)
        passed = clock() - started
        if passed > START_SECONDS and len(data) < SLOWEST * passed:
            raise LinkError("The server behind that link is too slow.")
    return bytes(data)


def _too_large(limit: int) -> LinkError:
    return LinkError(
        "What that link leads to is larger than {most} MB.",
        hint=_SMALLER,
        most=limit >> 20,
    )


def _why(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "There is no server of the name in that link."
        case aiohttp.ClientSSLError():
            return "The server behind that link cannot prove who it is."
        case TimeoutError():
            return "The server behind that link takes too long."
        case aiohttp.ClientConnectorError():
            return "The server behind that link does not answer."
        case aiohttp.ClientPayloadError():
            return "The connection broke before the whole picture had come."
        case _:
            return "The server behind that link does not answer as it should."
