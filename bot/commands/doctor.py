"""`vivant doctor`: each thing that must be right, and what to do where it is not."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
from rich.console import Console
from rich.table import Table

from adapters import terminal
from bot import quota
from bot.checkup import Finding
from bot.commands.own_house import open_own_house, sample
from bot.commands.services import check_services
from bot.config import Settings
from bot.errors import BotError, SetupError
from bot.models import Ask
from bot.store import open_sqlite

SIGNS = {True: "[green]ok[/]", False: "[red]no[/]"}
SLOW = 15.0  # seconds for a 2 s clip; a person still waits that long


async def doctor(settings: Settings) -> int:
    """Run every check, print a table, and return 1 when something is wrong."""
    console = Console()
    table = Table("", "check", box=None, pad_edge=False)
    table.add_column("what was found", overflow="fold")  # links stay whole
    checks: list[Callable[[Settings], Awaitable[Finding]]] = [
        check_python,
        check_disk,
        check_codecs,
        check_database,
        check_renderer,
    ]
    findings = []
    with console.status("Looking …") as status:
        for check in checks:
            status.update(f"{(check.__doc__ or '').splitlines()[0]} …")
            findings.append(await check(settings))
        status.update("The services that are set up …")
        findings += [Finding(*found) for found in await check_services(settings)]
        if settings.discord_token:
            status.update("Discord lets us in …")
            findings += await check_discord(settings)
        if settings.slack:
            status.update("Slack lets us in …")
            findings += await check_slack(settings)
    for finding in findings:
        table.add_row(SIGNS[finding.good], finding.name, finding.detail)
    console.print(table)
    return 0 if all(finding.good for finding in findings) else 1


async def check_python(settings: Settings) -> Finding:  # noqa: ARG001
    """Python is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("Python", good, found if good else f"{found}: install 3.11 or newer")


async def check_disk(settings: Settings) -> Finding:
    """The data folder can be written and has room."""
    try:
        free = await asyncio.to_thread(_room, settings.data)
    except OSError as error:
        remedy = f"{settings.data}: {error.strerror}; change its owner or VIVANT_DATA"
        return Finding("disk", good=False, detail=remedy)
    good = free >= settings.min_free_mb
    detail = f"{free:,} MB free for {settings.data}"
    return Finding("disk", good, detail if good else f"{detail}: make room")


async def check_codecs(settings: Settings) -> Finding:  # noqa: ARG001
    """The video library writes H.264 and AAC."""
    missing = {"libx264", "aac"} - set(av.codecs_available)
    if missing:
        remedy = f"{', '.join(sorted(missing))} missing: reinstall PyAV from its wheel"
        return Finding("codecs", good=False, detail=remedy)
    return Finding("codecs", good=True, detail="H.264 and AAC")


async def check_database(settings: Settings) -> Finding:
    """The database opens and its ledger adds up."""
    try:
        store = await open_sqlite(settings.database)
    except SetupError as error:
        return Finding("database", good=False, detail=str(error))
    try:
        [integrity] = await store.rows("PRAGMA quick_check")
        [jobs] = await store.rows("SELECT count(*) AS n FROM jobs")
        wrong = await quota.audit(store)
    finally:
        await store.close()
    if "ok" not in integrity.values():
        detail = f"{settings.database} is damaged: restore a backup"
        return Finding("database", good=False, detail=detail)
    detail = "; ".join(wrong) or f"{jobs['n']} jobs, the ledger adds up"
    return Finding("database", not wrong, detail)


async def check_renderer(settings: Settings) -> Finding:
    """The renderer makes a clip on this machine."""
    try:
        seconds = await _time_a_render(settings)
    except (BotError, SetupError) as error:
        return Finding("renderer", good=False, detail=str(error))
    detail = f"2 s of 1280x720 took {seconds:.1f} s"
    if seconds > SLOW:
        detail += ": slow; is this machine busy?"
    return Finding("renderer", seconds <= SLOW, detail)


async def check_discord(settings: Settings) -> list[Finding]:
    """Discord lets us in, and lets us post."""
    from adapters.discord.checkup import check  # noqa: PLC0415 - slow to import

    return await check(settings)


async def check_slack(settings: Settings) -> list[Finding]:
    """Slack lets us in, with every scope that we need."""
    from adapters.slack.checkup import check  # noqa: PLC0415 - slow to import

    return await check(settings)


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


def _room(folder: Path) -> int:
    """Free megabytes, after a file was written to prove that one can be."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as proof:
        proof.write(b"proof")
    return shutil.disk_usage(folder).free // 1_000_000
