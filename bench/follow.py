"""Looks at a render, and how late its clip is noticed, beside the official SDK.

Both follow renders on the same fake server on loopback: the SDK's `create_and_poll` and
`download_content`, and the bot's own engine with its own history. Renders end when they
end, spread as real ones are (log-normal); the delay is from that moment to the request
for the clip. Our first round makes the history; the last is woken by signed webhooks,
after a render by which the server has earned trust that it calls.

    python -m bench.follow [--jobs 40] [--median 20] [--spread 0.15] [--json]
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from openai import AsyncOpenAI

from adapters.web import create_app
from bot.config import Service, Settings
from bot.copies import Copies
from bot.films import FILMS, Films
from bot.jobs import Jobs
from bot.media import Media
from bot.models import Job, Person, Place, RenderRequest, Size, State
from bot.pacing import Pace, Pacing
from bot.providers.cloud import Cloud
from bot.providers.opening import open_services
from bot.service import RenderService
from bot.stills import Stills
from bot.store import Store, open_sqlite
from bot.store import jobs as job_rows
from bot.workshop import Workshop
from tests.fakes.programs import served
from tests.fakes.providers.service import KEY, Render
from tests.fakes.providers.videos import SECRET, FakeVideos, sign_standard
from tests.fakes.world import FakeChat, tiny_clip

SIZE = Size(1280, 720)


class TimedVideos(FakeVideos):
    """Renders that end at their time, however often they are looked at.

    Attributes:
        lasts: How long the next renders take, in seconds.
        ends: When each ends.
        fetched: When its clip was asked for.
        wake: Told of a render the moment that it ends.
    """

    def __init__(self, clip: bytes, lasts: list[float]) -> None:
        super().__init__(clip)
        self.lasts = lasts
        self.lasted: dict[str, float] = {}
        self.ends: dict[str, float] = {}
        self.fetched: dict[str, float] = {}
        self.wake: Callable[[str], Awaitable[None]] | None = None
        self._calls: set[asyncio.Task[None]] = set()

    def accept(self, ref: str, prompt: str) -> Render:
        """Note an order, and when it will end."""
        lasts = self.lasts.pop()
        self.lasted[ref] = lasts
        self.ends[ref] = time.monotonic() + lasts
        if self.wake:
            call = asyncio.create_task(self._call_at_the_end(ref, lasts))
            self._calls.add(call)
        return super().accept(ref, prompt)

    async def _call_at_the_end(self, ref: str, lasts: float) -> None:
        await asyncio.sleep(lasts)
        if self.wake:
            await self.wake(ref)

    def look(self, ref: str) -> Render | None:
        """See whether a render has ended by now."""
        render = self.renders.get(ref)
        if render and time.monotonic() >= self.ends[ref]:
            render.state = "done"
        return render

    def video(self, render: Render) -> dict[str, Any]:
        """A render with the times at which it truly began and ended."""
        video = super().video(render)
        if render.state == "done":
            lasted = self.lasted[render.id]
            video["completed_at"] = int(video["created_at"] + lasted)
        return video

    async def _content(self, request: web.Request) -> web.StreamResponse:
        self.fetched[request.match_info["id"]] = time.monotonic()
        return await super()._content(request)


@dataclass(frozen=True)
class Found:
    """What following some renders took.

    Attributes:
        requests: Per render.
        delay: Median seconds from the end of a render to the request for its clip.
    """

    requests: float
    delay: float


def found(server: TimedVideos) -> Found:
    """What the server saw."""
    looks = len(server.steps("look"))
    delays = [server.fetched[ref] - end for ref, end in server.ends.items()]
    return Found(looks / len(server.ends), statistics.median(delays))


async def with_sdk(server: TimedVideos, jobs: int) -> None:
    """Follow with the official SDK, as its documentation does."""
    client = AsyncOpenAI(api_key=KEY, base_url=f"{server.url}/v1")

    async def one(number: int) -> None:
        video = await client.videos.create_and_poll(prompt=f"render {number}")
        content = await client.videos.download_content(video.id)
        await content.aread()

    await asyncio.gather(*(one(number) for number in range(jobs)))
    await client.close()


@dataclass
class House:
    """The engine, its rows, and the provider under test."""

    store: Store
    jobs: Jobs
    provider: Cloud
    address: str
    session: aiohttp.ClientSession
    made: int = 0

    async def follow(self, jobs: int) -> None:
        """Take orders and carry them to the end, all at once."""
        await asyncio.gather(*(self._one() for _ in range(jobs)))

    async def wake(self, server: TimedVideos, ref: str) -> None:
        """Call `/hooks/openai` as the service does."""
        _, body = server.call(ref, at=time.time())
        headers, body = sign_standard(body, at=time.time(), name=ref)
        url = f"{self.address}/hooks/openai"
        async with self.session.post(url, data=body, headers=headers) as answer:
            answer.raise_for_status()

    async def _one(self) -> None:
        self.made += 1
        request = RenderRequest(
            prompt=f"render {self.made}",
            provider=self.provider.name,
            model="bench",
            seconds=4,
            size=SIZE,
            seed=1,
        )
        quote = self.provider.plan(request)
        job = Job(
            id=f"job{self.made}",
            person=Person(chat="fake", id="bench"),
            place=Place(chat="fake", workspace="w", channel="c"),
            request=quote.request,
            state=State.SUBMITTING,
            price=quote.price,
            created=time.time(),
            updated=time.time(),
            since=time.time(),
        )
        await job_rows.add(self.store, job, event=None)
        await self.jobs.run(job.id)


@asynccontextmanager
async def open_house(folder: Path, address: str) -> AsyncGenerator[House]:
    """Our engine before a server."""
    store = await open_sqlite(folder / "bench.sqlite3")
    media = await asyncio.to_thread(Media, folder / "media")
    service = Service(
        key=KEY, base_url=f"{address}/v1", profile="openai", webhook_secret=SECRET
    )
    settings = Settings(
        data=folder, services={"openai": service}, final=("openai/bench",)
    )
    services = await asyncio.to_thread(open_services, settings, media)
    chat = FakeChat(folder)
    films = Films(media, Workshop(FILMS, name="films"))
    pace = Pace(looks=Pacing(), settle=0.0)
    jobs = Jobs(store, services, {"fake": chat}, media, films=films, pace=pace)
    core = RenderService(
        store,
        jobs,
        services,
        media,
        Stills(media, Workshop("bot.stills.worker:prepare", name="pictures")),
        Copies(media, Workshop("bot.copies.shrink:work", name="copies")),
        settings=settings,
    )
    app = await asyncio.to_thread(create_app, settings, core)
    async with served(app) as ours, aiohttp.ClientSession() as session:
        yield House(store, jobs, services["openai"], ours, session)
    await films.close()
    await services["openai"].close()
    chat.posts.close()
    await store.close()


async def measure(jobs: int, median: float, spread: float) -> dict[str, Found]:
    """Follow the same renders in each way."""
    dice = random.Random(20261121)
    lasts = [median * dice.lognormvariate(0, spread) for _ in range(jobs)]
    results: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = tiny_clip(folder).read_bytes()
        theirs = TimedVideos(clip, list(lasts))
        async with theirs.running():
            await with_sdk(theirs, jobs)
        results["sdk"] = found(theirs)
        ours = TimedVideos(clip, [])
        async with ours.running(), open_house(folder, ours.url) as house:
            for name_ in ("without history", "ours", "by webhook"):
                ours.ends.clear()
                ours.seen.clear()
                ours.lasts = list(lasts)
                dice.shuffle(ours.lasts)
                if name_ == "by webhook":
                    ours.wake = lambda ref: house.wake(ours, ref)
                    ours.lasts.append(median / 10)
                    await house.follow(1)
                    ours.ends.clear()
                    ours.seen.clear()
                await house.follow(jobs)
                results[name_] = found(ours)
    return results


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=40)
    options.add_argument("--median", type=float, default=20.0, help="seconds")
    options.add_argument("--spread", type=float, default=0.15, help="of the logarithm")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    results = asyncio.run(measure(chosen.jobs, chosen.median, chosen.spread))
    for name, one in results.items():
        print(f"{name:16} {one.requests:6.1f} looks a render, {one.delay:6.2f} s late")
    sdk, ours, hook = results["sdk"], results["ours"], results["by webhook"]
    if chosen.json:
        numbers: dict[str, Any] = {
            "requests_ratio": round(ours.requests / sdk.requests, 3),
            "delay_ratio": round(ours.delay / sdk.delay, 3),
            "sdk_requests": round(sdk.requests, 1),
            "our_requests": round(ours.requests, 1),
            "sdk_delay": round(sdk.delay, 3),
            "our_delay": round(ours.delay, 3),
            "webhook_requests": round(hook.requests, 2),
            "webhook_delay": round(hook.delay, 3),
            "first_requests": round(results["without history"].requests, 1),
            "first_delay": round(results["without history"].delay, 3),
        }
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
