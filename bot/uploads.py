"""Pictures that a program sends ahead of its order: kept for a day, for its key."""

import asyncio
import secrets
from collections.abc import Callable, Sequence

from bot.errors import QuotaError
from bot.media import Media
from bot.models import Person, Still
from bot.store import Rows, Store
from bot.store import uploads as rows
from bot.store.uploads import Upload

LASTS = 86_400.0  # seconds
MOST = 100  # of one person
MOST_BYTES = 200_000_000  # of one person, on our disk


class Uploads:
    """Keeps what people upload until they use it.

    Args:
        store: Where the rows are.
        media: Where the files are.
        now: Unix time in seconds.
    """

    def __init__(self, store: Store, media: Media, *, now: Callable[[], float]) -> None:
        self._store = store
        self._media = media
        self._now = now

    async def check(self, person: Person) -> None:
        """Look whether there is room for one more, before any work on it.

        Raises:
            QuotaError: The person keeps too much already.
        """
        await self._check(self._store, person, 0)

    async def add(
        self,
        still: Still,
        *,
        name: str,
        purpose: str,
        person: Person,
        lasts: float = LASTS,
    ) -> Upload:
        """Keep a picture that was made safe.

        Args:
            still: The picture.
            name: What the program calls it.
            purpose: What the program says it is for.
            person: Whose it is.
            lasts: Seconds until it is gone; a day is the most.

        Raises:
            QuotaError: The person keeps too much already.
        """
        file = self._media.path(still.media)
        size = (await asyncio.to_thread(file.stat)).st_size
        now = self._now()
        upload = Upload(
            id=f"file-{secrets.token_hex(12)}",
            name=name,
            purpose=purpose,
            still=still,
            bytes=size,
            created=now,
            expires=now + min(lasts, LASTS),
        )

        async def write(db: Rows) -> None:
            await self._check(db, person, size)
            await rows.add(db, upload, person=person.key)

        await self._store.transaction(write)
        return upload

    async def get(self, upload_id: str, *, person: Person) -> Upload | None:
        """A person's own upload of that id."""
        return await rows.get(
            self._store, upload_id, person=person.key, now=self._now()
        )

    async def listed(self, *, person: Person) -> Sequence[Upload]:
        """A person's own uploads, the newest first."""
        return await rows.listed(self._store, person=person.key, now=self._now())

    async def remove(self, upload_id: str, *, person: Person) -> bool:
        """Forget a person's own upload; the sweep takes the file nobody else uses."""
        return await rows.remove(self._store, upload_id, person=person.key)

    async def _check(self, db: Rows, person: Person, size: int) -> None:
        kept = await rows.listed(db, person=person.key, now=self._now())
        if len(kept) >= MOST or sum(one.bytes for one in kept) + size > MOST_BYTES:
            raise QuotaError(
                "You keep {count} files here, which is as much as there is room for.",
                hint="Delete one that you need no more; each goes by itself in a day.",
                count=len(kept),
            )
