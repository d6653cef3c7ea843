"""What a finished video is handed out as: the clip, one picture, or many."""

import asyncio
from pathlib import Path

from aiohttp import web

from adapters.web.cards import file_name
from adapters.web.pictures import KEEP
from adapters.web.videos.errors import WireError
from bot.errors import MissingError
from bot.models import Clip
from bot.service import RenderService


class Files:
    """Hands out finished videos in any variant."""

    def __init__(self, service: RenderService) -> None:
        self._service = service
        self._one_at_a_time = asyncio.Lock()  # a sheet decodes the whole clip

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
                return web.FileResponse(path, headers=headers)
            case "thumbnail":
                data, kind = await asyncio.to_thread(_thumbnail, path), "webp"
            case "spritesheet":
                async with self._one_at_a_time:
                    data = await asyncio.to_thread(_sheet, path, clip.seconds)
                kind = "jpeg"
            case _:
                raise WireError(
                    "Variants are video, thumbnail and spritesheet.", param="variant"
                )
        return web.Response(body=data, content_type=f"image/{kind}", headers=headers)


def _thumbnail(poster: Path) -> bytes:
    from bot import sheets  # noqa: PLC0415 - 20 MB: PyAV and Pillow

    return sheets.thumbnail(poster)


def _sheet(clip: Path, seconds: float) -> bytes:
    from bot import sheets  # noqa: PLC0415

    return sheets.sheet(clip, seconds)
