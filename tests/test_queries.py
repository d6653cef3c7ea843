"""No everyday query walks through all jobs, clips or ledger entries; SQLite says so."""

import inspect
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot import cancels, keys, quota
from bot.config import Caps
from bot.models import (
    Character,
    Clip,
    Job,
    Person,
    Place,
    Price,
    RenderRequest,
    Size,
    State,
    Still,
    Trouble,
)
from bot.outbox import Outbox
from bot.store import (
    Rows,
    Store,
    characters,
    clips,
    damage,
    files,
    jobs,
    notes,
    secrets,
    uploads,
)
from bot.store.sqlite import Sqlite

NOW = 1_800_000_000.0
ANN = Person(chat="web", id="ann")
HERE = Place(chat="web", workspace="w", channel="c")
REQUEST = RenderRequest(
    prompt="push in", provider="p", model="m", seconds=4, size=Size(16, 9), seed=1
)
JOB = Job(
    id="job",
    person=ANN,
    place=HERE,
    request=REQUEST,
    state=State.QUEUED,
    price=Price(units=4, micros=4),
    created=NOW,
    updated=NOW,
)
RUNNING = replace(JOB, state=State.RENDERING)
CLIP = Clip(
    id="job",
    person=ANN,
    place=HERE,
    request=REQUEST,
    media="m",
    poster="p",
    last_frame="l",
    size=Size(16, 9),
    seconds=4.0,
    bytes=1,
    price=Price(),
    created=NOW,
)
FREE = Caps(month_micros=None, at_once=10**6, free_per_hour=10**6)
DELIVERY = clips.Delivery(key="k", job="job", place=HERE)
UPLOAD = uploads.Upload(
    "id", "photo.png", "vision", Still(media="m", size=Size(16, 9)), 1, NOW, NOW
)
KEPT = characters.Kept("id", Character(name="Ann", media="m"), NOW)
SMALL = {"keys", "overrides", "secrets"}  # tables of a handful of rows
MADE = {"json_each", "mine", "busy", "waiting", "placed", "line", "CONSTANT"}
IN_ORDER = "SCAN outbox USING INDEX outbox_due"  # and the first one is enough
WHOLE = {"audit", "unreadable"}  # look at everything, for `vivant doctor` alone
MODULES = (
    cancels,
    characters,
    clips,
    damage,
    files,
    jobs,
    notes,
    secrets,
    uploads,
    quota,
    keys,
)
CALLS: dict[str, Callable[[Rows], Awaitable[Any]]] = {
    "characters.add": partial(characters.add, kept=KEPT, person="web:ann"),
    "cancels.count": partial(cancels.count, job=RUNNING, caps=Caps(), now=NOW),
    "characters.count": partial(characters.count, person="web:ann"),
    "characters.get": partial(characters.get, character_id="id", person="web:ann"),
    "clips.put": partial(clips.put, clip=CLIP),
    "clips.get": partial(clips.get, clip_id="job"),
    "clips.seen": partial(clips.seen, clip_id="job", place=HERE),
    "clips.many": partial(clips.many, clip_ids=["job", "other"]),
    "clips.lineage": partial(clips.lineage, clip_id="job"),
    "clips.remove": partial(clips.remove, clip_id="job"),
    "clips.older_than": partial(clips.older_than, moment=NOW, limit=9),
    "clips.anchor": partial(clips.anchor, clip_id="job", place=HERE, message="m"),
    "clips.anchored": partial(clips.anchored, chat="web", channel="c", message="m"),
    "clips.anchors": partial(clips.anchors, clip_id="job"),
    "clips.delivery": partial(clips.delivery, key="k"),
    "clips.deliveries": partial(clips.deliveries, job_id="job"),
    "clips.note_delivery": partial(clips.note_delivery, what=DELIVERY, now=NOW),
    "damage.find": partial(damage.find, job_id="job"),
    "damage.lead_out": partial(
        damage.lead_out,
        found=damage.Damaged("job", costs=True),
        error=Trouble(sentence="s", hint="h"),
        now=NOW,
    ),
    "files.needed": partial(files.needed, keys=["m", "p"]),
    "jobs.add": partial(jobs.add, job=JOB, event="e"),
    "jobs.get": partial(jobs.get, job_id="job"),
    "jobs.is_cancelled": partial(jobs.is_cancelled, job_id="job"),
    "jobs.by_event": partial(jobs.by_event, event="e"),
    "jobs.by_ref": partial(jobs.by_ref, provider="p", ref="r"),
    "jobs.take": partial(jobs.take, job_id="job"),
    "jobs.take_all": partial(jobs.take_all, job_ids=["job", "other"]),
    "jobs.save": partial(jobs.save, job=JOB),
    "jobs.note_progress": partial(jobs.note_progress, jobs=[RUNNING, JOB]),
    "jobs.note_card": partial(jobs.note_card, job_id="job", card="c"),
    "jobs.refs": partial(jobs.refs, provider="p", since=NOW),
    "jobs.rivals": partial(jobs.rivals, job=JOB),
    "jobs.ordering": partial(jobs.ordering, job=JOB),
    "jobs.hand_over": partial(jobs.hand_over, job_id="job", ref="r"),
    "jobs.note_billed": partial(jobs.note_billed, job_id="job", billed=True),
    "jobs.durations": partial(jobs.durations, provider="p", limit=9),
    "jobs.ask_cancel": partial(jobs.ask_cancel, job_id="job"),
    "jobs.admit": partial(
        jobs.admit, now=NOW, per_person=3, per_provider={"p": 2, "q": 1}
    ),
    "jobs.under_way": jobs.under_way,
    "jobs.ahead": partial(jobs.ahead, job=JOB),
    "jobs.latest": partial(jobs.latest, person="web:ann", limit=9),
    "jobs.page": partial(
        jobs.page, person="web:ann", after=JOB, limit=9, newest_first=True
    ),
    "jobs.shown_last": partial(jobs.shown_last, job_id="job", now=NOW),
    "jobs.unshown": partial(jobs.unshown, chat="web", since=NOW),
    "jobs.remove": partial(jobs.remove, job_id="job"),
    "jobs.remove_ended": partial(jobs.remove_ended, before=NOW, limit=9),
    "notes.put": partial(notes.put, key="k", value="v", now=NOW),
    "notes.change": partial(notes.change, key="k", value="v", now=NOW),
    "notes.get": partial(notes.get, key="k"),
    "notes.remove": partial(notes.remove, key="k"),
    "notes.forget": partial(notes.forget, prefix="once:", before=NOW, limit=9),
    "secrets.put": partial(secrets.put, name="n", sealed="s", now=NOW),
    "secrets.get": partial(secrets.get, name="n"),
    "secrets.remove": partial(secrets.remove, name="n"),
    "uploads.add": partial(uploads.add, upload=UPLOAD, person="web:ann"),
    "uploads.get": partial(uploads.get, upload_id="id", person="web:ann", now=NOW),
    "uploads.listed": partial(uploads.listed, person="web:ann", now=NOW),
    "uploads.remove": partial(uploads.remove, upload_id="id", person="web:ann"),
    "uploads.remove_expired": partial(uploads.remove_expired, now=NOW),
    "quota.hold": partial(quota.hold, job=JOB, caps=Caps(), now=NOW),
    "quota.check": partial(
        quota.check, person=ANN, place=HERE, price=Price(), caps=Caps(), now=NOW
    ),
    "quota.give_back": partial(quota.give_back, job_id="job", note="n", now=NOW),
    "quota.mark": partial(quota.mark, job_id="job", note="n"),
    "quota.settle": partial(quota.settle, job=JOB, note="n", now=NOW),
    "quota.reprice": partial(quota.reprice, job=JOB),
    "quota.usage": partial(quota.usage, person=ANN, place=HERE, now=NOW),
    "quota.allowance": partial(
        quota.allowance, person=ANN, place=HERE, caps=Caps(), now=NOW
    ),
    "quota.override": partial(quota.override, person="web:ann", units=1),
    "quota.by_person": partial(quota.by_person, place=HERE, now=NOW),
    "keys.create": partial(keys.create, name="n", now=NOW),
    "keys.listed": keys.listed,
    "keys.revoke": partial(keys.revoke, name="n"),
    "keys.holder": partial(keys.holder, key="k"),
}


def test_every_query_is_looked_at_here() -> None:
    found = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if name not in WHOLE
    }

    assert found == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
async def test_a_query_finds_its_rows_by_an_index(store: Store, name: str) -> None:
    assert isinstance(store, Sqlite)
    seen = await said(store, store.transaction(CALLS[name]))

    assert seen
    for statement in seen:
        await finds_by_index(store, statement)


async def test_so_does_what_goes_to_the_owners_address(store: Store) -> None:
    assert isinstance(store, Sqlite)
    outbox = Outbox(store, now=time.time)
    await outbox.put("job", "video.completed")

    for statement in await said(store, outbox.next()):
        await finds_by_index(store, statement)


async def said(store: Sqlite, work: Awaitable[Any]) -> list[str]:
    """What SQLite was told by some work, values filled in."""
    told: list[str] = []
    for line in (store._db, store._reader):
        await line.set_trace_callback(told.append)
    await work
    for line in (store._db, store._reader):
        await line.set_trace_callback(lambda _: None)
    words = ("BEGIN", "COMMIT", "ROLLBACK", "--")
    return [statement for statement in told if not statement.startswith(words)]


async def finds_by_index(store: Store, statement: str) -> None:
    """Nothing but what the statement itself has made is walked through."""
    for step in await store.rows(f"EXPLAIN QUERY PLAN {statement}"):
        walked = re.match(r"SCAN (\w+)", step["detail"])
        if walked and step["detail"] != IN_ORDER:
            assert walked[1] in SMALL | MADE, f"{step['detail']}: {statement}"


async def test_the_months_money_is_always_the_sum_of_the_ledger(store: Store) -> None:
    """However entries come, are repriced, settled and go."""
    dice = random.Random(20261125)
    for number in range(60):
        job = replace(JOB, id=f"job{number}", price=Price(micros=dice.randrange(9)))
        when = NOW + dice.uniform(-40, 40) * quota.DAY
        await quota.hold(store, job, FREE, now=when)
        if dice.random() < 0.5:
            await quota.reprice(store, replace(job, price=Price(micros=2)))
        if dice.random() < 0.7:
            state = dice.choice((State.DONE, State.FAILED))
            note = dice.choice(("may have been billed", None))
            await quota.settle(store, replace(job, state=state), note=note, now=when)
        if dice.random() < 0.2:
            await store.rows("DELETE FROM ledger WHERE job = ?", job.id)

    summed = await store.rows(
        "SELECT CAST(held_at / 86400 AS BIGINT) AS day, sum(micros) AS micros"
        " FROM ledger WHERE micros > 0 AND (kind <> 'returned' OR note IS NOT NULL)"
        " GROUP BY 1 ORDER BY 1"
    )
    kept = await store.rows("SELECT * FROM spending WHERE micros > 0 ORDER BY day")
    assert kept == summed
    assert len(kept) > 5
