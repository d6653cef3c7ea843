"""Forgetting: what is older than the owner keeps it goes, rows and files."""

import time
from collections.abc import Callable

from bot.media import Media
from bot.store import Rows, Store, notes
from bot.store import characters as character_rows
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from bot.store import uploads as upload_rows

DAY = 86_400.0
SIGNED_IN = 31 * DAY  # a cookie of the page that was given back is too old by then


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
        How many files were deleted.
    """
    if keep_days:
        limit = now() - keep_days * DAY

        async def forget(db: Rows) -> None:
            for clip_id in await clip_rows.older_than(db, limit):
                await clip_rows.remove(db, clip_id)
            await job_rows.remove_ended(db, before=limit)
            await notes.forget(db, "once:", before=limit)

        await store.transaction(forget)
    await notes.forget(store, "signed-out ", before=now() - SIGNED_IN)
    # A day's grace: a still that was uploaded an hour ago may yet be asked for.
    keep = await clip_rows.media(store) | await job_rows.stills(store)
    keep |= await character_rows.media(store)
    await upload_rows.remove_expired(store, now=now())
    keep |= await upload_rows.media(store)
    return await media.sweep(keep, older_than=now() - DAY)
