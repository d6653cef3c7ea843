"""Everything remembered. The only package that knows a database driver.

`sqlite` drives the file, `schema` says what is in it, `jobs` and `clips` turn rows
into nouns. `bot.quota` keeps its own statements beside its rules.
"""

from bot.store.rows import Row, Rows, Store
from bot.store.sqlite import open_sqlite

__all__ = ["Row", "Rows", "Store", "open_sqlite"]
