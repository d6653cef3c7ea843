"""A job is carried to its end, whatever the provider and the chat do."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import runners
from bot.errors import (
    DeliveryError,
    Fault,
    MissingError,
    PromptError,
    ProviderError,
    QuotaError,
    StateError,
    StorageError,
    WorkshopError,
)
from bot.jobs import Jobs
from bot.models import Ask, Job, Person, Snapshot, State
from bot.pacing import Pace
from tests.fakes.house import (
    ANN,
    AT_ONCE,
    BOB,
    HERE,
    PLENTY,
    FakeHouse,
    open_fake_house,
)
from tests.fakes.world import FakeChat, FakeProvider

BILLED = "may have been billed"


async def notes(house: FakeHouse) -> list[tuple[str, str | None]]:
    rows = await house.store.rows("SELECT kind, note FROM ledger ORDER BY held_at")
    return [(row["kind"], row["note"]) for row in rows]


async def ended(house: FakeHouse, job_id: str) -> State:
    """Run everything and say how one job ended."""
    await house.settled()
    return (await house.service.job(job_id, person=ANN)).state


async def test_an_order_becomes_a_clip_in_the_chat(tmp_path: Path) -> None:
    """It is posted once, charged once, and its bytes are ours."""
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()

        await house.settled()

        [post] = house.chat.posts.read()
        clip = await house.service.clip(job.id, person=ANN)
        assert post["clip"] == clip.id == job.id
        assert (clip.size, clip.seconds) == ((64, 36), 1.0)
        assert house.media.path(clip.media).stat().st_size == clip.bytes
        assert house.media.path(clip.last_frame).exists()
        assert await house.ledger() == [("charged", 4)]


async def test_the_card_moves_through_every_state_in_order(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        await house.submit()

        await house.settled()

        states = list(dict.fromkeys(card.state for card in house.chat.cards))
        assert states == [
            State.RENDERING,
            State.FETCHING,
            State.FINISHING,
            State.DELIVERING,
            State.DONE,
        ]


async def test_a_refusal_is_told_with_the_next_step_and_costs_nothing(
    tmp_path: Path,
) -> None:
    refusal = ProviderError(Fault.REFUSED_INPUT, "The model refused the picture.")
    provider = FakeProvider(tmp_path, refusals=[refusal])
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.FAILED

        [post] = house.chat.posts.read()
        assert post["error"] == [str(refusal), refusal.hint]
        assert await house.ledger() == [("returned", 4)]


async def test_a_render_that_fails_is_told_and_costs_nothing(tmp_path: Path) -> None:
    fails = ProviderError(Fault.REFUSED_OUTPUT, "The model refused its own result.")
    provider = FakeProvider(tmp_path, fails=fails)
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.FAILED

        assert house.chat.posts.read()[0]["error"][0] == str(fails)
        assert await house.ledger() == [("returned", 4)]


async def test_a_busy_provider_is_asked_again(tmp_path: Path) -> None:
    busy = ProviderError(Fault.BUSY, "The service is busy.")
    provider = FakeProvider(tmp_path, kind="blind", refusals=[busy, busy])
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.DONE

        assert len(house.provider.orders.read()) == 1


async def test_a_lost_order_to_a_blind_provider_is_never_made_again(
    tmp_path: Path,
) -> None:
    """The person gets their units back; the owner reads that it may have cost."""
    lost = ProviderError(Fault.LOST, "The answer never came.")
    provider = FakeProvider(tmp_path, kind="blind", refusals=[lost])
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.FAILED

        [entry] = await house.store.rows("SELECT kind, note FROM ledger")
        assert entry == {"kind": "returned", "note": "may have been billed"}
        assert house.provider.orders.read() == []


async def test_trouble_while_watching_is_waited_out(tmp_path: Path) -> None:
    away = ProviderError(Fault.UPSTREAM, "The service does not answer.")
    provider = FakeProvider(tmp_path, troubles=[away] * 20)
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.DONE


async def test_a_render_that_never_ends_is_given_up_and_given_back(
    tmp_path: Path,
) -> None:
    clock = iter(range(0, 10**9, 60))
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_fake_house(
        tmp_path, provider=provider, ticks=lambda: float(next(clock))
    ) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.FAILED

        assert house.chat.posts.read()[0]["error"][0] == "The render took too long."
        assert provider.cancelled == [job.id]


async def test_an_unforeseen_failure_is_told_without_its_insides(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, refusals=[RuntimeError("secret-42")] * 9)
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.FAILED

        assert "secret-42" not in str(house.chat.posts.read())
        assert await house.ledger() == [("returned", 4)]


@pytest.mark.parametrize("kind", ["blind", "asked"])
async def test_a_cancel_while_the_service_is_busy_orders_nothing(
    tmp_path: Path, kind: str
) -> None:
    busy = ProviderError(Fault.BUSY, "The service is busy.", after=3_600.0)
    provider = FakeProvider(tmp_path, kind=kind, refusals=[busy])
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()
        running = asyncio.create_task(house.runner.run())
        await provider.asked.wait()

        await house.service.cancel(job.id, person=ANN)
        await house.finish()

        assert provider.orders.read() == []
        assert await notes(house) == [("returned", None)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("when", "note"), [(State.RENDERING, None), (State.DONE, BILLED)]
)
async def test_a_cancel_that_comes_as_the_render_ends_still_counts(
    tmp_path: Path, when: State, note: str | None
) -> None:
    """Before the clip is there nothing is charged; the service may want its money."""

    class Late(FakeProvider):
        async def retrieve(self, job: Job) -> Snapshot:
            seen = await super().retrieve(job)
            if seen.state is when:
                await house.service.cancel(job.id, person=ANN)
            return seen

    async with open_fake_house(tmp_path, provider=Late(tmp_path)) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.CANCELLED

        assert await notes(house) == [("returned", note)]


async def test_the_months_money_counts_what_may_have_been_billed(
    tmp_path: Path,
) -> None:
    """Else an order that is cancelled again and again would cost without end."""
    caps = replace(PLENTY, month_micros=1_500_000)
    provider = FakeProvider(tmp_path, micros=1_000_000, looks=10**9, stops=False)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        job = await house.submit()
        running = asyncio.create_task(house.runner.run())
        await provider.looked.wait()
        await house.service.cancel(job.id, person=ANN)
        await house.finish()

        with pytest.raises(QuotaError, match="money"):
            await house.submit()

        assert await notes(house) == [("returned", BILLED)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_key_that_is_changed_meanwhile_costs_no_render(tmp_path: Path) -> None:
    wrong = ProviderError(Fault.AUTH, "The service does not accept the bot's key.")
    provider = FakeProvider(tmp_path, troubles=[wrong] * 9)
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.DONE


async def test_orders_of_the_same_words_are_never_taken_for_each_other(
    tmp_path: Path,
) -> None:
    """Both were lost: nobody can tell whose clip is whose."""
    lost = ProviderError(Fault.LOST, "The answer never came.")
    provider = FakeProvider(tmp_path, kind="asked", refusals=[lost, lost, lost])
    async with open_fake_house(tmp_path, provider=provider) as house:
        jobs = [await house.submit(), await house.submit(), await house.submit("snow")]
        for job in jobs:
            provider.orders.write(ref=f"made-{job.id}", key=job.id, prompt="")

        ends = [await ended(house, job.id) for job in jobs]

        assert ends == [State.FAILED, State.FAILED, State.DONE]
        assert [note for _, note in await notes(house)] == [BILLED, BILLED, None]


async def test_a_lost_order_is_looked_for_until_it_must_have_shown(
    tmp_path: Path,
) -> None:
    """A service may list an order well after it has taken it."""

    class Slow(FakeProvider):
        async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
            found = await super().find(job, taken=taken)
            self.finds += 1
            return found if self.finds > 5 else None

        finds = 0

    lost = ProviderError(Fault.LOST, "The answer never came.")
    provider = Slow(tmp_path, kind="asked", refusals=[lost])
    pace = replace(AT_ONCE, settle=60.0)
    async with open_fake_house(tmp_path, provider=provider, pace=pace) as house:
        job = await house.submit()
        provider.orders.write(ref="slow", key=job.id, prompt="push in")

        assert await ended(house, job.id) is State.DONE

        assert len(provider.orders.read()) == 1


async def test_what_is_waiting_is_cancelled_before_it_costs(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.service.cancel(job.id, person=ANN)

        assert await ended(house, job.id) is State.CANCELLED

        assert house.provider.orders.read() == []
        assert await house.ledger() == [("returned", 4)]


async def test_a_cancel_cuts_the_wait_short(tmp_path: Path) -> None:
    """Nobody waits for the next look: the hint wakes the job at once."""
    provider = FakeProvider(tmp_path, looks=10**9)
    patient = Pace(first=3_600.0, longest=3_600.0)
    async with open_fake_house(tmp_path, provider=provider, pace=patient) as house:
        job = await house.submit()
        running = asyncio.create_task(house.runner.run())
        while not any(card.ref for card in house.chat.cards):
            await house.chat.changed.wait()
            house.chat.changed.clear()

        await house.service.cancel(job.id, person=ANN)
        await house.finish()

        assert provider.cancelled == [job.id]
        assert await house.ledger() == [("returned", 4)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_is_too_late_to_cancel_a_finished_clip(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.settled()

        with pytest.raises(StateError, match="ended already"):
            await house.service.cancel(job.id, person=ANN)


async def test_it_is_too_late_to_cancel_a_clip_that_is_being_posted(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.store.rows("UPDATE jobs SET state = 'delivering'")

        with pytest.raises(StateError, match="on its way"):
            await house.service.cancel(job.id, person=ANN)


async def test_a_passing_chat_failure_is_tried_again(tmp_path: Path) -> None:
    hiccup = DeliveryError("The chat is overloaded.", passing=True)
    chat = FakeChat(tmp_path, refusals=[hiccup])
    async with open_fake_house(tmp_path, chat=chat) as house:
        await house.submit()

        await house.settled()

        assert len(house.chat.posts.read()) == 1


async def test_a_chat_that_is_away_gets_the_clip_when_it_is_back(
    tmp_path: Path,
) -> None:
    away = DeliveryError("The chat does not answer.", passing=True)
    chat = FakeChat(tmp_path, refusals=[away] * 50)
    pace = replace(AT_ONCE, outage=3_600.0)
    async with open_fake_house(tmp_path, chat=chat, pace=pace) as house:
        job = await house.submit()

        assert await ended(house, job.id) is State.DONE

        assert len(house.chat.posts.read()) == 1


async def test_a_clip_that_could_not_be_posted_is_kept_and_sent_again(
    tmp_path: Path,
) -> None:
    """Rendered and delivered are two facts."""
    chat = FakeChat(tmp_path, refusals=[DeliveryError("The channel is gone.")])
    async with open_fake_house(tmp_path, chat=chat) as house:
        job = await house.submit()
        assert await ended(house, job.id) is State.DONE
        assert await house.service.trouble(job.id) == "The channel is gone."

        for _ in range(2):
            await house.service.resend(job.id, person=ANN, place=HERE, event="click")

        [post] = house.chat.posts.read()
        assert post["clip"] == job.id
        assert await house.service.trouble(job.id) is None


async def test_a_reply_to_the_posted_message_finds_the_clip(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.settled()

        [post] = house.chat.posts.read()

        assert await house.service.anchored(HERE, post["id"]) == job.id
        assert await house.service.anchored(HERE, "another message") is None


async def test_an_event_that_comes_again_is_the_same_job(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        ask = Ask(prompt="push in", seconds=4)
        jobs = await asyncio.gather(
            *(
                house.service.submit(ask, person=ANN, place=HERE, event="e1")
                for _ in range(11)
            )
        )

        assert len({job.id for job in jobs}) == 1
        assert await house.ledger() == [("held", 4)]


async def test_an_event_that_comes_again_after_its_clip_was_deleted_orders_nothing(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        ask = Ask(prompt="push in", seconds=4)
        job = await house.service.submit(ask, person=ANN, place=HERE, event="e1")
        await house.settled()
        await house.service.delete(job.id, person=ANN)

        with pytest.raises(StateError, match="deleted"):
            await house.service.submit(ask, person=ANN, place=HERE, event="e1")

        assert await house.ledger() == [("charged", 4)]


async def test_a_job_knows_the_roles_of_its_person(tmp_path: Path) -> None:
    """What is left, under the clip, is by the cap of their role."""
    patron = replace(ANN, roles=frozenset({"Patron"}))
    async with open_fake_house(tmp_path) as house:
        job = await house.submit(person=patron)
        await house.settled()

        assert (await house.service.job(job.id, person=ANN)).person == patron


async def test_neither_a_picture_nor_a_word_is_no_order(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        with pytest.raises(PromptError, match="neither"):
            await house.submit("  ")

        assert await house.ledger() == []


async def test_another_persons_event_of_the_same_name_is_another_job(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        ask = Ask(prompt="push in", seconds=4)
        hers = await house.service.submit(ask, person=ANN, place=HERE, event="e1")
        his = await house.service.submit(ask, person=BOB, place=HERE, event="e1")

        assert hers.id != his.id


async def test_nobody_waits_behind_one_persons_sixty(tmp_path: Path) -> None:
    """Everyone's first job goes before anyone's second."""
    provider = FakeProvider(tmp_path, at_once=10)
    async with open_fake_house(tmp_path, provider=provider) as house:
        for _ in range(60):
            await house.submit(person=ANN)
        small = [
            await house.submit(person=Person(chat="fake", id=f"small-{n}"))
            for n in range(5)
        ]

        await house.settled()

        order = [line["key"] for line in house.provider.orders.read()]
        assert max(order.index(job.id) for job in small) < 10


async def test_one_person_has_only_so_many_renders_in_flight(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_fake_house(tmp_path, provider=provider, per_person=3) as house:
        for _ in range(9):
            await house.submit()
        running = asyncio.create_task(house.runner.run())
        while len(house.provider.orders.read()) < 3:
            await house.chat.changed.wait()
            house.chat.changed.clear()

        [row] = await house.store.rows(
            "SELECT count(*) AS n FROM jobs WHERE state = 'queued'"
        )
        assert row["n"] == 6
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_slower_runner_loses_the_job(tmp_path: Path) -> None:
    """Two runners on one job: the later one has it, the world sees it once."""
    provider = FakeProvider(tmp_path, kind="blind", looks=3)
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()
        await house.store.rows("UPDATE jobs SET state = 'submitting'")
        older = asyncio.create_task(house.jobs.run(job.id))
        while not house.chat.cards:
            await house.chat.changed.wait()
            house.chat.changed.clear()

        await house.store.rows("UPDATE jobs SET run = run + 1")
        await older

        again = await house.service.job(job.id, person=ANN)
        assert again.state is State.RENDERING
        assert await house.ledger() == [("held", 4)]


async def test_somebody_elses_job_is_as_missing_as_none(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit(person=ANN)
        await house.settled()
        service = house.service
        elsewhere = replace(HERE, channel="elsewhere")

        for attempt in (
            service.job(job.id, person=BOB),
            service.clip(job.id, person=BOB),
            service.cancel(job.id, person=BOB),
            service.delete(job.id, person=BOB),
            service.remix(job.id, "more", person=BOB, place=elsewhere),
            service.extend(job.id, "", 4, person=BOB, place=elsewhere),
            service.resend(job.id, person=BOB, place=HERE),
            service.again(job.id, person=BOB, place=elsewhere),
            service.job("no-such-id", person=BOB),
        ):
            with pytest.raises(MissingError, match=r"There is no such clip\."):
                await attempt
        assert await service.history(BOB) == []


async def test_a_clip_that_was_posted_where_one_is_can_be_remixed(
    tmp_path: Path,
) -> None:
    """Whoever sees a clip may answer it, with their own quota."""
    async with open_fake_house(tmp_path) as house:
        job = await house.submit(person=ANN)
        await house.settled()

        mine = await house.service.remix(job.id, "more", person=BOB, place=HERE)

        assert mine.person == BOB
        assert mine.request.source is not None
        assert mine.request.source.clip_id == job.id


async def test_a_moderator_stops_only_what_is_made_in_their_workspace(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit(person=ANN)
        stranger = Person(chat="fake", id="eve", moderates="fake:another")
        moderator = Person(chat="fake", id="mod", moderates=HERE.key)

        with pytest.raises(MissingError):
            await house.service.cancel(job.id, person=stranger)
        await house.service.cancel(job.id, person=moderator)


async def test_a_database_that_cannot_be_written_delays_a_job_and_loses_none(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        waiting = await house.submit()
        begun = await house.submit()
        await house.store.rows(
            "UPDATE jobs SET state = 'submitting' WHERE id = ?", begun.id
        )
        await house.store.rows("PRAGMA query_only = ON")

        await house.runner._admit()
        with pytest.raises(StorageError, match="may not write"):
            await house.jobs.run(begun.id)
        with pytest.raises(StorageError, match="may not write"):
            await house.submit()

        await house.store.rows("PRAGMA query_only = OFF")
        assert await ended(house, waiting.id) is State.DONE
        assert await ended(house, begun.id) is State.DONE
        assert await house.ledger() == [("charged", 4), ("charged", 4)]


def test_pauses_grow_and_stay_below_the_longest() -> None:
    pauses = Pace(first=1.0, growth=2.0, longest=8.0).pauses()

    first, *rest = [next(pauses) for _ in range(9)]

    assert 0.8 <= first <= 1.2
    assert all(pause <= 8.0 * 1.2 for pause in rest)
    assert rest[-1] >= 8.0 * 0.8
    assert AT_ONCE.first == 0.0


async def test_a_render_that_goes_on_under_another_jobs_id_is_lost(
    tmp_path: Path,
) -> None:
    """Whose clip it will be nobody can tell."""

    class Switching(FakeProvider):
        async def retrieve(self, job: Job) -> Snapshot:
            return replace(await super().retrieve(job), ref="same")

    provider = Switching(tmp_path, looks=2, micros=1)
    async with open_fake_house(tmp_path, provider=provider) as house:
        first, second = await house.submit(), await house.submit("snow")

        ends = {await ended(house, job.id) for job in (first, second)}

        assert ends == {State.DONE, State.FAILED}
        assert sorted(await notes(house), key=str) == [
            ("charged", None),
            ("returned", BILLED),
        ]
        assert len(house.chat.posts.read()) == 2


@pytest.mark.parametrize("state", ["submitting", "rendering", "delivering"])
async def test_a_job_that_cannot_go_on_ends_and_gives_back(
    tmp_path: Path, state: str
) -> None:
    """It is tried a few times, and orders nothing meanwhile."""

    class Stuck(Jobs):
        async def advance(self, job: Job, *, again: bool) -> Job:
            raise RuntimeError("nobody foresaw this")

    async with open_fake_house(tmp_path, jobs_class=Stuck) as house:
        job = await house.submit()
        await house.store.rows("UPDATE jobs SET state = ?", state)

        assert (await ended(house, job.id)).ended

        assert house.provider.orders.read() == []
        assert await house.ledger() == [
            ("charged" if state == "delivering" else "returned", 4)
        ]


async def test_trouble_keeps_its_numbers(tmp_path: Path) -> None:
    """What ended a job is told in its own words, also from the row."""
    late = WorkshopError("That took longer than {limit:g} s.", limit=2.0)
    async with open_fake_house(
        tmp_path, provider=FakeProvider(tmp_path, fails=late)
    ) as house:
        job = await house.submit()
        await house.settled()

        error = (await house.service.job(job.id, person=ANN)).error

        assert str(error) == "That took longer than 2 s."


async def test_many_jobs_go_on_in_slices_however_busy_the_database_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "SLICE", 3)
    async with open_fake_house(tmp_path) as house:
        jobs = [await house.submit(f"push in, number {n}") for n in range(10)]
        await house.store.rows("UPDATE jobs SET state = 'submitting'")
        busy = [StorageError("The bot's database is busy.") for _ in range(2)]
        carry_out = house.store.transaction

        async def sometimes(work: Any) -> Any:
            if busy:
                raise busy.pop()
            return await carry_out(work)

        monkeypatch.setattr(house.store, "transaction", sometimes)

        await house.settled()

        rows = await house.store.rows("SELECT id FROM jobs WHERE state = 'done'")
        assert {row["id"] for row in rows} == {job.id for job in jobs}
        assert len(house.provider.orders.read()) == 10
