"""`vivant models`: everything that can be asked for, what it does and costs."""

from rich.console import Console
from rich.table import Table

from bot.commands.service_checks import opened, price_unknown
from bot.config import Settings
from bot.errors import BotError
from bot.models import ModelCard, Op, Size
from bot.providers.local.provider import card
from bot.providers.retiring import Retirement

HINT = "No other service is set up: drafts and finals are rendered on this machine."
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
    async with opened(settings) as services:
        for service in services.values():
            try:
                await service.refresh()
            except BotError as error:
                console.print(str(error), style="yellow", markup=False)
            for one in service.models():
                table.add_row(*_row(one, service.retirement(one.id)))
                unpriced = unpriced or not one.priced
    table.add_row(*_row(card(settings.max_seconds), None))
    console.print(table)
    if unpriced:
        told = price_unknown(settings.caps)
        console.print(f"?: {told}", style="yellow", markup=False)
    if not settings.services:
        console.print(HINT)
    return 0


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
