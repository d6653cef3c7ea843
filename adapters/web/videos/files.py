"""What a finished video is handed out as: the clip, one picture, or many."""

import asyncio

from aiohttp import web

from adapters.web.cards import file_name
from adapters.web.pictures import KEEP, RangedFile
from adapters.web.videos.errors import WireError
from bot.errors import MissingError
from bot.models import Clip
from bot.service import RenderService


class Files:
    """Hands out finished videos in any variant."""

    def __init__(self, service: RenderService) -> None:
        self._service = service

    async def variant(self, clip: Clip, name: str) -> web.StreamResponse:
        """A clip as one of the wire's three variants; ranges are aiohttp's.

        Raises:
            WireError: There is no such variant.
            MissingError: The file is gone.
        """
        key = clip.poster if name == "thumbnail" else clip.media
        path = self._service.media_path(key)
        if not await asyncio.to_thread(path.is_file):
            raise MissingError("That video is not here any more.")
        headers = {"Cache-Control": KEEP}
        match name:
            case "video":
                told = f'attachment; filename="{file_name(clip)}"'
                headers["Content-Disposition"] = told
                return RangedFile(path, headers=headers)
            case "thumbnail":
                data, kind = await self._service.thumbnail(clip), "webp"
            case "spritesheet":
                data, kind = await self._service.sheet(clip), "jpeg"
            case _:
                raise WireError(
                    "Variants are video, thumbnail and spritesheet.", param="variant"
                )
        return web.Response(body=data, content_type=f"image/{kind}", headers=headers)
