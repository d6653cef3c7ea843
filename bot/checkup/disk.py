"""What a disk must be able to do, and whose the folder is where it cannot."""

import errno
import os
import tempfile
from pathlib import Path

_LOCKLESS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def why_not_writable(path: Path, error: OSError) -> str:
    """Why a file or a folder cannot be written, with what to do. Blocks.

    Args:
        path: What could not be made or written.
        error: What the system said.
    """
    folder = next((one for one in (path, *path.parents) if one.exists()), path)
    said = error.strerror or type(error).__name__
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"{path} cannot be written: {said}. {_owned(folder)}"
        case errno.EROFS:
            return (
                f"{path} cannot be written: {folder} is mounted read-only. Mount it"
                " writable, or set VIVANT_DATA to a folder elsewhere."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return f"{path} cannot be written: {said}. Make room on that disk."
        case errno.EEXIST | errno.ENOTDIR if link := _dangling(path):
            return (
                f"{path} cannot be written: {link} leads to a folder that is not there."
                " Make or mount that one, or set VIVANT_DATA to another."
            )
        case errno.EEXIST | errno.ENOTDIR:
            return (
                f"{path} cannot be written: {folder} is a file, not a folder. Set"
                " VIVANT_DATA to a folder."
            )
        case errno.EISDIR:
            return (
                f"{path} cannot be written: it is a folder. Name a file in it, such as"
                f" {path / 'vivant.sqlite3'}."
            )
    return f"{path} cannot be written: {said}. Change VIVANT_DATA."


def _dangling(path: Path) -> Path | None:
    """A link on the way there that leads nowhere."""
    links = (one for one in (path, *path.parents) if one.is_symlink())
    return next((one for one in links if not one.exists()), None)


def why_no_locks(folder: Path) -> str | None:
    """Say so when a folder's disk cannot lock files. Blocks."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none, and locks by itself

        with tempfile.TemporaryFile(dir=folder) as proof:
            fcntl.lockf(proof, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return None
    except OSError as error:
        if error.errno in _LOCKLESS:
            return (
                f"the disk of {folder} cannot lock files ({error.strerror}), as some"
                " network disks: set VIVANT_DATA to a folder on a local disk"
            )
    return None


def _owned(folder: Path) -> str:
    """Whose a folder is and who we are, with the command that mends it."""
    me = os.getuid() if hasattr(os, "getuid") else None
    try:
        owner = folder.stat().st_uid
    except OSError:
        return "Change VIVANT_DATA."
    if me is None or owner == me:
        return f"Allow it with `chmod u+rwx {folder}`, or change VIVANT_DATA."
    return (
        f"{folder} belongs to user {owner} and the bot runs as user {me}:"
        f" `chown -R {me} {folder}` as root, or change VIVANT_DATA."
    )
