"""Faults that a test scripts: answers, broken lines, waits."""

import asyncio
import re
from dataclasses import dataclass


@dataclass
class Fault:
    """What happens to the next requests that fit.

    Attributes:
        cut: Break the line `before` or `after` the request was carried out.
        files: Only requests that carry a file.
    """

    method: str
    path: str
    status: int = 500
    code: int = 0
    times: int = 1
    retry_after: float = 0.0
    via: bool = True
    scope: str = "user"
    cut: str | None = None
    hold: asyncio.Event | None = None
    files: bool = False

    def fits(self, method: str, path: str, *, has_files: bool) -> bool:
        """Whether it happens to this request."""
        if self.times < 1 or (self.files and not has_files):
            return False
        return method == self.method and bool(re.search(self.path, path))
