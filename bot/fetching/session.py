"""A session that carries nothing of ours: no cookies, no proxy, no credentials."""

import aiohttp

from bot.fetching.reach import Reach

CONNECT_SECONDS = 3.0
SILENT_SECONDS = 8.0  # without a single byte


def open_session(
    reach: Reach,
    *,
    accept: str = "image/*",
    connect: float = CONNECT_SECONDS,
    silent: float = SILENT_SECONDS,
) -> aiohttp.ClientSession:
    """Open one for a single download; every name is looked up anew.

    Args:
        reach: Where it may lead.
        accept: What we hope for.
        connect: Seconds to accept a connection.
        silent: Seconds between two pieces of an answer.
    """
    connector = aiohttp.TCPConnector(
        socket_factory=reach,
        resolver=aiohttp.ThreadedResolver(),
        use_dns_cache=False,
        force_close=True,
    )
    headers = {
        "Accept": accept,
        "Accept-Encoding": "identity",
        "User-Agent": "Vivant",
    }
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=connect, sock_read=silent
        ),
    )
