"""The suite's guard against a blocked event loop has teeth."""

from pathlib import Path

import pytest
from blockbuster import BlockingError

from bot.config import load


async def test_a_blocking_call_of_ours_on_the_loop_fails(tmp_path: Path) -> None:
    (tmp_path / ".env").touch()

    with pytest.raises(BlockingError):
        load(tmp_path, {})
