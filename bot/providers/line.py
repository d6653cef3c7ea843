"""Kept connections for the many small questions, several times as quick as httpx's own.

What is sent is put together by httpx, as everything else is, and errors are httpx's
too; only the way over the network is aiohttp's. Orders and files do not come this way.
"""

import ssl
from collections.abc import Sequence
from typing import NamedTuple
from urllib.request import getproxies

import aiohttp
import httpx
from yarl import URL

MOST_HEADER = 32 << 10  # bytes


class Question(NamedTuple):
    """What is sent.

    Attributes:
        url: Encoded as it goes over the network.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    content: bytes = b""


class Line:
    """Connections that are opened when the first question is asked.

    Args:
        verify: Whom to believe over HTTPS.
        connect: Seconds to accept a connection.
        silent: Seconds between two pieces of an answer.
    """

    def __init__(
        self, verify: ssl.SSLContext, *, connect: float, silent: float
    ) -> None:
        self._verify = verify
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect, sock_read=silent
        )
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self, question: Question, *, most: int
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask, following no redirect; status, headers by lower case, body.

        Args:
            question: What is sent.
            most: Bytes that the body may have.

        Raises:
            httpx.HTTPError: There was no whole answer.
            ValueError: The answer is too long.
        """
        try:
            async with self._opened().request(
                question.method,
                URL(question.url, encoded=True),
                headers=question.headers,
                data=question.content or None,
                allow_redirects=False,
            ) as response:
                body = bytearray()
                async for piece in response.content.iter_any():
                    body += piece
                    if len(body) > most:
                        raise ValueError  # no honest answer is that long
                headers = {
                    name.lower(): text for name, text in response.headers.items()
                }
                return response.status, headers, bytes(body)
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except aiohttp.ServerTimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError(str(error)) from error

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._verify),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trust_env=bool(getproxies()),  # looks for them anew for each request
                max_line_size=MOST_HEADER,
                max_field_size=MOST_HEADER,
            )
            # Whoever asks decides on a second try, and counts what failed.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session
