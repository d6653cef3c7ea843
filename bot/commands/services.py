"""`vivant models`: everything that can be asked for, what it does and costs."""

from rich.console import Console
from rich.table import Table

from bot.commands.service_checks import opened
from bot.config import Settings
from bot.errors import BotError
from bot.models import ModelCard, Op, Size
from bot.providers.local.provider import card

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
    async with opened(settings) as services:
        for service in services.values():
            try:
                await service.refresh()
            except BotError as error:
                console.print(str(error), style="yellow", markup=False)
            for one in service.models():
                table.add_row(*_row(one))
    table.add_row(*_row(card(settings.max_seconds)))
    console.print(table)
    if not settings.services:
        console.print(HINT)
    return 0


def _row(card: ModelCard) -> tuple[str, ...]:
    price = card.price(1, MEASURE).micros / 1e6
    clip = card.clip_rates.get(min(MEASURE), card.micros_per_clip) / 1e6
    told = f"{clip:.2f} a clip" if clip else f"{price:.3f}"
    return (
        card.name,
        card.tier or "",
        _seconds(card.seconds),
        told if card.priced else "?",
        _how(card, Op.REMIX),
        _how(card, Op.EXTEND),
        card.retires_on or "",
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
