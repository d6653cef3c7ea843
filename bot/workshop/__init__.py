"""Work that may hang, crash or eat memory, done in processes that can be killed.

A workshop owns some child processes, started when they are first needed. Each child is
nice, limited in memory and CPU, and does one call at a time; it is killed when a call
takes too long or nobody waits for it any more, and the next call finds a fresh one.
Who may call next is fair between people: see `turns`. Parent and child speak JSON, a
line each way: what a child may do to its parent is answer wrongly. The child's own side
is `bot/workshop/__main__.py`.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from bot import errors
from bot.errors import BotError, WorkshopError
from bot.models import Json
from bot.workshop.turns import Turns

log = logging.getLogger(__name__)

STARTING = 60.0  # seconds; importing OpenCV from a cold disk takes several
ENDING = 5.0  # seconds that a child may take over its own end
LONGEST_LINE = 1 << 24  # bytes
OUT_OF_MEMORY = 77  # exit code of a child that saw a MemoryError
KILLED_FOR_MEMORY = (OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGABRT)
OUT_OF_TIME = -signal.SIGPROF  # exit code of a child that used up its CPU seconds
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")


class Workshop:
    """Carries out calls of one function in child processes.

    The function takes a JSON object and a callback for its progress, and returns a
    JSON object. A `BotError` that it raises is raised here too.

    Args:
        target: The function, as `package.module:function`.
        name: What is made here, for sentences and the log.
        children: How many processes work at once.
        nice: How far a child steps back for others, 0 to 19.
        memory_bytes: Address space that a call may take beyond what the child takes
            for itself; None sets no limit.
        cpu_seconds: CPU time of a call; None sets no limit.
        seconds: Time limit of a call; None sets none.
    """

    def __init__(
        self,
        target: str,
        *,
        name: str,
        children: int = 1,
        nice: int = 0,
        memory_bytes: int | None = None,
        cpu_seconds: float | None = None,
        seconds: float | None = None,
    ) -> None:
        limits = (nice, memory_bytes or 0, cpu_seconds or 0)
        self._command = (target, *map(str, limits))
        self._count = children
        self._seconds = seconds
        self._turns = Turns(children)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._closed = False
        self.name = name
        self.starts = True  # False from a start that failed to the next that works

    async def call(
        self,
        args: Mapping[str, Any],
        *,
        person: str = "",
        on_progress: Callable[[float], None] | None = None,
        seconds: float | None = None,
    ) -> dict[str, Any]:
        """Carry out one call when its turn has come.

        Args:
            args: What to do, as JSON.
            person: For whom; people take turns, however many calls each makes.
            on_progress: Told the share that is done, 0 to 1.
            seconds: Time limit of this call, counted from its turn.

        Raises:
            BotError: What the function said of it.
            WorkshopError: The call broke, took too long or too much memory.
        """
        limit = self._seconds if seconds is None else seconds
        async with self._turns.taken(person):
            child = await self._ready()
            return self._read(
                await self._use(child, child.ask(args, on_progress), limit)
            )

    async def warm(self) -> None:
        """Start a child, so that the first call need not wait for it."""
        async with self._turns.taken(""):
            self._idle.append(await self._ready())

    async def close(self) -> None:
        """End the children; calls that are under way fail."""
        self._closed = True
        for child in self._busy:
            child.kill()
        async with AsyncExitStack() as stack:
            for number in range(self._count):
                await stack.enter_async_context(self._turns.taken(f"close {number}"))
            while self._idle:
                await self._idle.pop().end()

    async def _ready(self) -> "_Child":
        """A child that waits for a call."""
        if self._closed:
            raise WorkshopError("The bot is shutting down.")
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            await child.end()
        self.starts = False
        child = await _start(self._command)
        await self._use(child, child.answer(), STARTING)
        self.starts = True
        self._idle.remove(child)
        return child

    async def _use(
        self, child: "_Child", coming: Coroutine[None, None, Json], limit: float | None
    ) -> Json:
        """Wait for an answer; a child that owes us one is of no use any more."""
        self._busy.add(child)
        answer: Json | None = None
        try:
            async with asyncio.timeout(limit):
                answer = await coming
        except TimeoutError:
            log.warning("%s: a call was stopped after %s s", self.name, limit)
            raise WorkshopError(
                "That took longer than {limit:g} s and was stopped.", limit=limit
            ) from None
        except EOFError:
            raise self._obituary(await child.end()) from None
        finally:
            self._busy.discard(child)
            if answer is None:
                await child.end()
            else:
                self._idle.append(child)
        return answer

    def _obituary(self, code: int | None) -> WorkshopError:
        log.warning("%s: a worker ended with code %s", self.name, code)
        if code in KILLED_FOR_MEMORY and not self._closed:
            return WorkshopError("That needed more memory than the bot may use.")
        if code == OUT_OF_TIME:
            return WorkshopError("That needed more work than the bot may put into it.")
        return WorkshopError(
            "The bot's worker for {name} stopped in the middle.", name=self.name
        )

    def _read(self, answer: Json) -> dict[str, Any]:
        if "result" in answer:
            return dict(answer["result"])
        if "error" in answer:
            raise _rebuilt(answer["error"])
        log.error("%s: the worker broke\n%s", self.name, answer["broke"])
        raise WorkshopError(
            "Something broke in the bot's worker for {name}.", name=self.name
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Child:
    """A child process and the two ends of it that we hold."""

    process: asyncio.subprocess.Process
    to: asyncio.StreamWriter
    back: asyncio.StreamReader

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ask(
        self, args: Json, on_progress: Callable[[float], None] | None
    ) -> Json:
        """Send a call and return its answer; EOFError when the child is gone."""
        self.to.write(json.dumps(args).encode() + b"\n")
        with suppress(ConnectionError):  # what it died of is in its exit code
            await self.to.drain()
        while "progress" in (answer := await self.answer()):
            if on_progress is not None:
                on_progress(answer["progress"])
        return answer

    async def answer(self) -> Json:
        try:
            message: Json = json.loads(await self.back.readline())
        except ValueError:  # nothing, half a line, or far too much
            raise EOFError from None
        return message

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()

    async def end(self) -> int:
        """Kill the child, if it lives, and bury it."""
        # It may just have ended by itself, and then its own exit code says why.
        if not self.back.at_eof():
            self.kill()
        self.to.close()
        while await self.back.read(LONGEST_LINE):
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                return await self.process.wait()
        self.kill()
        return await self.process.wait()


async def _start(command: tuple[str, ...]) -> _Child:
    """Start a child that finds the same modules as we do, and none of our secrets."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["MALLOC_ARENA_MAX"] = "1"  # glibc hoards less; costs no time here
    environment["MALLOC_MMAP_THRESHOLD_"] = "262144"  # bytes; and gives large ones back
    environment["PYTHONPATH"] = os.pathsep.join(entry or "." for entry in sys.path)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", __name__, *command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=LONGEST_LINE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError  # both were asked for
    return _Child(process, process.stdin, process.stdout)


def _rebuilt(told: Json) -> BotError:
    """The error that the child raised, of the same class where that is possible."""
    kind = getattr(errors, told["kind"], BotError)
    if kind.__init__ is not BotError.__init__:
        kind = BotError
    error: BotError = kind(told["sentence"], hint=told["hint"], **told["facts"])
    return error
