"""The bot's end: operations by name, and a copy of the database for a backup."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.control.socket import SUPPORTED, folder_of, listen, remove
from bot.errors import BotError, SetupError
from bot.store import Store

log = logging.getLogger(__name__)

Operation = Callable[[Mapping[str, Any]], Awaitable[Any]]

SNAPSHOT = "snapshot-*.sqlite3"
NO_SOCKETS = "cannot be administered while it runs: there are no Unix sockets here (%s)"


@asynccontextmanager
async def serve(
    data: Path,
    operations: Mapping[str, Operation],
    *,
    store: Store,
    resting: asyncio.Lock,
) -> AsyncGenerator[None]:
    """Take commands until the block ends.

    Args:
        data: The folder of the bot.
        operations: What may be asked, by name.
        store: What a snapshot is taken of.
        resting: Held while a backup is made, so that nothing is swept away meanwhile.

    Raises:
        SetupError: Somebody listens there already.
    """
    app = web.Application(client_max_size=1 << 16)
    app.add_routes(
        [
            web.post("/operations/{name}", _Operations(operations).answer),
            web.get("/snapshot", _Snapshots(folder_of(data), store, resting).lend),
        ]
    )
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        shutdown_timeout=0.5,
    )
    await runner.setup()
    bound = False
    try:
        if SUPPORTED:
            try:
                line = await asyncio.to_thread(listen, data)
                bound = True
                await asyncio.to_thread(_tidy, folder_of(data))
                await web.SockSite(runner, line).start()
            except OSError as error:
                log.warning(NO_SOCKETS, error)
        yield
    finally:
        if bound:
            await asyncio.to_thread(remove, data)
        await runner.cleanup()


class _Operations:
    """Carries out what is asked by name."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations

    async def answer(self, request: web.Request) -> web.Response:
        operation = self._operations.get(request.match_info["name"])
        if operation is None:
            return _no(["The running bot is of another version: restart it."], 404)
        try:
            words = await request.json()
            return web.json_response({"result": await operation(words)})
        except SetupError as error:
            return _no(error.problems)
        except BotError as error:
            return _no([f"{error} {error.hint}"])
        except (ValueError, TypeError, KeyError):
            return _no(["The running bot did not understand that."], 400)


class _Snapshots:
    """Lends copies of the database, each for as long as a client stays connected."""

    def __init__(self, folder: Path, store: Store, resting: asyncio.Lock) -> None:
        self._folder = folder
        self._store = store
        self._resting = resting

    async def lend(self, request: web.Request) -> web.StreamResponse:
        """Say the name of a copy, and keep it until the other end hangs up."""
        file = self._folder / f"snapshot-{secrets.token_hex(8)}.sqlite3"
        async with self._resting:
            try:
                await self._store.backup(file)
                response = web.StreamResponse()
                await response.prepare(request)
                await response.write(f"{file.name}\n".encode())
                await asyncio.Event().wait()  # cancelled when the client is gone
            except BotError as error:
                return _no([f"{error} {error.hint}"])
            finally:
                await asyncio.shield(asyncio.to_thread(file.unlink, missing_ok=True))
        return response


def _no(problems: Any, status: int = 422) -> web.Response:  # noqa: ANN401 - JSON
    return web.json_response({"problems": list(problems)}, status=status)


def _tidy(folder: Path) -> None:
    """Delete what a bot that was killed has left."""
    for file in folder.glob(SNAPSHOT):
        with contextlib.suppress(OSError):
            file.unlink()
