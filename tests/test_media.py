"""Our own bytes are kept once, whole, and only as long as somebody needs them."""

import asyncio
import errno
import hashlib
import os
import time
from pathlib import Path

import pytest

from bot.errors import MissingError, SetupError, StorageError
from bot.media import Media

YESTERDAY = time.time() - 86_400


def files(media: Media) -> list[Path]:
    return [file for file in media._folder.rglob("*") if file.is_file()]


async def thrown_away(media: Media, keys: list[str], *, now: float = 0.0) -> int:
    """Put what is older than yesterday into the trash."""
    return await asyncio.to_thread(
        media.discard, keys, older_than=YESTERDAY + 1, now=now
    )


async def test_bytes_are_kept_under_their_hash(media: Media) -> None:
    key = await media.add_bytes(b"a still", ".png")

    assert key == hashlib.sha256(b"a still").hexdigest() + ".png"
    assert media.path(key).read_bytes() == b"a still"
    assert files(media) == [media.path(key)]


async def test_the_same_bytes_twice_are_one_file(media: Media) -> None:
    work_file = media.scratch("clip.mp4")
    work_file.write_bytes(b"same")

    keys = await asyncio.gather(
        media.add_bytes(b"same", ".mp4"),
        media.add_bytes(b"same", ".mp4"),
        media.adopt(work_file, ".mp4"),
    )

    assert len(set(keys)) == 1
    assert files(media) == [media.path(keys[0])]


async def test_a_work_file_that_is_the_kept_file_by_another_name_goes(
    media: Media,
) -> None:
    key = await media.add_bytes(b"rendered", ".mp4")
    again = media.scratch("again.mp4")
    os.link(media.path(key), again)

    assert await media.adopt(again, ".mp4") == key
    assert files(media) == [media.path(key)]


async def test_files_are_for_the_owner_alone(media: Media) -> None:
    key = await media.add_bytes(b"private", ".png")

    assert media.path(key).stat().st_mode & 0o077 == 0
    assert media._folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 64,
        "a" * 64 + ".png\n",
        "a" * 64 + ".png/../x",
        "A" * 64 + ".png",
        "a" * 63 + "/.png",
        "٣" * 64 + ".png",
    ],
)
async def test_what_is_no_key_is_no_path(media: Media, key: str) -> None:
    with pytest.raises(MissingError):
        media.path(key)
    with pytest.raises(MissingError):
        await media.remove(key)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "/x", ".hidden", "a\0b"])
def test_a_work_file_stays_in_its_folder(media: Media, name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        media.scratch(name)


async def test_removing_twice_is_removing_once(media: Media) -> None:
    key = await media.add_bytes(b"gone", ".png")

    await media.remove(key)
    await media.remove(key)

    assert not media.path(key).exists()


async def test_only_what_is_old_is_thrown_away(media: Media) -> None:
    old = await media.add_bytes(b"old", ".png")
    fresh = await media.add_bytes(b"fresh", ".png")
    os.utime(media.path(old), (YESTERDAY, YESTERDAY))

    found = [key async for keys in media.older(10, than=YESTERDAY + 1) for key in keys]
    gone = await thrown_away(media, [old, fresh])

    assert found == [old]
    assert gone == 1
    assert media.path(fresh).exists()
    assert not media.path(old).exists()


async def test_what_was_thrown_away_can_be_had_back_until_the_trash_is_emptied(
    media: Media,
) -> None:
    keys = [await media.add_bytes(name, ".png") for name in (b"one", b"two")]
    for key in keys:
        os.utime(media.path(key), (YESTERDAY, YESTERDAY))
    await thrown_away(media, keys, now=1_000.0)

    assert {key async for some in media.in_trash(1) for key in some} == set(keys)
    assert await media.restore(keys[:1]) == 1
    assert media.path(keys[0]).read_bytes() == b"one"
    assert await media.empty_trash(older_than=1_000.0) == 0
    assert await media.empty_trash(older_than=1_001.0) == 1
    assert await media.restore(keys[1:]) == 0


async def test_a_picture_that_is_asked_for_comes_back_from_the_trash(
    media: Media,
) -> None:
    key = await media.add_bytes(b"asked for late", ".png")
    os.utime(media.path(key), (YESTERDAY, YESTERDAY))
    await thrown_away(media, [key])

    _, there = await asyncio.to_thread(media.look, key)

    assert there
    assert media.path(key).read_bytes() == b"asked for late"


async def test_what_a_person_deletes_is_not_in_the_trash_either(media: Media) -> None:
    key = await media.add_bytes(b"deleted", ".png")
    os.utime(media.path(key), (YESTERDAY, YESTERDAY))
    await thrown_away(media, [key])

    await media.remove(key)

    assert files(media) == []


async def test_work_files_that_were_left_behind_go_after_their_time(
    media: Media,
) -> None:
    work_file = media.scratch("left-behind.mp4")
    work_file.write_bytes(b"")
    os.utime(work_file, (YESTERDAY, YESTERDAY))

    assert await media.empty_trash(older_than=YESTERDAY + 1) == 1
    assert files(media) == []


async def test_files_that_are_not_ours_are_left_alone(media: Media) -> None:
    key = await media.add_bytes(b"ours", ".png")
    theirs = media.path(key).with_name(".DS_Store")
    theirs.write_bytes(b"")
    os.utime(theirs, (YESTERDAY, YESTERDAY))

    assert [keys async for keys in media.older(10, than=YESTERDAY + 1)] == []


async def test_what_is_kept_is_young_however_long_it_was_worked_on(
    media: Media,
) -> None:
    work_file = media.scratch("slow.mp4")
    work_file.write_bytes(b"rendered yesterday")
    os.utime(work_file, (YESTERDAY, YESTERDAY))

    await media.adopt(work_file, ".mp4")

    assert [keys async for keys in media.older(10, than=YESTERDAY + 1)] == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
@pytest.mark.parametrize("call", ["fsync", "utime", "chmod"])
async def test_a_disk_that_knows_a_call_not_keeps_files_all_the_same(
    media: Media, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """As network shares, FUSE and memory cards do."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)

    key = await media.add_bytes(b"a still", ".png")

    assert media.path(key).read_bytes() == b"a still"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The bot's disk is full."),
        (errno.EROFS, "The bot may not write to its own folder."),
        (errno.EACCES, "The bot may not write to its own folder."),
        (errno.EIO, "The bot's disk does not work as it should."),
    ],
)
async def test_a_disk_that_says_no_is_told_in_words(
    media: Media, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(StorageError) as raised:
        await media.add_bytes(b"much", ".png")

    assert str(raised.value) == sentence
    assert "make room" in raised.value.hint
    assert files(media) == []


async def test_the_room_that_is_left_is_known(media: Media) -> None:
    free, there = await asyncio.to_thread(media.look)
    assert free > 0
    assert there


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SetupError, match="VIVANT_DATA"):
        Media(tmp_path / "file" / "media")
