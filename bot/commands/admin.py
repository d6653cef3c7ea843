"""`vivant admin`: what only the owner does, while the bot is stopped."""

import argparse

from rich.console import Console

from bot import quota as caps
from bot.config import UNLIMITED, Settings
from bot.errors import SetupError
from bot.store import open_sqlite


async def quota(options: argparse.Namespace, settings: Settings) -> int:
    """Give one person their own units a day.

    Raises:
        SetupError: The person or the number is not one, or the bot is running.
    """
    chat, sign, person = options.person.partition(":")
    if not (chat and sign and person):
        raise SetupError([f"{options.person} is not CHAT:ID, such as discord:80351."])
    if options.units != UNLIMITED and not options.units.isdecimal():
        raise SetupError([f"{options.units} is not a number, and not “{UNLIMITED}”."])
    units = None if options.units == UNLIMITED else int(options.units)
    store = await open_sqlite(settings.database)
    try:
        await caps.override(store, options.person, units)
    finally:
        await store.close()
    Console().print(f"{options.person} now has {options.units} clip-seconds a day.")
    return 0
