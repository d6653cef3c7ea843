"""A films' worker that cannot convert anything, and can all the rest."""

from collections.abc import Callable
from typing import Any

from bot.errors import FilmError
from bot.films import worker


def work(args: dict[str, Any], on_progress: Callable[[float], None]) -> dict[str, Any]:
    """Do what `do` names."""
    if args["do"] == "convert":
        raise FilmError("No.")
    return worker.work(args, on_progress)
