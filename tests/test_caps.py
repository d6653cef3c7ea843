"""What was billed, or may have been, counts: nobody gets around a cap by stopping."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI

from adapters.slack.text import SLACK
from adapters.web.chat import OWNER, PAGE
from bot import cancels, quota
from bot.errors import Fault, PriceError, ProviderError, QuotaError, RateError
from bot.languages import NAMES, speaker
from bot.models import Ask, Job, Person, State
from bot.wording import cards, messages
from tests.fakes.harbour import QUICK, NoisyJobs
from tests.fakes.house import ANN, BOB, HERE, PLENTY, FakeHouse, open_fake_house
from tests.fakes.programs import open_programs
from tests.fakes.site import ORDER
from tests.fakes.world import FakeProvider

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
MODERATOR = Person(chat="fake", id="mod", moderates=HERE.key)
PAID = 1_200_000  # millionths of a dollar a clip


def paid(folder: Path, *, stops: bool = False, **more: object) -> FakeProvider:
    """A service that wants its money for what was stopped, unless it `stops`."""
    return FakeProvider(folder, micros=PAID, looks=10**9, stops=stops, **more)  # type: ignore[arg-type]


async def ordered(house: FakeHouse, *, person: Person = ANN) -> Job:
    """An order that the service has taken."""
    house.provider.looked.clear()
    job = await house.submit(person=person)
    await house.provider.looked.wait()
    return job


async def stopped(house: FakeHouse, job: Job, *, by: Person = ANN) -> Job:
    """A job that somebody stopped, once it has ended."""
    await house.service.cancel(job.id, person=by)
    await house.finish()
    return await house.service.job(job.id, person=by)


@asynccontextmanager
async def open_paid(
    folder: Path,
    *,
    stops: bool = False,
    now: Callable[[], float] | None = None,
    **caps: int,
) -> AsyncGenerator[FakeHouse]:
    """A house with such a service, and jobs that run."""
    async with open_fake_house(
        folder,
        provider=paid(folder, stops=stops),
        caps=replace(PLENTY, **caps),  # type: ignore[arg-type]
        pace=QUICK,
        now=now,
    ) as house:
        running = asyncio.create_task(house.runner.run())
        yield house
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_ordering_and_stopping_in_turns_ends_at_the_daily_cap(
    tmp_path: Path,
) -> None:
    async with open_paid(tmp_path, person_day=8, cancels_per_hour=99) as house:
        for _ in range(2):
            await stopped(house, await ordered(house))
        with pytest.raises(QuotaError, match="you have 0 of 8 left"):
            await house.submit()

        assert len(house.provider.orders.read()) == 2
        left = await house.service.allowance(ANN, HERE)
        assert (left.used, left.doubtful, left.left) == (8, 8, 0)
        assert await house.service.usage_of(HERE) == [(ANN.key, 2, 8)]
        assert await quota.audit(house.store) == []


async def test_what_may_have_been_billed_counts_for_everyone_together(
    tmp_path: Path,
) -> None:
    async with open_paid(tmp_path, workspace_day=4) as house:
        await stopped(house, await ordered(house))

        with pytest.raises(QuotaError, match="everyone here together has 0 of 4"):
            await house.submit(person=BOB)


async def test_what_was_surely_stopped_is_given_back(tmp_path: Path) -> None:
    async with open_paid(
        tmp_path, stops=True, person_day=4, cancels_per_hour=1
    ) as house:
        for _ in range(3):
            job = await stopped(house, await ordered(house))

            assert cards.refund_line(job, speaker("en")) == (
                "Its 4 clip-seconds were given back."
            )
        assert (await house.service.allowance(ANN, HERE)).used == 0


async def test_a_lost_order_keeps_its_clip_seconds_and_says_so(tmp_path: Path) -> None:
    lost = ProviderError(Fault.LOST, "The answer never came.", billed=True)
    provider = FakeProvider(tmp_path, kind="blind", micros=PAID, refusals=[lost])
    caps = replace(PLENTY, person_day=8)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        job = await house.submit()
        await house.settled()

        entry = await house.service.entry(job.id, person=ANN)
        told = messages.ended(entry.job, speaker("en"), SLACK)
        assert told[-1] == ("It may have been billed, so its 4 clip-seconds count.")
        assert "quota" not in " ".join(told)
        left = await house.service.allowance(ANN, HERE)
        shown = cards.quota_lines(left, speaker("en"))
        assert "4 of those taken may have been billed without a clip" in shown
        assert left.left == 4


async def test_a_refusal_before_anything_was_made_gives_all_back(
    tmp_path: Path,
) -> None:
    refused = ProviderError(Fault.REFUSED_INPUT, "No.")
    provider = FakeProvider(tmp_path, micros=PAID, refusals=[refused])
    async with open_fake_house(tmp_path, provider=provider) as house:
        job = await house.submit()
        await house.settled()

        done = await house.service.job(job.id, person=ANN)
        line = cards.refund_line(done, speaker("en"))
        assert line == "Its 4 clip-seconds were given back."
        assert (await house.service.allowance(ANN, HERE)).used == 0


async def test_paid_cancels_are_limited_by_the_hour(tmp_path: Path) -> None:
    clock = [NOON]
    async with open_paid(tmp_path, cancels_per_hour=2, now=lambda: clock[0]) as house:
        await stopped(house, await ordered(house))
        clock[0] += 600
        await stopped(house, await ordered(house))
        third = await ordered(house)

        with pytest.raises(RateError) as refusal:
            await house.service.cancel(third.id, person=ANN)

        assert "again in 50 min" in str(refusal.value)
        assert refusal.value.after == 3_000
        assert not (await house.service.job(third.id, person=ANN)).cancel

        clock[0] += 3_000

        await stopped(house, third)


async def test_a_moderator_may_stop_what_its_person_may_not(tmp_path: Path) -> None:
    async with open_paid(tmp_path, cancels_per_hour=0) as house:
        job = await ordered(house)
        with pytest.raises(RateError, match="60 min"):
            await house.service.cancel(job.id, person=ANN)

        done = await stopped(house, job, by=MODERATOR)

        assert done.state is State.CANCELLED


async def test_what_still_waits_can_always_be_stopped(tmp_path: Path) -> None:
    caps = replace(PLENTY, cancels_per_hour=0)
    async with open_fake_house(tmp_path, provider=paid(tmp_path), caps=caps) as house:
        for _ in range(3):
            await house.service.cancel((await house.submit()).id, person=ANN)
        await house.settled()

        assert house.provider.orders.read() == []
        assert (await house.service.allowance(ANN, HERE)).used == 0


async def test_what_is_free_can_always_be_stopped(tmp_path: Path) -> None:
    free = FakeProvider(tmp_path, weight=0, looks=10**9, stops=False)
    caps = replace(PLENTY, cancels_per_hour=0)
    async with open_fake_house(tmp_path, provider=free, caps=caps, pace=QUICK) as house:
        running = asyncio.create_task(house.runner.run())
        done = await stopped(house, await ordered(house))

        assert done.state is State.CANCELLED
        assert cards.refund_line(done, speaker("en")) is None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_of_many_cancels_at_once_only_so_many_pass(tmp_path: Path) -> None:
    """And pressing twice is one cancel."""
    async with open_paid(tmp_path, cancels_per_hour=3) as house:
        jobs = [await ordered(house) for _ in range(8)]
        outcomes = await asyncio.gather(
            *(
                house.service.cancel(job.id, person=ANN)
                for job in jobs
                for _ in range(3)
            ),
            return_exceptions=True,
        )

        asked = {one.id for one in outcomes if isinstance(one, Job)}
        assert len(asked) == 3
        assert sum(isinstance(one, RateError) for one in outcomes) == 15
        house.provider.looks = 0
        await house.finish()


async def order_and_delete(program: AsyncOpenAI, house: FakeHouse) -> str:
    """What a program does that wants no more: order, wait for the render, delete."""
    house.provider.looked.clear()
    video = await program.videos.create(prompt="push in", seconds="4")
    await house.provider.looked.wait()
    await program.videos.delete(video.id)
    await idle(house)
    return video.id


async def idle(house: FakeHouse) -> None:
    """Wait until no job is unfinished."""
    assert isinstance(house.jobs, NoisyJobs)
    while await house.unfinished():
        await house.jobs.moved.wait()
        house.jobs.moved.clear()


async def test_programs_are_told_when_they_may_stop_again(tmp_path: Path) -> None:
    """The official SDK sees a 429; the video goes on, and can be deleted in the end."""
    provider = paid(tmp_path)
    caps = replace(PLENTY, cancels_per_hour=1)
    async with (
        open_programs(
            tmp_path, provider=provider, caps=caps, jobs_class=NoisyJobs
        ) as programs,
        (await programs.program()).sdk() as client,
    ):
        await order_and_delete(client, programs.house)
        provider.looked.clear()
        video = await client.videos.create(prompt="push in")
        await provider.looked.wait()

        with pytest.raises(openai.RateLimitError) as refusal:
            await client.videos.delete(video.id)

        headers = refusal.value.response.headers
        assert 3_500 < int(headers["retry-after"]) <= 3_600
        assert headers["x-should-retry"] == "false"
        assert (await client.videos.retrieve(video.id)).status == "in_progress"
        provider.looks = 0
        await idle(programs.house)
        assert (await client.videos.delete(video.id)).deleted


async def test_the_page_is_told_when_it_may_stop_again(tmp_path: Path) -> None:
    provider = paid(tmp_path)
    caps = replace(PLENTY, cancels_per_hour=0)
    async with open_programs(tmp_path, provider=provider, caps=caps) as programs:
        job = await programs.house.service.submit(
            Ask(prompt="push in"), person=OWNER, place=PAGE
        )
        await provider.looked.wait()
        url = f"{programs.address}/api/jobs/{job.id}/cancel"

        async with programs.session.post(url, json={}, headers=ORDER) as answer:
            told = await answer.json()

        assert (answer.status, answer.headers["Retry-After"]) == (429, "3600")
        assert "You can stop one again in 60 min." in told["error"]


async def test_a_programs_loop_of_orders_and_deletes_ends_at_its_cap(
    tmp_path: Path,
) -> None:
    provider = paid(tmp_path)
    caps = replace(PLENTY, person_day=8, cancels_per_hour=99)
    async with (
        open_programs(
            tmp_path, provider=provider, caps=caps, jobs_class=NoisyJobs
        ) as programs,
        (await programs.program()).sdk() as client,
    ):
        await order_and_delete(client, programs.house)
        await order_and_delete(client, programs.house)

        with pytest.raises(openai.RateLimitError, match="0 of 8 left"):
            await order_and_delete(client, programs.house)

        assert len(provider.orders.read()) == 2


Order = Callable[[FakeHouse, str], Awaitable[Job]]
ORDERS: dict[str, Order] = {
    "a tier": lambda house, _: house.submit(),
    "by its name": lambda house, _: house.service.submit(
        Ask(prompt="push in", model="fake/one"), person=ANN, place=HERE
    ),
    "remix": lambda house, clip: house.remix(clip, "add snow"),
    "extend": lambda house, clip: house.extend(clip, 4),
    "again": lambda house, clip: house.service.again(clip, person=ANN, place=HERE),
    "remake": lambda house, clip: house.service.remake(
        clip, "pan left", 4, person=ANN, place=HERE
    ),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_no_price_is_no_way_past_the_months_money(
    tmp_path: Path, order: str
) -> None:
    """Refused in every way there is to order, with what to do; nothing is stored."""
    provider = FakeProvider(tmp_path, better=True)
    caps = replace(PLENTY, month_micros=20_000_000)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        clip = await house.submit()
        await house.settled()
        provider.priced = False

        with pytest.raises(PriceError) as refusal:
            await ORDERS[order](house, clip.id)

        assert str(refusal.value).startswith("The bot does not know what ")
        assert "set its price" in refusal.value.hint
        assert len(await house.ledger()) == 1


async def test_a_final_without_a_price_is_only_ordered_where_the_owner_names_it(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, better=True)
    caps = replace(PLENTY, month_micros=20_000_000)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        clip = await house.submit()
        await house.settled()
        provider.priced = False
        assert not house.service.has_final(
            await house.service.clip(clip.id, person=ANN)
        )

        house.service._choice._final = ("fake/two",)

        with pytest.raises(PriceError):
            await house.service.final(clip.id, person=ANN, place=HERE)


async def test_the_owner_may_state_what_an_unknown_price_counts_as(
    tmp_path: Path,
) -> None:
    """So much a second; the month's money then ends it like any other model."""
    provider = FakeProvider(tmp_path, priced=False)
    caps = replace(PLENTY, month_micros=5_000_000, unpriced_micros=500_000)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        first = await house.submit()
        await house.submit()
        with pytest.raises(QuotaError, match="month's money"):
            await house.submit()

        assert first.price.micros == 2_000_000
        [row] = await house.store.rows("SELECT sum(micros) AS n FROM ledger")
        assert row["n"] == 4_000_000


async def test_without_a_limit_of_money_any_model_may_be_asked_for(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, priced=False)
    async with open_fake_house(tmp_path, provider=provider) as house:
        assert (await house.submit()).price.micros == 0


async def test_programs_are_told_that_a_price_is_missing(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, priced=False)
    caps = replace(PLENTY, month_micros=20_000_000)
    async with (
        open_programs(tmp_path, provider=provider, caps=caps) as programs,
        (await programs.program()).sdk() as client,
    ):
        with pytest.raises(openai.BadRequestError) as refusal:
            await client.videos.create(prompt="push in", model="fake/one")

        assert refusal.value.code == "price_unknown"
        assert await programs.untouched()


async def test_no_count_reads_a_whole_table(tmp_path: Path) -> None:
    """Every order asks for them, on the one connection that everybody shares."""
    async with open_fake_house(tmp_path) as house:
        for sql in (quota.USAGE, cancels.LATEST):
            values = [0] * sql.count("?")
            plan = await house.store.rows(f"EXPLAIN QUERY PLAN {sql}", *values)

            steps = [str(row["detail"]) for row in plan]
            assert not [s for s in steps if re.match(r"SCAN (?!CONSTANT)", s)]


async def test_a_note_that_does_not_fit_its_job_is_found(tmp_path: Path) -> None:
    async with open_paid(tmp_path) as house:
        job = await stopped(house, await ordered(house))
        await house.store.rows("UPDATE ledger SET note = NULL")

        [problem] = await quota.audit(house.store)

        assert problem.startswith(f"job {job.id} and its entry disagree")


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_is_said_in_every_language(name: str) -> None:
    say = speaker(name)
    for line in (
        "It may have been billed, so its {units} clip-seconds count.",
        "Its {units} clip-seconds were given back.",
    ):
        assert say(line, units=4) != line.format(units=4)
        assert "4" in say(line, units=4)
