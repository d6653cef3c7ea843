"""A provider of ours before its fake service, with a folder and a clock of its own."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from bot.config import Service, Settings
from bot.media import Media
from bot.models import (
    Job,
    Op,
    Person,
    Place,
    RenderRequest,
    Size,
    Snapshot,
    Source,
    State,
)
from bot.providers.cloud import Cloud
from bot.providers.opening import open_services
from bot.providers.wire import Patience
from tests.fakes.providers.others import (
    HMAC_SECRET,
    FakeFal,
    FakeGemini,
    FakeOpenRouter,
    FakeReplicate,
)
from tests.fakes.providers.service import KEY, FakeService
from tests.fakes.providers.videos import SECRET, FakeVideos
from tests.fakes.world import tiny_clip, unseen

SIZE = Size(64, 36)
PATIENT = Patience(connect=9.0, silent=9.0, answer=9.0, download=9.0)
HURRIED = Patience(connect=9.0, silent=0.05, answer=9.0, download=9.0)
CARDS = """
[[model]]
provider = "openai"
id = "m"
title = "Model M"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
characters = 2
native = ["remix", "extend"]
by_upload = ["remix", "extend"]
upload_seconds = 8.7
adds = [4, 8]
longest = 16
usd_per_second = 0.10

[[model]]
provider = "openrouter"
id = "acme/m"
title = "Model M"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
native = ["remix", "extend"]
adds = [4, 8]
usd_per_second = 0.10
carrier = "data"

[[model]]
provider = "fal"
id = "acme/m/image-to-video"
title = "Model M"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
by_upload = ["remix", "extend"]
adds = [4, 8]
usd_per_second = 0.10
carrier = "data"
wire = { remix = "acme/m/edit-video", extend = "acme/m/extend-video" }

[[model]]
provider = "fal"
id = "acme/m/by-upload"
title = "Model M by upload"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
carrier = "upload"

[[model]]
provider = "gemini"
id = "m"
title = "Model M"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
native = ["remix", "extend"]
adds = [4, 8]
usd_per_second = 0.10
carrier = "data"

[[model]]
provider = "replicate"
id = "acme/m"
title = "Model M"
seconds = [4, 8]
sizes = ["64x36", "36x64"]
last_frame = true
usd_per_second = 0.10
carrier = "data"
wire = { seconds = "duration" }
"""


@dataclass(frozen=True)
class Kind:
    """One line of the contract suite.

    Attributes:
        provider: As the settings name it.
        model: That is ordered.
        lists: Whether a lost order can be found.
        ends_on: Whether a last picture is taken.
        stops: The step that stops a render at the service, if any.
        free: When that is free: while it `waits` there, `always`, or never.
        links: Whether clips are fetched from an address that an answer names.
    """

    name: str
    provider: str
    fake: Callable[[bytes], FakeService]
    model: str = "m"
    profile: str | None = None
    lists: bool = False
    ends_on: bool = True
    stops: str | None = None
    free: str = "never"
    links: bool = False

    def __str__(self) -> str:
        return self.name


def _videos(profile: str, **more: Any) -> Kind:
    def fake(clip: bytes) -> FakeService:
        return FakeVideos(clip, profile=profile)

    return Kind(profile, "openai", fake, profile=profile, **more)


KINDS = [
    _videos("openai", lists=True, ends_on=False),
    _videos("cometapi", links=True),
    _videos("litellm", ends_on=False),
    _videos("vllm-omni", lists=True, stops="delete", free="always"),
    _videos("sglang", lists=True, ends_on=False),
    _videos("laozhang", ends_on=False),
    _videos("xai", links=True),
    _videos("together", links=True),
    _videos("vivant", lists=True, stops="delete", free="waits"),
    _videos("generic", ends_on=False),
    Kind("openrouter", "openrouter", FakeOpenRouter, "acme/m"),
    Kind(
        "fal",
        "fal",
        FakeFal,
        "acme/m/image-to-video",
        stops="cancel",
        free="waits",
        links=True,
    ),
    Kind("gemini", "gemini", FakeGemini, stops="cancel"),
    Kind(
        "replicate",
        "replicate",
        FakeReplicate,
        "acme/m",
        lists=True,
        stops="cancel",
        free="waits",
        links=True,
    ),
]
KIND = {kind.name: kind for kind in KINDS}


@dataclass
class Rig:
    """Everything a test may look at."""

    kind: Kind
    service: Any
    provider: Any  # a Cloud that a test may look into
    media: Media
    folder: Path
    settings: Settings
    still: str
    last: str
    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])

    def job(self, prompt: str = "push in", **request: Any) -> Job:
        """An order, planned as the service does it."""
        fields: dict[str, Any] = {
            "prompt": prompt,
            "provider": self.provider.name,
            "model": self.kind.model,
            "seconds": 4,
            "size": SIZE,
            "seed": 7,
            "still": self.still,
        }
        quote = self.provider.plan(RenderRequest(**fields | request))
        return Job(
            id="job1",
            person=Person(chat="fake", id="ann"),
            place=Place(chat="fake", workspace="w", channel="c"),
            request=quote.request,
            state=State.SUBMITTING,
            price=quote.price,
            created=self.now[0],
            updated=self.now[0],
            since=self.now[0],
            notes=quote.notes,
        )

    def answer(self, op: Op, source_ref: str | None, **more: Any) -> Job:
        """A remix of a clip, or four seconds more of it."""
        words = "add snow" if op is Op.REMIX else ""
        fields = {
            "clip_id": "clip1",
            "media": self.still,
            "provider": self.provider.name,
            "model": self.kind.model,
            "seconds": 4,
            "prompt": "push in",
            "ref": source_ref,
            "last_frame": self.last,
        }
        source = Source(**fields | more)
        seconds = 4 if op is Op.REMIX else 8
        return self.job(words, op=op, source=source, seconds=seconds)

    async def ordered(self, **request: Any) -> Job:
        """An order that was accepted."""
        job = self.job(**request)
        seen = await self.provider.create(job, unseen)
        return replace(job, ref=seen.ref, state=State.RENDERING)

    async def ordered_again(self, op: Op, source_ref: str | None) -> Job:
        """A remix or an extension that was accepted."""
        job = self.answer(op, source_ref)
        seen = await self.provider.create(job, unseen)
        return replace(job, ref=seen.ref, state=State.RENDERING)

    async def watched(self, job: Job) -> Snapshot:
        """Look until it ends one way or the other."""
        for _ in range(9):
            seen: Snapshot = await self.provider.retrieve(job)
            if seen.state is not State.RENDERING:
                return seen
        raise AssertionError(job)

    async def made(self, **request: Any) -> Job:
        """An order whose clip is ready."""
        job = await self.ordered(**request)
        seen = await self.watched(job)
        assert seen.state is State.DONE, seen.error
        return replace(job, ref=seen.ref, state=State.FETCHING)

    async def restart(self, patience: Patience = PATIENT) -> None:
        """Forget everything that is not in the job's row."""
        await self.provider.close()
        self.provider = await asyncio.to_thread(self._open, patience)

    def _open(self, patience: Patience = PATIENT) -> Cloud:
        services = open_services(
            self.settings,
            self.media,
            hooks=True,
            now=lambda: self.now[0],
            patience=patience,
        )
        return services[self.kind.provider]


@asynccontextmanager
async def open_rig(kind: Kind, folder: Path, **more: Any) -> AsyncGenerator[Rig]:
    """Start the fake and the provider that talks to it."""
    media, still, last = await asyncio.to_thread(_furnish, folder)
    fake = kind.fake(await asyncio.to_thread(_clip))
    async with fake.running():
        secret = {"openrouter": HMAC_SECRET}.get(kind.provider, SECRET)
        service = Service(
            key=KEY,
            base_url=fake.url + getattr(fake, "base", ""),
            webhook_secret=secret,
            profile=kind.profile,
        )
        settings = Settings(
            data=folder,
            catalogue=folder / "cards.toml",
            services={kind.provider: service},
            **more,
        )
        rig = Rig(
            kind,
            fake,
            None,
            media,
            folder,
            settings,
            still,
            last,
        )
        rig.provider = await asyncio.to_thread(rig._open)
        try:
            yield rig
        finally:
            await rig.provider.close()


def _furnish(folder: Path) -> tuple[Media, str, str]:
    """Our own copies of two stills, without waiting for the disk."""
    (folder / "cards.toml").write_text(CARDS)
    media = Media(folder / "media")
    keys = []
    for colour in ("red", "blue"):
        data = picture(colour)
        key = f"{hashlib.sha256(data).hexdigest()}.jpg"
        media.path(key).parent.mkdir(exist_ok=True)
        media.path(key).write_bytes(data)
        keys.append(key)
    return media, keys[0], keys[1]


@cache
def _clip() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return tiny_clip(Path(folder)).read_bytes()


@cache
def picture(colour: str) -> bytes:
    """A small JPEG of one colour, in no model's size."""
    out = BytesIO()
    Image.new("RGB", (96, 80), colour).save(out, "JPEG")
    return out.getvalue()


def colour_of(data: bytes) -> tuple[Size, str]:
    """Size and colour of such a picture."""
    with Image.open(BytesIO(data)) as opened:
        red, _, blue = opened.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
        return Size(*opened.size), "red" if red > blue else "blue"
