"""What `vivant doctor` looks at on this machine."""

import asyncio
import errno
import ipaddress
import shutil
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import av

from adapters import terminal
from bot.checkup import Finding, broken, warning, well
from bot.checkup.disk import why_no_locks, why_not_writable
from bot.commands.admin import OPERATIONS
from bot.commands.control import Running, perform
from bot.commands.own_house import open_own_house, sample
from bot.config import Settings
from bot.errors import BotError, SetupError
from bot.media import Media
from bot.models import Ask
from bot.remarks import callers, not_public

SLOW = 15.0  # seconds for a 2 s clip; a person still waits that long
PROOF = b"proof"


async def check_disk(settings: Settings, running: Running | None) -> list[Finding]:  # noqa: ARG001
    """The data folder keeps what is written, and has room."""
    data = settings.data
    if problem := await asyncio.to_thread(_why_not_kept, data):
        return [broken("disk", problem)]
    if problem := await asyncio.to_thread(why_no_locks, data):
        return [broken("disk", problem)]
    free = (await asyncio.to_thread(shutil.disk_usage, data)).free // 1_000_000
    detail = f"{free:,} MB free for {data}"
    if free >= settings.min_free_mb:
        return [well("disk", detail)]
    need = f"{settings.min_free_mb:,} MB are needed (VIVANT_MIN_FREE_MB)"
    return [broken("disk", f"{detail}, and {need}: make room")]


async def check_codecs(settings: Settings, running: Running | None) -> list[Finding]:  # noqa: ARG001
    """The video library writes H.264 and AAC."""
    missing = {"libx264", "aac"} - set(av.codecs_available)
    if missing:
        remedy = f"{', '.join(sorted(missing))} missing: reinstall PyAV from its wheel"
        return [broken("codecs", remedy)]
    return [well("codecs", "H.264 and AAC")]


async def check_database(settings: Settings, running: Running | None) -> list[Finding]:
    """The database opens and its ledger adds up; a running bot looks itself."""
    try:
        whole = running is None
        seen, *wrong = await perform(settings, OPERATIONS, "database", whole=whole)
    except SetupError as error:
        return [broken("database", str(error))]
    except BotError as error:
        return [broken("database", f"{error} {error.hint}")]
    return [broken("database", "; ".join(wrong)) if wrong else well("database", seen)]


async def check_port(settings: Settings, running: Running | None) -> list[Finding]:
    """The page can listen where it is to."""
    where = f"{settings.web_host}:{settings.web_port}"
    if running is not None:
        return []
    error = await asyncio.to_thread(_why_no_port, settings)
    if error is None:
        return [well("page", f"can listen on {where}")]
    remedy = "correct VIVANT_WEB_HOST or VIVANT_WEB_PORT"
    match error.errno:
        case errno.EADDRINUSE:
            told = f"{where} is taken by another program"
            remedy = "stop it, or set VIVANT_WEB_PORT to a free port"
        case errno.EACCES | errno.EPERM:
            told = f"{where} is for root alone"
            remedy = "set VIVANT_WEB_PORT to 1024 or more"
        case errno.EADDRNOTAVAIL:
            told = f"{settings.web_host} is no address of this machine"
            remedy = "correct VIVANT_WEB_HOST, or leave it out"
        case _:
            told = f"cannot listen on {where} ({error.strerror or error})"
    return [broken("page", f"{told}: {remedy}")]


async def check_public(settings: Settings, running: Running | None) -> list[Finding]:  # noqa: ARG001
    """Whoever is to call the bot can find its address."""
    url = settings.public_url
    if url is None or not_public(url) or not callers(settings):
        return []
    host = urlsplit(url).hostname or ""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        told = f"no host is called {host} (DNS): correct VIVANT_PUBLIC_URL, or add the"
        return [broken("public address", f"{told} name where the domain is kept")]
    inside = [ip for *_, (ip, *_) in found if not ipaddress.ip_address(ip).is_global]
    if len(inside) < len(found):
        return [well("public address", url)]
    told = (
        f"{host} is {inside[0]} from here, which only this network knows: callers from"
    )
    return [warning("public address", f"{told} outside must find another address")]


async def check_renderer(
    settings: Settings,
    running: Running | None,  # noqa: ARG001
    *,
    slow: float = SLOW,
) -> list[Finding]:
    """The renderer makes a clip here; a busy machine takes long, and that is all."""
    try:
        seconds = await _time_a_render(settings)
    except (BotError, SetupError) as error:
        return [broken("renderer", str(error))]
    detail = f"2 s of 1280x720 took {seconds:.1f} s"
    if seconds > slow:
        return [warning("renderer", f"{detail}: slow; is this machine busy?")]
    return [well("renderer", detail)]


async def _time_a_render(settings: Settings) -> float:
    ended = asyncio.Event()
    chat = terminal.TerminalChat(lambda job: ended.set() if job.state.ended else None)
    async with open_own_house(settings, chat) as house:
        still = await house.service.still_from_path(sample("astronaut.jpg"))
        begun = time.monotonic()
        job = await house.service.submit(
            Ask(still=still, seconds=2),
            person=terminal.SOMEBODY,
            place=terminal.place(house.settings.data / "test.mp4"),
        )
        await ended.wait()
        job = await house.service.job(job.id, person=terminal.SOMEBODY)
        if job.error:
            raise job.error.again()
        return time.monotonic() - begun


def _why_not_kept(data: Path) -> str | None:
    """Keep a file as stills and clips are kept, and say what the disk refuses."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data, prefix=".doctor-") as folder:
            asyncio.run(Media(Path(folder)).add_bytes(PROOF, ".bin"))
    except SetupError as error:
        return str(error)
    except OSError as error:
        return why_not_writable(data, error)
    except BotError as error:
        cause = error.__cause__
        if isinstance(cause, OSError):
            return why_not_writable(data, cause)
        return str(error)
    return None


def _why_no_port(settings: Settings) -> OSError | None:
    """Listen for a moment, as the page does."""
    host = settings.web_host.strip("[]")
    try:
        for family, kind, _, _, address in socket.getaddrinfo(
            host, settings.web_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(address)
                one.listen(1)
    except socket.gaierror:
        return OSError(errno.EADDRNOTAVAIL, "no such host")
    except OSError as error:
        return error
    return None
