"""A provider and a chat whose memory is on disk, so that it outlives any kill of ours.

The provider comes in three kinds: `keyed` takes the job's id as a key and never makes
the same order twice, `asked` can be asked for its orders, `blind` can do neither.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bot.errors import BotError
from bot.models import (
    Clip,
    Job,
    ModelCard,
    Op,
    Price,
    Quote,
    RenderRequest,
    Size,
    Snapshot,
    State,
    Tier,
)
from bot.providers import Leaves
from bot.providers.hooks import Call

Point = Callable[[str], None]


def nowhere(point: str) -> None:
    """Do not die at any point."""


async def unseen() -> None:
    """An order that leaves, and is written down by nobody."""


class Diary:
    """Lines that are on disk as soon as they are written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fd = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, **entry: Any) -> None:
        os.write(self._fd, json.dumps(entry).encode() + b"\n")

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file.read_bytes().splitlines()]

    def close(self) -> None:
        os.close(self._fd)


@dataclass
class FakeProvider:
    """Accepts, renders for a while, hands over a tiny real MP4.

    Attributes:
        looks: How often a render is looked at before it is done.
        asked: Set once somebody ordered.
        looked: Set once somebody looked.
        wanted: Set once somebody asked for a clip.
        fails: What a render ends with instead of a clip.
        clip: What it hands over instead of a tiny clip.
        text_only: Whether it makes clips of words alone.
        better: Whether it has a second model, for finals.
        characters: How many its first model takes.
        stops: Whether a cancel surely stops a render.
        priced: Whether anybody knows what it costs.
        keeps: Seconds for which it says that it keeps a clip.
        refusals: Raised by the next orders, one each; troubles: by the next looks;
            losses: by the next requests for a clip.
        fetched: How often a clip was asked for.
    """

    folder: Path
    kind: str = "keyed"
    name: str = "fake"
    at_once: int = 1_000
    weight: int = 1
    micros: int = 0
    looks: int = 1
    fails: BotError | None = None
    clip: Path | None = None
    text_only: bool = True
    better: bool = False
    characters: int = 0
    stops: bool = True
    priced: bool = True
    refusals: list[Exception] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    losses: list[Exception] = field(default_factory=list)
    keeps: float | None = None
    fetched: int = 0
    at: Point = nowhere
    cancelled: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.orders = Diary(self.folder / f"{self.name}.jsonl")
        self.idempotent = self.kind == "keyed"
        self.findable = self.kind == "asked"

    def models(self) -> Sequence[ModelCard]:
        card = ModelCard(
            provider=self.name,
            id="one",
            title="The fake model",
            seconds=(4, 8, 12),
            sizes=(Size(64, 36), Size(36, 64)),
            text_only=self.text_only,
            characters=self.characters,
            native=frozenset(Op),
            weight=self.weight,
            priced=self.priced,
        )
        sizes = (Size(128, 72), Size(72, 128))
        final = replace(card, id="two", tier=Tier.FINAL, sizes=sizes)
        return (card, final) if self.better else (card,)

    def plan(self, request: RenderRequest) -> Quote:
        units = request.seconds * self.weight
        price = Price(units=units, micros=self.micros, known=self.priced)
        return Quote(request=request, price=price)

    async def create(self, job: Job, leaves: Leaves = unseen) -> Snapshot:
        await asyncio.sleep(0)
        self.asked.set()
        await leaves()
        self.at("left")
        if self.refusals:
            raise self.refusals.pop(0)
        known = await self._find(job) if self.idempotent else None
        ref = known or f"video_{job.id}_{os.urandom(3).hex()}"
        if known is None:
            self.orders.write(ref=ref, key=job.id, prompt=job.request.prompt)
        self.at("charged")
        return Snapshot(ref=ref)

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
        ref = await self._find(job)
        return Snapshot(ref=ref) if ref and ref not in taken else None

    async def _find(self, job: Job) -> str | None:
        refs = [order["ref"] for order in self.orders.read() if order["key"] == job.id]
        return refs[0] if refs else None

    async def retrieve(self, job: Job) -> Snapshot:
        assert job.ref
        self.looked.set()
        if self.troubles:
            raise self.troubles.pop(0)
        self.seen[job.ref] = self.seen.get(job.ref, 0) + 1
        if self.seen[job.ref] <= self.looks:
            return Snapshot(ref=job.ref, progress=self.seen[job.ref] / (self.looks + 1))
        if self.fails:
            return Snapshot(ref=job.ref, state=State.FAILED, error=self.fails)
        return Snapshot(ref=job.ref, state=State.DONE, keeps=self.keeps)

    async def cancel(self, job: Job) -> bool:
        self.cancelled.append(job.id)
        return self.stops

    async def download(self, job: Job, to: Path) -> None:
        self.fetched += 1
        self.wanted.set()
        if self.losses:
            raise self.losses.pop(0)
        shutil.copyfile(self.clip or tiny_clip(self.folder), to)

    async def forget(self, job: Job) -> None:
        """Nothing is kept."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        return None

    async def close(self) -> None:
        self.orders.close()


@dataclass
class FakeChat:
    """Shows messages to nobody, and remembers every one of them.

    Attributes:
        refusals: Raised by the next posts, one each.
        changed: Set whenever a card is shown.
    """

    folder: Path
    name: str = "fake"
    refusals: list[Exception] = field(default_factory=list)
    at: Point = nowhere
    cards: list[Job] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.posts = Diary(self.folder / f"{self.name}-chat.jsonl")

    async def show(self, job: Job) -> None:
        self.cards.append(job)
        self.changed.set()

    async def find(self, job: Job, key: str) -> str | None:
        found = [post["id"] for post in self.posts.read() if post["key"] == key]
        return found[0] if found else None

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:
        return self._post(key, clip=clip.id, bytes=clip.bytes)

    async def report(self, job: Job, key: str) -> str:
        error = job.error and [str(job.error), job.error.hint]
        return self._post(key, error=error, end=job.end)

    def _post(self, key: str, **what: Any) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        message = f"message-{os.urandom(3).hex()}"
        self.posts.write(id=message, key=key, **what)
        self.at("shown")
        return message


def noisy_clip(file: Path, width: int = 320, height: int = 180) -> Path:
    """Two seconds of noise with sound: nothing compresses worse."""
    random = np.random.default_rng(7)
    with av.open(file, "w") as out:
        video = out.add_stream("libx264", rate=12)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"crf": "10", "preset": "ultrafast"}
        sound = out.add_stream("aac", rate=48_000)
        sound.layout = "stereo"
        for _ in range(24):
            noise = random.integers(0, 255, (height, width, 3), np.uint8)
            out.mux(video.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        samples = random.normal(0, 0.1, (2, 96_000)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        out.mux(sound.encode(frame))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    return file


def tiny_clip(folder: Path) -> Path:
    """A real MP4 of four grey frames; made once per folder."""
    file = folder / "tiny.mp4"
    if not file.exists():
        draft = folder / f"tiny-{os.getpid()}.mp4"
        with av.open(draft, "w") as container:
            stream = container.add_stream("libx264", rate=4)
            stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
            stream.time_base = Fraction(1, 4)
            for number in range(4):
                grey = np.full((36, 64, 3), 60 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        draft.replace(file)
    return file
