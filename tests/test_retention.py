"""What is older than the owner keeps it goes, rows and files; the ledger stays."""

import os
from pathlib import Path

import pytest

from bot import retention
from bot.store import clips as clip_rows
from tests.fakes.house import ANN, open_fake_house

DAY = retention.DAY


async def test_old_clips_go_and_new_ones_stay(tmp_path: Path) -> None:
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path, now=lambda: clock[0]) as house:
        old = await house.submit()
        await house.settled()
        clip = await house.service.clip(old.id, person=ANN)
        _age(house.media.path(clip.media), 500 * DAY)
        clock[0] += 31 * DAY

        gone = await retention.sweep(
            house.store, house.media, keep_days=30, now=lambda: clock[0]
        )

        assert gone >= 1
        assert not house.media.path(clip.media).exists()
        assert await house.service.history(ANN) == []
        assert await house.ledger() == [("charged", 4)]


async def test_nothing_goes_when_everything_is_kept(tmp_path: Path) -> None:
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path, now=lambda: clock[0]) as house:
        job = await house.submit()
        await house.settled()
        clip = await house.service.clip(job.id, person=ANN)
        _age(house.media.path(clip.media), 500 * DAY)
        clock[0] += 10_000 * DAY

        await retention.sweep(
            house.store, house.media, keep_days=0, now=lambda: clock[0]
        )

        assert house.media.path(clip.media).exists()
        assert len(await house.service.history(ANN)) == 1


async def test_a_file_that_nobody_needs_goes_after_a_day(tmp_path: Path) -> None:
    """A still that was uploaded a moment ago may yet be asked for."""
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path) as house:
        fresh = await house.media.add_bytes(b"fresh", ".jpg")
        stale = await house.media.add_bytes(b"stale", ".jpg")
        _age(house.media.path(fresh), clock[0] - 3_600)
        _age(house.media.path(stale), clock[0] - 2 * DAY)

        await retention.sweep(
            house.store, house.media, keep_days=30, now=lambda: clock[0]
        )

        assert house.media.path(fresh).exists()
        assert not house.media.path(stale).exists()


async def test_what_was_swept_by_mistake_comes_back_within_a_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that is there again, as after a restore, has its files again."""
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path, now=lambda: clock[0]) as house:
        job = await house.submit()
        await house.settled()
        clip = await house.service.clip(job.id, person=ANN)
        for key in (clip.media, clip.poster, clip.last_frame):
            _age(house.media.path(key), 500 * DAY)
        [row] = await house.store.rows("SELECT * FROM clips")
        await house.store.rows("DELETE FROM clips")

        async def sweep() -> int:
            return await retention.sweep(
                house.store, house.media, keep_days=30, now=lambda: clock[0]
            )

        assert await sweep() == 3
        assert not house.media.path(clip.media).exists()
        assert "3 files put into the trash" in caplog.text
        await clip_rows.put(house.store, clip)
        assert row["media"] == clip.media
        clock[0] += DAY / 2
        assert await sweep() == 0
        assert house.media.path(clip.media).exists()
        assert house.media.path(clip.poster).exists()


async def test_the_trash_is_emptied_after_a_day(tmp_path: Path) -> None:
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path) as house:
        stale = await house.media.add_bytes(b"stale", ".jpg")
        _age(house.media.path(stale), clock[0] - 2 * DAY)
        for _ in range(2):
            await retention.sweep(
                house.store, house.media, keep_days=30, now=lambda: clock[0]
            )
            clock[0] += DAY + 1

        assert await house.media.restore([stale]) == 0


async def test_many_are_swept_in_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE", 3)
    clock = [1_000 * DAY]
    async with open_fake_house(tmp_path, now=lambda: clock[0]) as house:
        for number in range(10):
            await house.submit(f"push in, number {number}")
        await house.settled()
        clock[0] += 31 * DAY

        await retention.sweep(
            house.store, house.media, keep_days=30, now=lambda: clock[0]
        )

        assert await house.service.history(ANN) == []
        assert await house.store.rows("SELECT * FROM clips") == []


def _age(file: Path, moment: float) -> None:
    os.utime(file, (moment, moment))
