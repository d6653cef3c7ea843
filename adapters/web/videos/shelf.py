"""`/v1/files`: pictures that a program sends once, and names in its orders by id."""

from typing import TypedDict

from aiohttp import web

from adapters.web.pictures import KEEP, RangedFile
from adapters.web.uploads import UploadError
from adapters.web.videos import orders
from adapters.web.videos.errors import WireError
from adapters.web.videos.holders import HOLDER
from bot.errors import StillError
from bot.service import RenderService
from bot.store.uploads import Upload
from bot.uploads import LASTS

FILE = "file"


class File(TypedDict):
    """A file as the reference wire shows it; times are Unix times in seconds."""

    id: str
    object: str
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: str


class Shelf:
    """Keeps a key's pictures for a day."""

    def __init__(self, service: RenderService) -> None:
        self._service = service

    def routes(self) -> list[web.RouteDef]:
        """Every address, below `/v1`."""
        return [
            web.post("/files", self.create),
            web.get("/files", self.listed),
            web.get("/files/{id}", self.retrieve),
            web.get("/files/{id}/content", self.content),
            web.delete("/files/{id}", self.delete),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Keep a picture, made safe as every other."""
        person = request[HOLDER]
        await self._service.uploads.check(person)
        try:
            order, files = await orders.read(request, orders.File, file=FILE)
            if not files:
                raise WireError(
                    "There is no file.", hint="Send it as “file” in a form.", param=FILE
                )
            still = await self._service.still_from_bytes(files[0].data, person=person)
        except (StillError, UploadError) as error:
            status = 413 if isinstance(error, UploadError) else 400
            raise WireError(
                f"Only pictures are kept here. {error}",
                hint=error.hint,
                param=FILE,
                status=status,
            ) from error
        lasts = order.expires_after.seconds if order.expires_after else LASTS
        upload = await self._service.uploads.add(
            still,
            name=files[0].name,
            purpose=order.purpose,
            person=person,
            lasts=lasts,
        )
        return web.json_response(_told(upload))

    async def listed(self, request: web.Request) -> web.Response:
        """All of one's own; there are never many."""
        kept = await self._service.uploads.listed(person=request[HOLDER])
        files = [_told(one) for one in kept]
        return web.json_response(
            {
                "object": "list",
                "data": files,
                "first_id": files[0]["id"] if files else None,
                "last_id": files[-1]["id"] if files else None,
                "has_more": False,
            }
        )

    async def retrieve(self, request: web.Request) -> web.Response:
        """See one of one's own."""
        return web.json_response(_told(await self.get(request, _id(request))))

    async def content(self, request: web.Request) -> web.StreamResponse:
        """The picture as it was made safe."""
        upload = await self.get(request, _id(request))
        path = self._service.media_path(upload.still.media)
        return RangedFile(path, headers={"Cache-Control": KEEP})

    async def delete(self, request: web.Request) -> web.Response:
        """Forget one of one's own; videos that were made from it stay."""
        if not await self._service.uploads.remove(_id(request), person=request[HOLDER]):
            raise _missing(FILE)
        gone = {"id": _id(request), "object": "file", "deleted": True}
        return web.json_response(gone)

    async def get(
        self, request: web.Request, upload_id: str, *, param: str = FILE
    ) -> Upload:
        """One of one's own.

        Raises:
            WireError: There is none of that id, or it is somebody else's.
        """
        person = request[HOLDER]
        if upload := await self._service.uploads.get(upload_id, person=person):
            return upload
        raise _missing(param)


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _missing(param: str) -> WireError:
    return WireError(
        "There is no such file.",
        hint="Files are kept for a day; send it again with POST /v1/files.",
        param=param,
        code="not_found",
        status=404,
    )


def _told(upload: Upload) -> File:
    return File(
        id=upload.id,
        object="file",
        bytes=upload.bytes,
        created_at=int(upload.created),
        expires_at=int(upload.expires),
        filename=upload.name,
        purpose=upload.purpose,
        status="processed",
    )
