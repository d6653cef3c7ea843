"""What was paid for is fetched, and the card says what the job waits for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.slack.text import SLACK
from bot import quota
from bot.errors import BotError, Fault, ProviderError
from bot.languages import speaker
from bot.models import Delay, Entry, Job, Snapshot, State
from bot.pacing import Pace
from bot.wording import messages
from tests.fakes.house import ANN, AT_ONCE, HERE, FakeHouse, Ticks, open_fake_house
from tests.fakes.world import FakeProvider

PATIENT = replace(
    AT_ONCE,
    tell=10.0,
    silent=120.0,
    gone=600.0,
    grace=600.0,
    fetch=6 * 3_600.0,
)
BILLED = "may have been billed"
NOT_NOW = ProviderError(Fault.AUTH, "The service does not accept the bot's key.")
LARGE = ProviderError(Fault.INVALID, "It is larger than we take.", billed=True)
PASSING = [
    NOT_NOW,
    ProviderError(Fault.UPSTREAM, "It does not work as it should."),
    ProviderError(Fault.BUSY, "It is too busy.", after=0.0),
    ProviderError(Fault.TIMEOUT, "It took too long."),
    ProviderError(Fault.NO_MONEY, "There is no credit."),
    ProviderError(Fault.MODEL_GONE, "It is no longer offered."),
    ProviderError(Fault.UNSUPPORTED, "It does not do that."),
    ProviderError(Fault.EXPIRED, "It has not kept that clip.", doubtful=True),
    RuntimeError("nobody foresaw this"),
]


async def ledger(house: FakeHouse) -> list[tuple[str, int, str | None]]:
    rows = await house.store.rows(
        "SELECT kind, micros, note FROM ledger ORDER BY rowid"
    )
    return [(row["kind"], row["micros"], row["note"]) for row in rows]


async def state_of(house: FakeHouse, job: Job) -> State:
    return (await house.service.job(job.id, person=ANN)).state


def paid(folder: Path, **more: object) -> FakeProvider:
    return FakeProvider(folder, kind="asked", micros=1_200_000, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_a_clip_that_cannot_be_had_yet_is_asked_for_again(
    tmp_path: Path, trouble: Exception
) -> None:
    """For far longer than a step is usually tried."""
    provider = paid(tmp_path, losses=[trouble] * 100)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks()
    ) as house:
        job = await house.submit()
        await house.settled()

        assert await state_of(house, job) is State.DONE
        assert await ledger(house) == [("charged", 1_200_000, None)]
        assert len(provider.orders.read()) == 1


async def test_the_card_says_that_the_clip_is_made_and_since_when(
    tmp_path: Path,
) -> None:
    provider = paid(tmp_path, losses=[NOT_NOW] * 40)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks(), now=lambda: 5_000.0
    ) as house:
        await house.submit()
        await house.settled()

        waiting = [card for card in house.chat.cards if card.delay is Delay.FETCH]
        assert {card.state for card in waiting} == {State.FETCHING}
        assert 4_900.0 < (waiting[0].delayed_since or 0) <= 4_990.0
        assert house.chat.cards[-1].delay is None


@pytest.mark.parametrize("kept", [None, 900.0])
async def test_a_clip_is_given_up_once_the_service_keeps_it_no_longer(
    tmp_path: Path, kept: float | None
) -> None:
    """The owner has paid; the person has not, and reads what to press."""
    provider = paid(tmp_path, losses=[NOT_NOW] * 10**5, keeps=kept)
    ticks = Ticks(step=20.0)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=ticks
    ) as house:
        begun = ticks.at
        job = await house.submit()
        await house.settled()

        assert (kept or 6 * 3_600) < ticks.at - begun < (kept or 6 * 3_600) + 1_800
        done = await house.service.job(job.id, person=ANN)
        assert done.error
        assert str(done.error) == "The clip is ready, but fake did not hand it out."
        assert "Again" in done.error.hint
        assert await ledger(house) == [("returned", 1_200_000, BILLED)]


@pytest.mark.parametrize(
    "final",
    [
        ProviderError(Fault.EXPIRED, "The service has not kept that clip."),
        ProviderError(Fault.INVALID, "The clip is larger than 500 MB.", billed=True),
    ],
    ids=str,
)
async def test_what_will_never_come_is_said_at_once(
    tmp_path: Path, final: ProviderError
) -> None:
    provider = paid(tmp_path, losses=[final])
    async with open_fake_house(tmp_path, provider=provider, pace=PATIENT) as house:
        job = await house.submit()
        await house.settled()

        done = await house.service.job(job.id, person=ANN)
        assert str(done.error) == str(final)
        assert await ledger(house) == [("returned", 1_200_000, BILLED)]


async def test_a_broken_file_is_fetched_again(tmp_path: Path) -> None:
    """It looks like a video until somebody opens it."""
    half = tmp_path / "half.mp4"
    half.write_bytes(bytes(4) + b"ftypisom" + bytes(400))

    class Mending(FakeProvider):
        async def download(self, job: Job, to: Path) -> None:
            self.clip = half if self.fetched < 2 else None
            await super().download(job, to)

    provider = Mending(tmp_path, micros=1)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks()
    ) as house:
        job = await house.submit()
        await house.settled()

        assert await state_of(house, job) is State.DONE
        assert provider.fetched == 3


async def test_a_clip_that_is_waited_for_can_be_cancelled(tmp_path: Path) -> None:
    provider = paid(tmp_path, losses=[NOT_NOW] * 10**6)
    pace = replace(PATIENT, first=3_600.0, longest=3_600.0, fetch_longest=3_600.0)
    async with open_fake_house(tmp_path, provider=provider, pace=pace) as house:
        job = await house.submit()
        await house.store.rows("UPDATE jobs SET state = 'fetching', ref = 'r'")
        running = asyncio.create_task(house.runner.run())
        await provider.wanted.wait()

        await house.service.cancel(job.id, person=ANN)
        await house.finish()

        assert await ledger(house) == [("returned", 1_200_000, BILLED)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_fetching_goes_on_after_a_restart(tmp_path: Path) -> None:
    """However long that took by the wall clock, there is time to look again."""
    provider = paid(tmp_path, losses=[NOT_NOW] * 10**6)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks(), now=lambda: 0.0
    ) as house:
        job = await house.submit()
        running = asyncio.create_task(house.runner.run())
        while not any(card.delay for card in house.chat.cards):
            await house.chat.changed.wait()
            house.chat.changed.clear()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    again = paid(tmp_path, losses=[NOT_NOW] * 20)
    async with open_fake_house(
        tmp_path, provider=again, pace=PATIENT, ticks=Ticks(), now=lambda: 9e6
    ) as house:
        await house.settled()

        assert await state_of(house, job) is State.DONE
        assert len(again.orders.read()) == 1


async def test_again_fetches_what_was_paid_before_it_orders(tmp_path: Path) -> None:
    """Another job, the same render: the owner's ledger has it once."""
    provider = paid(tmp_path, losses=[NOT_NOW] * 3)
    async with open_fake_house(tmp_path, provider=provider) as house:
        failed = await house.submit()
        await house.settled()
        assert await ledger(house) == [("returned", 1_200_000, BILLED)]

        again = await house.service.again(failed.id, person=ANN, place=HERE)
        await house.settled()

        assert await state_of(house, again) is State.DONE
        assert len(provider.orders.read()) == 1
        assert await ledger(house) == [
            ("returned", 1_200_000, None),
            ("charged", 1_200_000, None),
        ]


@pytest.mark.parametrize("when", ["look", "file", "failed"])
async def test_again_orders_anew_what_cannot_be_had(tmp_path: Path, when: str) -> None:
    """Then both were paid for, and the ledger says so."""
    provider = paid(tmp_path, losses=[NOT_NOW] * 3)
    async with open_fake_house(tmp_path, provider=provider) as house:
        failed = await house.submit()
        await house.settled()
        gone = ProviderError(Fault.EXPIRED, "The service has not kept that clip.")
        if when == "look":
            provider.troubles = [gone]
        elif when == "file":
            provider.losses = [gone]
        else:
            provider.fails = gone

        again = await house.service.again(failed.id, person=ANN, place=HERE)
        if when == "failed":
            provider.at = lambda _: setattr(provider, "fails", None)
        await house.settled()

        assert await state_of(house, again) is State.DONE
        assert len(provider.orders.read()) == 2
        assert await ledger(house) == [
            ("returned", 1_200_000, BILLED),
            ("charged", 1_200_000, None),
        ]


async def test_again_of_a_render_that_was_given_up_waits_for_it(tmp_path: Path) -> None:
    """It took too long for the first job, and is done by now."""
    provider = paid(tmp_path, looks=10**9, stops=False)
    ticks = Ticks(step=60.0)
    async with open_fake_house(tmp_path, provider=provider, ticks=ticks) as house:
        late = await house.submit()
        await house.settled()
        provider.looks = 0

        again = await house.service.again(late.id, person=ANN, place=HERE, event="e")
        same = await house.service.again(late.id, person=ANN, place=HERE, event="e")
        await house.settled()

        assert same.id == again.id
        assert await state_of(house, again) is State.DONE
        assert len(provider.orders.read()) == 1


async def test_of_two_who_press_again_at_once_one_takes_the_render_over(
    tmp_path: Path,
) -> None:
    """The other orders; nothing is fetched twice, and each entry is its own money."""
    provider = paid(tmp_path, losses=[LARGE])
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks()
    ) as house:
        failed = await house.submit()
        await house.settled()
        both = await asyncio.gather(
            *(house.service.again(failed.id, person=ANN, place=HERE) for _ in range(2))
        )
        await house.settled()

        assert [await state_of(house, job) for job in both] == [State.DONE] * 2
        assert len(provider.orders.read()) == 2
        charged = ("charged", 1_200_000, None)
        assert await ledger(house) == [("returned", 1_200_000, None), charged, charged]
        assert await quota.audit(house.store) == []


@pytest.mark.parametrize("listed", [True, False])
async def test_a_cancel_during_a_doubt_stops_what_turns_up(
    tmp_path: Path, *, listed: bool
) -> None:
    """Nothing is ordered anew, and what may have been taken counts."""
    lost = ProviderError(Fault.LOST, "It did not say.")
    stopped = asyncio.Event()

    class Listing(FakeProvider):
        async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
            if not stopped.is_set():
                await house.service.cancel(job.id, person=ANN)
                stopped.set()
            return await super().find(job, taken=taken)

    provider = Listing(
        tmp_path, kind="asked", micros=1_200_000, refusals=[lost], stops=False
    )
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks()
    ) as house:
        job = await house.submit()
        if listed:
            provider.orders.write(ref="r1", key=job.id, prompt="push in")
        await house.settled()

        assert await state_of(house, job) is State.CANCELLED
        assert len(provider.orders.read()) == listed
        assert provider.cancelled == [job.id] * listed
        assert await ledger(house) == [("returned", 1_200_000, BILLED)]


async def test_a_render_that_failed_is_ordered_anew(tmp_path: Path) -> None:
    """Nothing was paid, so there is nothing to fetch."""
    fails = ProviderError(Fault.REFUSED_OUTPUT, "The model refused its own result.")
    provider = paid(tmp_path, fails=fails)
    async with open_fake_house(tmp_path, provider=provider) as house:
        failed = await house.submit()
        await house.settled()

        await house.service.again(failed.id, person=ANN, place=HERE)
        await house.settled()

        assert len(provider.orders.read()) == 2


@pytest.mark.parametrize(
    "trouble", [*PASSING, BotError("Something else."), KeyError("x")], ids=str
)
async def test_a_service_that_is_silent_for_minutes_is_told_as_such(
    tmp_path: Path, trouble: Exception
) -> None:
    """Long before the deadline; and no longer, once it answers again."""
    provider = paid(tmp_path, troubles=[trouble] * 60)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks(step=2.0)
    ) as house:
        job = await house.submit()
        await house.settled()

        assert await state_of(house, job) is State.DONE
        [first, *_] = [n for n, c in enumerate(house.chat.cards) if c.delay]
        assert house.chat.cards[first].delay is Delay.SILENT
        assert house.chat.cards[first].state is State.RENDERING
        later = house.chat.cards[first:]
        assert any(c.state is State.RENDERING and not c.delay for c in later)


async def test_a_render_that_nobody_knows_for_minutes_is_gone(tmp_path: Path) -> None:
    gone = ProviderError(Fault.EXPIRED, "It has not kept that clip.", doubtful=True)
    provider = paid(tmp_path, troubles=[gone] * 10**5)
    async with open_fake_house(
        tmp_path, provider=provider, pace=PATIENT, ticks=Ticks(step=5.0)
    ) as house:
        job = await house.submit()
        await house.settled()

        assert await state_of(house, job) is State.FAILED
        assert any(card.delay is Delay.SILENT for card in house.chat.cards)


async def test_an_order_that_waits_for_its_turn_is_shown_so(tmp_path: Path) -> None:
    class Queue(FakeProvider):
        async def retrieve(self, job: Job) -> Snapshot:
            seen = await super().retrieve(job)
            return replace(seen, queued=self.seen[job.ref or ""] < 3)

    async with open_fake_house(tmp_path, provider=Queue(tmp_path, looks=5)) as house:
        await house.submit()
        await house.settled()

        delays = [card.delay for card in house.chat.cards]
        assert Delay.TURN in delays
        assert delays[-1] is None


@pytest.mark.parametrize("jump", [7_200.0, -7_200.0, 40 * 86_400.0])
async def test_a_wall_clock_that_jumps_ends_no_wait(
    tmp_path: Path, jump: float
) -> None:
    """Neither a render nor a fetch is given up, and no lost order is made again."""
    times = iter(range(10**9))

    def wall() -> float:
        return 1e9 + jump * (next(times) // 5 % 2)

    lost = ProviderError(Fault.LOST, "The answer never came.")
    provider = paid(tmp_path, looks=30, refusals=[lost], losses=[NOT_NOW] * 9)
    pace = replace(PATIENT, settle=60.0)

    async with open_fake_house(
        tmp_path, provider=provider, pace=pace, now=wall, ticks=Ticks()
    ) as house:
        job = await house.submit()
        await house.settled()

        assert await state_of(house, job) is State.DONE
        assert len(provider.orders.read()) == 1


@pytest.mark.parametrize("delay", Delay)
async def test_every_language_says_what_a_job_waits_for(
    tmp_path: Path, delay: Delay
) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
    waits = replace(
        job, state=State.RENDERING, delay=delay, delayed_since=60.0, progress=0.5
    )
    for locale in ("en", "de", "ja"):
        card = messages.card(
            Entry(job=waits), speaker(locale), SLACK, now=90.0, link=None
        )
        text = "\n".join(card.lines)
        assert (SLACK.moment(60.0) in text) == (delay is not Delay.TURN)
        assert (speaker(locale)("Waiting for its turn") in text) == (
            delay is Delay.TURN
        )


def test_pauses_of_a_fetch_grow_to_minutes() -> None:
    pace = Pace()
    pauses = pace.pauses(pace.fetch_longest)

    many = [next(pauses) for _ in range(40)]

    assert many[0] < 2.0
    assert 200.0 < many[-1] < 400.0
