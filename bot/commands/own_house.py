"""A house for one command: in a folder that goes away, with no caps and no page.

It renders on this machine alone: without caps nothing may cost money.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from adapters.terminal import TerminalChat
from bot.assembly import House, open_house
from bot.choice import LOCAL
from bot.config import Caps, Settings

WITHOUT_LIMITS = Caps(
    person_day=None,
    workspace_day=None,
    month_micros=None,
    free_per_hour=1_000_000,
    at_once=1_000,
)


@asynccontextmanager
async def open_own_house(
    settings: Settings, chat: TerminalChat
) -> AsyncGenerator[House]:
    """Open a house, run its jobs, and leave nothing behind."""
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="vivant-")
    own = replace(
        settings,
        data=Path(folder),
        database_url=f"sqlite:///{folder}/vivant.sqlite3",
        caps=WITHOUT_LIMITS,
        services={},
        catalogue=None,
        draft=(LOCAL,),
        final=(LOCAL,),
        draft_in={},
        final_in={},
    )
    try:
        async with open_house(own) as house:
            house.service.connect("terminal", chat)
            running = asyncio.create_task(house.run())
            try:
                yield house
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def sample(name: str) -> Path:
    """The file of one of the photos that come with the bot."""
    return Path(str(files("bot") / "samples" / name))
