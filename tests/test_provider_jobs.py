"""A provider and the engine together: nothing is paid twice, whatever happens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.choice import Choice
from bot.config import Settings
from bot.copies import Copies
from bot.errors import Fault, ProviderError
from bot.history import History
from bot.jobs import Jobs
from bot.models import Ask, Job, Op, Size, State, Still, Tier, Way
from bot.runners import LocalRunner
from bot.service import RenderService
from bot.stills import Stills
from bot.store import Store, open_sqlite
from bot.workshop import Workshop
from tests.fakes.house import ANN, AT_ONCE, HERE, PLENTY
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, Kind, Rig, open_rig
from tests.fakes.world import FakeChat, FakeProvider


@dataclass
class House:
    """The core over a real wire and a second, free provider."""

    rig: Rig
    spare: FakeProvider
    store: Store
    chat: FakeChat
    service: RenderService
    jobs: Jobs
    runner: LocalRunner

    async def order(self, **ask: Any) -> Job:
        still = Still(media=self.rig.still, size=Size(96, 80))
        wanted: dict[str, Any] = {"prompt": "push in", "seconds": 4, "tier": Tier.FINAL}
        asked = Ask(still=still, **wanted | ask)
        return await self.service.submit(asked, person=ANN, place=HERE)

    async def settled(self, job: Job) -> Job:
        """Run until no job is unfinished; the job as it is then."""
        running = asyncio.create_task(self.runner.run())
        while not (await self.service.job(job.id, person=ANN)).state.ended:
            await self.chat.changed.wait()
            self.chat.changed.clear()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return await self.service.job(job.id, person=ANN)

    async def ledger(self) -> tuple[str, int, str | None]:
        [row] = await self.store.rows("SELECT kind, micros, note FROM ledger")
        return row["kind"], row["micros"], row["note"]


@asynccontextmanager
async def open_house(
    kind: Kind, folder: Path, *, final: tuple[str, ...] | None = None
) -> AsyncGenerator[House]:
    async with open_rig(kind, folder) as rig:
        rig.now[0] = 0.0  # the fake's clock is the real one
        store = await open_sqlite(folder / "vivant.sqlite3")
        spare, chat = FakeProvider(folder, weight=0), FakeChat(folder)
        providers: dict[str, Any] = {rig.provider.name: rig.provider, "fake": spare}
        names = final or (f"{rig.provider.name}/{kind.model}", "fake/one")
        settings = Settings(data=folder, final=names, caps=PLENTY, min_free_mb=0)
        choice = Choice(providers, draft=(), final=names)
        jobs = Jobs(
            store, providers, {"fake": chat}, rig.media, choice=choice, pace=AT_ONCE
        )
        runner = LocalRunner(
            store,
            jobs,
            per_person=99,
            per_provider=dict.fromkeys(providers, 99),
            patience=0.0,
        )
        stills = Workshop("bot.stills.worker:prepare", name="pictures")
        copies = Workshop("bot.copies.shrink:work", name="copies")
        service = RenderService(
            store,
            jobs,
            providers,
            rig.media,
            Stills(rig.media, stills),
            Copies(rig.media, copies),
            settings=settings,
        )
        try:
            yield House(rig, spare, store, chat, service, jobs, runner)
        finally:
            await spare.close()
            chat.posts.close()
            await store.close()


ASKED = KIND["openai"]
BLIND = KIND["openrouter"]


async def test_an_order_becomes_a_clip_and_is_charged_its_price(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert job.took == 9.0
        assert await house.ledger() == ("charged", 400_000, None)


async def test_a_lost_order_is_found_and_not_made_again(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil("create", fakes.loses_the_answer)

        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert len(house.rig.service.steps("create")) == 1
        assert len(house.rig.service.renders) == 1


async def test_a_lost_order_that_is_in_no_list_was_never_made(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil("create", fakes.hangs_up)

        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert len(house.rig.service.renders) == 1


async def test_a_lost_order_without_a_list_is_told_and_given_back(
    tmp_path: Path,
) -> None:
    """It may have been billed, so it goes to no other service either."""
    async with open_house(BLIND, tmp_path) as house:
        house.rig.service.spoil("create", fakes.loses_the_answer)

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert await house.ledger() == ("returned", 400_000, "may have been billed")
        assert house.spare.orders.read() == []
        assert len(house.rig.service.renders) == 1


async def test_a_list_that_stays_away_orders_nothing_anew(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil("create", fakes.loses_the_answer)
        house.rig.service.spoil("list", *[fakes.answers(500, {})] * 99)

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert await house.ledger() == ("returned", 400_000, "may have been billed")
        assert len(house.rig.service.steps("create")) == 1
        assert house.spare.orders.read() == []


async def test_what_was_lost_once_goes_to_no_other_service(tmp_path: Path) -> None:
    """Not even when the second try is turned away: the first may yet turn up."""
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil(
            "create", fakes.loses_the_answer, fakes.says("no money")
        )
        house.rig.service.spoil("list", fakes.answers(200, {"data": []}))

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert house.spare.orders.read() == []


async def test_an_order_that_was_turned_away_goes_to_the_next(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil("create", fakes.says("no money"))

        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert (job.request.provider, job.request.model) == ("fake", "one")
        assert "Model M could not take it, so The fake model makes it." in job.notes
        assert len(house.spare.orders.read()) == 1
        assert await house.ledger() == ("charged", 0, None)
        again = await house.order()
        assert again.request.provider == "fake"  # the first is left alone for a while


async def test_who_named_the_model_is_told_instead(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        house.rig.service.spoil("create", fakes.says("no money"))

        job = await house.settled(await house.order(model="openai/m"))

        assert job.state is State.FAILED
        assert job.error
        assert str(job.error) == "The bot has no credit left with OpenAI."
        assert await house.ledger() == ("returned", 400_000, None)


async def test_a_restart_in_the_middle_of_an_order_never_pays_twice(
    tmp_path: Path,
) -> None:
    """The next life finds the order that the last one made, under any provider."""
    async with open_house(ASKED, tmp_path) as house:
        job = await house.order()
        await house.store.rows("UPDATE jobs SET state = 'submitting', run = 1")
        await house.rig.provider.create(job)

        done = await house.settled(job)

        assert done.state is State.DONE
        assert len(house.rig.service.renders) == 1


async def test_a_busy_service_is_given_the_time_it_asks_for(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path, final=("openai/m",)) as house:
        house.rig.service.spoil("create", fakes.says("busy", Retry_After="30"))
        job = await house.order()

        rested: list[float] = []
        wait = house.jobs._rest

        async def rest(job: Job, seconds: float) -> bool:
            rested.append(seconds)
            return await wait(job, 0.0)

        house.jobs._rest = rest  # type: ignore[method-assign]
        await house.settled(job)

        assert rested[0] == pytest.approx(30.0, abs=1.0)
        assert len(house.rig.service.steps("create")) == 1


@pytest.mark.parametrize("kind", [ASKED, KIND["vllm-omni"], KIND["fal"]], ids=str)
async def test_an_extension_is_one_clip_in_the_end(kind: Kind, tmp_path: Path) -> None:
    """Whether the service hands out the whole, or only what is new."""
    name = f"{KIND[kind.name].provider}/{kind.model}"
    async with open_house(kind, tmp_path, final=(name,)) as house:
        first = await house.settled(await house.order())
        clip = await house.service.clip(first.id, person=ANN)

        job = await house.service.extend(clip.id, "", 4, person=ANN, place=HERE)
        done = await house.settled(job)

        longer = await house.service.clip(done.id, person=ANN)
        assert done.request.seconds == 8
        assert longer.parent == clip.id
        # The fake's clips are a second long whatever was ordered: too short by far
        # to be the whole, so the beginning is put before it.
        assert longer.seconds == pytest.approx(2 * clip.seconds, abs=0.3)
        if done.request.way is Way.AFRESH:
            assert house.rig.service.steps("create")[-1].files


async def test_a_provider_that_was_taken_out_is_said_to_be(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        job = await house.order()
        await house.store.rows("UPDATE jobs SET state = 'rendering', ref = 'r'")
        del house.jobs._providers["openai"]  # type: ignore[attr-defined]

        done = await house.settled(job)

        assert done.state is State.FAILED
        assert str(done.error) == "openai is not set up here any more."


async def test_a_clip_whose_model_is_gone_is_remixed_by_the_next(
    tmp_path: Path,
) -> None:
    async with open_house(ASKED, tmp_path) as house:
        first = await house.settled(await house.order())
        house.rig.provider._cards.clear()

        job = await house.service.remix(first.id, "snow", person=ANN, place=HERE)

        assert (job.request.provider, job.request.op) == ("fake", Op.REMIX)


async def test_a_cancel_reaches_a_service_that_can_stop(tmp_path: Path) -> None:
    async with open_house(KIND["fal"], tmp_path) as house:
        house.rig.service.looks = 10**6
        job = await house.order()

        async def changes_its_mind(
            _: fakes.FakeService, request: Any, handler: fakes.Handler
        ) -> Any:
            await house.service.cancel(job.id, person=ANN)
            return await handler(request)

        house.rig.service.spoil("look", changes_its_mind)
        done = await house.settled(job)

        assert done.state is State.CANCELLED
        assert len(house.rig.service.steps("cancel")) == 1


async def test_a_models_own_history_is_remembered(tmp_path: Path) -> None:
    async with open_house(ASKED, tmp_path) as house:
        for _ in range(2):
            await house.settled(await house.order())
        done = await house.settled(await house.order())
        other = replace(done.request, model="other")

        for history in (house.jobs.history, History(house.store)):  # and read anew
            assert list(await history.of(done.request)) == [9.0, 9.0, 9.0]
            assert not await history.of(other)


def test_a_fault_says_how_long_to_wait() -> None:
    assert ProviderError(Fault.BUSY, "No.", after=3.0).after == 3.0
