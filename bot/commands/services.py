"""What is set up to render elsewhere: `vivant models`, and lines for the doctor."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.config import Caps, Settings
from bot.errors import BotError, SetupError
from bot.media import Media
from bot.models import ModelCard, Op, Size
from bot.providers.cloud import Cloud
from bot.providers.opening import open_services
from bot.providers.retiring import Retirement

HINT = "No service is set up: drafts and finals are rendered on this machine."
COLUMNS = (
    "model",
    "tier",
    "seconds",
    "$ a second",
    "remix",
    "extend",
    "retires",
    "checked",
)
NARROWEST = 120  # characters; a name that is cut off cannot be copied
MEASURE = Size(1280, 720)  # the frame that prices are told for


async def models(settings: Settings) -> int:
    """Print every model that can be asked for, what it does and costs.

    Raises:
        SetupError: The owner has to change something first.
    """
    usual = Console()
    console = Console(width=max(usual.width, NARROWEST), soft_wrap=True)
    table = Table(*COLUMNS, box=None, pad_edge=False)
    unpriced = False
    async with _opened(settings) as services:
        for service in services.values():
            try:
                await service.refresh()
            except BotError as error:
                console.print(str(error), style="yellow", markup=False)
            for card in service.models():
                table.add_row(*_row(card, service.retirement(card.id)))
                unpriced = unpriced or not card.priced
    console.print(table if table.row_count else HINT)
    if unpriced:
        console.print(f"?: {_unpriced(settings.caps)}", style="yellow", markup=False)
    return 0


async def check_services(settings: Settings) -> list[tuple[str, bool, str]]:
    """Name, whether it is good, and what was found of each service that is set up."""
    try:
        async with _opened(settings) as services:
            return [
                await _check(name, service, settings)
                for name, service in services.items()
            ]
    except SetupError as error:
        return [("services", False, str(error))]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Mapping[str, Cloud]]:
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="vivant-")
    try:
        media = await asyncio.to_thread(Media, Path(folder))
        services = await asyncio.to_thread(open_services, settings, media)
        try:
            yield services
        finally:
            for service in services.values():
                await service.close()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _check(
    name: str, service: Cloud, settings: Settings
) -> tuple[str, bool, str]:
    """Reachable, the key good, what the owner named alive, its price known."""
    try:
        listed = await service.check()
        await service.refresh()
    except BotError as error:
        return name, False, f"{error} Check its key and its address."
    cards = {card.name: card for card in service.models()}
    wanted = [one for one in settings.named if one.partition("/")[0] == name]
    if gone := [one for one in wanted if one not in cards]:
        return name, False, f"{', '.join(gone)}: retired; see `vivant models`"
    notes = [
        end.note(one) for one in wanted if (end := service.retirement(cards[one].id))
    ]
    if unpriced := [one for one in wanted if not cards[one].priced]:
        told = f"{', '.join(unpriced)}: {_unpriced(settings.caps)}"
        if settings.caps.unpriced_micros is None:
            return name, False, told
        notes.append(told)
    detail = f"answers, the key is good, {len(cards)} models"
    odd = [one for one in wanted if listed and cards[one].id not in listed]
    if odd:
        detail += f"; but it does not list {', '.join(odd)}: is that the right name?"
    return name, True, "; ".join([detail, *notes])


def _unpriced(caps: Caps) -> str:
    """What becomes of an order of a model whose price is not known."""
    unknown = "price unknown"
    if caps.unpriced_micros is not None:
        return f"{unknown}, counted at {caps.unpriced_micros / 1e6:g} dollars a second"
    if caps.month_micros is None:
        return f"{unknown}; add it to VIVANT_CATALOGUE"
    return (
        f"{unknown}, so it is refused while VIVANT_QUOTA_MONTH_USD is a number; add it"
        " to VIVANT_CATALOGUE or set VIVANT_QUOTA_UNPRICED_USD"
    )


def _price(card: ModelCard) -> str:
    """Dollars of a second, or of a clip, or of both."""
    one, two = (card.price(seconds, MEASURE).micros for seconds in (1, 2))
    second, clip = two - one, 2 * one - two
    parts = [f"{second / 1e6:.3f}"] if second or not clip else []
    if clip:
        parts.append(f"{clip / 1e6:.2f} a clip")
    return " + ".join(parts)


def _end(card: ModelCard, said: Retirement | None) -> str:
    """When a model goes away, and what its service names in its place."""
    if said is None:
        return card.retires_on or ""
    day = said.day or card.retires_on or "deprecated"
    return f"{day} → {said.instead}" if said.instead else day


def _row(card: ModelCard, said: Retirement | None) -> tuple[str, ...]:
    return (
        card.name,
        card.tier or "",
        _seconds(card.seconds),
        _price(card) if card.priced else "?",
        _how(card, Op.REMIX),
        _how(card, Op.EXTEND),
        _end(card, said),
        card.checked_on or "",
    )


def _how(card: ModelCard, op: Op) -> str:
    if op in card.native:
        return "by itself"
    return "our file" if op in card.by_upload else "anew"


def _seconds(seconds: tuple[int, ...]) -> str:
    whole = seconds == tuple(range(seconds[0], seconds[-1] + 1))
    if whole and len(seconds) > 2:
        return f"{seconds[0]}\u2013{seconds[-1]}"
    return " ".join(map(str, seconds))
