"""A provider and the engine together: nothing is paid twice, whatever happens."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.choice import Choice
from bot.config import Settings
from bot.copies import Copies
from bot.errors import Fault, ProviderError
from bot.films import FILMS, Films
from bot.history import History
from bot.jobs import Jobs
from bot.models import Ask, Job, Op, Size, State, Still, Tier, Way
from bot.pacing import Pace
from bot.runners import LocalRunner
from bot.service import RenderService
from bot.stills import Stills
from bot.store import Store, open_sqlite
from bot.store import jobs as job_rows
from bot.workshop import Workshop
from tests.fakes.house import ANN, AT_ONCE, HERE, PLENTY, Ticks
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, Kind, Rig, open_rig
from tests.fakes.threads import ThreadWorkshop
from tests.fakes.world import FakeChat, FakeProvider, unseen


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
        [entry] = await self.ledgers()
        return entry

    async def ledgers(self) -> list[tuple[str, int, str | None]]:
        sql = "SELECT kind, micros, note FROM ledger ORDER BY rowid"
        rows = await self.store.rows(sql)
        return [(row["kind"], row["micros"], row["note"]) for row in rows]


@asynccontextmanager
async def open_house(
    kind: Kind,
    folder: Path,
    *,
    final: tuple[str, ...] | None = None,
    pace: Pace = AT_ONCE,
    ticks: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[House]:
    async with open_rig(kind, folder) as rig:
        rig.now[0] = 0.0  # the fake's clock is the real one
        store = await open_sqlite(folder / "vivant.sqlite3")
        spare, chat = FakeProvider(folder, weight=0), FakeChat(folder)
        providers: dict[str, Any] = {rig.provider.name: rig.provider, "fake": spare}
        names = final or (f"{rig.provider.name}/{kind.model}", "fake/one")
        settings = Settings(data=folder, final=names, caps=PLENTY, min_free_mb=0)
        choice = Choice(providers, draft=(), final=names)
        films = Films(rig.media, ThreadWorkshop(FILMS, name="films"))
        jobs = Jobs(
            store,
            providers,
            {"fake": chat},
            rig.media,
            films=films,
            choice=choice,
            pace=pace,
            clock=ticks,
        )
        runner = LocalRunner(
            store,
            jobs,
            per_person=99,
            per_provider=dict.fromkeys(providers, 99),
            patience=0.0,
        )
        stills = ThreadWorkshop("bot.stills.worker:prepare", name="pictures")
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
            await films.close()
            await spare.close()
            chat.posts.close()
            await store.close()


ORDERED_ONCE = "UPDATE jobs SET details = json_set(details, '$.orders', 1)"
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


LOOKED_FOR = replace(AT_ONCE, settle=60.0)
LOST = ("returned", 400_000, "may have been billed")
TIMED_OUT = fakes.answers(504, "<html>", kind="text/html")


def takes_it_and(answer: fakes.Trouble, *, hidden: int = 0, **listed: Any) -> Any:
    """Accept an order, answer this, and list it only after some looks, or oddly."""

    async def trouble(service: Any, request: Any, handler: fakes.Handler) -> Any:
        before = set(service.renders)
        await handler(request)
        for ref in set(service.renders) - before:
            service.fields[ref] |= listed
        nothing = fakes.answers(200, {"data": [], "has_more": False})
        service.spoil("list", *[nothing] * hidden)
        return await answer(service, request, handler)

    return trouble


async def test_each_doubt_has_its_own_time(tmp_path: Path) -> None:
    """The second order is looked for as long as the first was."""
    async with open_house(ASKED, tmp_path, pace=LOOKED_FOR, ticks=Ticks(2.0)) as house:
        house.rig.service.spoil(
            "create", fakes.answers(500, {}), takes_it_and(TIMED_OUT, hidden=5)
        )

        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert len(house.rig.service.steps("create")) == 2
        assert len(house.rig.service.renders) == 1


@pytest.mark.parametrize("kind", [ASKED, KIND["replicate"]], ids=str)
async def test_nothing_is_ordered_more_than_twice(kind: Kind, tmp_path: Path) -> None:
    name = f"{kind.provider}/{kind.model}"
    async with open_house(kind, tmp_path, final=(name, "fake/one")) as house:
        house.rig.service.spoil("create", *[TIMED_OUT] * 99)

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert len(house.rig.service.steps("create")) == 2
        assert await house.ledger() == LOST
        assert house.spare.orders.read() == []


@pytest.mark.parametrize(
    "odd", [{"model": "m-2025-10-06"}, {"size": "1280x720"}, {"seconds": "5"}], ids=str
)
async def test_a_render_that_is_listed_under_another_name_is_not_ordered_anew(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    """Nobody but the service knows whether it is ours, so nobody pays for another."""
    async with open_house(ASKED, tmp_path, pace=LOOKED_FOR, ticks=Ticks(5.0)) as house:
        house.rig.service.spoil("create", *[takes_it_and(TIMED_OUT, **odd)] * 9)

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert job.error
        assert job.error.fault is Fault.LOST
        assert len(house.rig.service.renders) == 1
        assert await house.ledger() == LOST


async def test_another_jobs_render_explains_itself_in_a_moment(tmp_path: Path) -> None:
    """One of another job whose answer is on its way is waited for."""
    async with open_house(ASKED, tmp_path) as house:
        other = await house.order(prompt="snow")
        await house.store.rows("UPDATE jobs SET state = 'submitting', run = 1")
        seen = await house.rig.provider.create(other, unseen)
        house.rig.service.spoil("create", fakes.answers(500, {}))

        async def owned(service: Any, request: Any, handler: fakes.Handler) -> Any:
            answer = await handler(request)
            await house.store.rows(
                "UPDATE jobs SET state = 'done', ref = ? WHERE id = ?",
                seen.ref,
                other.id,
            )
            return answer

        house.jobs._pace = LOOKED_FOR
        house.jobs._waits.clock = Ticks(20.0)
        house.rig.service.spoil("list", *[owned] * 9)
        job = await house.order()
        await house.store.rows(
            "UPDATE jobs SET state = 'submitting' WHERE id = ?", job.id
        )
        await house.jobs.run(job.id)

        done = await house.service.job(job.id, person=ANN)
        assert done.state is State.DONE
        assert len(house.rig.service.steps("create")) == 3


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", [ASKED, BLIND], ids=str)
async def test_a_redirect_after_an_order_is_a_doubt(
    tmp_path: Path, kind: Kind, status: int
) -> None:
    """What a service sends elsewhere it may have done: no other is ever asked."""
    async with open_house(kind, tmp_path) as house:
        away = fakes.leads_to(f"{house.rig.service.url}/videos/elsewhere", status)
        house.rig.service.spoil("create", takes_it_and(away))

        job = await house.settled(await house.order())

        assert job.state is (State.DONE if kind is ASKED else State.FAILED)
        assert len(house.rig.service.steps("create")) == 1
        assert house.spare.orders.read() == []
        if kind is BLIND:
            assert await house.ledger() == LOST


@pytest.mark.parametrize("kind", [ASKED, KIND["litellm"]], ids=str)
async def test_a_service_that_repeats_an_id_is_paid_once_for_each_order(
    tmp_path: Path, kind: Kind
) -> None:
    """Whose clip it is nobody knows, so the second is lost; once, and told."""
    async with open_house(kind, tmp_path) as house:
        house.rig.service.new_id = lambda: "job1"
        first = await house.settled(await house.order())

        second = await house.settled(await house.order(prompt="snow"))

        assert (first.state, second.state) == (State.DONE, State.FAILED)
        assert second.error
        assert second.error.fault is Fault.LOST
        assert len(house.rig.service.steps("create")) == 2
        assert await house.ledgers() == [("charged", 400_000, None), LOST]
        assert len(house.chat.posts.read()) == 2


async def test_an_order_that_is_answered_with_its_end_needs_no_look(
    tmp_path: Path,
) -> None:
    async with open_house(ASKED, tmp_path) as house:

        async def at_once(service: Any, request: Any, handler: fakes.Handler) -> Any:
            await handler(request)
            [render] = service.renders.values()
            render.state = "done"
            return web.json_response(service.video(render))

        house.rig.service.spoil("create", at_once)

        job = await house.settled(await house.order())

        assert job.state is State.DONE
        assert house.rig.service.steps("look") == []


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
        await house.store.rows(ORDERED_ONCE)
        await house.rig.provider.create(job, unseen)

        done = await house.settled(job)

        assert done.state is State.DONE
        assert len(house.rig.service.renders) == 1


@pytest.mark.parametrize("kind", [ASKED, BLIND], ids=str)
async def test_an_order_that_had_not_left_before_a_restart_is_in_no_doubt(
    tmp_path: Path, kind: Kind
) -> None:
    """It was getting ready, or waited for its turn or for a busy service."""
    async with open_house(kind, tmp_path) as house:
        house.rig.service.spoil("create", fakes.says("busy", Retry_After="3600"))
        job = await house.order()
        running = asyncio.create_task(house.runner.run())
        known = 1
        while known or not house.rig.service.steps("create"):
            known = await orders_of(house, job)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        house.rig.provider._wire._breaker.worked()  # so does a new process begin

        done = await house.settled(job)

        assert done.state is State.DONE
        assert len(house.rig.service.steps("create")) == 2
        assert house.rig.service.steps("list") == []
        assert await house.ledger() == ("charged", 400_000, None)


async def orders_of(house: House, job: Job) -> int:
    """How many orders the row of a job knows of."""
    found = await job_rows.get(house.store, job.id)
    assert found
    return found.orders


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


@pytest.mark.parametrize("began", [False, True], ids=["in queue", "in progress"])
async def test_a_cancel_reaches_a_service_that_can_stop(
    tmp_path: Path, *, began: bool
) -> None:
    """Only what it takes out of its queue is surely free there."""
    async with open_house(KIND["fal"], tmp_path) as house:
        house.rig.service.looks = 10**6
        house.rig.service.began = began
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
        note = "may have been billed" if began else None
        assert await house.ledger() == ("returned", 400_000, note)


@pytest.mark.parametrize(
    ("name", "note"), [("xai", "may have been billed"), ("openai", None)]
)
async def test_what_is_refused_and_billed_all_the_same_counts(
    tmp_path: Path, name: str, note: str | None
) -> None:
    """Some services bill what their own rules stop, so no cap is got around by that."""
    async with open_house(KIND[name], tmp_path) as house:
        house.rig.service.error = {"code": "moderation_blocked", "message": "no"}

        job = await house.settled(await house.order())

        assert job.state is State.FAILED
        assert await house.ledger() == ("returned", 400_000, note)


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
