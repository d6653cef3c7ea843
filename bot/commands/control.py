"""One way to what the owner does: through the running bot, else on the database."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from adapters.control import Control, Operation, connect
from adapters.control.socket import folder_of
from bot.assembly import House
from bot.backup import swap
from bot.config import Settings
from bot.errors import SetupError
from bot.store import Store, open_sqlite

OnStore = Callable[[Store, Mapping[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that runs, as it tells of itself.

    Attributes:
        since: When it was started, in UTC.
        address: Where its page is.
    """

    pid: int
    since: str
    address: str
    chats: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """In a line."""
        return f"running since {self.since} UTC, at {self.address}"


def operations(
    house: House, table: Mapping[str, OnStore], running: Running
) -> Mapping[str, Operation]:
    """What a running bot lets its owner do."""

    async def status(_: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return {
            "pid": running.pid,
            "since": running.since,
            "address": running.address,
            "chats": running.chats,
        }

    made: dict[str, Operation] = {
        name: partial(operation, house.store) for name, operation in table.items()
    }
    return made | {"status": status}


def started(address: str, chats: tuple[str, ...]) -> Running:
    """This process, from now on."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    return Running(os.getpid(), now, address, chats)


async def find_running(settings: Settings) -> Running | None:
    """The bot that runs on these settings; None when there is none.

    Raises:
        SetupError: There is one, and it does not answer.
    """
    if (bot := await connect(settings.data)) is None:
        return None
    said = await bot.ask("status")
    return Running(said["pid"], said["since"], said["address"], tuple(said["chats"]))


async def perform(
    settings: Settings, table: Mapping[str, OnStore], operation: str, /, **words: object
) -> Any:  # noqa: ANN401 - JSON
    """Do something where the database is open, and return what it says.

    Raises:
        SetupError: It cannot be done, or nobody can open the database.
    """
    if bot := await connect(settings.data):
        return await bot.ask(operation, **words)
    async with opened(settings) as store:
        return await table[operation](store, words)


@asynccontextmanager
async def snapshot(settings: Settings) -> AsyncGenerator[Path]:
    """A copy of the database; while it is held, nothing is swept away.

    Raises:
        SetupError: It cannot be made.
    """
    if bot := await connect(settings.data):
        async with bot.snapshot() as file:
            yield file
        return
    if not await asyncio.to_thread(settings.database.exists):
        problem = f"There is no {settings.database}, so nothing to back up"
        raise SetupError([f"{problem}: look at VIVANT_DATA."])
    async with opened(settings) as store:
        file = folder_of(settings.data) / f"snapshot-{os.getpid()}.sqlite3"
        await asyncio.to_thread(file.parent.mkdir, mode=0o700, exist_ok=True)
        try:
            await store.backup(file)
            yield file
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Store]:
    """The database itself, which no bot has open.

    Raises:
        SetupError: It cannot be opened.
    """
    await asyncio.to_thread(swap.finish, settings.data, settings.database)
    store = await open_sqlite(settings.database)
    try:
        yield store
    finally:
        await store.close()


__all__ = ["Control", "Running", "find_running", "operations", "perform", "snapshot"]
