"""A bot whose database is gone does not start over beside its clips."""

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import footing
from bot.assembly import open_house
from bot.config import Settings
from bot.errors import SetupError
from bot.media import Media
from bot.store import open_sqlite
from tests.fakes.house import open_fake_house

THEIRS = {"fake.jsonl", "fake-chat.jsonl", "tiny.mp4"}  # of the fakes


def settings(folder: Path, database: str = "vivant.sqlite3") -> Settings:
    return Settings(data=folder, database_url=f"sqlite:///{folder / database}")


async def used(folder: Path) -> Settings:
    """A folder in which a clip was made."""
    async with open_fake_house(folder) as house:
        await house.submit()
        await house.settled()
    return settings(folder)


async def opens(chosen: Settings) -> None:
    async with open_house(chosen):
        pass


async def test_a_folder_that_was_used_opens_again(tmp_path: Path) -> None:
    await opens(await used(tmp_path))


async def test_an_empty_folder_opens_and_opens_again(tmp_path: Path) -> None:
    await opens(settings(tmp_path / "new"))
    await opens(settings(tmp_path / "new"))


@pytest.mark.parametrize("loss", ["gone", "empty", "made anew", "mistyped"])
async def test_without_its_database_it_refuses_and_touches_nothing(
    tmp_path: Path, loss: str
) -> None:
    chosen = await used(tmp_path)
    match loss:
        case "gone":
            chosen.database.unlink()
        case "empty":
            chosen.database.write_bytes(b"")
        case "made anew":
            chosen.database.unlink()
            await (await open_sqlite(chosen.database)).close()
        case _:
            chosen = settings(tmp_path, "vivant.sqlite")
    before = {file for file in (tmp_path / "media").rglob("*.*") if file.is_file()}

    with pytest.raises(SetupError, match="holds clips, but their database") as raised:
        await opens(chosen)

    assert "VIVANT_DATABASE_URL" in raised.value.problems[0]
    assert "move" in raised.value.problems[1]
    assert {f for f in (tmp_path / "media").rglob("*.*") if f.is_file()} == before
    assert loss == "made anew" or not (
        chosen.database.exists() and chosen.database.stat().st_size
    )


@pytest.mark.parametrize("loss", ["no files", "another's files"])
async def test_what_does_not_belong_together_is_told_and_not_deleted(
    tmp_path: Path, loss: str, caplog: pytest.LogCaptureFixture
) -> None:
    ours = await used(tmp_path)
    media = ours.data / "media"
    if loss == "no files":
        shutil.move(media, tmp_path / "away")
    else:
        for file in list(media.rglob("*.mp4")):
            file.rename(file.with_stem(file.stem[::-1]))
    before = sorted(file.name for file in media.rglob("*.*"))

    await opens(ours)

    assert "holds none of the latest clips" in caplog.text
    assert sorted(file.name for file in media.rglob("*.*")) == before


async def test_both_ways_on_lead_on(tmp_path: Path) -> None:
    chosen = await used(tmp_path)
    aside = chosen.database.with_name("aside")
    chosen.database.rename(aside)
    with pytest.raises(SetupError):
        await opens(chosen)

    aside.rename(chosen.database)
    await opens(chosen)
    chosen.database.rename(aside)
    (tmp_path / "media").rename(tmp_path / "old")
    await opens(chosen)


async def test_pictures_of_nobodys_order_are_no_reason(tmp_path: Path) -> None:
    """Somebody uploaded one, ordered nothing, and the bot was started anew."""
    async with open_house(settings(tmp_path)) as house:
        await house.media.add_bytes(b"a still", ".jpg")

    await opens(settings(tmp_path))


def test_the_folder_is_for_the_bots_user_alone(tmp_path: Path) -> None:
    made = tmp_path / "data"
    Media(made / "media")
    assert made.stat().st_mode & 0o077 == 0

    made.chmod(0o755)
    footing.make_private(made)

    assert made.stat().st_mode & 0o077 == 0


def test_a_folder_with_others_things_is_left_as_it_is_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "holiday.jpg").touch()
    tmp_path.chmod(0o755)

    with caplog.at_level(logging.WARNING):
        footing.make_private(tmp_path)

    assert tmp_path.stat().st_mode & 0o077
    assert "chmod 700" in caplog.text


async def test_every_file_is_for_the_bots_user_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        chosen = await used(tmp_path / "data")
        async with open_house(chosen) as house:
            await house.store.rows("SELECT 1")
            modes = {
                file.name: file.stat().st_mode & 0o077
                for file in chosen.data.rglob("*")
                if file.is_file() and file.name not in THEIRS
            }
    finally:
        os.umask(old)

    assert "vivant.sqlite3-wal" in modes
    assert {name for name, mode in modes.items() if mode} == set()


async def test_a_database_of_a_newer_version_is_no_empty_one(
    tmp_path: Path, media: Media
) -> None:
    """It is opening it that tells what is wrong with it."""
    await media.add_bytes(b"a clip", ".mp4")
    with closing(sqlite3.connect(tmp_path / "vivant.sqlite3")) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(SetupError, match="from a newer Vivant"):
        await opens(settings(tmp_path))


async def test_a_link_that_leads_nowhere_is_told_as_such(tmp_path: Path) -> None:
    """As when the disk behind it is not mounted."""
    link = tmp_path / "data"
    link.symlink_to(tmp_path / "not mounted")

    with pytest.raises(SetupError, match="leads to a folder that is not there"):
        await opens(settings(link))
