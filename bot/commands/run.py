"""`vivant run`: the page, the chats and the jobs, until it is told to stop."""

import asyncio
import errno
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from aiohttp import web
from rich.console import Console

from adapters.control import connect, serve
from adapters.control.socket import IN_USE
from adapters.web import create_app
from adapters.web.gate import Gate
from adapters.web.server import Site, raise_limit
from bot.assembly import House, open_house
from bot.commands.admin import OPERATIONS
from bot.commands.control import operations, started
from bot.config import Settings
from bot.errors import SetupError
from bot.fence import fenced
from bot.remarks import remarks
from bot.room import tell_malloc

LEAVING = 5.0  # seconds that an answer under way may take when the bot stops
YOUNG = 10_000  # objects that are made before Python looks for garbage among them

Tell = Callable[[str], None]
Chat = Callable[[], Awaitable[None]]


async def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; unfinished jobs go on at the next start.

    Raises:
        SetupError: The owner has to change something first.
    """
    tell_malloc()
    console = Console(highlight=False, soft_wrap=True)
    if await connect(settings.data):
        raise SetupError([IN_USE.format(data=settings.data)])
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings, hooks=True))
        app = await asyncio.to_thread(create_app, settings, house.service)
        chats = await asyncio.to_thread(_chats, house, settings, console.print, app)
        page = await _listen(app, settings)
        stack.push_async_callback(page.cleanup)
        address = _address(settings, page)
        await stack.enter_async_context(_control(house, settings, address))
        running = asyncio.create_task(_everything(house, chats))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, running.cancel)
        await asyncio.to_thread(_spare_the_collector)
        for line in _greeting(settings, address):
            console.print(line)
        await asyncio.wait([running])
        if not running.cancelled():
            await running  # it ended by itself: say why
    console.print("Stopped. Unfinished renders go on at the next start.")
    return 0


def _spare_the_collector() -> None:
    """Let the garbage collector never walk through what stays for good. Blocks.

    With thousands of jobs it would otherwise stop everything for a moment, and often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _chats(
    house: House, settings: Settings, tell: Tell, app: web.Application
) -> dict[str, Chat]:
    """Each chat whose tokens are set, to be run; whoever has none need not wait."""
    chats: dict[str, Chat] = {}
    service = house.service
    if settings.discord_token:
        from adapters.discord.supervisor import keep_connected  # noqa: PLC0415

        chats["discord"] = partial(keep_connected, settings, service, tell=tell)
    if settings.slack:
        from adapters.slack import sockets  # noqa: PLC0415
        from adapters.slack.app import assemble  # noqa: PLC0415
        from adapters.slack.http import add_routes  # noqa: PLC0415

        parts = assemble(settings, service)
        add_routes(app, parts, settings)
        chats["slack"] = partial(sockets.keep_connected, settings, parts, tell=tell)
    return chats


async def _everything(house: House, chats: dict[str, Chat]) -> None:
    """Carry jobs and be in the chats, until cancelled. None of them ends another."""
    async with asyncio.TaskGroup() as tasks:
        for name, chat in chats.items():
            house.service.health.down(name, "not connected yet")
            tasks.create_task(fenced(name, chat, house.service.health))
        tasks.create_task(house.run())


async def _listen(app: web.Application, settings: Settings) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LEAVING)
    await runner.setup()
    gate = Gate(min(settings.web_connections, raise_limit()))
    try:
        await Site(runner, settings.web_host, settings.web_port, gate=gate).start()
    except OSError as error:
        await runner.cleanup()
        where = f"{settings.web_host}:{settings.web_port}"
        if error.errno == errno.EADDRINUSE:
            problem = f"{where} is taken by another program: stop it, or set"
            raise SetupError([f"{problem} VIVANT_WEB_PORT to a free port."]) from error
        problem = f"The page cannot listen on {where} ({error.strerror}): change"
        raise SetupError([f"{problem} VIVANT_WEB_HOST or VIVANT_WEB_PORT."]) from error
    return runner


def _control(
    house: House, settings: Settings, address: str
) -> AbstractAsyncContextManager[None]:
    """Let the owner's commands reach this bot."""
    tokens = {"discord": settings.discord_token, "slack": settings.slack}
    running = started(address, tuple(name for name, there in tokens.items() if there))
    return serve(
        settings.data,
        operations(house, OPERATIONS, running),
        store=house.store,
        resting=house.resting,
    )


def _address(settings: Settings, page: web.AppRunner) -> str:
    """Where people open the page; the port is the one that was really taken."""
    if settings.public_url:
        return settings.public_url
    host = settings.web_host
    port = next((one[1] for one in page.addresses), settings.web_port)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greeting(settings: Settings, address: str) -> list[str]:
    lines = [f"Careful: {remark}" for remark in remarks(settings)]
    if not (settings.discord_token or settings.slack):
        lines.append("No DISCORD_TOKEN and no SLACK_BOT_TOKEN: only the page runs.")
    return [*lines, f"Open {address} and drop a photo. Ctrl+C stops."]
