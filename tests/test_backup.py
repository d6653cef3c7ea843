"""A backup is whole, is taken while the bot works, and comes back to go on."""

import argparse
import asyncio
import hashlib
import io
import json
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.control import serve
from bot.backup import swap, writing
from bot.commands import backup as command
from bot.commands.control import snapshot
from bot.config import Settings
from bot.errors import SetupError
from tests.fakes.house import FakeHouse, open_fake_house
from tests.fakes.world import FakeProvider

KEY = b"the key of the vault"


def at(data: Path) -> Settings:
    return Settings(data=data, database_url=f"sqlite:///{data}/vivant.sqlite3")


async def backed_up(data: Path, to: Path, *, force: bool = False) -> Path:
    options = argparse.Namespace(file=str(to), force=force)
    assert await command.backup(options, at(data)) == 0
    return to


async def restored(
    file: Path, data: Path, *, replace: bool = False, into: Path | None = None
) -> None:
    options = argparse.Namespace(file=str(file), replace=replace, into=into)
    assert await command.restore(options, at(data)) == 0


async def a_clip(house: FakeHouse) -> str:
    job = await house.submit()
    await house.settled()
    return job.id


@pytest.fixture
async def old(tmp_path: Path) -> Path:
    """A data folder with one clip."""
    data = tmp_path / "old"
    data.mkdir()
    async with open_fake_house(data) as house:
        await a_clip(house)
    (data / "secret.key").write_bytes(KEY)
    return data


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tgz"])
async def test_everything_comes_back(tmp_path: Path, old: Path, name: str) -> None:
    file = await backed_up(old, tmp_path / name)
    new = tmp_path / "new"

    await restored(file, new)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (new / "secret.key").read_bytes() == KEY
    media = {one.name for one in (old / "media").glob("??/*")}
    assert media == {one.name for one in (new / "media").glob("??/*")} != set()
    async with open_fake_house(new) as house:
        [row] = await house.store.rows("SELECT media FROM clips")
        assert (await asyncio.to_thread(house.media.look, row["media"]))[1]
        assert await house.ledger() == [("charged", 4)]


async def test_others_programs_read_it(tmp_path: Path, old: Path) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    listed = await _said("tar", "tf", file)
    await _said("tar", "xf", file, "-C", tmp_path)
    whole = await _said(
        "sqlite3", tmp_path / "vivant.sqlite3", "PRAGMA integrity_check"
    )

    assert listed.split()[0] == "vivant.sqlite3"
    assert listed.split()[-1] == "manifest.json"
    assert whole.strip() == "ok"
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["jobs"], manifest["clips"], manifest["unfinished"]) == (1, 1, 0)


async def _said(*words: object) -> str:
    if not shutil.which(str(words[0])):
        pytest.skip(f"{words[0]} is not here")
    done = await asyncio.to_thread(
        subprocess.run, [str(one) for one in words], capture_output=True, check=True
    )
    return bytes(done.stdout).decode()


async def test_a_bot_is_backed_up_while_it_works(tmp_path: Path) -> None:
    """Twenty renders are under way; every one of them is in the copy, once."""
    data, new = tmp_path / "data", tmp_path / "new"
    data.mkdir()
    resting = asyncio.Lock()
    async with open_fake_house(data, provider=FakeProvider(data, looks=9)) as house:
        async with serve(data, {}, store=house.store, resting=resting):
            running = asyncio.create_task(house.runner.run())
            for number in range(20):
                await house.submit(f"pan left {number}")
            file = await backed_up(data, tmp_path / "x.tar")
            with pytest.raises(SetupError, match="stop it first"):
                await restored(file, data, replace=True)
            await house.finish()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert not _files(data / "run")

    await restored(file, new)
    provider = FakeProvider(data)  # it remembers the orders of both
    async with open_fake_house(new, provider=provider) as house:
        await house.settled()
        assert await house.ledger() == [("charged", 4)] * 20
    prompts = [order["prompt"] for order in provider.orders.read()]
    assert sorted(prompts) == sorted(set(prompts))


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("keyed", "charged"), ("asked", "charged"), ("blind", "returned")],
)
async def test_what_was_ordered_after_the_backup_is_not_ordered_again(
    tmp_path: Path, kind: str, kept: str
) -> None:
    """The job is only queued in the copy; the bot went on and paid for it."""
    data, new = tmp_path / "data", tmp_path / "new"
    data.mkdir()
    provider = FakeProvider(data, kind=kind)
    async with open_fake_house(data, provider=provider) as house:
        await house.submit()
        async with serve(data, {}, store=house.store, resting=asyncio.Lock()):
            file = await backed_up(data, tmp_path / "x.tar")
        await house.settled()

    await restored(file, new)
    later = FakeProvider(data, kind=kind)
    async with open_fake_house(new, provider=later) as house:
        await house.settled()
        assert [entry[0] for entry in await house.ledger()] == [kept]
        assert len(later.orders.read()) == 1


async def test_nothing_is_swept_away_meanwhile(tmp_path: Path, old: Path) -> None:
    resting = asyncio.Lock()
    async with (
        open_fake_house(old) as house,
        serve(old, {}, store=house.store, resting=resting),
    ):
        async with snapshot(at(old)) as copy:
            assert resting.locked()
            assert copy.exists()
        async with asyncio.timeout(5), resting:
            assert not copy.exists()


async def test_a_clip_that_is_deleted_meanwhile_is_left_out(
    tmp_path: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = writing.sources

    def delete_then(data: Path, copy: Path) -> list[tuple[str, Path]]:
        found = listed(data, copy)
        found[-1][1].unlink()
        return found

    monkeypatch.setattr(writing, "sources", delete_then)
    file = await backed_up(old, tmp_path / "x.tar")

    await restored(file, tmp_path / "new")


async def test_no_file_is_written_over_unasked(tmp_path: Path, old: Path) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(b"dear to me")

    with pytest.raises(SetupError, match="is there already"):
        await backed_up(old, file)
    assert file.read_bytes() == b"dear to me"
    with pytest.raises(SetupError, match="is a folder"):
        await backed_up(old, tmp_path, force=True)
    with pytest.raises(SetupError, match="cannot be written"):
        await backed_up(old, tmp_path / "no" / "such" / "folder.tar")
    await backed_up(old, file, force=True)
    await restored(file, tmp_path / "new")


async def test_what_is_there_is_moved_aside_and_never_deleted(
    tmp_path: Path, old: Path
) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    before = {one.relative_to(old): one.read_bytes() for one in _files(old)}
    with pytest.raises(SetupError, match="is not empty"):
        await restored(file, old)

    await restored(file, old, replace=True)

    [aside] = _asides(old)
    assert (
        before.items()
        <= {one.relative_to(aside): one.read_bytes() for one in _files(aside)}.items()
    )
    async with open_fake_house(old) as house:
        assert await house.ledger() == [("charged", 4)]


def _asides(data: Path) -> list[Path]:
    return list(data.glob("before-restore-*"))


def _files(folder: Path) -> list[Path]:
    """All but the lock, which holds nothing and stays where it is."""
    return [one for one in folder.rglob("*") if one.is_file() and one.suffix != ".lock"]


async def test_it_comes_back_into_another_folder(tmp_path: Path, old: Path) -> None:
    file = await backed_up(old, tmp_path / "x.tar")

    await restored(file, old, into=tmp_path / "other")

    assert (tmp_path / "other" / "vivant.sqlite3").exists()


async def test_a_database_elsewhere_comes_back_where_it_was(
    tmp_path: Path, old: Path
) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    place = tmp_path / "databases" / "bot.db"
    settings = Settings(data=tmp_path / "new", database_url=f"sqlite:///{place}")
    options = argparse.Namespace(file=str(file), replace=False, into=None)

    await command.restore(options, settings)

    with sqlite3.connect(place) as db:
        assert db.execute("SELECT count(*) FROM clips").fetchone() == (1,)
    with pytest.raises(SetupError, match="is not empty"):
        await command.restore(options, settings)


async def test_a_kill_at_any_step_of_the_swap_is_made_good(
    tmp_path: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    move, wanted = swap._move, {one.name for one in _files(old / "media")}

    class Killed(BaseException):
        pass

    for steps in range(9):
        data = tmp_path / f"data{steps}"
        data.mkdir()
        (data / "vivant.sqlite3").write_bytes(b"old")
        (data / "vivant.sqlite3-wal").write_bytes(b"old")
        (data / "media").mkdir()
        left = [steps]

        def mortal(one: Path, to: Path, left: list[int] = left) -> None:
            if not left[0]:
                raise Killed
            left[0] -= 1
            move(one, to)

        with monkeypatch.context() as patch:
            patch.setattr(swap, "_move", mortal)
            with suppress(Killed):
                await restored(file, data, replace=True)
        async with started(data) as house:
            assert await house.ledger() == [("charged", 4)]
        assert wanted == {one.name for one in _files(data / "media")}
        [aside] = _asides(data)
        kept = {one.name for one in _files(aside)}
        assert kept >= {"vivant.sqlite3", "vivant.sqlite3-wal"}


@asynccontextmanager
async def started(data: Path) -> AsyncIterator[FakeHouse]:
    """As a start does: first what a kill has left undone."""
    await asyncio.to_thread(swap.finish, data, data / "vivant.sqlite3")
    async with open_fake_house(data) as house:
        yield house


WRITER = """
import asyncio, os, signal, sys
from argparse import Namespace
from pathlib import Path
from bot.backup import reading, writing
from bot.commands import backup
from bot.config import Settings

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

what, data, file = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
settings = Settings(data=data, database_url=f"sqlite:///{data}/vivant.sqlite3")
if what == "backup":
    writing.json.dumps = die
    asyncio.run(backup.backup(Namespace(file=file, force=False), settings))
else:
    reading._compare = die
    options = Namespace(file=file, replace=True, into=None)
    asyncio.run(backup.restore(options, settings))
"""


async def _killed(what: str, data: Path, file: Path) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", WRITER, what, str(data), str(file)]
    )
    assert done.returncode == -signal.SIGKILL


async def test_a_kill_in_the_middle_of_a_backup_leaves_no_half_of_one(
    tmp_path: Path, old: Path
) -> None:
    file = tmp_path / "x.tar"
    await _killed("backup", old, file)
    assert not file.exists()

    await backed_up(old, file)
    await restored(file, tmp_path / "new")
    assert not [one for one in _files(tmp_path) if one.suffix == ".part"]


async def test_a_kill_in_the_middle_of_a_restore_changes_nothing(
    tmp_path: Path, old: Path
) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    before = (old / "vivant.sqlite3").read_bytes()

    await _killed("restore", old, file)

    assert (old / "vivant.sqlite3").read_bytes() == before
    async with started(old) as house:
        assert await house.ledger() == [("charged", 4)]
    await restored(file, old, replace=True)


CARRIES = (
    *(tarfile.REGTYPE, tarfile.XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE),
)


def _rewritten(file: Path, change: Callable[[list[Any]], None]) -> None:
    """Write the backup anew with its members changed."""
    members: list[tuple[tarfile.TarInfo, bytes]] = []
    with tarfile.open(file) as tar:
        for one in tar:
            opened = tar.extractfile(one)
            members.append((one, opened.read() if opened else b""))
    change(members)
    with tarfile.open(file, "w") as tar:
        for one, data in members:
            one.size = len(data) if one.type in CARRIES else 0
            tar.addfile(one, io.BytesIO(data))


def _also(name: str, data: bytes = b"x", **how: Any) -> Callable[[list[Any]], None]:
    def change(members: list[Any]) -> None:
        member = tarfile.TarInfo(name)
        for word, value in how.items():
            setattr(member, word, value)
        members.insert(1, (member, data))

    return change


def _damaged(members: list[Any]) -> None:
    member, data = members[1]
    members[1] = (member, b"x" + data[1:])


def _without_database(members: list[Any]) -> None:
    members.pop(0)


def _without_manifest(members: list[Any]) -> None:
    members.pop()


def _odd_manifest(members: list[Any]) -> None:
    members[-1] = (members[-1][0], b'{"files": 7}')


def _newer(members: list[Any]) -> None:
    read = json.loads(members[-1][1])
    members[-1] = (members[-1][0], json.dumps(read | {"format": 2}).encode())


def _consistent_nonsense(members: list[Any]) -> None:
    """A database that is none, with the right checksum."""
    read, data = json.loads(members[-1][1]), b"no database " * 99
    digest = hashlib.sha256(data).hexdigest()
    read["files"]["vivant.sqlite3"] = {"bytes": len(data), "sha256": digest}
    members[0] = (members[0][0], data)
    members[-1] = (members[-1][0], json.dumps(read).encode())


CLIP = "media/ab/" + "ab" * 32 + ".mp4"
HOSTILE = {
    "a path upwards": (_also("../../etc/cron.d/x"), "does not belong"),
    "an absolute path": (_also("/etc/passwd"), "does not belong"),
    "a path in disguise": (_also("media/ab/../../x"), "does not belong"),
    "the wrong shard": (_also(CLIP.replace("media/ab", "media/cd")), "not belong"),
    "a symlink": (_also(CLIP, type=tarfile.SYMTYPE, linkname="/etc"), "no plain file"),
    "a hard link": (_also(CLIP, type=tarfile.LNKTYPE, linkname="/etc/x"), "no plain"),
    "a device": (_also(CLIP, type=tarfile.CHRTYPE), "no plain file"),
    "a header for a header": (_also(CLIP, type=tarfile.XHDTYPE), "no plain file"),
    "a long name": (_also(CLIP, type=tarfile.GNUTYPE_LONGNAME), "no plain file"),
    "a sparse file": (_also(CLIP, type=tarfile.GNUTYPE_SPARSE), "no plain file"),
    "a folder in a file's place": (_also(CLIP, type=tarfile.DIRTYPE), "no plain file"),
    "a file that nobody listed": (_also(CLIP), "is damaged"),
    "the database twice": (_also("vivant.sqlite3"), "is in it twice"),
    "something else": (_also("run/control.sock"), "does not belong"),
    "a changed byte": (_damaged, "is damaged"),
    "no database": (_without_database, "is missing"),
    "no manifest": (_without_manifest, "cut off"),
    "an odd manifest": (_odd_manifest, "cannot be read"),
    "a newer one": (_newer, "from another Vivant"),
    "no SQLite": (_consistent_nonsense, "is no good database"),
}


@pytest.mark.parametrize("how", HOSTILE)
async def test_a_hostile_backup_changes_nothing(
    tmp_path: Path, old: Path, how: str
) -> None:
    change, words = HOSTILE[how]
    file = await backed_up(old, tmp_path / "x.tar")
    _rewritten(file, change)
    before = {one: one.read_bytes() for one in _files(old)}

    with pytest.raises(SetupError, match=words):
        await restored(file, old, replace=True)

    assert before.items() <= {one: one.read_bytes() for one in _files(old)}.items()
    assert not _asides(old)


@pytest.mark.parametrize("length", [0, 100, 4096, -2_000])
async def test_what_was_cut_off_is_noticed(
    tmp_path: Path, old: Path, length: int
) -> None:
    file = await backed_up(old, tmp_path / "x.tar")
    with file.open("r+b") as opened:
        opened.truncate(length if length >= 0 else opened.seek(0, 2) // 2)

    with pytest.raises(SetupError, match="not a good backup"):
        await restored(file, tmp_path / "new")


async def test_a_member_larger_than_the_disk_is_refused(
    tmp_path: Path, old: Path
) -> None:
    file = tmp_path / "x.tar"
    member = tarfile.TarInfo("vivant.sqlite3")
    member.size = 1 << 50
    file.write_bytes(member.tobuf(tarfile.GNU_FORMAT))

    with pytest.raises(SetupError, match="no room"):
        await restored(file, tmp_path / "new")


async def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="nothing to back up"):
        await backed_up(tmp_path / "mistyped", tmp_path / "x.tar")
    assert not _files(tmp_path)


async def test_no_backup_at_all_is_said(tmp_path: Path, old: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"no tar " * 999)
    for name in ("cat.jpg", "gone.tar"):
        with pytest.raises(SetupError):
            await restored(tmp_path / name, tmp_path / "new")
