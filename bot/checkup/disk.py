"""What a disk must be able to do, and whose the folder is where it cannot."""

import errno
import os
import tempfile
from pathlib import Path

# What a disk says that cannot lock: some network shares, and mounts without locks.
LOCKLESS = frozenset(
    {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EREMOTEIO}
)


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
            why = f"{said}. {_owned(folder)}"
        case errno.EROFS:
            why = (
                f"{folder} is mounted read-only. Mount it writable, or set VIVANT_DATA"
                " to a folder elsewhere."
            )
        case errno.ENOSPC | errno.EDQUOT:
            why = f"{said}. Make room on that disk."
        case errno.EEXIST | errno.ENOTDIR if link := _dangling(path):
            why = (
                f"{link} leads to a folder that is not there. Make or mount that one,"
                " or set VIVANT_DATA to another."
            )
        case errno.EEXIST | errno.ENOTDIR:
            why = f"{folder} is a file, not a folder. Set VIVANT_DATA to a folder."
        case errno.EISDIR:
            file = path / "vivant.sqlite3"
            why = f"it is a folder. Name a file in it, such as {file}."
        case _:
            why = f"{said}. Change VIVANT_DATA."
    return f"{path} cannot be written: {why}"


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
        if error.errno in LOCKLESS:
            return cannot_lock(folder)
    return None


def cannot_lock(path: Path) -> str:
    """What to say of a disk without locks."""
    return (
        f"{path} lies on a disk that cannot lock files, as some network disks (NFS,"
        " SMB) are: set VIVANT_DATA to a folder on this machine's own disk, or mount"
        " that one with locks."
    )


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
