"""One 4 s clip, 1280x720 at 24 frames a second, made three ways, in turns.

`ours` is the embedded renderer: depth, two plates, a dolly, in one warm process.
`zoompan` is the usual way: ffmpeg's zoompan filter, flat, in a process of its own.
`encoder` is PyAV's x264 alone on frames that are already drawn: the floor.

    pip install -e '.[bench]'    # brings an ffmpeg; one on the PATH is used as well
    python -m bench.render [--rounds 5] [--json]
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from PIL import Image

from bot.models import Size
from bot.prompt.parse import parse
from bot.providers.local.encode import encode
from bot.providers.local.plates import Plane
from bot.providers.local.render import RenderSpec, render

PHOTO = Path(str(files("bot") / "samples" / "coffee.jpg"))
SIZE, FPS, SECONDS = Size(1280, 720), 24, 4
Task = Callable[[Path], None]


class Cost(NamedTuple):
    """What one run took: seconds on the wall, seconds of CPU, peak megabytes."""

    wall: float
    cpu: float
    peak_mb: float


def ours(to: Path) -> None:
    """The embedded renderer."""
    spec = RenderSpec(still=PHOTO, plan=parse("dolly in", SECONDS), size=SIZE, seed=1)
    render(spec, to, lambda _: None)


def encoder(to: Path) -> None:
    """The encoder on ready frames: the photo moved by a pixel a frame."""
    with Image.open(PHOTO) as photo:
        wide = photo.resize((SIZE.width + 96, SIZE.height))
    picture = av.VideoFrame.from_ndarray(np.asarray(wide), format="rgb24")
    plane = picture.reformat(format="nv12").to_ndarray()

    def draw(number: int, frame: Plane) -> None:
        first = number // 2 * 2
        frame[:] = plane[:, first : first + SIZE.width]

    encode(
        to,
        draw,
        frames=FPS * SECONDS,
        size=SIZE,
        fps=FPS,
        sound=None,
        on_progress=lambda _: None,
    )


def warm_worker(task: Task, folder: str, orders: Connection) -> None:
    """Run a task once to warm up, then once per order, and answer with its cost."""
    task(Path(folder, f"{task.__name__}.mp4"))
    while orders.recv():
        begun, used = time.perf_counter(), time.process_time()
        task(Path(folder, f"{task.__name__}.mp4"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent = (time.perf_counter() - begun, time.process_time() - used)
        orders.send(Cost(*spent, peak))


def zoompan(ffmpeg: str, to: Path) -> Cost:
    """A flat zoom of the same photo, as most bots do it."""
    zoom = f"zoompan=z='1+0.25*on/{FPS * SECONDS}':d={FPS * SECONDS}"
    centre = ":x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)'"
    picture = f"scale=2560:-2,{zoom}{centre}:s={SIZE}:fps={FPS},format=yuv420p"
    reading = ("-y", "-loglevel", "error", "-i", str(PHOTO), "-vf", picture)
    writing = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", str(to))
    command = [ffmpeg, *reading, *writing]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss / 1024)


def find_ffmpeg() -> str | None:
    """The one that the `bench` extra brings, else one on the PATH."""
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - only the `bench` extra has it
    except ImportError:
        return shutil.which("ffmpeg")
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def measure(rounds: int) -> dict[str, Cost]:
    """Medians of each way, run in turns so that a busy machine is fair to all."""
    ffmpeg = find_ffmpeg()
    spawn = multiprocessing.get_context("spawn")
    found: dict[str, list[Cost]] = {"ours": [], "encoder": [], "zoompan": []}
    with tempfile.TemporaryDirectory() as folder:
        workers = {}
        for task in (ours, encoder):
            mine, theirs = spawn.Pipe()
            worker = spawn.Process(target=warm_worker, args=(task, folder, theirs))
            worker.start()
            workers[task.__name__] = (mine, worker)
        for _ in range(rounds):
            for name, (orders, _) in workers.items():
                orders.send(True)  # noqa: FBT003
                found[name].append(orders.recv())
            if ffmpeg:
                found["zoompan"].append(zoompan(ffmpeg, Path(folder, "zoompan.mp4")))
        for orders, worker in workers.values():
            orders.send(False)  # noqa: FBT003
            worker.join()
    return {
        name: Cost(*(statistics.median(part) for part in zip(*costs, strict=True)))
        for name, costs in found.items()
        if costs
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    costs = measure(chosen.rounds)
    mine = costs["ours"]
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, medians of"
          f" {chosen.rounds}")  # fmt: skip
    numbers: dict[str, float] = {
        "wall_seconds": round(mine.wall, 2),
        "cpu_seconds": round(mine.cpu, 2),
        "peak_mb": round(mine.peak_mb),
        "rounds": chosen.rounds,
    }
    for name, cost in costs.items():
        wall, cpu = mine.wall / cost.wall, mine.cpu / cost.cpu
        took = f"{cost.wall:5.2f} s wall {cost.cpu:5.2f} s CPU {cost.peak_mb:5.0f} MB"
        print(f"{name:8} {took}   ours takes {wall:.2f} x, {cpu:.2f} x")
        if name != "ours":
            numbers |= {
                f"wall_ratio_{name}": round(wall, 3),
                f"cpu_ratio_{name}": round(cpu, 3),
            }
    if "zoompan" not in costs:
        print("No ffmpeg was found, so zoompan was not measured.")
    if chosen.json:
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
