"""Clips that a provider's answer points to: fetched without its key, with little trust.

The address comes out of somebody's JSON, so it may lead to the public internet only,
and only over HTTPS, unless the provider itself is a server in the owner's network.
"""

import asyncio
import ipaddress
import socket
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

from bot.errors import Fault, ProviderError
from bot.fetching.inflow import Inflow
from bot.fetching.reach import Reach, is_public
from bot.fetching.session import open_session

MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def fetch_file(
    url: str,
    to: Path,
    *,
    title: str,
    most: int,
    seconds: float,
    silent: float,
    private: bool,
) -> None:
    """Write the MP4 at an address to the file `to`.

    Args:
        url: As a provider gave it.
        to: Where to write; deleted again when it does not come whole.
        title: The provider, for sentences.
        most: Bytes that are taken at the most.
        seconds: Time for everything.
        silent: Seconds between two pieces.
        private: Whether it may lie in a private network, and come over plain HTTP.

    Raises:
        ProviderError: It cannot or must not be fetched.
    """
    reach = Reach(private=private)
    try:
        async with (
            asyncio.timeout(seconds),
            open_session(reach, accept="video/*, */*", silent=silent) as session,
        ):
            for _ in range(MOST_REDIRECTS + 1):
                _check(url, title, private=private)
                async with session.get(url, allow_redirects=False) as response:
                    if response.status not in REDIRECTS:
                        return await _take(response, to, title, most)
                    url = urljoin(url, response.headers.get("Location", ""))
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise _broken(title, closed=reach.refused) from error
    raise _broken(title)


def is_private(base_url: str) -> bool:
    """Whether a server that the owner chose lies in a private network. Blocks.

    A name that cannot be looked up counts as public: the stricter of the two.
    """
    host = urlsplit(base_url).hostname or ""
    try:
        found = [str(ipaddress.ip_address(host))]
    except ValueError:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        found = [str(address[0]) for *_, address in answers]
    return not all(is_public(address.partition("%")[0]) for address in found)


def _check(url: str, title: str, *, private: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise _broken(title, closed=True)
    if not parts.hostname or "@" in parts.netloc:
        raise _broken(title, closed=True)


async def _take(
    response: aiohttp.ClientResponse, to: Path, title: str, most: int
) -> None:
    if response.status == 410:
        raise ProviderError(
            Fault.EXPIRED,
            "The link to the clip from {title} has ended.",
            doubtful=True,  # another link may be had for the asking
            title=title,
        )
    if response.status != 200:
        raise _broken(title)
    async with Inflow(to, title=title, most=most) as inflow:
        inflow.expect(response.content_length)
        async for piece in response.content.iter_any():
            await inflow.write(piece)


def _broken(title: str, *, closed: bool = False) -> ProviderError:
    if closed:
        return ProviderError(
            Fault.UPSTREAM,
            "{title} points to a place where the bot does not fetch clips from.",
            title=title,
        )
    return ProviderError(
        Fault.UPSTREAM, "The clip from {title} cannot be fetched now.", title=title
    )
