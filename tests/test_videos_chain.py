"""A Vivant is another Vivant's provider: over the wire that both of them speak."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from adapters.web.chat import OWNER, PAGE
from bot.config import Caps, Service
from bot.models import Ask, Clip, Job, Op, Tier, Way
from bot.store import jobs as job_rows
from tests.fakes.house import AT_ONCE
from tests.fakes.programs import Programs, open_programs
from tests.fakes.site import Site, open_site
from tests.fakes.world import FakeProvider, unseen

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()


@dataclass
class Chain:
    """Two of them: what `near` orders is made by `far`."""

    near: Site
    far: Programs

    async def order(self) -> Job:
        """A photo and some words, for the best there is."""
        still = await self.near.house.service.still_from_bytes(CAT)
        ask = Ask(prompt="push in", still=still, seconds=4, tier=Tier.FINAL)
        return await self.near.house.service.submit(ask, person=OWNER, place=PAGE)

    async def made(self, job: Job) -> Clip:
        """The clip of an order, once it is there."""
        card = await self.near.ended(job.id)
        assert card["state"] == "done", card
        return await self.near.house.service.clip(job.id, person=OWNER)

    async def behind(self, job_id: str) -> Job:
        """The far one's job behind one of the near one's."""
        near = await self.near.house.service.job(job_id, person=OWNER)
        far = await job_rows.get(self.far.house.store, near.ref or "")
        assert far is not None
        return far


@asynccontextmanager
async def open_chain(
    folder: Path, profile: str, model: str, provider: FakeProvider | None = None
) -> AsyncGenerator[Chain]:
    near, far = folder / "near", folder / "far"
    near.mkdir()
    far.mkdir()
    async with open_programs(far, provider=provider) as programs:
        program = await programs.program("near")
        service = Service(
            key=program.key, base_url=f"{programs.address}/v1", profile=profile
        )
        async with open_site(
            near,
            pace=AT_ONCE,
            services={"openai": service},
            final=(f"openai/{model}",),
            caps=Caps(unpriced_micros=0),  # what it costs there is not known here
        ) as site:
            yield Chain(site, programs)


@pytest.mark.parametrize("profile", ["vivant", "openai", "generic"])
async def test_a_photo_becomes_a_clip_and_a_remix_two_houses_away(
    tmp_path: Path, profile: str
) -> None:
    """With the dialect of its own it changes the clip itself, where it lies."""
    async with open_chain(tmp_path, profile, "sora-2-pro") as chain:
        clip = await chain.made(await chain.order())

        first = await chain.behind(clip.id)
        assert first.person.key == "api:near"
        assert (first.request.prompt, first.request.tier) == ("push in", Tier.FINAL)
        assert first.request.still is not None
        assert clip.bytes == (tmp_path / "far" / "tiny.mp4").stat().st_size

        service = chain.near.house.service
        job = await service.remix(clip.id, "add snow", person=OWNER, place=PAGE)
        remix = await chain.made(job)
        second = await chain.behind(remix.id)
        assert remix.parent == clip.id
        native = profile != "generic"
        assert remix.request.way is (Way.HANDLE if native else Way.AFRESH)
        assert second.request.op is (Op.REMIX if native else Op.CREATE)
        longer = await service.extend(clip.id, "on", 4, person=OWNER, place=PAGE)
        assert (await chain.made(longer)).request.seconds == 8


async def test_an_order_whose_answer_was_lost_is_not_made_twice(tmp_path: Path) -> None:
    async with open_chain(tmp_path, "vivant", "sora-2-pro") as chain:
        job = await chain.order()
        await chain.made(job)
        provider = chain.near.house.providers["openai"]

        again = await provider.create(job, unseen)

        assert provider.idempotent
        assert again.ref == (await chain.behind(job.id)).id
        assert len(await chain.far.house.ledger()) == 1


async def test_a_cancel_goes_all_the_way(tmp_path: Path) -> None:
    far = tmp_path / "far-provider"
    far.mkdir()
    provider = FakeProvider(far, looks=10**9)
    async with open_chain(tmp_path, "vivant", "sora-2-pro", provider) as chain:
        job = await chain.order()
        await provider.looked.wait()

        await chain.near.house.service.cancel(job.id, person=OWNER)
        assert (await chain.near.ended(job.id))["state"] == "cancelled"

        while await chain.far.house.unfinished():
            await chain.near.get("/healthz")
        assert await chain.far.house.ledger() == [("returned", 4)]


async def test_the_owner_hears_that_a_key_is_good(tmp_path: Path) -> None:
    async with open_chain(tmp_path, "vivant", "sora-2-pro") as chain:
        await chain.near.house.services["openai"].check()
