"""`vivant admin`: what only the owner does, while the bot is stopped."""

import argparse
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from rich.console import Console

from bot import keys
from bot import quota as caps
from bot.checking import MOST_DIGITS
from bot.config import Settings
from bot.errors import SetupError
from bot.store import Store, open_sqlite
from bot.values import UNLIMITED


async def quota(options: argparse.Namespace, settings: Settings) -> int:
    """Give one person their own units a day.

    Raises:
        SetupError: The person or the number is not one, or the bot is running.
    """
    chat, sign, person = options.person.partition(":")
    if not (chat and sign and person):
        raise SetupError([f"{options.person} is not CHAT:ID, such as discord:80351."])
    units = _units(options.units)
    async with _opened(settings) as store:
        await caps.override(store, options.person, units)
    Console().print(f"{options.person} now has {options.units} clip-seconds a day.")
    return 0


async def key(options: argparse.Namespace, settings: Settings) -> int:
    """Make a key for a program, list the keys, or take one back.

    Raises:
        SetupError: The name or the number is not one, or the bot is running.
    """
    async with _opened(settings) as store:
        match options.deed:
            case "create":
                told = await _create(options, store)
            case "revoke":
                told = await _revoke(options.name, store)
            case _:
                told = _table(await keys.listed(store))
    Console(soft_wrap=True, highlight=False).print(told, markup=False)
    return 0


async def _create(options: argparse.Namespace, store: Store) -> str:
    name = options.name
    if not keys.NAME.fullmatch(name):
        raise SetupError(
            [f"{name} is no name for a key: use a to z, digits and hyphens, 40 at most"]
        )
    units = None if options.units is None else _units(options.units)
    made = await keys.create(store, name, now=time.time())
    if made is None:
        raise SetupError([f"There is a key {name} already: revoke it or take another."])
    if options.units is not None:
        await caps.override(store, f"{keys.CHAT}:{name}", units)
    return (
        f"{made}\nThis is the only time that the key is shown. Its clips and its quota"
        f" are those of {keys.CHAT}:{name}."
    )


async def _revoke(name: str, store: Store) -> str:
    if not await keys.revoke(store, name):
        raise SetupError([f"There is no key {name}: see `vivant admin key list`."])
    return f"{name} opens nothing any more. Its clips are kept as long as any."


def _table(listed: list[keys.Key]) -> str:
    days = (datetime.fromtimestamp(one.created, UTC).date() for one in listed)
    lines = [f"{one.name}  since {day}" for one, day in zip(listed, days, strict=True)]
    return "\n".join(lines) or "There is no key. `vivant admin key create NAME` does."


def _units(text: str) -> int | None:
    if text == UNLIMITED:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise SetupError([f"{text} is not a number, and not “{UNLIMITED}”."])
    if len(text) > MOST_DIGITS:
        raise SetupError([f"{text[:40]} is too many: say “{UNLIMITED}” instead."])
    return int(text)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Store]:
    store = await open_sqlite(settings.database)
    try:
        yield store
    finally:
        await store.close()
