"""Calls to the owner's own address that were not heard yet, kept over a restart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.store import Store

# Seconds before each further try; about a day and a half in all.
PAUSES = (5.0, 30.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 72_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """That something became of a job.

    Attributes:
        event: What, as in `video.completed`.
        made: Unix time in seconds when it happened.
        tries: How often it was sent in vain.
        due: Unix time in seconds of the next try.
    """

    job: str
    event: str
    made: float
    tries: int
    due: float


class Outbox:
    """Notes that are to be sent, each until it was heard or given up.

    Args:
        store: Where they are kept.
        now: Unix time in seconds.
        pauses: Seconds before each further try.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], float],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._store = store
        self._now = now
        self._pauses = pauses

    async def put(self, job_id: str, event: str) -> None:
        """Let a note be sent; the same one again is still one."""
        now = self._now()
        await self._store.rows(
            "INSERT INTO outbox(job, event, made, tries, due) VALUES(?, ?, ?, 0, ?)"
            " ON CONFLICT DO NOTHING",
            job_id,
            event,
            now,
            now,
        )

    async def next(self) -> Note | None:
        """The note whose turn comes first."""
        rows = await self._store.rows("SELECT * FROM outbox ORDER BY due, made LIMIT 1")
        return Note(**rows[0]) if rows else None

    async def heard(self, note: Note) -> None:
        """Forget a note."""
        await self._store.rows("DELETE FROM outbox WHERE job = ?", note.job)

    async def missed(self, note: Note) -> bool:
        """Send it again later; False when it was sent often enough."""
        if note.tries >= len(self._pauses):
            await self.heard(note)
            return False
        await self._store.rows(
            "UPDATE outbox SET tries = ?, due = ? WHERE job = ?",
            note.tries + 1,
            self._now() + self._pauses[note.tries],
            note.job,
        )
        return True
