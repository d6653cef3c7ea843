"""What the films' worker process does: whatever opens a film that others made."""

import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot import clips, joining, sheets, transcode
from bot.disk import told_in_words
from bot.stills.film import measure

Args = Mapping[str, Any]

MAX_FILE = 600 << 20  # bytes; a little more than a service may send


def work(
    args: Args,
    on_progress: Callable[[float], None],  # noqa: ARG001 - nobody waits for it
) -> dict[str, Any]:
    """Do what `do` names; a target for `bot.workshop`."""
    _limit_files()
    with told_in_words():
        return _DEEDS[args["do"]](args)


def _limit_files() -> None:
    """A small file may be an endless film: what is made of it ends somewhere."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, hard))


def _look(args: Args) -> dict[str, Any]:
    look = clips.look_into(Path(args["film"]))
    Path(args["poster"]).write_bytes(look.poster)
    Path(args["last"]).write_bytes(look.last_frame)
    return {"size": look.size, "seconds": look.seconds}


def _complete(args: Args) -> dict[str, Any]:
    part, before = Path(args["film"]), Path(args["before"])
    joining.complete(
        part,
        before,
        seconds=args["seconds"],
        added=args["added"],
        always=args["always"],
    )
    return {}


def _convert(args: Args) -> dict[str, Any]:
    return {"converted": transcode.convert(Path(args["film"]))}


def _measure(args: Args) -> dict[str, Any]:
    return {"seconds": measure(Path(args["film"]))}


def _sheet(args: Args) -> dict[str, Any]:
    Path(args["to"]).write_bytes(sheets.sheet(Path(args["film"]), args["seconds"]))
    return {}


def _thumbnail(args: Args) -> dict[str, Any]:
    Path(args["to"]).write_bytes(sheets.thumbnail(Path(args["film"])))
    return {}


_DEEDS: Mapping[str, Callable[[Args], dict[str, Any]]] = {
    "look": _look,
    "complete": _complete,
    "convert": _convert,
    "measure": _measure,
    "sheet": _sheet,
    "thumbnail": _thumbnail,
}
