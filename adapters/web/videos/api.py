"""`/v1/videos`: programs order clips here, with a key of their own.

Each handler is one call of the service, as whoever the key belongs to. The wire is
that of OpenAI's Videos API as it last stood; docs/videos-api.md says what differs.
"""

import asyncio
from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.uploads import UploadError
from adapters.web.videos import objects, orders
from adapters.web.videos.errors import WireError
from adapters.web.videos.files import Files
from bot.errors import FilmError, MissingError, StateError
from bot.keys import CHAT
from bot.models import Ask, Clip, Entry, Job, Person, Place, State, Still
from bot.service import RenderService
from bot.store.characters import Kept

HOLDER = web.RequestKey("holder", Person)
LONGEST_KEY = 200  # characters, of a key of ours and of a key for idempotency
STOPPED = "Vivant-Status"  # what a video was when it was deleted or stopped
LATE = frozenset({State.FINISHING, State.DELIVERING})  # a cancel may come too late
PATIENCE = 5.0  # seconds for such a job to end; it usually takes less than one
LOOK_EVERY = 0.1  # seconds
MOST_LISTED = 100
USUALLY_LISTED = 20


class Videos:
    """Everything a program can ask for."""

    def __init__(self, service: RenderService, *, keep_days: int) -> None:
        self._service = service
        self._keep_days = keep_days
        self._files = Files(service)

    def routes(self) -> list[web.RouteDef]:
        """Every address, below `/v1`."""
        return [
            web.get("/models", self.models),
            web.get("/videos", self.page),
            web.post("/videos", self.create),
            web.post("/videos/edits", self.edit),
            web.post("/videos/extensions", self.extend),
            web.post("/videos/characters", self.make_character),
            web.get("/videos/characters/{id}", self.character),
            web.get("/videos/{id}", self.retrieve),
            web.delete("/videos/{id}", self.delete),
            web.get("/videos/{id}/content", self.content),
            web.post("/videos/{id}/remix", self.remix),
        ]

    @web.middleware
    async def let_in(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Let in who has a key, before anything else of the request is read."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        holder = None
        if scheme.lower() == "bearer" and len(key) <= LONGEST_KEY:
            holder = await self._service.holder(key.strip())
        if holder is None:
            raise WireError(
                "That is not a key of this Vivant.",
                hint="Its owner makes one with `vivant admin key create NAME`.",
                code="invalid_api_key",
                status=401,
            )
        request[HOLDER] = holder
        return await handler(request)

    async def models(self, _: web.Request) -> web.Response:
        """What can be asked for."""
        return web.json_response(objects.models(self._service.models()))

    async def create(self, request: web.Request) -> web.Response:
        """Order a video, from words and perhaps from a picture."""
        order, files = await orders.read(request, orders.Create)
        event = _event(request)
        ask = Ask(
            prompt=order.prompt,
            seconds=orders.seconds(order.seconds),
            size=orders.size(order.size),
            seed=order.seed,
        )
        if order.tier:
            ask = replace(ask, tier=order.tier)
        else:
            ask = replace(ask, model=order.model)
        characters = [await self._character(request, c.id) for c in order.characters]
        first, last = await self._stills(order.input_reference, files)
        job = await self._service.submit(
            replace(
                ask,
                still=first,
                last=last,
                characters=tuple(kept.character for kept in characters),
            ),
            person=request[HOLDER],
            place=_place(request),
            event=event,
        )
        return await self._told(request, job)

    async def page(self, request: web.Request) -> web.Response:
        """One's own videos, some at a time."""
        limit = request.query.get("limit", str(USUALLY_LISTED))
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 4):
            limit = "many"
        if limit == "many" or int(limit) > MOST_LISTED:
            raise WireError("A limit is a number from 0 to 100.", param="limit")
        order = request.query.get("order", "desc")
        if order not in {"asc", "desc"}:
            raise WireError("An order is asc or desc.", param="order")
        entries, more = await self._service.page(
            request[HOLDER],
            after=request.query.get("after") or None,
            limit=int(limit),
            newest_first=order == "desc",
        )
        videos = [objects.video(one, keep_days=self._keep_days) for one in entries]
        return web.json_response(objects.page(videos, more=more))

    async def retrieve(self, request: web.Request) -> web.Response:
        """See how far a video is."""
        entry = await self._own(request, request.match_info["id"])
        return web.json_response(objects.video(entry, keep_days=self._keep_days))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a video, or stop it when it is still being made; then it is gone."""
        person = request[HOLDER]
        job = (await self._own(request, request.match_info["id"])).job
        was = objects.status_of(job)
        if not job.state.ended and job.state not in LATE:
            job = await self._service.cancel(job.id, person=person)
            was = objects.status_of(job)
        if job.state in LATE:
            job = await self._ended(job, person)
        if job.state.ended:
            await self._service.delete(job.id, person=person)
        gone = {"id": job.id, "object": "video.deleted", "deleted": True}
        return web.json_response(gone, headers={STOPPED: was})

    async def content(self, request: web.Request) -> web.StreamResponse:
        """The file of a finished video, or pictures of it."""
        clip = await self._finished(request, request.match_info["id"])
        return await self._files.variant(clip, request.query.get("variant", "video"))

    async def remix(self, request: web.Request) -> web.Response:
        """Change a finished video by some words."""
        order, _ = await orders.read(request, orders.Remix)
        return await self._changed(request, request.match_info["id"], order.prompt)

    async def edit(self, request: web.Request) -> web.Response:
        """The same, with the video in the body."""
        order, _ = await orders.read(request, orders.Edit)
        return await self._changed(request, order.video.id, order.prompt)

    async def extend(self, request: web.Request) -> web.Response:
        """Make a finished video longer."""
        order, _ = await orders.read(request, orders.Extend)
        clip = await self._finished(request, order.video.id)
        job = await self._service.extend(
            clip.id,
            order.prompt,
            orders.seconds(order.seconds) or 0,
            person=request[HOLDER],
            place=_place(request),
            event=_event(request),
        )
        return await self._told(request, job)

    async def make_character(self, request: web.Request) -> web.Response:
        """Keep somebody whom videos are to show again."""
        try:
            order, films = await orders.read(request, orders.Character, file="video")
        except UploadError as error:
            raise WireError(
                str(error), hint=FilmError.hint, param="video", status=413
            ) from error
        name = order.name.strip()
        if not (name and name.isprintable()):
            raise WireError("That is not a name.", param="name")
        if not films:
            raise FilmError("There is no video.")
        kept = await self._service.add_character(name, films[0], person=request[HOLDER])
        return web.json_response(objects.character(kept))

    async def character(self, request: web.Request) -> web.Response:
        """See one of one's own."""
        kept = await self._character(request, request.match_info["id"])
        return web.json_response(objects.character(kept))

    async def _character(self, request: web.Request, character_id: str) -> Kept:
        person = request[HOLDER]
        if kept := await self._service.character(character_id, person=person):
            return kept
        raise WireError(
            "There is no such character.",
            hint="Make one first, with a name and a video.",
            param="characters",
            code="not_found",
            status=404,
        )

    async def _changed(
        self, request: web.Request, clip_id: str, words: str
    ) -> web.Response:
        clip = await self._finished(request, clip_id)
        job = await self._service.remix(
            clip.id,
            words,
            person=request[HOLDER],
            place=_place(request),
            event=_event(request),
        )
        return await self._told(request, job)

    async def _stills(
        self, reference: orders.Reference | None, files: list[bytes]
    ) -> tuple[Still | None, Still | None]:
        """The first and the last picture, made safe."""
        if reference is None:
            stills = [await self._service.still_from_bytes(file) for file in files]
            return (stills[0] if stills else None), (stills[1] if stills[1:] else None)
        if reference.file_id is not None:
            raise WireError(
                "No files are kept here.",
                hint="Send the picture itself, or its address as image_url.",
                param="input_reference",
                code="unsupported",
            )
        if files or reference.image_url is None:
            raise WireError("That is not one picture.", param="input_reference")
        if reference.image_url[:5].lower() != "data:":
            return await self._service.still_from_link(reference.image_url), None
        data = await asyncio.to_thread(orders.in_data_url, reference.image_url)
        return await self._service.still_from_bytes(data), None

    async def _ended(self, job: Job, person: Person) -> Job:
        """A job that can no longer be stopped, once it has ended.

        Raises:
            StateError: That takes too long.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while not job.state.ended:
                    await asyncio.sleep(LOOK_EVERY)
                    job = await self._service.job(job.id, person=person)
        except TimeoutError:
            raise StateError(
                "That video is just being finished.", hint="Delete it when it is done."
            ) from None
        return job

    async def _own(self, request: web.Request, video_id: str) -> Entry:
        """A video of whoever asks; one that they have stopped is none any more."""
        entry = await self._service.entry(video_id, person=request[HOLDER])
        if entry.job.cancel and entry.clip is None:  # else that came too late
            raise MissingError("There is no such clip.")
        return entry

    async def _finished(self, request: web.Request, video_id: str) -> Clip:
        entry = await self._own(request, video_id)
        if entry.clip is not None:
            return entry.clip
        if entry.job.state.ended:
            raise MissingError("There is no clip of that.", hint="Look at its error.")
        raise StateError("That video is still being made.", hint="Ask a little later.")

    async def _told(self, request: web.Request, job: Job) -> web.Response:
        entry = await self._service.entry(job.id, person=request[HOLDER])
        return web.json_response(objects.video(entry, keep_days=self._keep_days))


def _place(request: web.Request) -> Place:
    """Where a key's jobs report: a channel of its own, in a workspace of all keys."""
    return Place(chat=CHAT, workspace=CHAT, channel=request[HOLDER].id)


def _event(request: web.Request) -> str | None:
    """The program's own key of an order: the same one again is the same video."""
    key = request.headers.get("Idempotency-Key")
    if key is None or (key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        return key
    raise WireError("An Idempotency-Key has 1 to 200 characters.")
