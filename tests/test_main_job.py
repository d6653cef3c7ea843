"""The main job with the real renderer: a photo in, a clip out, then a remix."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from bot.assembly import House, open_house
from bot.config import Caps, Settings
from bot.errors import StillError
from bot.models import Ask, Job, Place, Shape, Size, State
from bot.store import jobs as job_rows
from tests.fakes.house import ANN, HERE, PLENTY
from tests.fakes.world import FakeChat

CHELSEA = Path(str(files("bot") / "samples" / "chelsea.jpg"))


@dataclass
class Studio:
    """A real house whose chat remembers."""

    house: House
    chat: FakeChat

    async def order(self, prompt: str, *, seconds: int = 1) -> Job:
        """Animate the cat."""
        still = await self.house.service.still_from_path(CHELSEA)
        ask = Ask(prompt=prompt, still=still, seconds=seconds, shape=Shape.SQUARE)
        return await self.house.service.submit(ask, person=ANN, place=HERE)

    async def until(self, job: Job, *states: State) -> Job:
        """Wait until a job is in one of some states."""
        while job.state not in states:
            await self.chat.changed.wait()
            self.chat.changed.clear()
            job = await self.house.service.job(job.id, person=ANN)
        return job

    async def ended(self, job: Job) -> Job:
        """Wait until a job has ended."""
        return await self.until(job, State.DONE, State.FAILED, State.CANCELLED)

    def frames(self, media: str) -> list[np.ndarray]:
        """The grey frames of a clip."""
        with av.open(self.house.media.path(media)) as clip:
            return [frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]


@asynccontextmanager
async def open_studio(folder: Path, *, caps: Caps = PLENTY) -> AsyncGenerator[Studio]:
    """Open a real house in a folder; what is in the folder already goes on."""
    chat = FakeChat(folder)
    settings = Settings(
        data=folder,
        database_url=f"sqlite:///{folder}/vivant.sqlite3",
        caps=caps,
        min_free_mb=0,
    )
    try:
        async with open_house(settings) as house:
            house.service.connect("fake", chat)
            running = asyncio.create_task(house.run())
            try:
                yield Studio(house, chat)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
    finally:
        chat.posts.close()


async def test_a_photo_becomes_a_clip_a_remix_and_an_extension(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        service = studio.house.service
        first = await studio.ended(await studio.order("dolly in, golden hour, rain"))
        clip = await service.clip(first.id, person=ANN)
        assert (clip.size, clip.seconds) == (Size(960, 960), 1.0)
        assert clip.plan
        assert clip.plan["sounds"] == ["rain"]
        assert len(studio.frames(clip.media)) == 24

        order = await service.remix(
            first.id, "slower, and add snow", person=ANN, place=HERE
        )
        assert order.notes == ("Slower: every move goes 40 % less far.", "With snow.")
        remixed = await service.clip((await studio.ended(order)).id, person=ANN)
        assert remixed.parent == first.id
        assert remixed.plan
        assert set(remixed.plan["looks"]) == {"golden", "rain", "snow"}

        order = await service.extend(first.id, "", 1, person=ANN, place=HERE)
        longer = await service.clip((await studio.ended(order)).id, person=ANN)
        assert longer.seconds == 2.0
        _same_beginning(studio.frames(clip.media), studio.frames(longer.media))
        assert len(studio.chat.posts.read()) == 3


def _same_beginning(short: list[np.ndarray], long: list[np.ndarray]) -> None:
    """The longer clip starts with the shorter one, up to what the encoder loses."""
    assert len(long) == 2 * len(short)
    for one, other in zip(short, long, strict=False):
        assert float(np.abs(one.astype(int) - other.astype(int)).mean()) < 2.0
    steps = [
        float(np.abs(one.astype(int) - other.astype(int)).mean())
        for one, other in pairwise(long)
    ]
    seam = steps[len(short) - 1]
    assert seam < 3 * max(*steps[:10], 1.0)


async def test_what_cannot_be_done_is_kept_with_the_clip(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        job = await studio.ended(await studio.order("pan left, the cat waves its paw"))

        clip = await studio.house.service.clip(job.id, person=ANN)

        assert clip.cannot == ("the cat waves its paw",)


async def test_a_render_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The bot stops in the middle; the next life renders and posts it once."""
    async with open_studio(tmp_path) as studio:
        job = await studio.order("orbit right", seconds=2)
        job = await studio.until(job, State.RENDERING)

    async with open_studio(tmp_path) as studio:
        job = await studio.ended(job)

        assert job.state is State.DONE
        assert job.run == 2
        assert len(studio.chat.posts.read()) == 1


async def test_a_cancelled_render_stops_the_worker_and_the_next_one_runs(
    tmp_path: Path,
) -> None:
    async with open_studio(tmp_path) as studio:
        job = await studio.until(await studio.order("pan left", seconds=20),
                                 State.RENDERING)  # fmt: skip

        await studio.house.service.cancel(job.id, person=ANN)
        assert (await studio.ended(job)).state is State.CANCELLED

        assert not list((tmp_path / "media").rglob("*.mp4*"))
        after = await studio.ended(await studio.order("pan left"))
        assert after.state is State.DONE
        [row] = await studio.house.store.rows(
            "SELECT kind FROM ledger WHERE job = ?", job.id
        )
        assert row["kind"] == "returned"


async def test_nothing_is_left_of_what_was_deleted(tmp_path: Path) -> None:
    """Neither the clip nor the photo, nor the worker's own copies."""
    async with open_studio(tmp_path) as studio:
        job = await studio.ended(await studio.order("pan left"))
        await studio.house.service.delete(job.id, person=ANN)

        left = [file for file in (tmp_path / "media").rglob("*") if file.is_file()]

        assert left == []


async def test_a_still_that_is_gone_is_said_and_costs_nothing(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        still = await studio.house.service.still_from_path(CHELSEA)
        await studio.house.media.remove(still.media)

        ask = Ask(prompt="pan left", still=still, seconds=1)
        with pytest.raises(StillError, match="is gone"):
            await studio.house.service.submit(ask, person=ANN, place=HERE)

        assert await job_rows.latest(studio.house.store, ANN.key, limit=9) == []


async def test_free_renders_take_no_units_but_are_counted(tmp_path: Path) -> None:
    caps = replace(PLENTY, person_day=0, free_per_hour=5)
    async with open_studio(tmp_path, caps=caps) as studio:
        await studio.ended(await studio.order("pan left"))

        left = await studio.house.service.allowance(ANN, HERE)

        assert (left.used, left.free_used) == (0, 1)


async def test_a_job_for_a_chat_that_is_not_connected_keeps_its_clip(
    tmp_path: Path,
) -> None:
    async with open_studio(tmp_path) as studio:
        still = await studio.house.service.still_from_path(CHELSEA)
        away = Place(chat="slack", workspace="T1", channel="C1")
        running = await studio.house.service.submit(
            Ask(prompt="pan left", still=still, seconds=1), person=ANN, place=away
        )
        marker = await studio.order("pan left")
        await studio.ended(marker)

        job = await studio.house.service.job(running.id, person=ANN)
        trouble = await studio.house.service.trouble(running.id)

        assert job.state is State.DONE
        assert trouble == "The bot is not connected to slack."
        assert await studio.house.service.clip(running.id, person=ANN)
