"""Services call when a render is done: a call wakes its job, and nothing else."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from adapters.web.chat import OWNER, PAGE
from bot.config import Caps, Service
from bot.models import Ask, Job, Tier
from bot.pacing import Pace
from tests.fakes.providers.service import KEY
from tests.fakes.providers.videos import SECRET, FakeVideos, sign_standard
from tests.fakes.site import Site, open_site
from tests.fakes.world import tiny_clip

NEVER = Pace(first=9_999.0, growth=1.0, longest=9_999.0, settle=0.0)
HOOK = "/hooks/openai"


@dataclass
class Line:
    """A page, a service that may call it, and a job under way there."""

    site: Site
    fake: FakeVideos
    job: Job

    async def call(self, path: str = HOOK, *, name: str = "msg_1", **how: Any) -> int:
        """Call as the service does, or almost; the status of the answer."""
        ref = next(iter(self.fake.renders))
        _, body = self.fake.call(ref, at=time.time())
        headers, body = sign_standard(how.get("body", body), at=time.time(), name=name)
        sent = BytesIO(body + how.get("tail", b""))
        url = self.site.address + path
        async with self.site.session.post(url, data=sent, headers=headers) as answer:
            return answer.status

    async def looked(self, times: int) -> None:
        """Wait until the service was asked so often."""
        while len(self.fake.steps("look")) < times:
            await self.site.get("/healthz")


@asynccontextmanager
async def open_line(folder: Path, looks: int = 0) -> AsyncGenerator[Line]:
    """Order a render that is never looked at by itself."""
    fake = FakeVideos(tiny_clip(folder).read_bytes())
    fake.looks = looks
    async with fake.running():
        service = Service(
            key=KEY,
            base_url=f"{fake.url}/v1",
            profile="openai",
            webhook_secret=SECRET,
        )
        async with open_site(
            folder,
            pace=NEVER,
            services={"openai": service},
            final=("openai/m",),
            caps=Caps(unpriced_micros=0),
            web_token="not needed by services",
            public_url="https://vivant.example.org",
        ) as site:
            ask = Ask(prompt="push in", seconds=4, tier=Tier.FINAL)
            job = await site.house.service.submit(ask, person=OWNER, place=PAGE)
            line = Line(site, fake, job)
            while await site.house.store.rows("SELECT id FROM jobs WHERE ref IS NULL"):
                await site.get("/healthz")
            yield line


async def test_a_call_finishes_a_render_that_nobody_would_look_at(
    tmp_path: Path,
) -> None:
    async with open_line(tmp_path) as line:
        assert await line.call() == 200

        line.site.session.headers["Authorization"] = "Bearer not needed by services"
        assert (await line.site.ended(line.job.id))["state"] == "done"


async def test_the_same_call_ten_thousand_times_is_one_look(tmp_path: Path) -> None:
    async with open_line(tmp_path, looks=99) as line:
        assert await line.call() == 200
        await line.looked(1)

        headers, body = sign_standard(
            line.fake.call(next(iter(line.fake.renders)), at=0)[1], at=time.time()
        )
        for _ in range(10_000):
            assert await line.site.house.service.called("openai", headers, body)

        assert await line.call() == 200
        assert len(line.fake.steps("look")) == 1
        kept = await line.site.house.store.rows(
            "SELECT key FROM notes WHERE key LIKE 'once:%'"
        )
        assert [row["key"] for row in kept] == ["once:openai msg_1"]
        assert await line.call(name="msg_2") == 200
        await line.looked(2)


async def test_a_service_that_has_called_is_trusted_to(tmp_path: Path) -> None:
    """Only by a call that is signed and speaks of a render that is under way."""
    async with open_line(tmp_path, looks=99) as line:
        callers = line.site.house.runner._jobs.callers
        assert await line.call(body=b'{"data": {"id": "somebody else\'s"}}') == 200
        assert not callers.trusts("openai")

        assert await line.call(name="msg_2") == 200

        assert callers.trusts("openai")


@pytest.mark.parametrize(
    ("path", "how", "status"),
    [
        (HOOK, {"tail": b" "}, 401),
        (HOOK, {"body": b"not JSON"}, 401),
        (HOOK, {"body": b'{"data": [1]}'}, 401),
        (HOOK, {"body": b'{"data": {"id": "somebody else\'s"}}'}, 200),
        (HOOK, {"body": b"{" + bytes(2_000_000)}, 413),
        ("/hooks/local", {}, 401),
        ("/hooks/fal", {}, 404),
        ("/hooks/..%2Fopenai", {}, 404),
        ("/hooks/", {}, 404),
    ],
)
async def test_any_other_call_is_turned_away_and_moves_nothing(
    tmp_path: Path, path: str, how: dict[str, Any], status: int
) -> None:
    async with open_line(tmp_path) as line:
        assert await line.call(path, **how) == status

        async with line.site.session.post(line.site.address + path) as bare:
            assert bare.status in {401, 404}
        assert line.fake.steps("look") == []
