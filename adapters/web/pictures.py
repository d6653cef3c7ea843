"""Files that the page shows and plays: clips, posters, stills and samples."""

import asyncio
import re
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

import bot
from adapters.web.cards import file_name
from adapters.web.chat import OWNER
from bot.errors import MissingError
from bot.service import RenderService

RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-0*[1-9][0-9]{0,17})")
SAMPLES = Path(bot.__file__).parent / "samples"
STILL_KEY = re.compile(r"[0-9a-z]+\.(?:png|jpg)")  # as the media store names them
KEEP = "private, max-age=3600"  # long enough for a loop; short for what was deleted


class RangedFile(web.FileResponse):
    """A file, or the one range of it that was asked for.

    Whatever else a `Range` says is to be ignored, as RFC 9110 has it: other units, a
    last byte before the first, and several ranges, which nobody has to serve.
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Answer; a request whose range is none is answered as if it had none."""
        if not _is_one_range(request.headers.get("Range", "bytes=0-")):
            headers = request.headers.copy()
            headers.popall("Range")
            request = request.clone(headers=headers)
        return await super().prepare(request)


class Samples:
    """The photos that come with the bot, for whoever has none at hand."""

    async def names(self) -> list[str]:
        """Their file names, in order."""
        return await asyncio.to_thread(
            lambda: sorted(file.name for file in SAMPLES.glob("*.jpg"))
        )

    async def path(self, name: str) -> Path:
        """Where one lies.

        Raises:
            MissingError: There is none of that name.
        """
        if name not in await self.names():
            raise MissingError(
                "There is no such sample.", hint="Pick one of the strip."
            )
        return SAMPLES / name

    async def read(self, name: str) -> bytes:
        """The bytes of one.

        Raises:
            MissingError: There is none of that name.
        """
        return await asyncio.to_thread((await self.path(name)).read_bytes)


class Pictures:
    """Hands out files from the media store; ranges and freshness are aiohttp's."""

    def __init__(self, service: RenderService) -> None:
        self._service = service
        self._samples = Samples()

    def routes(self) -> list[web.RouteDef]:
        """Every address that answers with a file of a person."""
        return [
            web.get("/clips/{id}.mp4", self.clip),
            web.get("/clips/{id}.jpg", self.poster),
            web.get("/shared/{id}/{until}/{sign}.mp4", self.shared),
            web.get("/stills/{key}", self.still),
            web.get("/samples/{name}", self.sample),
        ]

    async def clip(self, request: web.Request) -> web.StreamResponse:
        """A finished clip; with `?download=1` as a file to keep."""
        clip = await self._service.clip(request.match_info["id"], person=OWNER)
        headers = {"Cache-Control": KEEP}
        if "download" in request.query:
            name = file_name(clip)
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return RangedFile(self._service.media_path(clip.media), headers=headers)

    async def shared(self, request: web.Request) -> web.StreamResponse:
        """A clip whose address we gave out, for whoever was given it."""
        asked = request.match_info
        clip = await self._service.shared(asked["id"], asked["until"], asked["sign"])
        headers = {
            "Cache-Control": KEEP,
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return RangedFile(self._service.media_path(clip.media), headers=headers)

    async def poster(self, request: web.Request) -> web.StreamResponse:
        """The first frame of a clip."""
        clip = await self._service.clip(request.match_info["id"], person=OWNER)
        return self._file(clip.poster)

    async def still(self, request: web.Request) -> web.StreamResponse:
        """A still that was made safe."""
        key = request.match_info["key"]
        if not await still_exists(self._service, key):
            raise MissingError(
                "That picture is not here any more.", hint="Add it again."
            )
        return self._file(key)

    async def sample(self, request: web.Request) -> web.StreamResponse:
        """One of the photos to try with."""
        return RangedFile(
            await self._samples.path(request.match_info["name"]),
            headers={"Cache-Control": KEEP},
        )

    def _file(self, key: str) -> RangedFile:
        path = self._service.media_path(key)
        return RangedFile(path, headers={"Cache-Control": KEEP})


def _is_one_range(told: str) -> bool:
    asked = RANGE.fullmatch(told)
    return asked is not None and (not asked[2] or int(asked[1]) <= int(asked[2]))


async def still_exists(service: RenderService, key: str) -> bool:
    """Whether a key that came from outside names a still on our disk."""
    if not STILL_KEY.fullmatch(key):
        return False
    return await asyncio.to_thread(service.media_path(key).is_file)
