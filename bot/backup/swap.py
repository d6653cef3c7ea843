"""What was unpacked takes the place of what was there; a kill at any moment is mended.

The data folder may be a mount, which cannot be renamed, so what is in it moves. Where
that stands is in the name of the folder with what was unpacked, which lies inside:
`unpacking` (of no worth), `whole` (what was there moves aside), `moving-in` (the rest
moves in). `finish` goes on from any of them, so a bot never starts on a half. Nothing
that was there is deleted. All of it blocks.
"""

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from bot.backup import DATABASE
from bot.store import lock

UNPACKING = ".restore-1-unpacking"
WHOLE = ".restore-2-whole"
MOVING_IN = ".restore-3-moving-in"
ASIDE = "before-restore-"
OTHERS = frozenset({"run", "lost+found"})  # the control socket's; the file system's


def left_over(data: Path, database: Path) -> list[Path]:
    """What lies where a backup is to be restored to."""
    found = [one for one in _entries(data) if not one.name.startswith(".restore-")]
    return [*found, *(one for one in _files_of(database) if one.parent != data)]


def fresh(data: Path) -> Path:
    """An empty folder to unpack into."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = data / UNPACKING
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def is_whole(data: Path) -> None:
    """From here on what was unpacked is what counts."""
    _sync_tree(data / UNPACKING)
    (data / UNPACKING).rename(data / WHOLE)
    _sync(data)


def finish(data: Path, database: Path) -> Path | None:
    """Go on with a restore from wherever it is; does nothing when there is none.

    Args:
        data: The folder of the bot.
        database: Where its database is.

    Returns:
        The folder that holds what was there before, if anything was.
    """
    whole, moving_in = data / WHOLE, data / MOVING_IN
    aside = None
    if whole.is_dir():
        aside = _make_room(data, database, whole)
        whole.rename(moving_in)
        _sync(data)
    if moving_in.is_dir():
        for one in sorted(moving_in.iterdir(), key=lambda file: file.name == DATABASE):
            _move(one, database if one.name == DATABASE else data / one.name)
        _sync(data)
        moving_in.rmdir()
    return aside


def _make_room(data: Path, database: Path, whole: Path) -> Path | None:
    """Move everything else aside, into a folder that is the same after a kill."""
    moment = datetime.fromtimestamp(whole.stat().st_mtime, UTC)
    aside = data / f"{ASIDE}{moment:%Y%m%d-%H%M%S}"
    for one in left_over(data, database):
        aside.mkdir(mode=0o700, exist_ok=True)
        _move(one, aside / one.name)
    return aside if aside.is_dir() else None


def _entries(data: Path) -> list[Path]:
    if not data.is_dir():
        return []
    return [
        one
        for one in sorted(data.iterdir())
        if one.name not in OTHERS
        and one.suffix != lock.SUFFIX  # whoever takes it next makes it if need be
        and not one.name.startswith(ASIDE)
    ]


def _files_of(database: Path) -> list[Path]:
    ends = ("", "-wal", "-shm", "-journal")
    files = [database.with_name(database.name + end) for end in ends]
    return [file for file in files if file.exists()]


def _move(file: Path, to: Path) -> None:
    """Move a file or a folder, to another disk if need be."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        file.replace(to)
    except OSError as error:
        if error.errno != errno.EXDEV or file.is_dir():
            raise
        draft = to.with_name(f".{to.name}.part")
        shutil.copyfile(file, draft)
        draft.chmod(0o600)
        with draft.open("rb") as opened:
            os.fsync(opened.fileno())
        draft.replace(to)
        file.unlink()
    _sync(to.parent)


def _sync_tree(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_dir():
            _sync(file)
        else:
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(opened)
