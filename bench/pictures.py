"""What pictures take of memory and CPU, sound ones and hostile ones.

Each file is made safe by a fresh worker process of the kind that the bot uses, with its
limits; `VmHWM` and the CPU seconds are what the kernel says of that process.

    python bench/pictures.py [--json] [FILE ...]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot import assembly
from tests.fakes.hostile import CORPUS

MEGABYTE = 1 << 20
CHILD = """
import json, resource, signal, sys
from pathlib import Path
from bot.errors import BotError
from bot.stills.worker import prepare
memory, cpu, picture, to = sys.argv[1:]
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + int(memory)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
before = resource.getrusage(resource.RUSAGE_SELF)
signal.setitimer(signal.ITIMER_PROF, float(cpu))
try:
    made = prepare({"picture": picture, "to": to}, print)
    said = f"{made['width']}x{made['height']}"
except BotError as error:
    said = str(error)
except MemoryError:
    said = "out of memory"
signal.setitimer(signal.ITIMER_PROF, 0)
print(json.dumps({"said": said, "start": before.ru_utime + before.ru_stime}))
"""


def measure(file: Path) -> dict[str, Any]:
    """Memory and CPU of a fresh worker over one file."""
    to = file.with_suffix(".safe.jpg")
    limits = (str(assembly.PICTURE_MEMORY), str(assembly.PICTURE_CPU))
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "262144",
    }
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *limits, str(file), str(to)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdout is not None
    peak = watched(child.pid)
    told = child.stdout.read()
    _, status, usage = os_wait(child)
    said = json.loads(told) if told else {"said": f"ended by {status}", "start": 0.0}
    return {
        "file": file.name,
        "bytes": file.stat().st_size,
        "peak_mb": peak,
        "cpu_s": round(usage.ru_utime + usage.ru_stime - said["start"], 2),
        "said": said["said"],
    }


def watched(pid: int) -> float:
    """The largest resident memory of a process, looked at until it ends."""
    peak = 0
    while True:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        found = [line for line in status.splitlines() if line.startswith("VmHWM")]
        if not found:  # only its name is left of it
            return round(peak / 1024, 1)
        peak = int(found[0].split()[1])
        time.sleep(0.002)


def os_wait(child: "subprocess.Popen[bytes]") -> tuple[int, int, Any]:
    """Wait for a child and learn what it took."""
    pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return pid, child.returncode, usage


def files(folder: Path) -> Iterator[Path]:
    """The whole corpus, made one file at a time."""
    for name, make in CORPUS.items():
        file = folder / name
        file.write_bytes(make(True))  # noqa: FBT003
        yield file
        file.unlink()


def main() -> None:
    """Measure, and say how the worst of it compares with the promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = []
        for file in asked.files or files(Path(name)):
            found.append(measure(file))
            if not asked.json:
                one = found[-1]
                print(
                    f"{one['file']:28} {one['peak_mb']:6} MB {one['cpu_s']:5} s "
                    f" {one['said'][:70]}",
                    flush=True,
                )
    worst = {
        "files": len(found),
        "worst_peak_mb": max(one["peak_mb"] for one in found),
        "worst_cpu_s": max(one["cpu_s"] for one in found),
    }
    print(json.dumps(worst | ({"all": found} if asked.json else {})))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
