"""`vivant admin`: what only the owner does, whether the bot runs or not.

Each operation is one function of the database. `bot.commands.control` lets the running
bot carry it out, or opens the database when no bot runs.
"""

import argparse
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from bot import keys
from bot import quota as caps
from bot.checking import MOST_DIGITS
from bot.commands.control import perform
from bot.config import Settings
from bot.errors import SetupError
from bot.remarks import why_nobody
from bot.store import Store, damage
from bot.values import UNLIMITED


async def admin(options: argparse.Namespace, settings: Settings) -> int:
    """Give somebody their own quota, or make, list or revoke keys.

    Raises:
        SetupError: What was typed cannot be done.
    """
    name = "quota" if options.thing == "quota" else f"key-{options.deed}"
    words = {
        word: getattr(options, word)
        for word in ("person", "units", "name")
        if hasattr(options, word)
    }
    told = await perform(settings, OPERATIONS, name, **words)
    Console(soft_wrap=True, highlight=False).print(told, markup=False)
    return 0


async def set_quota(store: Store, words: Mapping[str, Any]) -> str:
    """Give one person their own units a day."""
    person = str(words["person"])
    if problem := why_nobody(person):
        raise SetupError([f"{person} {problem}"])
    units = _units(str(words["units"]))
    await caps.override(store, person, units)
    return f"{person} now has {words['units']} clip-seconds a day."


async def create_key(store: Store, words: Mapping[str, Any]) -> str:
    """Make a key for a program, which is shown this once."""
    name, asked = str(words["name"]), words.get("units")
    if not keys.NAME.fullmatch(name):
        raise SetupError(
            [f"{name} is no name for a key: use a to z, digits and hyphens, 40 at most"]
        )
    units = None if asked is None else _units(str(asked))
    made = await keys.create(store, name, now=time.time())
    if made is None:
        raise SetupError([f"There is a key {name} already: revoke it or take another."])
    if asked is not None:
        await caps.override(store, f"{keys.CHAT}:{name}", units)
    return (
        f"{made}\nThis is the only time that the key is shown. Its clips and its quota"
        f" are those of {keys.CHAT}:{name}."
    )


async def revoke_key(store: Store, words: Mapping[str, Any]) -> str:
    """Let a key open nothing from this moment on."""
    name = str(words["name"])
    if not await keys.revoke(store, name):
        raise SetupError([f"There is no key {name}: see `vivant admin key list`."])
    return f"{name} opens nothing any more. Its clips are kept as long as any."


async def list_keys(store: Store, words: Mapping[str, Any]) -> str:  # noqa: ARG001
    """The names of all keys."""
    listed = await keys.listed(store)
    days = (datetime.fromtimestamp(one.created, UTC).date() for one in listed)
    lines = [f"{one.name}  since {day}" for one, day in zip(listed, days, strict=True)]
    return "\n".join(lines) or "There is no key. `vivant admin key create NAME` does."


async def look_at_database(store: Store, words: Mapping[str, Any]) -> list[str]:
    """What is wrong with the database, after a line that says what is in it.

    Reading all of it would keep a running bot waiting, so that is done at rest alone.
    """
    if words.get("whole"):
        [integrity] = await store.rows("PRAGMA quick_check(1)")
        if "ok" not in integrity.values():
            return ["", "it is damaged: stop the bot and `vivant restore` a backup"]
    [jobs] = await store.rows("SELECT count(*) AS n FROM jobs")
    wrong = await caps.audit(store)
    odd = [
        f"job {job_id} cannot be read: a newer Vivant may have written it, or its row"
        " is damaged; it keeps its hold until then"
        for job_id in await damage.unreadable(store)
    ]
    return [f"{jobs['n']} jobs, the ledger adds up", *wrong, *odd]


OPERATIONS: Mapping[str, Callable[[Store, Mapping[str, Any]], Awaitable[Any]]] = {
    "quota": set_quota,
    "key-create": create_key,
    "key-revoke": revoke_key,
    "key-list": list_keys,
    "database": look_at_database,
}


def _units(text: str) -> int | None:
    if text == UNLIMITED:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise SetupError([f"{text} is not a number, and not “{UNLIMITED}”."])
    if len(text) > MOST_DIGITS:
        raise SetupError([f"{text[:40]} is too many: say “{UNLIMITED}” instead."])
    return int(text)
