"""What a workshop may be asked to do in a test."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from bot.errors import Fault, ProviderError, StillError

Tell = Callable[[float], None]


def work(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    """Do what `do` names."""
    return DEEDS[args["do"]](args, on_progress)


def _echo(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    on_progress(0.5)
    print("stray words")  # noqa: T201
    os.write(1, b"stray bytes\n")
    return {"said": args["say"], "pid": os.getpid(), "nice": os.nice(0)}


def _secrets(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    return {"environment": dict(os.environ)}


def _refuse(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    raise StillError("It has {sides} sides.", hint="Count again.", sides=7)


def _decline(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    raise ProviderError(Fault.BUSY, "It is busy.")


def _break(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    raise KeyError("/home/ann/secret")


def _hang(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    on_progress(float(os.getpid()))
    while True:
        time.sleep(60)


def _spin(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    while True:
        pass


def _wait(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    on_progress(0.0)
    while not os.path.exists(args["file"]):  # noqa: PTH110 - as little as can be
        time.sleep(0.01)
    return {}


def _hoard(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    return {"size": len(bytearray(args["bytes"]))}


def _die(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    os.kill(os.getpid(), signal.Signals[args["by"]])
    raise AssertionError


def _babble(args: dict[str, Any], on_progress: Tell) -> dict[str, Any]:
    return {"words": "x" * args["length"]}


DEEDS = {
    "echo": _echo,
    "secrets": _secrets,
    "refuse": _refuse,
    "decline": _decline,
    "break": _break,
    "hang": _hang,
    "spin": _spin,
    "wait": _wait,
    "hoard": _hoard,
    "die": _die,
    "babble": _babble,
}
