"""Questions and orders in JSON over HTTP, to a service that the owner has chosen.

The key goes to the service's own origin and nowhere else: no redirect is followed
with it. Every failure becomes a `ProviderError` in our words. An order that may have
been accepted is `Fault.LOST`; one that surely was not is any other fault.
"""

import asyncio
import logging
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from json import dumps
from typing import Any
from urllib.parse import urljoin

import httpx

from bot.breaker import Breaker
from bot.drip import Drip
from bot.errors import Fault, ProviderError
from bot.providers import retiring
from bot.providers.answers import Answer, parse
from bot.providers.faults import GONE, Said, fault_of_order, told
from bot.providers.line import Line, Question
from bot.providers.retiring import Retirement

log = logging.getLogger(__name__)

Part = tuple[str, tuple[str | None, str | bytes] | tuple[str, bytes, str]]
Files = Sequence[Part]

# A path that goes behind the base as it is: no dots alone, nothing to be encoded.
PLAIN = re.compile(r"(?:(?!\.+(?:/|$))[\w.~%-]+(?:/(?=.)|$))+", re.ASCII)
MOST_JSON = 4 << 20  # bytes of an answer; the longest list seen is far below
MOST_ORDERS = 20  # under way at the same time; no service is let have more jobs
OWNERS = frozenset({Fault.AUTH, Fault.NO_MONEY, Fault.MODEL_GONE, Fault.UPSTREAM})
GONE_FOR_GOOD = 410
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.LocalProtocolError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a service may take; all in seconds.

    Attributes:
        connect: To accept a connection.
        silent: Between two pieces of an answer.
        answer: For a whole answer in JSON.
        download: For a whole clip.
    """

    connect: float = 10.0
    silent: float = 60.0
    answer: float = 120.0
    download: float = 900.0


class Calls:
    """Connections to one service.

    Args:
        base_url: What paths are relative to, as in `https://api.example.com/v1`.
        title: The service as a person knows it, for sentences.
        headers: With the key; sent to this origin only.
        patience: How long it may take.
        at_once: Questions under way at the same time; as many files, and orders.
        per_minute: Requests a minute, if there is such a limit.
        clock: Monotonic seconds.

    Attributes:
        base: What paths are relative to, with a slash at its end.
        date: When the service last spoke, by its own clock.
    """

    def __init__(
        self,
        base_url: str,
        *,
        title: str,
        headers: Mapping[str, str],
        patience: Patience | None = None,
        at_once: int = 8,
        per_minute: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.base = base_url.rstrip("/") + "/"
        self._patience = patience or Patience()
        self._clock = clock
        # An order may take minutes to answer, and a file to come: neither keeps
        # anybody from asking how a render is, or from fetching a finished clip.
        self._turns = asyncio.Semaphore(at_once)
        self._order_turns = asyncio.Semaphore(MOST_ORDERS)
        self._file_turns = asyncio.Semaphore(at_once)
        self._drip = Drip(60 / per_minute if per_minute else 0.0, clock=clock)
        self._breaker = Breaker()
        self._complained: set[Fault] = set()
        self.retiring: dict[str, Retirement] = {}  # by model; "" is the whole service
        self.date: str | None = None
        options: dict[str, Any] = {
            "headers": {"Accept-Encoding": "identity", **headers},
            "timeout": httpx.Timeout(
                self._patience.silent, connect=self._patience.connect
            ),
            "verify": trust(),
            "follow_redirects": False,
        }
        self._client = httpx.AsyncClient(**options)
        self._origin = str(httpx.URL(self.base))
        self._headers = self._client.headers.multi_items()
        self._line = Line(
            trust(), connect=self._patience.connect, silent=self._patience.silent
        )
        # A connection that the service has just closed would make an order ambiguous,
        # so every order has one of its own.
        fresh = httpx.Limits(max_keepalive_connections=0)
        self._orders = httpx.AsyncClient(**options, limits=fresh)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        most: int = MOST_JSON,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        model: str = "",
    ) -> Answer:
        """Ask something that may be asked again. Any status is an answer.

        `model` is what is asked about, if it is one.

        Raises:
            ProviderError: There was no whole answer.
        """
        await self._knock()
        try:
            async with self._turns, asyncio.timeout(self._patience.answer):
                question = self._question(method, path, params, json, headers)
                status, heads, body = await self._line.ask(question, most=most)
            answer = Answer(status, await parse(body), heads)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            self._breaker.failed(self._clock())
            raise self.refusal(Fault.UPSTREAM, cause=error) from error
        self.date = answer.headers.get("date")
        self._heard(answer, model)
        return answer

    async def order(
        self,
        path: str,
        *,
        json: object = None,
        files: Files | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        most: int = MOST_JSON,
        missing: Fault | None = None,
        model: str = "",
        leaves: Callable[[], Awaitable[None]] | None = None,
    ) -> Answer:
        """Order something that costs; it is sent once. The answer's status says yes.

        Args:
            path: Relative to the base.
            json: The order as JSON, or
            files: as the parts of a form, which is multipart even without a file.
            headers: More of them.
            seconds: Longest wait for the answer, where it is not the usual.
            most: Bytes that an answer may have.
            missing: What a 404 means, where that is not a wrong address.
            model: What is ordered.
            leaves: Awaited when the order's turn has come, right before it is sent.

        Raises:
            ProviderError: It was turned away; `Fault.LOST` when nobody knows.
        """
        content = await asyncio.to_thread(_encoded, json) if json is not None else None
        plain = {"Content-Type": "application/json"} if content is not None else {}
        request = self._orders.build_request(
            "POST",
            urljoin(self.base, path),
            content=content,
            files=files,
            headers={**plain, **(headers or {})},
            timeout=httpx.Timeout(
                seconds or self._patience.silent, connect=self._patience.connect
            ),
        )
        await self._knock()
        try:
            async with self._order_turns:
                if leaves:
                    await leaves()
                answer = await self._send(self._orders, request, most, seconds)
        except _NEVER_SENT as error:
            self._breaker.failed(self._clock())
            raise self.refusal(Fault.UPSTREAM, cause=error) from error
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise self.refusal(Fault.LOST, cause=error) from error
        self._heard(answer, model)
        if answer.good:
            return answer
        if answer.status == GONE_FOR_GOOD:
            self._check_gone(answer)
        if missing and answer.status in (404, 410):
            raise self.refusal(missing)
        raise self._turned_away(answer)

    def refusal(
        self,
        fault: Fault,
        said: Said | None = None,
        *,
        after: float | None = None,
        cause: Exception | None = None,
    ) -> ProviderError:
        """The error for a person; the owner is told once until it works again."""
        if fault in OWNERS - self._complained:
            self._complained.add(fault)
            why = type(cause).__name__ if cause else _safe(said.code if said else "")
            log.warning("%s: %s %s", self.title, fault, why)
        return told(fault, self.title, said, after=after)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._line.close()
        await self._client.aclose()
        await self._orders.aclose()

    def learn(self, model: str, said: Retirement) -> None:
        """Remember that a model goes away; the owner is told when that is news."""
        if self.retiring.get(model) != said:
            self.retiring[model] = said
            log.warning("%s: %s", self.title, said.note(model or "this service"))

    def _check_gone(self, answer: Answer) -> None:
        """Raises where a model is gone and another is named in its place."""
        if said := retiring.in_refusal(answer.body):
            self.refusal(Fault.MODEL_GONE)  # for the log
            raise ProviderError(
                Fault.MODEL_GONE, GONE, title=self.title, instead=said.instead
            )

    def _question(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: object,
        headers: Mapping[str, str] | None,
    ) -> Question:
        if PLAIN.fullmatch(path) and not (params or headers) and json is None:
            return Question(method, self._origin + path, self._headers)
        request = self._client.build_request(
            method, urljoin(self.base, path), params=params, json=json, headers=headers
        )
        sent = request.headers.multi_items()
        return Question(method, str(request.url), sent, request.content)

    def _turned_away(self, answer: Answer) -> ProviderError:
        """What an order's bad status means: was it surely not accepted?"""
        said = answer.said()
        fault = fault_of_order(answer.status, said, after=answer.after)
        return self.refusal(fault, said, after=answer.after)

    async def _knock(self) -> None:
        """Stay away from a service that has just failed again and again.

        Otherwise wait until its limit a minute lets us in.
        """
        if wait := self._breaker.take(self._clock()):
            raise told(Fault.BUSY, self.title, after=wait)
        await self._drip.wait()

    def _heard(self, answer: Answer, model: str) -> None:
        gone = (
            retiring.in_refusal(answer.body) if answer.status == GONE_FOR_GOOD else None
        )
        if said := gone or retiring.in_headers(answer.headers):
            self.learn(model, said)
        if answer.status == 429:
            self._breaker.open(self._clock(), answer.after or 1.0)
        elif answer.status >= 500 and not answer.fields:
            self._breaker.failed(self._clock())
        else:
            self._breaker.worked()
            if answer.good and isinstance(answer.body, (dict, list)):
                self._complained.clear()

    async def _send(
        self,
        client: httpx.AsyncClient,
        request: httpx.Request,
        most: int,
        seconds: float | None = None,
    ) -> Answer:
        async with (
            asyncio.timeout(seconds or self._patience.answer),
            self._open(client, request) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > most:
                    raise ValueError  # no honest answer is that long
            return Answer(
                response.status_code,
                await parse(bytes(body)),
                {name.lower(): value for name, value in response.headers.items()},
            )

    @asynccontextmanager
    async def _open(
        self, client: httpx.AsyncClient, request: httpx.Request
    ) -> AsyncIterator[httpx.Response]:
        response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()


@cache
def trust() -> ssl.SSLContext:
    """Whom we believe over HTTPS; read once, for it takes some 20 ms."""
    return httpx.create_ssl_context()


def _encoded(body: object) -> bytes:
    """JSON with a picture inside is megabytes: too much for the event loop."""
    return dumps(body, separators=(",", ":")).encode()


def _safe(code: str) -> str:
    """The words of a code that are surely nothing but words."""
    return " ".join(re.findall(r"(?<!\S)[a-z_]{2,40}(?!\S)", code)[:4])
