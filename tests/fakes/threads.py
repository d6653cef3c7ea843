"""A workshop without a process: its work in a thread, for tests of other things."""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.workshop import Workshop
from bot.workshop.__main__ import _carry_out


class ThreadWorkshop(Workshop):
    """Starts at once where a process takes half a second; has no limits."""

    def __init__(self, target: str, *, name: str) -> None:
        super().__init__(target, name=name)
        module, _, function = target.partition(":")
        self._work = getattr(importlib.import_module(module), function)

    async def call(
        self,
        args: Mapping[str, Any],
        *,
        person: str = "",
        on_progress: Callable[[float], None] | None = None,
        seconds: float | None = None,
    ) -> dict[str, Any]:
        answer = await asyncio.to_thread(
            _carry_out, self._work, json.loads(json.dumps(args)), lambda _: None
        )
        return self._read(json.loads(json.dumps(answer, default=str)))
