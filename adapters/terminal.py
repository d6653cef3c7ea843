"""The command line as a chat: a bar for the card, a file for the message."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from bot.errors import DeliveryError
from bot.media import draft_of
from bot.models import Clip, Job, Person, Place

SOMEBODY = Person(chat="terminal", id="owner")


class TerminalChat:
    """Shows progress through a callback and writes clips where they were asked for.

    A job's channel is the path of the file to write. Satisfies `Chat`.
    """

    def __init__(self, on_change: Callable[[Job], None]) -> None:
        self._on_change = on_change

    async def show(self, job: Job) -> None:
        """Tell whoever watches."""
        self._on_change(job)

    async def find(self, job: Job, key: str) -> str | None:  # noqa: ARG002
        """Writing a file twice does no harm, so there is nothing to look for."""
        return None

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:  # noqa: ARG002
        """Copy the clip to its file."""
        to = Path(job.place.channel)
        draft = draft_of(to)
        try:
            await asyncio.to_thread(shutil.copyfile, file, draft)
            await asyncio.to_thread(draft.replace, to)
        except OSError as error:
            raise DeliveryError(
                "{file} cannot be written: {why}.", file=to, why=error.strerror
            ) from error
        return str(to)

    async def report(self, job: Job, key: str) -> str:
        """Whoever watches reads the job's error itself."""
        self._on_change(job)
        return key


def place(file: Path) -> Place:
    """A file as the place where a job reports."""
    return Place(chat="terminal", workspace="terminal", channel=str(file))
