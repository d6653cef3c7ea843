"""The rows and files that `bench.scale` starts on, and the everyday queries on them."""

import asyncio
import hashlib
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from bot import quota
from bot.config import Caps
from bot.media import Media
from bot.models import Clip, Job, Person, Place, Price, RenderRequest, Size, State
from bot.store import Rows, Store, files, open_sqlite
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows

PEOPLE = 500
DAY = 86_400.0
WITH_FILES = 5_000  # of the clips
UNNEEDED = 2_000  # files that the sweep finds
HERE = Place(chat="api", workspace="", channel="")
REQUEST = RenderRequest(
    prompt="slow dolly in, golden hour, the curtain moves a little in the wind",
    provider="openai",
    model="bench",
    seconds=4,
    size=Size(1280, 720),
    seed=1,
)
NO_CAPS = Caps(
    person_day=10**9, workspace_day=10**9, month_micros=10**12, at_once=10**6
)
JOBS = (
    "INSERT INTO jobs(id, event, person, chat, workspace, place, provider, ref, state,"
    " request, details, units, micros, run, created, updated)"
    " VALUES(?, ?, ?, ?, '', ?, 'openai', ?, ?, ?, ?, 4, 400000, 1, ?, ?)"
)
LEDGER = (
    "INSERT INTO ledger(job, person, chat, workspace, units, micros, kind, held_at)"
    " VALUES(?, ?, 'api', '', 4, 400000, ?, ?)"
)
CLIPS = "INSERT INTO clips(id, person, media, details, created) VALUES(?, ?, ?, ?, ?)"


def under_way(data: Path, jobs: int) -> None:
    """Renders that a service works on."""
    now = time.time()
    with closing(_opened(data)) as db, db:
        for number in range(jobs):
            job = _job(f"live{number}", number, State.RENDERING, now - 30)
            db.execute(JOBS, _row(job))
            db.execute(LEDGER, (job.id, job.person.key, "held", job.created))


def finished(data: Path, clips: int) -> None:
    """Clips of the last four weeks, some with files, and files that nobody needs."""
    now = time.time()
    media = Media(data / "media")
    with closing(_opened(data)) as db, db:
        for number in range(clips):
            made = now - 28 * DAY * (1 - number / clips)
            still, film, first, last = (
                hashlib.sha256(f"{what}{number}".encode()).hexdigest() + suffix
                for what, suffix in (
                    ("s", ".jpg"),
                    ("f", ".mp4"),
                    ("p", ".jpg"),
                    ("l", ".png"),
                )
            )
            job = _job(f"done{number}", number, State.DONE, made)
            job = replace(job, media=film, request=replace(REQUEST, still=still))
            clip = Clip(
                id=job.id,
                person=job.person,
                place=HERE,
                request=job.request,
                media=film,
                poster=first,
                last_frame=last,
                size=REQUEST.size,
                seconds=4.0,
                bytes=1,
                price=job.price,
                created=made,
            )
            db.execute(JOBS, _row(job))
            db.execute(LEDGER, (job.id, job.person.key, "charged", made))
            details = msgspec.json.encode(clip).decode()
            db.execute(CLIPS, (clip.id, clip.person.key, film, details, made))
            if number < WITH_FILES:
                for key in (still, film, first, last):
                    _old_file(media.path(key))
    for number in range(UNNEEDED):
        name = hashlib.sha256(f"nobody's {number}".encode()).hexdigest()
        _old_file(media.path(f"{name}.jpg"))


def unswept(data: Path) -> int:
    """How many of the files are still there that nobody needs."""
    names = (
        hashlib.sha256(f"nobody's {number}".encode()).hexdigest()
        for number in range(UNNEEDED)
    )
    folder = data / "media"
    return sum((folder / name[:2] / f"{name}.jpg").exists() for name in names)


async def slowest_query(data: Path) -> tuple[float, str]:
    """The longest that one of the everyday queries takes, at its median, in seconds."""
    store = await open_sqlite(data / "vivant.sqlite3")
    job = _job("done7", 7, State.DONE, time.time())
    queries: dict[str, Callable[[], Awaitable[Any]]] = {
        "an order": partial(_order, store),
        "the gate": partial(_admit, store),
        "how many are ahead": partial(job_rows.ahead, store, job),
        "a person's clips": partial(job_rows.latest, store, job.person.key, limit=60),
        "a page of them": partial(
            job_rows.page, store, job.person.key, None, limit=20, newest_first=True
        ),
        "what is under way": partial(job_rows.under_way, store),
        "cards left behind": partial(
            job_rows.unshown, store, "api", since=time.time() - DAY
        ),
        "ids that are known": partial(
            job_rows.refs, store, "openai", since=time.time() - 2 * DAY
        ),
        "rivals": partial(job_rows.rivals, store, job),
        "files that are needed": partial(files.needed, store, ["a.jpg"] * 100),
        "clips past their time": partial(clip_rows.older_than, store, 0.0, limit=100),
    }
    found = [(await _median(query), name) for name, query in queries.items()]
    await store.close()
    return max(found)


async def _median(query: Callable[[], Awaitable[Any]], times: int = 15) -> float:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        await query()
        spent.append(time.perf_counter() - begun)
    return sorted(spent)[times // 2]


async def _order(store: Store) -> None:
    """What an order costs, with every cap checked."""
    job = _job(f"order{time.perf_counter_ns()}", 7, State.QUEUED, time.time())

    async def write(db: Rows) -> None:
        await job_rows.add(db, job, event=None)
        await quota.hold(db, job, NO_CAPS, now=job.created)

    await store.transaction(write)


async def _admit(store: Store) -> None:
    gate = partial(
        job_rows.admit, now=time.time(), per_person=3, per_provider={"openai": 20}
    )
    await store.transaction(gate)


def _job(name: str, number: int, state: State, made: float) -> Job:
    return Job(
        id=name,
        person=Person(chat="api", id=f"person{number % PEOPLE}"),
        place=HERE,
        request=REQUEST,
        state=state,
        price=Price(units=4, micros=400_000),
        created=made,
        updated=made,
        since=made,
        ref=f"video_{name}",
        took=20.0 if state is State.DONE else None,
    )


def _row(job: Job) -> tuple[object, ...]:
    return (
        job.id,
        f"event {job.id}",
        job.person.key,
        job.person.chat,
        job_rows._text(job.place),  # noqa: SLF001 - as the store writes it
        job.ref,
        job.state,
        job_rows._text(job.request),  # noqa: SLF001
        job_rows._details(job),  # noqa: SLF001
        job.created,
        job.updated,
    )


def _opened(data: Path) -> sqlite3.Connection:
    """A database that the bot has made, for many rows at once."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "vivant.sqlite3"

    async def make() -> None:
        await (await open_sqlite(file)).close()

    asyncio.run(make())
    db = sqlite3.connect(file)
    db.execute("PRAGMA synchronous=OFF")
    return db


def _old_file(file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.touch()
    moment = time.time() - 2 * DAY
    os.utime(file, (moment, moment))
