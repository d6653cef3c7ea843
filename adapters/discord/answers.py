"""Interactions whose token still works: in memory only, and only for some minutes."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import discord
from discord.utils import MISSING

from adapters.discord.line import twice

ACK = "acknowledgement"  # the first answer on its way, among an interaction's extras
LASTS = 14 * 60.0  # seconds; Discord's tokens last 15 minutes (docs, 2026-08)
MOST = 10_000  # interactions kept at once; the oldest go first


@dataclass(slots=True)
class Answer:
    """An interaction that can still be answered.

    Attributes:
        since: When it was received, in seconds of a monotonic clock.
        may_post: Whether the bot may post in its own name where it was called.
        begun: Whether its first answer shows more than "thinking".
    """

    interaction: discord.Interaction
    since: float
    may_post: bool
    begun: bool = False

    async def show(self, text: str, view: discord.ui.View | None = MISSING) -> None:
        """Change the first answer."""
        await self.interaction.edit_original_response(content=text, view=view)
        self.begun = True

    async def begin(self, text: str) -> None:
        """See that the first answer shows something.

        As long as it does not, whatever follows takes its place.
        """
        if ack := self.interaction.extras.get(ACK):
            await asyncio.wait([ack])
        if not self.begun:
            await twice(partial(self.show, text))


class Answers:
    """Finds the interaction behind a delivery."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Answer] = OrderedDict()

    def keep(
        self, key: str, interaction: discord.Interaction, *, may_post: bool
    ) -> Answer:
        """Remember what caused a delivery."""
        answer = Answer(interaction, self._clock(), may_post)
        self._kept[key] = answer
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return answer

    def get(self, key: str) -> Answer | None:
        """What caused a delivery, while it can be answered."""
        answer = self._kept.get(key)
        return answer if answer and self.is_open(answer) else None

    def may_post(self, key: str) -> bool:
        """Whether posting in the channel is worth trying."""
        answer = self._kept.get(key)
        return answer is None or answer.may_post

    def is_open(self, answer: Answer) -> bool:
        """Whether the token still works."""
        return self._clock() - answer.since < LASTS

    def forget(self, key: str) -> None:
        """Let an interaction go."""
        self._kept.pop(key, None)
