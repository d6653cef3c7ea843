"""The socket itself: where it lies, who may open it, and what a kill leaves behind."""

import contextlib
import errno
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import SetupError

FOLDER, NAME = "run", "control.sock"
LONGEST = 100  # bytes of a path; the system takes 104 to 108, with a zero at the end
MISSING = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ENOTSOCK})
IN_USE = (
    "{data} is in use: is another Vivant running on it, or a backup being restored?"
    " Stop that one, or wait for it."
)
SUPPORTED = hasattr(socket, "AF_UNIX")


def folder_of(data: Path) -> Path:
    """The folder of the socket, which holds nothing that must be kept."""
    return data / FOLDER


def listen(data: Path) -> socket.socket:
    """Bind the socket, in place of one that a killed bot has left. Blocks.

    Raises:
        SetupError: Somebody listens there already.
        OSError: The disk has no sockets.
    """
    folder = folder_of(data)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / NAME
    if (other := dial(data)) is not None:
        other.close()
        raise SetupError([IN_USE.format(data=data)])
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short(path) as name:
            bound.bind(name)
        path.chmod(0o600)
        bound.listen()
    except BaseException:
        bound.close()
        raise
    return bound


def dial(data: Path, *, seconds: float = 5.0) -> socket.socket | None:
    """Connect to the bot that runs there; None when no bot runs. Blocks.

    Raises:
        SetupError: It runs as another user, or the socket is somebody else's.
    """
    path = folder_of(data) / NAME
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise SetupError([_ANOTHERS.format(data=data)]) from None
    if not stat.S_ISSOCK(found.st_mode):
        return None
    if os.getuid() not in (found.st_uid, 0):
        raise SetupError([_ANOTHERS.format(data=data)])
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(seconds)
    try:
        with short(path) as name:
            line.connect(name)
    except OSError as error:
        line.close()
        if error.errno in MISSING:
            return None
        if error.errno in (errno.EACCES, errno.EPERM):
            raise SetupError([_ANOTHERS.format(data=data)]) from None
        raise SetupError(
            [f"The bot that runs on {data} does not answer ({error}): restart it."]
        ) from error
    return line


def remove(data: Path) -> None:
    """Remove the socket when its listener stops. Blocks."""
    with contextlib.suppress(OSError):
        (folder_of(data) / NAME).unlink()


_ANOTHERS = (
    "{data}/run belongs to another user. If a bot runs there, run this command as that"
    " user or as root; if none does, give the folder to this user with `chown -R`."
)


@contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of the socket that the system takes, however long its path. Blocks."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="vivant-") as folder:
        link = Path(folder) / "run"
        link.symlink_to(path.parent.absolute(), target_is_directory=True)
        yield str(link / path.name)
