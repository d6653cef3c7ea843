"""How the bot fares with very many rows: after a restart, and while it sweeps.

Two rounds, each with the bot as `vivant run` starts it, in a process of its own:

* 10,000 renders are under way at a service on loopback. How long from the start of the
  process until the service was asked for every one of them; how long `/healthz` took at
  the worst; how much memory was needed; how late the event loop was.
* 200,000 clips are finished, some with files. How late the event loop was while the
  sweep went through them, and what the slowest of the everyday queries takes.

    python -m bench.scale [--jobs 10000] [--clips 200000] [--progress 0] [--json]
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench import scale_child, scale_rows
from bench.scale_child import Service

DEADLINE = 300.0  # seconds for a round


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=10_000, help="under way")
    options.add_argument("--clips", type=int, default=200_000, help="finished")
    options.add_argument(
        "--progress", type=int, default=0, help="percent that the service tells of each"
    )
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = resume(Path(folder, "resume"), chosen.jobs, chosen.progress)
        numbers |= sweep(Path(folder, "sweep"), chosen.clips)
    for name, number in numbers.items():
        print(f"{name:20} {number}")
    if chosen.json:
        print(json.dumps(numbers))


def resume(data: Path, jobs: int, progress: int) -> dict[str, float]:
    """Start on so many unfinished renders."""
    scale_rows.under_way(data, jobs)
    with Service(progress=progress) as service, bot(data, service) as running:
        begun = time.monotonic()
        health = Health(running.port)
        while service.asked() < jobs and time.monotonic() < begun + DEADLINE:
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        slowest = health.stop()
        memory = running.memory()
        used = running.processor()
    lags = running.lags()
    return {
        "resume_cpu_seconds": round(used, 2),
        "resume_seconds": round(seconds, 2),
        "healthz_max_seconds": round(slowest, 3),
        "rss_mb": round(memory, 1),
        "stall_p99_ms": round(lags[int(len(lags) * 0.99)] * 1_000, 1),
    }


def sweep(data: Path, clips: int) -> dict[str, float]:
    """Start on so many clips, of which the sweep has to look at every file."""
    scale_rows.finished(data, clips)
    with Service() as service, bot(data, service) as running:
        health = Health(running.port)
        until = time.monotonic() + DEADLINE
        while scale_rows.unswept(data) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.0)
        health.stop()
        memory = running.memory()
    slowest, name = asyncio.run(scale_rows.slowest_query(data))
    print(f"the slowest query is that of {name}")
    return {
        "sweep_stall_ms": round(running.lags()[-1] * 1_000, 1),
        "sweep_rss_mb": round(memory, 1),
        "query_ms": round(slowest * 1_000, 2),
    }


class Bot:
    """A running bot."""

    def __init__(self, data: Path, service: Service) -> None:
        self._notes = data / "lags.json"
        self.port = scale_child.free_port()
        keep = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.scale_child", str(self._notes)],
            env={
                **keep,
                "VIVANT_DATA": str(data),
                "VIVANT_WEB_PORT": str(self.port),
                "VIVANT_MIN_FREE_MB": "0",
                "OPENAI_API_KEY": "bench",
                "OPENAI_BASE_URL": service.url,
                "OPENAI_PROFILE": "openai",
            },
            stdout=subprocess.DEVNULL,
        )

    def memory(self) -> float:
        """The most that it has needed so far, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1_024

    def processor(self) -> float:
        """Seconds of processor time that it has needed so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it as an owner does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def lags(self) -> list[float]:
        """How late its event loop was, in seconds, the latest last."""
        found: list[float] = json.loads(self._notes.read_text())
        return sorted(found)


@contextmanager
def bot(data: Path, service: Service) -> Iterator[Bot]:
    """Let one run."""
    running = Bot(data, service)
    try:
        yield running
    finally:
        running.stop()


class Health:
    """Asks `/healthz` again and again, from the moment that somebody listens."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._slowest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def stop(self) -> float:
        """The longest that an answer took, in seconds."""
        self._over.set()
        self._thread.join()
        return self._slowest

    def _ask(self) -> None:
        heard = False
        while not self._over.wait(0.05):
            begun = time.monotonic()
            try:
                line = HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE)
                line.request("GET", "/healthz")
                line.getresponse().read()
                line.close()
            except (OSError, HTTPException):
                if not heard:
                    continue
            heard = True
            self._slowest = max(self._slowest, time.monotonic() - begun)


if __name__ == "__main__":
    main()
