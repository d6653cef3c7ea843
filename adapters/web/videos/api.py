"""`/v1/videos`: programs order clips here, with a key of their own.

Each handler is one call of the service, as whoever the key belongs to. The wire is
that of OpenAI's Videos API as it last stood; docs/videos-api.md says what differs.
"""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.knocks import Knocks
from adapters.web.uploads import UploadError
from adapters.web.videos import objects, orders
from adapters.web.videos.errors import WireError
from adapters.web.videos.files import Files
from adapters.web.videos.holders import HOLDER, LONGEST_KEY, place_of
from adapters.web.videos.lookup import Lookup
from adapters.web.videos.making import Making
from adapters.web.videos.shelf import Shelf
from bot.errors import FilmError, StateError
from bot.models import Job, ModelCard, Person, State
from bot.service import RenderService

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
        self._knocks = Knocks()
        self._lookup = Lookup(service, keep_days=keep_days)
        self._shelf = Shelf(service)
        self._making = Making(service, self._lookup, self._shelf)

    def routes(self) -> list[web.RouteDef]:
        """Every address, below `/v1`."""
        return [
            *self._shelf.routes(),
            *self._making.routes(),
            web.get("/models", self.models),
            web.get("/models/{id:.+}", self.model),
            web.get("/videos", self.page),
            web.post("/videos/characters", self.make_character),
            web.get("/videos/characters/{id}", self.character),
            web.get("/videos/{id}", self.retrieve),
            web.delete("/videos/{id}", self.delete),
            web.get("/videos/{id}/content", self.content),
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
            if key:
                await self._knocks.wrong(request.remote)
            raise WireError(
                "That is not a key of this Vivant.",
                hint="Its owner makes one with `vivant admin key create NAME`.",
                code="invalid_api_key",
                status=401,
            )
        request[HOLDER] = holder
        return await handler(request)

    async def models(self, request: web.Request) -> web.Response:
        """What can be asked for."""
        return web.json_response(objects.models(self._names(request)))

    async def model(self, request: web.Request) -> web.Response:
        """One of those names."""
        name = request.match_info["id"]
        names = self._names(request)
        if alias := orders.alias(name):
            names[name] = names[objects.NAMES[alias]]
        if name not in names:
            raise WireError(
                "There is no such model here.",
                hint="GET /v1/models lists them.",
                param="model",
                code="model_not_found",
                status=404,
            )
        return web.json_response(objects.model_of(name, names[name]))

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
        entry = await self._lookup.own(request, request.match_info["id"])
        return web.json_response(objects.video(entry, keep_days=self._keep_days))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a video, or stop it when it is still being made; then it is gone."""
        person = request[HOLDER]
        job = (await self._lookup.own(request, request.match_info["id"])).job
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
        clip = await self._lookup.finished(request, request.match_info["id"])
        return await self._files.variant(clip, request.query.get("variant", "video"))

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
        film = films[0].data
        kept = await self._service.add_character(name, film, person=request[HOLDER])
        return web.json_response(objects.character(kept))

    async def character(self, request: web.Request) -> web.Response:
        """See one of one's own."""
        kept = await self._lookup.character_of(request, request.match_info["id"])
        return web.json_response(objects.character(kept))

    def _names(self, request: web.Request) -> dict[str, ModelCard | None]:
        """Every name that an order may have, and the model that it stands for now."""
        place = place_of(request)
        tiers = {
            name: self._service.stands_for(tier, place)
            for tier, name in objects.NAMES.items()
        }
        return tiers | {card.name: card for card in self._service.models()}

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
