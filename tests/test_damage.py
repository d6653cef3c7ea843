"""A damaged database is told in a sentence, at the start and later; nothing breaks."""

import asyncio
import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import quota
from bot.config import Settings
from bot.errors import BotError, SetupError, StorageError
from bot.library import Library
from bot.media import Media
from bot.models import Job, Price, RenderRequest, Size, State
from bot.store import Rows, Store, damage, files, open_sqlite
from bot.store import jobs as job_rows
from bot.store.health import check
from bot.store.sqlite import Sqlite
from tests.fakes.house import ANN, HERE, PLENTY, open_fake_house

NOW = 1_800_000_000.0
REQUEST = RenderRequest(
    prompt="push in", provider="fake", model="one", seconds=4, size=Size(16, 9), seed=1
)
JOB = Job(
    id="job",
    person=ANN,
    place=HERE,
    request=REQUEST,
    state=State.RENDERING,
    price=Price(units=4),
    created=NOW,
    updated=NOW,
)

DAMAGED = "is damaged. Move it away"


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database with some finished and some unfinished renders."""
    file = tmp_path / "vivant.sqlite3"
    store = await open_sqlite(file)

    async def write(db: Rows) -> None:
        for number in range(60):
            state = State.DONE if number < 30 else State.RENDERING
            job = replace(JOB, id=f"job{number}", ref=f"r{number}", state=state)
            await job_rows.add(db, job, event=f"e{number}")
            await quota.hold(db, job, PLENTY, now=NOW)

    await store.transaction(write)
    await store.close()
    return file


@pytest.mark.parametrize("seed", range(25))
async def test_flipped_bytes_are_told_in_words(
    database: Path, media: Media, seed: int
) -> None:
    """Wherever they are: the start refuses, or what can be read is read."""
    await asyncio.to_thread(flip, database, random.Random(seed))

    try:
        store = await open_sqlite(database)
    except SetupError as error:
        told = error.problems
    else:
        told = ()
        await use(store, media)
        await store.close()

    assert all(problem.startswith(str(database)) for problem in told)


def flip(file: Path, dice: random.Random) -> None:
    """Damage some bytes, the first hundred only now and then."""
    data = bytearray(file.read_bytes())
    first = dice.choice((0, 100, 100, 100))
    for _ in range(dice.randint(1, 180)):
        data[dice.randrange(first, len(data))] ^= 1 << dice.randrange(8)
    file.write_bytes(data)


async def use(store: Store, media: Media) -> None:
    """Do what the bot does; only what a person may be told comes of it."""
    library = Library(store, media, settings=Settings())
    deeds: list[Any] = [
        library.history(ANN),
        library.allowance(ANN, HERE),
        library.unshown("fake"),
        files.needed(store, ["a.png"]),
        job_rows.durations(store, "fake", limit=100),
        store.transaction(resume),
        quota.audit(store),
    ]
    for deed in deeds:
        with suppress(BotError):
            await deed


async def resume(db: Rows) -> None:
    """As at a start."""
    ids = await job_rows.under_way(db)
    await job_rows.take_all(db, ids)
    await job_rows.admit(db, now=0.0, per_person=3, per_provider={"fake": 5})


async def test_damage_is_found_by_the_start(database: Path) -> None:
    await asyncio.to_thread(overwrite, database, page=3)

    with pytest.raises(SetupError, match=DAMAGED):
        await open_sqlite(database)


async def test_damage_while_running_is_told_in_words(database: Path) -> None:
    store = await open_sqlite(database)
    assert isinstance(store, Sqlite)
    [found] = await store.rows("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'")
    await store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    await asyncio.to_thread(overwrite, database, page=found["rootpage"])
    for line in (store._db, store._reader):
        await line.execute("PRAGMA shrink_memory")
        await line.execute("PRAGMA cache_size=0")

    with pytest.raises(StorageError, match="database is damaged"):
        await store.rows("SELECT * FROM jobs")

    await store.close()


def overwrite(file: Path, *, page: int) -> None:
    """Damage two whole pages, counted from 1."""
    with file.open("r+b") as opened:
        opened.seek((page - 1) * 4_096)
        opened.write(b"\xff" * 4_096 * 2)


@pytest.mark.parametrize(
    "harm",
    [
        "details = substr(details, 1, 20)",
        "details = CAST(x'7bff22c3287d' AS TEXT)",
        "place = 'no JSON'",
        "request = '{}'",
        "state = 'delivered'",
    ],
)
async def test_a_damaged_row_keeps_no_other_from_going_on(
    database: Path, harm: str
) -> None:
    await asyncio.to_thread(spoil, database, f"UPDATE jobs SET {harm} WHERE id='job44'")
    store = await open_sqlite(database)

    ids = await job_rows.under_way(store)
    taken = await store.transaction(partial(job_rows.take_all, job_ids=ids))
    known = await job_rows.latest(store, JOB.person.key, limit=100)

    assert {job.id for job in taken} == {f"job{n}" for n in range(30, 60)} - {"job44"}
    assert len(known) == 59
    assert await job_rows.get(store, "job44") is None
    await store.close()


def spoil(file: Path, sql: str) -> None:
    """Change a row behind the bot's back."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(sql)


def test_a_large_database_is_looked_at_for_no_longer_than_it_may(
    tmp_path: Path,
) -> None:
    """What there was no time for is not called damaged."""
    file = tmp_path / "vivant.sqlite3"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE numbers(n INTEGER, words TEXT)")
        db.executemany(
            "INSERT INTO numbers VALUES(?, ?)", ((n, "x" * 99) for n in range(20_000))
        )
        db.commit()
        check(db, file, seconds=0.0)
        check(db, file, seconds=60.0)
    overwrite(file, page=100)
    with (
        closing(sqlite3.connect(file)) as db,
        pytest.raises(SetupError, match=DAMAGED),
    ):
        check(db, file, seconds=60.0)


@pytest.mark.parametrize(
    ("harm", "is_told"),
    [
        ("details = substr(details, 1, 20)", True),
        ("details = CAST(x'7bff22c3287d' AS TEXT)", True),
        ("place = 'no JSON'", False),
        ("request = substr(request, 1, 20)", False),
    ],
)
async def test_a_damaged_job_ends_and_gives_its_hold_back(
    tmp_path: Path, harm: str, *, is_told: bool
) -> None:
    """It may have been ordered, so the owner finds a note; its slot is free again."""
    async with open_fake_house(tmp_path) as house:
        hurt = await house.submit()
        await house.submit("push out")
    harm = f"state = 'rendering', ref = 'r', run = 1, {harm}"
    await asyncio.to_thread(
        spoil,
        tmp_path / "vivant.sqlite3",
        f"UPDATE jobs SET {harm} WHERE id='{hurt.id}'",
    )

    async with open_fake_house(tmp_path) as house:
        await house.settled()

        [row] = await house.store.rows("SELECT * FROM jobs WHERE id = ?", hurt.id)
        entries = await house.store.rows("SELECT * FROM ledger ORDER BY held_at")
        assert row["state"] == "failed"
        assert [entry["kind"] for entry in entries] == ["returned", "charged"]
        assert entries[0]["note"] == quota.BILLED
        assert await quota.audit(house.store) == []
        assert await damage.unreadable(house.store) == []
        told = await house.chat.find(hurt, hurt.id)
        assert (told is not None) is is_told


async def test_what_may_be_of_a_newer_version_is_left_alone_and_named(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        odd = await house.submit()
        await house.submit("push out")
    harm = "state = 'rendering', details = '{\"delay\":\"new\"}'"
    await asyncio.to_thread(
        spoil,
        tmp_path / "vivant.sqlite3",
        f"UPDATE jobs SET {harm} WHERE id='{odd.id}'",
    )

    async with open_fake_house(tmp_path) as house:
        running = asyncio.create_task(house.runner.run())
        while await house.unfinished() > 1:
            await house.chat.changed.wait()
            house.chat.changed.clear()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert await house.ledger() == [("held", 4), ("charged", 4)]
        assert await damage.unreadable(house.store) == [odd.id]
