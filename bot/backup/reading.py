"""Unpacking a backup into an empty folder, and believing nothing that it says.

Only the names that a backup has are taken, each once, as plain files; nothing is
written outside the folder, and no more than the disk has room for. All of it blocks.
"""

import hashlib
import json
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from bot.backup import DATABASE, FORMAT, MANIFEST, VAULT_KEY
from bot.errors import SetupError
from bot.store import snapshots

NAME = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(VAULT_KEY)}"
    r"|media/(?P<shard>[0-9a-f]{2})/(?P=shard)[0-9a-f]{62}\.[a-z0-9]{1,5}"
)
MOST_MANIFEST = 256 << 20  # bytes; a million files are some 150 MB
RESERVE = 64 << 20  # bytes of the disk that are left alone
PIECE = 1 << 20

Progress = Callable[[int], None]


def unpack(source: IO[bytes], to: Path, progress: Progress) -> Any:  # noqa: ANN401 - JSON
    """Unpack a backup and verify every byte of it.

    Args:
        source: The tar, perhaps compressed; it need not be able to seek.
        to: An empty folder.
        progress: Called with the bytes that were just read.

    Returns:
        The manifest.

    Raises:
        SetupError: It is no backup, was cut off, damaged or tampered with.
    """
    seen: dict[str, dict[str, int | str]] = {}
    manifest: Any = None
    try:
        with tarfile.open(fileobj=source, mode="r|*", tarinfo=_Plain) as tar:
            for member in tar:
                if manifest is not None:
                    raise _refused(f"{member.name} comes after its end")
                if member.name == MANIFEST and member.isreg():
                    manifest = _manifest(tar, member)
                    continue
                if member.name in seen:
                    raise _refused(f"{member.name} is in it twice")
                seen[member.name] = _take(tar, member, to, progress)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _refused("it is no whole tar file") from error
    except OSError as error:
        raise SetupError([f"The backup cannot be unpacked ({error})."]) from error
    if manifest is None:
        raise _refused("it is cut off: its manifest is missing")
    _compare(manifest, seen)
    facts = snapshots.read_facts(to / DATABASE)
    if facts.jobs != manifest.get("jobs"):
        raise _refused("its database is not the one that its manifest tells of")
    return manifest


class _Plain(tarfile.TarInfo):
    """A member without what tar has added to members since: a backup needs none of it.

    A header that extends another is read into memory whole, however long it says it is.
    """

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        member: tarfile.TarInfo = self._proc_builtin(tar)  # type: ignore[attr-defined]
        return member


def _take(
    tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path, progress: Progress
) -> dict[str, int | str]:
    """Write one member to its place in the folder."""
    name = member.name
    if not NAME.fullmatch(name):
        raise _refused(f"“{name[:80]}” does not belong in one")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise _refused(f"{name} is no plain file")
    if member.size + RESERVE > shutil.disk_usage(to).free:
        raise SetupError(
            [f"There is no room to unpack the backup in {to.parent}: make room there."]
        )
    opened = tar.extractfile(member)
    if opened is None:
        raise _refused(f"{name} is no plain file")
    place = to / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    with opened, place.open("xb") as out:
        place.chmod(0o600)
        while piece := opened.read(PIECE):
            out.write(piece)
            digest.update(piece)
            length += len(piece)
            progress(len(piece))
    return {"bytes": length, "sha256": digest.hexdigest()}


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:  # noqa: ANN401 - JSON
    opened = tar.extractfile(member)
    if opened is None or member.size > MOST_MANIFEST:
        raise _refused("its manifest is too long")
    try:
        read = json.loads(opened.read())
    except RecursionError:
        raise _refused("its manifest cannot be read") from None
    if not (isinstance(read, dict) and isinstance(read.get("files"), dict)):
        raise _refused("its manifest cannot be read")
    if read.get("format") != FORMAT:
        raise SetupError(["The backup is from another Vivant: update this one first."])
    return read


def _compare(manifest: Any, seen: dict[str, dict[str, int | str]]) -> None:  # noqa: ANN401 - JSON
    """Every file is there as it was written, and there is no other."""
    files = manifest["files"]
    if DATABASE not in files:
        raise _refused("there is no database in it")
    for name in sorted(files.keys() | seen.keys()):
        if name not in seen:
            raise _refused(f"{name} is missing")
        if files.get(name) != seen[name]:
            raise _refused(f"{name} is damaged")


def _refused(why: str) -> SetupError:
    return SetupError([f"That is not a good backup: {why}. Nothing was changed."])
