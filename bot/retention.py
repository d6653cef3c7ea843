"""Forgetting: what is older than the owner keeps it goes, rows and files.

All of it in slices, so that nobody waits for it, however much there is. Files go by
way of a trash, so that what was swept by mistake, as with the wrong database, can be
had back for a day.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.media import Media
from bot.store import Rows, Store, files, notes
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from bot.store import uploads as upload_rows

log = logging.getLogger(__name__)

DAY = 86_400.0
SIGNED_IN = 31 * DAY  # a cookie of the page that was given back is too old by then
SLICE = 100  # rows or files at a time: a few milliseconds of the database


async def sweep(
    store: Store,
    media: Media,
    *,
    keep_days: int,
    now: Callable[[], float] = time.time,
) -> int:
    """Delete clips and ended jobs past their time, then every file nobody needs.

    Args:
        store: Where the rows are.
        media: Where the files are.
        keep_days: Days that a clip is kept; 0 keeps it for ever.
        now: The clock.

    Returns:
        How many files went into the trash.
    """
    if keep_days:
        await _forget(store, now() - keep_days * DAY)
    await _forget_notes(store, "signed-out ", now() - SIGNED_IN)
    await upload_rows.remove_expired(store, now=now())
    # A day's grace: a still that was uploaded an hour ago may yet be asked for.
    back = await _restore(store, media)
    gone = await _discard(store, media, now=now())
    emptied = await media.empty_trash(older_than=now() - DAY)
    if back or gone or emptied:
        log.warning(
            "swept: %s files put into the trash for a day, %s taken back from it,"
            " %s deleted",
            gone,
            back,
            emptied,
        )
    return gone


async def _forget(store: Store, limit: float) -> None:
    async def clips(db: Rows) -> int:
        old = await clip_rows.older_than(db, limit, limit=SLICE)
        for clip_id in old:
            await clip_rows.remove(db, clip_id)
        return len(old)

    await _in_slices(store, clips)
    await _in_slices(store, partial(job_rows.remove_ended, before=limit, limit=SLICE))
    await _forget_notes(store, "once:", limit)


async def _forget_notes(store: Store, prefix: str, before: float) -> None:
    await _in_slices(
        store, partial(notes.forget, prefix=prefix, before=before, limit=SLICE)
    )


async def _in_slices(store: Store, work: Callable[[Rows], Awaitable[int]]) -> None:
    while await store.transaction(work) == SLICE:
        pass


async def _restore(store: Store, media: Media) -> int:
    """Take back from the trash what somebody needs after all."""
    back = 0
    async for names in media.in_trash(SLICE):
        needed = await files.needed(store, names)
        if needed:
            back += await media.restore(needed)
    return back


async def _discard(store: Store, media: Media, *, now: float) -> int:
    """Put what is old and needed by nobody into the trash."""
    gone = 0

    async def discard(db: Rows, *, names: Sequence[str]) -> int:
        # In the transaction: no order can begin to need one of them meanwhile.
        needed = await files.needed(db, names)
        unneeded = set(names) - needed
        return media.discard(unneeded, older_than=now - DAY, now=now)

    async for names in media.older(SLICE, than=now - DAY):
        needed = await files.needed(store, names)
        if unneeded := [name for name in names if name not in needed]:
            gone += await store.transaction(partial(discard, names=unneeded))
    return gone
