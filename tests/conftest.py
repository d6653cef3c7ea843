"""What every test may ask for; and no test may block the event loop."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from bot.media import Media
from bot.store import Store, open_sqlite

THE_WORLD = {"read", "write", "download", "tiny_clip"}  # is not ours, so it may block


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Any blocking call of ours on the event loop fails the test that made it."""
    with blockbuster_ctx(["bot", "adapters"]) as guard:
        for function in guard.functions.values():
            function.can_block_in("tests/fakes/world.py", THE_WORLD)
        yield guard


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A real database in a file of its own."""
    opened = await open_sqlite(tmp_path / "vivant.sqlite3")
    yield opened
    await opened.close()


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A real media store in a folder of its own."""
    return Media(tmp_path / "media")
