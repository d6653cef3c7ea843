"""`vivant doctor`: each thing that must be right, and what to do where it is not."""

import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.checkup import Finding, broken, well
from bot.commands import machine_checks as machine
from bot.commands.control import Running, find_running
from bot.commands.service_checks import PATIENCE, check_service
from bot.config import Settings
from bot.errors import SetupError
from bot.providers.wire import Patience
from bot.remarks import remarks

Check = Callable[[Settings, Running | None], Awaitable[list[Finding]]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("The disk", machine.check_disk),
    ("The codecs", machine.check_codecs),
    ("The database", machine.check_database),
    ("The page's port", machine.check_port),
    ("The public address", machine.check_public),
    ("The renderer", machine.check_renderer),
)
WIDTH = 22  # characters of the names


async def doctor(settings: Settings) -> int:
    """Run every check, print each line as it comes.

    Returns:
        1 when something has to be changed, else 0.
    """
    console = Console()
    told: set[Finding] = set()
    with _quiet(), console.status("Looking …") as status:
        async for finding in look(settings, lambda what: status.update(f"{what} …")):
            if finding not in told:
                _show(console, finding)
            told.add(finding)
    return 0 if all(finding.good for finding in told) else 1


async def look(
    settings: Settings,
    begin: Callable[[str], object],
    *,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    patience: Patience = PATIENCE,
) -> AsyncIterator[Finding]:
    """Everything that is found, one after another.

    Args:
        settings: The owner's.
        begin: Called with what is looked at next.
        checks: What is looked at on this machine.
        patience: How long a service may take.
    """
    yield well("Python", ".".join(map(str, sys.version_info[:3])))
    begin("The settings")
    for remark in remarks(settings):
        yield broken("settings", remark)
    begin("A bot that runs")
    running, found = await _running(settings)
    for finding in found:
        yield finding
    for name, check in checks:
        begin(name)
        for finding in await check(settings, running):
            yield finding
    for name in settings.services:
        begin(name)
        for finding in await check_service(name, settings, patience=patience):
            yield finding
    for name, look_at in (("Discord", _discord), ("Slack", _slack)):
        begin(name)
        for finding in await look_at(settings, running):
            yield finding


async def _running(settings: Settings) -> tuple[Running | None, list[Finding]]:
    try:
        running = await find_running(settings)
    except SetupError as error:
        return None, [broken("bot", str(error))]
    if running is None:
        return None, [well("bot", "does not run now")]
    return running, [well("bot", running.told)]


async def _discord(settings: Settings, running: Running | None) -> list[Finding]:
    """Discord lets us in, and lets us post."""
    if not settings.discord_token:
        return []
    from adapters.discord.checkup import check  # noqa: PLC0415 - slow to import

    return await check(settings, running=running is not None)


async def _slack(settings: Settings, running: Running | None) -> list[Finding]:  # noqa: ARG001
    """Slack lets us in, with every scope that we need."""
    if not settings.slack:
        return []
    from adapters.slack.checkup import check  # noqa: PLC0415 - slow to import

    return await check(settings)


@contextmanager
def _quiet() -> Iterator[None]:
    """Log nothing that is told as a finding, unless the owner wants to see it all."""
    log = logging.getLogger("bot.providers")
    before = log.level
    if not logging.getLogger().isEnabledFor(logging.INFO):
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _show(console: Console, finding: Finding) -> None:
    """One finding; folded under itself on a terminal, whole for programs."""
    sign = "[green]ok[/]" if finding.good else "[red]no[/]"
    if finding.good and finding.warns:
        sign = "[yellow]but[/]"
    if not console.is_terminal:
        name, detail = finding.name, finding.detail
        plain = f"{Text.from_markup(sign).plain:4} {name:{WIDTH}} {detail}"
        console.print(plain, markup=False, highlight=False, soft_wrap=True)
        return
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=4)
    line.add_column(width=WIDTH, overflow="fold")
    line.add_column(overflow="fold")  # links stay whole
    line.add_row(sign, Text(finding.name), Text(finding.detail))
    console.print(line)
