"""Which clip a message or a thread names, so that an answer there finds it.

A thread names the latest clip that was finished in it. It is anchored apart from its
first message, which may be a clip of its own.
"""

from dataclasses import dataclass, replace

from bot.models import Job
from bot.service import RenderService


@dataclass(frozen=True, slots=True)
class Anchors:
    """Notes them."""

    service: RenderService

    async def found(self, job: Job, channel: str, ts: str) -> None:
        """A clip is there: its message, its thread and its card's thread name it."""
        there = replace(job.place, channel=channel)
        if channel != job.place.channel:
            await self.service.anchor(job.id, there, ts)
        thread = job.place.thread if channel == job.place.channel else None
        roots = {thread or ts}
        if job.card and not thread:
            card_channel, _, card = job.card.partition(":")
            if card_channel == channel:
                roots.add(card)
        for root in roots:
            await self.service.anchor(job.id, there, thread_of(root))

    async def claim(self, job: Job, channel: str, ts: str) -> None:
        """A card is there: a thread that names no clip yet names the one to come."""
        there = replace(job.place, channel=channel)
        root = thread_of(job.place.thread or ts)
        if await self.service.anchored(there, root) is None:
            await self.service.anchor(job.id, there, root)


def thread_of(root: str) -> str:
    """What a thread is anchored under, by the timestamp of its first message."""
    return f"thread {root}"
