"""Work that may hang, crash or eat memory, done in a process that can be killed.

A workshop owns one child process, started when it is first needed. The child is
nice, limited in memory, and does one call at a time; it is killed when a call takes
too long or nobody waits for it any more, and the next call finds a fresh one. The
two speak JSON, a line each way: what a child may do to its parent is answer wrongly.
The child's own side is `bot/workshop/__main__.py`.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot import errors
from bot.errors import BotError, WorkshopError
from bot.models import Json

log = logging.getLogger(__name__)

STARTING = 60.0  # seconds; importing OpenCV from a cold disk takes several
ENDING = 5.0  # seconds that a child may take over its own end
LONGEST_LINE = 1 << 24  # bytes
OUT_OF_MEMORY = 77  # exit code of a child that saw a MemoryError
KILLED_FOR_MEMORY = (OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGABRT)
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")


class Workshop:
    """Carries out calls of one function in one child process.

    The function takes a JSON object and a callback for its progress, and returns a
    JSON object. A `BotError` that it raises is raised here too.

    Args:
        target: The function, as `package.module:function`.
        name: What is made here, for sentences and the log.
        nice: How far the child steps back for others, 0 to 19.
        memory_bytes: Address space the child may take; None sets no limit.
        seconds: Time limit of a call; None sets none.
    """

    def __init__(
        self,
        target: str,
        *,
        name: str,
        nice: int = 0,
        memory_bytes: int | None = None,
        seconds: float | None = None,
    ) -> None:
        self._command = (target, str(nice), str(memory_bytes or 0))
        self._name = name
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._closed = False
        self.name = name
        self.starts = True  # False from a start that failed to the next that works

    async def call(
        self,
        args: Mapping[str, Any],
        *,
        on_progress: Callable[[float], None] | None = None,
        seconds: float | None = None,
    ) -> dict[str, Any]:
        """Carry out one call; calls wait for each other.

        Args:
            args: What to do, as JSON.
            on_progress: Told the share that is done, 0 to 1.
            seconds: Time limit of this call, counted from its turn.

        Raises:
            BotError: What the function said of it.
            WorkshopError: The call broke, took too long or too much memory.
        """
        limit = self._seconds if seconds is None else seconds
        async with self._turn:
            child = await self._ready()
            return await self._hear(child.ask(args, on_progress), limit)

    async def warm(self) -> None:
        """Start the child, so that the first call need not wait for it."""
        async with self._turn:
            await self._ready()

    async def close(self) -> None:
        """End the child; a call that is under way fails."""
        self._closed = True
        if self._child is not None:
            self._child.kill()
        async with self._turn:
            await self._let_go()

    async def _ready(self) -> "_Child":
        if self._closed:
            raise WorkshopError("The bot is shutting down.")
        if self._child is not None and not self._child.alive:
            await self._let_go()
        if self._child is None:
            self.starts = False
            self._child = await _start(self._command)
            await self._hear(self._child.answer(), STARTING)
            self.starts = True
        return self._child

    async def _hear(
        self, coming: Coroutine[None, None, Json], limit: float | None
    ) -> dict[str, Any]:
        """Wait for an answer; a child that owes us one is of no use any more."""
        answer: Json | None = None
        try:
            async with asyncio.timeout(limit):
                answer = await coming
        except TimeoutError:
            log.warning("%s: a call was stopped after %s s", self._name, limit)
            raise WorkshopError(
                "That took longer than {limit:g} s and was stopped.", limit=limit
            ) from None
        except EOFError:
            raise self._obituary(await self._let_go()) from None
        finally:
            if answer is None:
                await self._let_go()
        return self._read(answer)

    async def _let_go(self) -> int | None:
        child, self._child = self._child, None
        return None if child is None else await child.end()

    def _obituary(self, code: int | None) -> WorkshopError:
        log.warning("%s: the worker ended with code %s", self._name, code)
        if code in KILLED_FOR_MEMORY and not self._closed:
            return WorkshopError("That needed more memory than the bot may use.")
        return WorkshopError(
            "The bot's worker for {name} stopped in the middle.", name=self._name
        )

    def _read(self, answer: Json) -> dict[str, Any]:
        if "result" in answer:
            return dict(answer["result"])
        if "error" in answer:
            raise _rebuilt(answer["error"])
        log.error("%s: the worker broke\n%s", self._name, answer["broke"])
        raise WorkshopError(
            "Something broke in the bot's worker for {name}.", name=self._name
        )


@dataclass(frozen=True, slots=True)
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
