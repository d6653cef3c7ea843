"""`vivant backup` and `vivant restore`: one file with everything, and back."""

import argparse
import asyncio
import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from adapters.control import connect, socket
from bot.backup import DATABASE, reading, swap, writing
from bot.commands.control import snapshot
from bot.config import Settings
from bot.errors import SetupError
from bot.store import lock, snapshots

FROM_PIPE = "-"
Count = Callable[[int], None]


async def backup(options: argparse.Namespace, settings: Settings) -> int:
    """Write the database, the stills and the clips to one file, running or not.

    Raises:
        SetupError: It cannot be written.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if options.file == FROM_PIPE and sys.stdout.isatty():
        raise SetupError(["A backup is no text: send it to a file or a pipe."])
    async with snapshot(settings) as copy:
        files = await asyncio.to_thread(writing.sources, settings.data, copy)
        most = await asyncio.to_thread(writing.total, files)
        with _shown(console, "Backing up", most) as count:
            manifest = await _in_thread(_write, options, files, count)
    gone = len(manifest["missing"])
    note = f" {gone} files were deleted meanwhile." if gone else ""
    console.print(
        f"{options.file}: {manifest['clips']} clips, {manifest['jobs']} jobs,"
        f" {most / 1e6:,.1f} MB.{note} Keep it where only you can read it: it can open"
        " what the bot can open.",
        markup=False,
    )
    return 0


async def restore(options: argparse.Namespace, settings: Settings) -> int:
    """Bring a backup back into an empty folder, or in place of what is there.

    Raises:
        SetupError: A bot runs there, the folder is not empty, or the file is no good.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if options.into:
        url = f"sqlite:///{options.into / DATABASE}"
        settings = replace(settings, data=options.into, database_url=url)
    data, database = settings.data, settings.database
    if await connect(data):
        raise SetupError([f"A bot runs on {data}: stop it first. Nothing was changed."])
    with _shown(console, "Restoring", None) as count:
        restoring = _in_thread(_bring_back, options, data, database, count)
        manifest, unfinished, aside = await restoring
    _tell(console, data, manifest, unfinished, aside)
    return 0


def _bring_back(
    options: argparse.Namespace, data: Path, database: Path, count: Count
) -> tuple[Any, int, Path | None]:
    """Unpack, verify, and only then touch what is there."""
    with _alone(data, database):
        try:
            swap.finish(data, database)
            _refuse_to_mix(swap.left_over(data, database), options)
            manifest, unfinished = _unpack(options.file, data, count)
            return manifest, unfinished, swap.finish(data, database)
        except OSError as error:
            problem = f"{data} cannot be written ({error.strerror}): look at its disk."
            raise SetupError([problem]) from error


def _write(
    options: argparse.Namespace,
    files: list[tuple[str, Path]],
    count: Count,
) -> Any:  # noqa: ANN401 - JSON
    if options.file == FROM_PIPE:
        try:
            return writing.write(sys.stdout.buffer, files, count)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise SetupError([f"The backup broke off ({why})."]) from error
    to = Path(options.file).expanduser()
    with writing.whole_file(to, force=options.force) as out:
        if to.suffix not in (".gz", ".tgz"):
            return writing.write(out, files, count)
        with gzip.GzipFile("", "wb", compresslevel=1, fileobj=out) as packed:
            return writing.write(packed, files, count)  # type: ignore[arg-type]


def _unpack(file: str, data: Path, count: Count) -> tuple[Any, int]:
    """Unpack and verify; what is there is touched only after that."""
    try:
        with ExitStack() as stack:
            source: IO[bytes] = sys.stdin.buffer
            if file != FROM_PIPE:
                source = stack.enter_context(Path(file).expanduser().open("rb"))
            folder = swap.fresh(data)
            manifest = reading.unpack(source, folder, count)
    except OSError as error:
        why = error.strerror or error
        raise SetupError([f"{file} cannot be restored ({why})."]) from error
    unfinished = snapshots.mark_begun(folder / DATABASE)
    swap.is_whole(data)
    return manifest, unfinished


def _refuse_to_mix(found: list[Path], options: argparse.Namespace) -> None:
    if found and not options.replace:
        names = ", ".join(one.name for one in found[:4])
        problem = (
            f"{found[0].parent} is not empty ({names}): --replace moves what is there"
            " aside, --into FOLDER restores to another folder. Nothing was changed."
        )
        raise SetupError([problem])


@contextmanager
def _alone(data: Path, database: Path) -> Iterator[None]:
    """Keep bots away meanwhile: whoever starts one is told why it cannot.

    Raises:
        SetupError: One runs there.
    """
    if lock.is_held(database):
        raise SetupError([f"A bot runs on {database}: stop it first."])
    line = None
    if socket.SUPPORTED:
        try:
            line = socket.listen(data)
        except OSError:
            line = None  # a disk without sockets
    try:
        yield
    finally:
        if line is not None:
            socket.remove(data)
            line.close()


def _tell(
    console: Console,
    data: Path,
    manifest: Any,  # noqa: ANN401 - JSON
    unfinished: int,
    aside: Path | None,
) -> None:
    made, clips = manifest["made"], manifest["clips"]
    console.print(f"{data} is as it was at {made}: {clips} clips.", markup=False)
    if unfinished:
        console.print(
            f"{unfinished} renders were unfinished then. `vivant run` looks for each"
            " before it orders anything again.",
            markup=False,
        )
    if aside is not None:
        console.print(
            f"What was there is in {aside}: delete it when all is well.", markup=False
        )


@contextmanager
def _shown(console: Console, words: str, most: int | None) -> Iterator[Count]:
    """A bar, where somebody looks."""
    columns = (TextColumn(words), BarColumn(), DownloadColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task(words, total=most)
        yield lambda count: progress.advance(bar, count)


async def _in_thread(
    work: Callable[..., Any],
    *words: object,
) -> Any:  # noqa: ANN401 - whatever the work returns
    """Work in a thread that ends soon after Ctrl+C."""
    stopped = threading.Event()
    *others, count = words
    assert callable(count)  # noqa: S101 - the last word is the counter

    def counted(number: int) -> None:
        if stopped.is_set():
            raise InterruptedError
        count(number)

    try:
        return await asyncio.to_thread(work, *others, counted)
    finally:
        stopped.set()
