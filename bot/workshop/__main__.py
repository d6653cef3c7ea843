"""The child of a workshop: `python -m bot.workshop MODULE:FUNCTION NICE MEMORY CPU`."""

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bot.errors import BotError
from bot.models import Json
from bot.workshop import OUT_OF_MEMORY

Say = Callable[[Json], None]
Target = Callable[[dict[str, Any], Callable[[float], None]], Json]

NO_MEMORY_IN_OPENCV = -4  # cv2.error.code; OpenCV knows no MemoryError


def main() -> None:
    """Carry out the calls that come in, until nobody is left to make any."""
    target, nice, memory, cpu = sys.argv[1:]
    say = _take_stdout()
    _step_back(int(nice))
    module, _, function = target.partition(":")
    work: Target = getattr(importlib.import_module(module), function)
    calls: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(calls,), daemon=True).start()
    _limit_memory(int(memory))
    say({"result": {}})  # ready
    while True:
        args = calls.get()
        # Only a call is limited; when its time is over the kernel ends the process.
        signal.setitimer(signal.ITIMER_PROF, float(cpu))
        answer = _carry_out(work, args, say)
        signal.setitimer(signal.ITIMER_PROF, 0)
        say(answer)


def _take_stdout() -> Say:
    """Keep stdout for answers; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: Json) -> None:
        try:
            print(json.dumps(message, default=str), file=answers, flush=True)
        except BrokenPipeError:
            os._exit(0)

    return say


def _step_back(nice: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    os.nice(nice)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_memory(memory: int) -> None:
    """Limit what is taken from now on: modules and weights are there already."""
    if not memory:
        return
    with contextlib.suppress(OSError, ValueError):  # macOS has none; or it is lower
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _listen(calls: SimpleQueue[dict[str, Any]]) -> None:
    """Take calls in, and leave at once, in mid-call too, when the parent is gone."""
    for line in sys.stdin.buffer:
        calls.put(json.loads(line))
    os._exit(0)


def _carry_out(work: Target, args: dict[str, Any], say: Say) -> Json:
    try:
        return {"result": work(args, lambda share: say({"progress": share}))}
    except BotError as error:
        return {
            "error": {
                "kind": type(error).__name__,
                "sentence": error.sentence,
                "hint": error.hint,
                "facts": error.facts,
            }
        }
    except Exception as error:  # noqa: BLE001 - the parent has to hear of every one
        code = getattr(error, "code", None)
        if isinstance(error, MemoryError) or code == NO_MEMORY_IN_OPENCV:
            os._exit(OUT_OF_MEMORY)
        return {"broke": traceback.format_exc()}


if __name__ == "__main__":
    main()
