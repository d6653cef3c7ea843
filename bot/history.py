"""How long renders took: one history for all jobs, read once and added to as they end.

It says when a model's next render may be done; see `bot.pacing`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from bot.models import Job, RenderRequest
from bot.pacing import ENOUGH
from bot.store import Rows
from bot.store import jobs as job_rows

KEPT = 30  # of each model and length
READ = 300  # of each provider's latest renders, when it is first asked


class History:
    """Durations by provider, model and length of clip.

    Args:
        db: Where earlier renders are.
    """

    def __init__(self, db: Rows) -> None:
        self._db = db
        self._reading: dict[str, asyncio.Future[None]] = {}
        self._took: dict[tuple[str, str], dict[int, deque[float]]] = {}

    async def of(self, request: RenderRequest) -> Sequence[float]:
        """Seconds that the latest renders by the same model took.

        Those of the same length, or of any where there are too few of that. Whoever
        holds on to them sees those that are added.
        """
        await self._read(request.provider)
        model = self._of_model(request.provider, request.model)
        alike = model.setdefault(request.made_seconds, deque(maxlen=KEPT))
        if len(alike) >= ENOUGH or len(model) == 1:
            return alike
        return [took for lengths in model.values() for took in lengths][-KEPT:]

    async def add(self, job: Job) -> None:
        """Remember how long the render of a job took, if that is known."""
        if job.took:
            request = job.request
            await self._read(request.provider)
            self._add(request.provider, request.model, request.made_seconds, job.took)

    async def _read(self, provider: str) -> None:
        """Read what is in the database, once for all who ask."""
        reading = self._reading.get(provider)
        if reading is None or (reading.done() and _failed(reading)):
            reading = asyncio.ensure_future(self._load(provider))
            self._reading[provider] = reading
        await asyncio.shield(reading)

    async def _load(self, provider: str) -> None:
        found = await job_rows.durations(self._db, provider, limit=READ)
        for model, seconds, took in reversed(found):
            self._add(provider, model, seconds, took)

    def _add(self, provider: str, model: str, seconds: int, took: float) -> None:
        lengths = self._of_model(provider, model)
        lengths.setdefault(seconds, deque(maxlen=KEPT)).append(took)

    def _of_model(self, provider: str, model: str) -> dict[int, deque[float]]:
        return self._took.setdefault((provider, model), {})


def _failed(reading: asyncio.Future[None]) -> bool:
    return reading.cancelled() or reading.exception() is not None
