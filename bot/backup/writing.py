"""Writing a backup. All of it blocks, so it runs in a thread."""

import glob
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from bot.backup import DATABASE, FORMAT, MANIFEST, VAULT_KEY
from bot.errors import SetupError
from bot.media import KEY
from bot.store import snapshots

PIECE = 1 << 20  # bytes copied at once

Progress = Callable[[int], None]  # called with the bytes that were just written


def sources(data: Path, snapshot: Path) -> list[tuple[str, Path]]:
    """Name in the tar and place on disk of everything that belongs in a backup."""
    found = [(DATABASE, snapshot)]
    if (key := data / VAULT_KEY).is_file():
        found.append((VAULT_KEY, key))
    media = data / "media"
    found += [
        (f"media/{file.parent.name}/{file.name}", file)
        for file in sorted(media.glob("??/*"))
        if KEY.fullmatch(file.name) and file.parent.name == file.name[:2]
    ]
    return found


def total(files: list[tuple[str, Path]]) -> int:
    """Bytes of all files that are still there."""
    return sum(file.stat().st_size for _, file in files if file.exists())


def write(out: IO[bytes], files: list[tuple[str, Path]], progress: Progress) -> Any:  # noqa: ANN401 - JSON
    """Write the tar to a stream that need not be able to seek.

    A clip that its owner deletes meanwhile is left out, and the manifest says so.

    Returns:
        The manifest.
    """
    [facts] = [snapshots.read_facts(file) for name, file in files if name == DATABASE]
    listed: dict[str, dict[str, int | str]] = {}
    missing: list[str] = []
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for name, file in files:
            try:
                listed[name] = _add(tar, name, file, progress)
            except FileNotFoundError:
                missing.append(name)
        manifest = {
            "format": FORMAT,
            "vivant": version("vivant"),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "schema": facts.schema,
            "jobs": facts.jobs,
            "clips": facts.clips,
            "unfinished": facts.unfinished,
            "missing": missing,
            "files": listed,
        }
        text = json.dumps(manifest, indent=1).encode()
        tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    return manifest


@contextmanager
def whole_file(to: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when it is whole and on the disk.

    Args:
        to: Its name.
        force: Whether it may take the place of another.

    Raises:
        SetupError: It is there already, or cannot be written.
    """
    if to.is_dir():
        raise SetupError([f"{to} is a folder: give the name of a file in it."])
    if to.exists() and not force:
        raise SetupError([f"{to} is there already: take another name, or --force."])
    _forget_killed(to)
    draft = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise SetupError([f"{to} cannot be written ({error.strerror})."]) from error
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        if force:
            draft.replace(to)
        else:
            _appear(draft, to)
    except OSError as error:
        raise SetupError([f"{to} cannot be written ({error.strerror})."]) from error
    finally:
        draft.unlink(missing_ok=True)


def _forget_killed(to: Path) -> None:
    """Delete what was written by processes that are no more."""
    for file in to.parent.glob(f".{glob.escape(to.name)}.*.part"):
        number = file.name.split(".")[-2]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            file.unlink(missing_ok=True)


def _appear(draft: Path, to: Path) -> None:
    """Take a name that nobody else has taken meanwhile."""
    try:
        os.link(draft, to)  # never over another file
    except FileExistsError:
        raise SetupError([f"{to} is there already: take another name."]) from None
    except OSError:  # a disk without hard links
        draft.replace(to)


def _add(
    tar: tarfile.TarFile, name: str, file: Path, progress: Progress
) -> dict[str, int | str]:
    """Copy one file, and say how long it is and what names its bytes."""
    with file.open("rb") as opened:
        length = os.fstat(opened.fileno()).st_size
        reader = _Reader(opened, progress)
        tar.addfile(_member(name, length), reader)
    return {"bytes": length, "sha256": reader.digest.hexdigest()}


def _member(name: str, length: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = length, 0o600
    member.mtime = int(datetime.now(UTC).timestamp())
    return member


class _Reader:
    """A file whose bytes are counted and digested as they are read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._progress = progress

    def read(self, most: int = PIECE) -> bytes:
        piece = self._file.read(most)
        self.digest.update(piece)
        self._progress(len(piece))
        return piece
