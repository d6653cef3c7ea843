"""Files behind addresses that are signed and expire."""

import hashlib
from collections.abc import Callable

from aiohttp import web

from tests.fakes.discord_api.things import Attachment

LASTS = 24 * 3_600  # seconds


class Cdn:
    """Keeps attachments."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, Attachment] = {}
        self.address = ""
        self.asked = 0

    def keep(self, one: Attachment) -> Attachment:
        """Put a file where its address leads."""
        self._kept[one.path] = one
        return one

    def sign(self, one: Attachment) -> str:
        """An address that works for a day."""
        until = f"{int(self._clock()) + LASTS:x}"
        query = f"ex={until}&is={int(self._clock()):x}&hm={_mark(one.path, until)}"
        return f"{self.address}/{one.path}?{query}"

    async def get(self, request: web.Request) -> web.Response:
        """Hand a file out."""
        self.asked += 1
        path, until = request.match_info["path"], request.query.get("ex", "0")
        good = request.query.get("hm") == _mark(path, until)
        if path not in self._kept or not good or int(until, 16) < self._clock():
            return web.Response(status=404, text="This content is no longer available.")
        one = self._kept[path]
        kind = one.content_type or "application/octet-stream"
        return web.Response(body=one.data, headers={"Content-Type": kind})


def _mark(path: str, until: str) -> str:
    return hashlib.sha256(f"{path} {until}".encode()).hexdigest()
