"""Everything remembered. The only package that knows a database driver.

`sqlite` drives the file, `lock` keeps a second bot away, `health` says what is wrong,
`schema` says what is in it, `jobs` and `clips` turn rows into nouns, `files` knows
which media those need. `bot.quota` keeps its own statements beside its rules.
"""

from bot.store.health import latest_clips, never_used
from bot.store.rows import Row, Rows, Store
from bot.store.sqlite import open_sqlite

__all__ = ["Row", "Rows", "Store", "latest_clips", "never_used", "open_sqlite"]
