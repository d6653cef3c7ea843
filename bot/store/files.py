"""Which files somebody still needs: each place in the rows that names one."""

import json
from collections.abc import Sequence

from bot.store.rows import Rows
from bot.store.schema import CLIP_STILL, JOB_LAST, JOB_STILL, LAST_FRAME, POSTER

PLACES = (
    ("clips", "media"),
    ("clips", POSTER),
    ("clips", LAST_FRAME),
    ("clips", CLIP_STILL),
    ("jobs", JOB_STILL),
    ("jobs", JOB_LAST),
    ("characters", "media"),
    ("uploads", "media"),
)
NEEDED = "WITH wanted(key) AS (SELECT value FROM json_each(?)) SELECT key FROM wanted"
NEEDED += " WHERE " + " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} WHERE {place} = wanted.key)"
    for table, place in PLACES
)


async def needed(db: Rows, keys: Sequence[str]) -> frozenset[str]:
    """Those of some media keys that a clip, a job, a character or an upload needs."""
    rows = await db.rows(NEEDED, json.dumps(keys))
    return frozenset(row["key"] for row in rows)
