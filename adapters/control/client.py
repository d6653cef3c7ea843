"""The owner's end of the control socket."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from adapters.control.socket import NAME, SUPPORTED, dial, folder_of, short
from bot.errors import SetupError

HELLO = aiohttp.ClientTimeout(total=10)  # seconds; what hangs takes connections too
ANSWER = aiohttp.ClientTimeout(total=60, connect=5)  # seconds; a busy disk is slow
COPY = aiohttp.ClientTimeout(total=None, connect=5)


class Control:
    """A bot that runs; `connect` finds it."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def ask(self, operation: str, /, **words: object) -> Any:  # noqa: ANN401 - JSON
        """Let the bot do something, and return what it says.

        Raises:
            SetupError: It will not, or does not answer.
        """
        url = f"http://vivant/operations/{operation}"
        try:
            async with (
                self._session(ANSWER) as session,
                session.post(url, json=words) as response,
            ):
                said = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._silent(error) from error
        if "problems" in said:
            raise SetupError(said["problems"])
        return said["result"]

    async def greet(self, patience: aiohttp.ClientTimeout = HELLO) -> None:
        """See that somebody answers at all, before anything long is asked.

        Raises:
            SetupError: Nobody does.
        """
        try:
            async with self._session(patience) as session:
                await session.get("http://vivant/")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._silent(error) from error

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Path]:
        """A copy of its database; while it is held, nothing is swept away.

        Raises:
            SetupError: It cannot be made.
        """
        async with self._session(COPY) as session:
            try:
                response = await session.get("http://vivant/snapshot")
                if response.status != 200:
                    raise SetupError((await response.json())["problems"])
                name = (await response.content.readline()).decode().strip()
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise self._silent(error) from error
            yield folder_of(self._data) / Path(name).name
            response.close()

    @asynccontextmanager
    async def _session(
        self, patience: aiohttp.ClientTimeout
    ) -> AsyncGenerator[aiohttp.ClientSession]:
        stack = ExitStack()
        path = folder_of(self._data) / NAME
        try:
            name = await asyncio.to_thread(stack.enter_context, short(path))
            line = aiohttp.UnixConnector(path=name)
            async with aiohttp.ClientSession(
                connector=line, timeout=patience
            ) as session:
                yield session
        finally:
            await asyncio.to_thread(stack.close)

    def _silent(self, error: Exception) -> SetupError:
        late = isinstance(error, TimeoutError)
        why = "it takes too long" if late else str(error) or type(error).__name__
        return SetupError(
            [f"The bot that runs on {self._data} does not answer ({why}): restart it."]
        )


async def connect(
    data: Path, *, patience: aiohttp.ClientTimeout = HELLO
) -> Control | None:
    """Connect to the bot that runs on a folder; None when no bot runs.

    Args:
        data: The folder.
        patience: How long the bot may take to answer at all.

    Raises:
        SetupError: It is another user's, or does not answer.
    """
    if not SUPPORTED:
        return None
    line = await asyncio.to_thread(dial, data)
    if line is None:
        return None
    line.close()
    control = Control(data)
    await control.greet(patience)
    return control
