"""Caps hold when everybody comes at once, and the ledger always adds up."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import quota
from bot.config import Caps
from bot.errors import Fault, ProviderError, QuotaError
from bot.models import Ask, Job, Person
from tests.fakes.house import ANN, BOB, HERE, PLENTY, FakeHouse, open_fake_house
from tests.fakes.world import FakeProvider

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


async def test_of_two_hundred_at_once_exactly_seven_fit(tmp_path: Path) -> None:
    caps = replace(PLENTY, person_day=28)
    async with open_fake_house(tmp_path, caps=caps) as house:
        outcomes = await asyncio.gather(
            *(house.submit() for _ in range(200)), return_exceptions=True
        )

        assert sum(isinstance(outcome, Job) for outcome in outcomes) == 7
        assert sum(isinstance(outcome, QuotaError) for outcome in outcomes) == 193
        assert await house.ledger() == [("held", 4)] * 7


async def test_a_refusal_says_what_is_left_and_when_it_resets(tmp_path: Path) -> None:
    caps = replace(PLENTY, person_day=6)
    async with open_fake_house(tmp_path, caps=caps) as house:
        await house.submit()

        with pytest.raises(QuotaError) as refusal:
            await house.submit()

        assert "takes 4 clip-seconds and you have 2 of 6 left" in str(refusal.value)
        assert "00:00 UTC" in refusal.value.hint


async def test_the_count_starts_again_at_midnight_utc(tmp_path: Path) -> None:
    clock = [NOON]
    caps = replace(PLENTY, person_day=4)
    async with open_fake_house(tmp_path, caps=caps, now=lambda: clock[0]) as house:
        await house.submit()
        left = await house.service.allowance(ANN, HERE)
        assert (left.left, left.resets) == (0, NOON + 12 * quota.HOUR)

        clock[0] = left.resets

        assert (await house.service.allowance(ANN, HERE)).left == 4
        await house.submit()


async def test_what_fails_is_given_back(tmp_path: Path) -> None:
    refusal = ProviderError(Fault.REFUSED_INPUT, "No.")
    provider = FakeProvider(tmp_path, refusals=[refusal])
    caps = replace(PLENTY, person_day=4)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        await house.submit()
        await house.settled()

        await house.submit()
        await house.settled()

        assert await house.ledger() == [("returned", 4), ("charged", 4)]


async def test_a_workspace_shares_one_cap(tmp_path: Path) -> None:
    caps = replace(PLENTY, workspace_day=4)
    async with open_fake_house(tmp_path, caps=caps) as house:
        await house.submit(person=ANN)

        assert (await house.service.allowance(BOB, HERE)).left == 0
        with pytest.raises(QuotaError, match="everyone here together has 0 of 4"):
            await house.submit(person=BOB)

        elsewhere = replace(HERE, workspace="another guild")
        ask = Ask(prompt="push in", seconds=4)
        await house.service.submit(ask, person=BOB, place=elsewhere)


async def test_a_months_money_is_not_overspent(tmp_path: Path) -> None:
    clock = [NOON]
    provider = FakeProvider(tmp_path, micros=400_000)
    caps = replace(PLENTY, month_micros=1_000_000)
    async with open_fake_house(
        tmp_path, provider=provider, caps=caps, now=lambda: clock[0]
    ) as house:
        await house.submit()
        await house.submit()
        with pytest.raises(QuotaError, match="month's money"):
            await house.submit()

        clock[0] = datetime(2026, 12, 1, tzinfo=UTC).timestamp()

        await house.submit()


async def test_free_renders_have_a_rate_of_their_own(tmp_path: Path) -> None:
    clock = [NOON]
    provider = FakeProvider(tmp_path, weight=0)
    caps = Caps(person_day=0, free_per_hour=2, at_once=9)
    async with open_fake_house(
        tmp_path, provider=provider, caps=caps, now=lambda: clock[0]
    ) as house:
        await house.submit()
        await house.submit()
        with pytest.raises(QuotaError, match="2 free renders in the last hour"):
            await house.submit()

        clock[0] += quota.HOUR + 1

        await house.submit()


async def test_only_so_many_renders_wait_at_once(tmp_path: Path) -> None:
    caps = replace(PLENTY, at_once=2)
    async with open_fake_house(tmp_path, caps=caps) as house:
        await house.submit()
        await house.submit()
        with pytest.raises(QuotaError, match="2 renders under way"):
            await house.submit()

        await house.settled()

        await house.submit()


@pytest.mark.parametrize(
    ("roles", "own", "cap"),
    [
        (set(), None, 8),
        ({"patron"}, None, 40),
        ({"patron", "friend"}, None, 40),
        ({"patron", "moderator"}, None, None),
        ({"stranger"}, None, 8),
        ({"moderator"}, 4, 4),
    ],
)
async def test_roles_and_overrides_decide_the_cap(
    tmp_path: Path, roles: set[str], own: int | None, cap: int | None
) -> None:
    """A person's own number beats their roles; the most generous role counts."""
    levels = {"patron": 40, "friend": 20, "moderator": None}
    caps = replace(PLENTY, person_day=8, roles=levels)
    async with open_fake_house(tmp_path, caps=caps) as house:
        person = Person(chat="fake", id="ann", roles=frozenset(roles))
        if own is not None:
            await house.service.set_units(person.key, own)

        assert (await house.service.allowance(person, HERE)).cap == cap


Step = st.tuples(st.sampled_from(["submit", "run", "fail", "cancel", "day"]))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(Step, max_size=25))
async def test_the_ledger_adds_up_after_any_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str]]
) -> None:
    """Every job has one entry that agrees with its state; no cap is passed."""
    clock = [NOON]
    caps = replace(PLENTY, person_day=12, at_once=3)
    folder = tmp_path_factory.mktemp("history")
    async with open_fake_house(folder, caps=caps, now=lambda: clock[0]) as house:
        for (step,) in steps:
            clock[0] += 1
            await _take(house, step, clock)

        used = (await house.service.allowance(ANN, HERE)).used
        assert used <= 12
        assert await quota.audit(house.store) == []
        await house.settled()
        assert await quota.audit(house.store) == []
        assert "held" not in dict(await house.ledger())


async def _take(house: FakeHouse, step: str, clock: list[float]) -> None:
    match step:
        case "submit":
            try:
                await house.submit()
            except QuotaError:
                return
        case "run":
            await house.settled()
        case "fail":
            house.provider.refusals.append(ProviderError(Fault.INVALID, "No."))
        case "cancel":
            await house.store.rows("UPDATE jobs SET cancel = 1")
        case _:
            clock[0] += quota.DAY


async def test_a_ledger_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.settled()
        await house.store.rows("UPDATE ledger SET kind = 'held'")

        [problem] = await quota.audit(house.store)

        assert problem == f"job {job.id} is done but its entry is held"
