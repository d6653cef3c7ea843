"""The one way out: questions, orders, and files to and from a chosen service.

A file that lies elsewhere than with the service is fetched by `bot.fetching`, without
any key; see `calls` for what may go where.
"""

import asyncio
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from bot.errors import Fault, ProviderError
from bot.fetching.files import fetch_file, is_private
from bot.fetching.inflow import Inflow
from bot.providers.answers import read_number
from bot.providers.calls import MOST_JSON, Calls, Files, Part, Patience, trust

__all__ = ["Files", "Part", "Patience", "Wire"]

MOST_HOPS = 4  # places that a file's own service may send us to, one after another


class Wire(Calls):
    """Everything that goes between us and one service."""

    _private: bool | None = None

    async def download(self, path: str, to: Path, *, most: int) -> None:
        """Bring a file that lies with the service itself to our disk.

        Where it leads elsewhere, the key comes along within its own origin only.

        Raises:
            ProviderError: It is not there, not a video, too large or too slow.
        """
        place = urljoin(self.base, path)
        for _ in range(MOST_HOPS):
            elsewhere = await self._pull(place, to, most)
            if elsewhere is None:
                return
            if not self.is_own(elsewhere):
                await self.fetch(elsewhere, to, most=most)
                return
            place = elsewhere
        raise self.refusal(Fault.UPSTREAM)

    async def fetch(self, url: str, to: Path, *, most: int) -> None:
        """Bring a file that lies anywhere to our disk, without the key.

        Raises:
            ProviderError: It is not there, not a video, too large, too slow, or lies
                in a private network while the service does not.
        """
        await fetch_file(
            urljoin(self.base, url),
            to,
            title=self.title,
            most=most,
            seconds=self._patience.download,
            silent=self._patience.silent,
            private=await self._is_private(),
        )

    async def _is_private(self) -> bool:
        if self._private is None:
            self._private = await asyncio.to_thread(is_private, self.base)
        return self._private

    async def put(self, url: str, data: bytes, mime: str) -> None:
        """Put bytes where the service says, without the key.

        Raises:
            ProviderError: They are not taken, or would go where they must not.
        """
        url = urljoin(self.base, url)
        if not await self._is_private() and (
            urlsplit(url).scheme != "https" or await asyncio.to_thread(is_private, url)
        ):
            raise self.refusal(Fault.UPSTREAM)
        request = httpx.Request(
            "PUT", url, content=data, headers={"Content-Type": mime}
        )
        try:
            async with httpx.AsyncClient(verify=trust()) as bare:
                answer = await self._send(bare, request, MOST_JSON)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise self.refusal(Fault.UPSTREAM, cause=error) from error
        if not answer.good:
            raise self.refusal(Fault.UPSTREAM, answer.said())

    def is_own(self, url: str) -> bool:
        """Whether an address is of the service's own origin, where the key may go."""
        ours, theirs = urlsplit(self.base), urlsplit(urljoin(self.base, url))
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    async def _pull(self, url: str, to: Path, most: int) -> str | None:
        """Bring a file here with the key; or say where else it lies."""
        await self._knock()
        try:
            request = self._client.build_request("GET", url)
            async with (
                self._file_turns,
                asyncio.timeout(self._patience.download),
                self._open(self._client, request) as response,
            ):
                if response.is_redirect:
                    return urljoin(url, str(response.headers.get("location", "")))
                await self._take(response, to, most)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            raise self.refusal(Fault.UPSTREAM, cause=error) from error
        return None

    async def _take(self, response: httpx.Response, to: Path, most: int) -> None:
        """Write an answer's file to disk as it comes."""
        if not response.is_success:
            raise self._no_file(response.status_code)
        async with Inflow(to, title=self.title, most=most) as inflow:
            inflow.expect(read_number(response.headers.get("content-length")))
            async for piece in response.aiter_raw():
                await inflow.write(piece)

    def _no_file(self, status: int) -> ProviderError:
        match status:
            case 401 | 403:
                fault = Fault.AUTH
            case 429:
                fault = Fault.BUSY
            case _:  # 404 and 410 too: a clip that was just made may not be out yet
                fault = Fault.UPSTREAM
        return self.refusal(fault)
