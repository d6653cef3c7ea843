"""`vivant animate` and `vivant demo`: the same core, one photo at a time, no page."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from adapters import terminal
from bot import wording
from bot.assembly import House
from bot.commands.own_house import open_own_house, sample
from bot.config import Settings
from bot.errors import BotError
from bot.models import Ask, Job, Shape, Still
from bot.prompt.plan import Plan

DEMO = {
    "astronaut.jpg": "dolly in 2 s, hold 1 s, pan left 1 s, golden hour, distant waves",
    "chelsea.jpg": "slow orbit right with a gentle push in, dust in the air, room tone",
    "coffee.jpg": "slow dolly in, hold 1 s, orbit left, soft light, café chatter",
    "rocket.jpg": "slow pull back, fog, low engine rumble",
}


async def animate(options: argparse.Namespace, settings: Settings) -> int:
    """Render one photo to a file."""
    out = options.out or Path(f"{Path(options.photo.split('?')[0]).stem or 'clip'}.mp4")
    console = Console()
    async with _studio(settings, console) as studio:
        ask = Ask(
            prompt=options.prompt,
            still=await studio.still(options.photo),
            seconds=options.seconds,
            shape=Shape(options.shape),
            seed=options.seed,
        )
        job = await studio.render(ask, out, tell=True)
    console.print(_ending(job, out), markup=False, highlight=False, soft_wrap=True)
    return 0


async def demo(options: argparse.Namespace, settings: Settings) -> int:
    """Render every sample photo into a folder."""
    console = Console()
    await asyncio.to_thread(options.out.mkdir, parents=True, exist_ok=True)
    async with _studio(settings, console) as studio:
        for name, prompt in DEMO.items():
            still = await studio.still(str(sample(name)))
            out = options.out / Path(name).with_suffix(".mp4")
            await studio.render(Ask(prompt=prompt, still=still), out)
            told = f"{out}  “{prompt}”"
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    return 0


@dataclass(slots=True)
class _Studio:
    """A house of its own in a folder that goes away, and a bar to watch it."""

    house: House
    console: Console
    progress: Progress
    changed: asyncio.Event

    async def still(self, photo: str) -> Still:
        if photo.startswith(("http://", "https://")):
            return await self.house.service.still_from_link(photo)
        return await self.house.service.still_from_path(Path(photo))

    async def render(self, ask: Ask, out: Path, *, tell: bool = False) -> Job:
        """Order a clip and watch it until its file is written.

        Raises:
            BotError: There is no clip; the sentence says why.
        """
        place, person = terminal.place(out), terminal.SOMEBODY
        job = await self.house.service.submit(ask, person=person, place=place)
        if tell:
            self._tell(job)
        bar = self.progress.add_task(out.name, total=1.0)
        while not job.state.ended:
            await self.changed.wait()
            self.changed.clear()
            job = await self.house.service.job(job.id, person=person)
            done = 1.0 if job.state.ended or job.media else job.progress or 0.0
            self.progress.update(bar, completed=done)
        self.progress.remove_task(bar)
        if job.error:
            raise job.error.again()
        if trouble := await self.house.service.trouble(job.id):
            raise BotError(trouble, hint="Choose another file with --out.")
        return job

    def _tell(self, job: Job) -> None:
        for line in wording.plan_lines(Plan.from_json(job.plan or {})):
            self.console.print(line, markup=False, highlight=False)
        for note in job.notes:
            self.console.print(note, style="dim", markup=False, highlight=False)
        if job.cannot:
            line = wording.cannot_line(job.cannot)
            self.console.print(line, style="yellow", markup=False, highlight=False)


@asynccontextmanager
async def _studio(settings: Settings, console: Console) -> AsyncGenerator[_Studio]:
    changed = asyncio.Event()
    chat = terminal.TerminalChat(lambda _: changed.set())
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    async with open_own_house(settings, chat) as house:
        with bar as progress:
            yield _Studio(house, console, progress, changed)


def _ending(job: Job, out: Path) -> str:
    request = job.request
    return f"{out}: {request.seconds} s of {request.size}, seed {request.seed}"
