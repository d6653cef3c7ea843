"""Our own messages as Slack tells of them: only so do we learn some timestamps.

A finished upload answers with its file and no message; a post whose line broke answers
with nothing. Both come back as an event, which Bolt drops as our own, but not before
`heard` has seen it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Json = Mapping[str, Any]
Echo = asyncio.Future[str]


class Echoes:
    """Lets whoever posted something wait for it to be told."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[str, str], Echo] = {}

    @contextmanager
    def listen(self, channel: str, mark: str) -> Iterator[Echo]:
        """The timestamp of the message with this mark, to come; begin before posting.

        Args:
            channel: Where it is posted.
            mark: The id of its file, or of its first block.
        """
        echo: Echo = asyncio.get_running_loop().create_future()
        self._awaited[channel, mark] = echo
        try:
            yield echo
        finally:
            self._awaited.pop((channel, mark), None)
            echo.cancel()

    def heard(self, event: Json) -> None:
        """An event came; it may be what somebody waits for."""
        channel, ts = str(event.get("channel", "")), event.get("ts")
        if event.get("type") != "message" or not isinstance(ts, str):
            return
        for mark in marks(event):
            echo = self._awaited.get((channel, mark))
            if echo is not None and not echo.done():
                echo.set_result(ts)


def marks(message: Json) -> list[str]:
    """What a message of ours may be known by."""
    files = [str(file.get("id", "")) for file in message.get("files") or []]
    blocks = [str(block.get("block_id", "")) for block in message.get("blocks") or []]
    return [*files, *blocks[:1]]
