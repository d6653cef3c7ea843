"""Lives of the bot, each a process of its own that may be killed at any moment."""

import asyncio
import multiprocessing
import os
import signal
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from bot.jobs import Jobs
from bot.models import Ask, Job, Person
from bot.pacing import Pace
from tests.fakes.house import HERE, open_fake_house
from tests.fakes.world import FakeChat, FakeProvider, Point

LIVES = multiprocessing.get_context("forkserver")
LIVES.set_forkserver_preload([__name__])  # so that a life starts in milliseconds


def begin(
    folder: Path, kind: str, *, deadly: str | None = None, orders: int = 1
) -> ForkServerProcess:
    """Begin a life that takes the orders that are new and finishes all that are open.

    Args:
        folder: Where everything is remembered.
        kind: Of the provider.
        deadly: The point at which the life kills itself, if any.
        orders: How many orders there are in all.
    """
    life = LIVES.Process(target=_live, args=(folder, kind, deadly, orders))
    life.start()
    return life


def spend(
    folder: Path, kind: str, *, deadly: str | None = None, orders: int = 1
) -> int | None:
    """Live once and return the exit code; -9 is a kill."""
    life = begin(folder, kind, deadly=deadly, orders=orders)
    life.join(60)
    return life.exitcode


class MortalJobs(Jobs):
    """Jobs that tell where they are."""

    def __init__(self, *args: Any, at: Point, **more: Any) -> None:
        super().__init__(*args, **more)
        self._at = at

    async def advance(self, job: Job, *, again: bool) -> Job:
        self._at(f"{job.state}.before")
        after = await super().advance(job, again=again)
        self._at(f"{job.state}.after")
        return after

    async def move(self, job: Job, to: Job) -> Job:
        moved = await super().move(job, to)
        if moved.state is not job.state:
            self._at(f"{moved.state}.entered")
        return moved


def _live(folder: Path, kind: str, deadly: str | None, orders: int) -> None:
    asyncio.run(_take_and_finish(folder, kind, deadly, orders))


async def _take_and_finish(
    folder: Path, kind: str, deadly: str | None, orders: int
) -> None:
    def at(point: str) -> None:
        if point == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    async with open_fake_house(
        folder,
        provider=FakeProvider(folder, kind=kind, at=at),
        chat=FakeChat(folder, at=at),
        jobs_class=partial(MortalJobs, at=at),
        pace=Pace(first=0.01, growth=1.2, longest=0.05, settle=0.0, outage=0.0),
    ) as house:
        running = asyncio.create_task(house.runner.run())
        for number in range(orders):
            await house.service.submit(
                Ask(prompt=f"push in, {number}", seconds=4),
                person=Person(chat="fake", id=f"person-{number % 20}"),
                place=HERE,
                event=f"order-{number}",
            )
        await house.finish()
        running.cancel()
