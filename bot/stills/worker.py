"""What the pictures' worker process does: one file in, one safe file out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.disk import told_in_words
from bot.stills.decode import load
from bot.stills.source import mapped


def prepare(
    args: dict[str, Any],
    on_progress: Callable[[float], None],  # noqa: ARG001 - it is over at once
) -> dict[str, Any]:
    """Make one picture safe; a target for `bot.workshop`.

    Args:
        args: `picture`, the file to read, and `to` the JPEG to write.
        on_progress: Never told anything.

    Returns:
        `width` and `height` in pixels, and `notes` for the person.
    """
    with told_in_words():
        data = mapped(Path(args["picture"]))
    picture, notes = load(data)
    with told_in_words():
        # At 95 without colour subsampling nobody can tell it from the original.
        picture.save(args["to"], "JPEG", quality=95, subsampling=0)
    return {"width": picture.width, "height": picture.height, "notes": notes}
