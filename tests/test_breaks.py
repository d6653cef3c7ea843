"""The list of ways to break the bot is up to date; `tests/breaks.py` tries them."""

import pytest

from tests.breaks import BREAKS, ROOT, Break


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.name)
def test_what_a_break_changes_is_there(change: Break) -> None:
    assert change.old in (ROOT / change.file).read_text(encoding="utf-8")
    for name in change.tests:
        assert (ROOT / name).exists()
