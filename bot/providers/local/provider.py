"""The embedded renderer as a provider like any other."""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import BotError, Fault, OptionError, ProviderError
from bot.media import Media, draft_of
from bot.models import (
    Job,
    ModelCard,
    Op,
    Quote,
    RenderRequest,
    Size,
    Snapshot,
    State,
)
from bot.prompt.extend import extend
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.prompt.remix import remix
from bot.providers import Leaves
from bot.providers.hooks import Call
from bot.providers.planning import check_characters
from bot.workshop import Workshop

SIZES = (Size(1280, 720), Size(720, 1280), Size(960, 960))
LOOK_EVERY = 0.2  # seconds; a look costs nothing here


@dataclass(slots=True)
class _Render:
    """A render that this process has under way."""

    task: asyncio.Task[None]
    progress: float = 0.0


def card(max_seconds: int) -> ModelCard:
    """What the embedded renderer does, in clips of up to so many seconds."""
    return ModelCard(
        provider="local",
        id="parallax",
        title="The embedded renderer",
        seconds=tuple(range(1, max_seconds + 1)),
        sizes=SIZES,
        audio=True,
        native=frozenset(Op),
        weight=0.0,
    )


class LocalProvider:
    """Renders in a worker process on this machine; satisfies `Provider`.

    A render costs only our own time, so one that was lost is simply begun again.
    """

    name = "local"
    idempotent = True
    findable = False
    at_once = 2  # one renders while the other is delivered

    def __init__(
        self, media: Media, workshop: Workshop, *, mark: str, max_seconds: int
    ) -> None:
        self._media = media
        self._workshop = workshop
        self._mark = mark
        self._card = card(max_seconds)
        self._renders: dict[str, _Render] = {}

    def models(self) -> Sequence[ModelCard]:
        """The one model there is."""
        return (self._card,)

    def plan(self, request: RenderRequest) -> Quote:
        """Read the words into camera moves, on top of what they answer to."""
        check_characters(len(request.characters), self._card)
        plan = self._read(request)
        seconds = round(plan.seconds)
        if seconds not in self._card.seconds:
            raise OptionError(
                "{title} makes clips of up to {most} seconds, not {seconds}.",
                title=self._card.title,
                most=self._card.seconds[-1],
                seconds=seconds,
            )
        done = replace(request, seconds=seconds, plan=plan.to_json())
        return Quote(request=done, notes=plan.notes, cannot=plan.cannot)

    async def create(self, job: Job, leaves: Leaves) -> Snapshot:
        """Begin to render."""
        await leaves()
        return self._begin(job)

    def _begin(self, job: Job) -> Snapshot:
        if job.id not in self._renders:
            task = asyncio.create_task(self._render(job), name=f"render {job.id}")
            self._renders[job.id] = _Render(task)
        return Snapshot(ref=job.id, poll_after=LOOK_EVERY)

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:  # noqa: ARG002
        """Nothing is ever lost here that could not be begun again."""
        return None

    async def retrieve(self, job: Job) -> Snapshot:
        """See how far the worker is; begin anew when a restart forgot the render."""
        render = self._renders.get(job.id)
        if render is None:
            if done := await asyncio.to_thread(self._finished, job):
                return done
            return self._begin(job)
        if not render.task.done():
            return Snapshot(ref=job.id, progress=render.progress, poll_after=LOOK_EVERY)
        del self._renders[job.id]
        error = None if render.task.cancelled() else render.task.exception()
        if isinstance(error, BotError):
            return Snapshot(ref=job.id, state=State.FAILED, error=error)
        if error is not None:
            raise error
        done = await asyncio.to_thread(self._finished, job)
        return done or self._begin(job)

    async def cancel(self, job: Job) -> bool:
        """Stop the worker, if it is at this job."""
        if render := self._renders.pop(job.id, None):
            render.task.cancel()
            await asyncio.wait([render.task])
        await self.forget(job)
        return True

    async def download(self, job: Job, to: Path) -> None:
        """Hand the file over; may be asked for again after a restart."""
        video, _ = self._files(job)
        try:
            await asyncio.to_thread(_link_or_copy, video, to)
        except FileNotFoundError:
            raise ProviderError(Fault.EXPIRED, "The rendered file is gone.") from None

    async def forget(self, job: Job) -> None:
        """Delete the worker's files, half ones too."""
        video, result = self._files(job)
        for file in (video, result, draft_of(video)):
            await asyncio.to_thread(file.unlink, missing_ok=True)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:  # noqa: ARG002
        """Nobody calls us."""
        return None

    async def close(self) -> None:
        """Stop the worker; unfinished renders are begun again next time."""
        tasks = [render.task for render in self._renders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._workshop.close()

    def _read(self, request: RenderRequest) -> Plan:
        if request.op is Op.CREATE or request.source is None:
            return parse(request.prompt, request.seconds)
        if request.source.plan is None:
            raise OptionError(
                "{title} can only change clips that it made itself.",
                title=self._card.title,
            )
        before = Plan.from_json(request.source.plan)
        if request.op is Op.REMIX:
            return remix(before, request.prompt)
        return extend(before, request.prompt, request.seconds - before.seconds)

    async def _render(self, job: Job) -> None:
        video, result = self._files(job)
        request = job.request

        def on_progress(share: float) -> None:
            if render := self._renders.get(job.id):
                render.progress = share

        made = await self._workshop.call(
            {
                "still": str(self._media.path(request.still or "")),
                "plan": request.plan,
                "size": request.size,
                "seed": request.seed,
                "mark": self._mark,
                "to": str(video),
            },
            on_progress=on_progress,
        )
        await asyncio.to_thread(_write_whole, result, json.dumps(made))

    def _finished(self, job: Job) -> Snapshot | None:
        video, result = self._files(job)
        if not (video.exists() and result.exists()):
            return None
        made = json.loads(result.read_text(encoding="utf-8"))
        return Snapshot(
            ref=job.id,
            state=State.DONE,
            progress=1.0,
            plan=made["plan"],
            notes=tuple(made["notes"]),
        )

    def _files(self, job: Job) -> tuple[Path, Path]:
        """The worker's video, and what it says of it."""
        stem = self._media.scratch(f"render-{job.id}")
        return stem.with_suffix(".mp4"), stem.with_suffix(".json")


def _write_whole(file: Path, text: str) -> None:
    draft = draft_of(file)
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def _link_or_copy(source: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    try:
        os.link(source, to)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, to)
