"""Orders of programs: a new video, or a finished one changed or made longer."""

import asyncio
from dataclasses import replace

from aiohttp import web

from adapters.web.videos import orders
from adapters.web.videos.errors import WireError
from adapters.web.videos.fingerprints import fingerprint, pictures
from adapters.web.videos.holders import HOLDER, event_of, place_of
from adapters.web.videos.lookup import Lookup
from adapters.web.videos.shelf import Shelf
from bot.errors import StillError
from bot.models import Ask, Job, Person, Still, Tier
from bot.service import RenderService


class Making:
    """Takes orders. The same order with the same key is taken once."""

    def __init__(self, service: RenderService, lookup: Lookup, shelf: Shelf) -> None:
        self._service = service
        self._lookup = lookup
        self._shelf = shelf

    def routes(self) -> list[web.RouteDef]:
        """Every address that makes a video, below `/v1`."""
        return [
            web.post("/videos", self.create),
            web.post("/videos/edits", self.edit),
            web.post("/videos/extensions", self.extend),
            web.post("/videos/{id}/remix", self.remix),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Order a video, from words and perhaps from a picture, or a remix of one."""
        order, files = await orders.read(request, orders.Create)
        if order.remix_video_id is not None:
            return await self._remixed(request, order, files)
        ask = _asked(order)
        reference = order.picture
        if reference and files:
            raise orders.no_picture()
        body = await fingerprint(
            "create",
            **{name: getattr(ask, name) for name in ("prompt", "seconds", "seed")},
            size=ask.size and str(ask.size),
            model=ask.model or ask.tier,
            pictures=await pictures(reference, files),
            characters=[one.id for one in order.characters],
        )
        if job := await self._before(request, body):
            return await self._lookup.told(request, job)
        characters = [
            await self._lookup.character_of(request, c.id) for c in order.characters
        ]
        ask = replace(ask, characters=tuple(kept.character for kept in characters))
        if reference or files:
            await self._service.afford(
                ask, person=request[HOLDER], place=place_of(request)
            )
        first, last = await self._stills(request, reference, files)
        ask = replace(ask, still=first, last=last)
        try:
            job = await self._service.submit(
                ask,
                person=request[HOLDER],
                place=place_of(request),
                event=event_of(request),
                body=body,
            )
        except StillError as error:
            if first is None:
                raise self._wants_picture(error) from error
            raise
        return await self._lookup.told(request, job)

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
        seconds = orders.seconds(order.seconds) or 0
        body = await fingerprint(
            "extend", prompt=order.prompt, video=order.video.id, seconds=seconds
        )
        if job := await self._before(request, body):
            return await self._lookup.told(request, job)
        clip = await self._lookup.finished(request, order.video.id)
        job = await self._service.extend(
            clip.id,
            order.prompt,
            seconds,
            person=request[HOLDER],
            place=place_of(request),
            event=event_of(request),
            body=body,
        )
        return await self._lookup.told(request, job)

    async def _changed(
        self, request: web.Request, clip_id: str, words: str
    ) -> web.Response:
        body = await fingerprint("remix", prompt=words, video=clip_id)
        if job := await self._before(request, body):
            return await self._lookup.told(request, job)
        clip = await self._lookup.finished(request, clip_id)
        job = await self._service.remix(
            clip.id,
            words,
            person=request[HOLDER],
            place=place_of(request),
            event=event_of(request),
            body=body,
        )
        return await self._lookup.told(request, job)

    async def _remixed(
        self, request: web.Request, order: orders.Create, files: list[orders.Sent]
    ) -> web.Response:
        """A remix that came as a new video, as the API's first users sent it.

        Raises:
            WireError: It says what a remix takes from its video, and says it otherwise.
        """
        video_id = order.remix_video_id or ""
        body = await fingerprint("remix", prompt=order.prompt, video=video_id)
        if job := await self._before(request, body):
            return await self._lookup.told(request, job)
        clip = await self._lookup.finished(request, video_id)
        done = clip.request
        own = f"{done.provider}/{done.model}"
        size, seconds = orders.size(order.size), orders.seconds(order.seconds)
        for name, differs in (
            ("input_reference", bool(files or order.input_reference)),
            ("characters", bool(order.characters)),
            ("seed", order.seed not in {None, done.seed}),
            ("seconds", seconds not in {None, done.seconds}),
            ("size", size not in {None, done.size, clip.size}),
            ("model", order.tier is None and order.model != own),
        ):
            if differs:
                raise WireError(
                    "A remix takes its {name} from its video.",
                    hint="Leave that out, or order a new video without remix_video_id.",
                    param=name,
                    name=name,
                )
        return await self._changed(request, clip.id, order.prompt)

    async def _before(self, request: web.Request, body: str) -> Job | None:
        """The job that this very order has made already, if its key says so."""
        event = event_of(request)
        if event is None:
            return None
        return await self._service.ordered(request[HOLDER], event, body=body)

    async def _stills(
        self,
        request: web.Request,
        reference: orders.Reference | None,
        files: list[orders.Sent],
    ) -> tuple[Still | None, Still | None]:
        """The first and the last picture, made safe."""
        person: Person = request[HOLDER]
        if reference is None:
            stills = [
                await self._service.still_from_bytes(file.data, person=person)
                for file in files
            ]
            return (stills[0] if stills else None), (stills[1] if stills[1:] else None)
        if reference.file_id is not None:
            upload = await self._shelf.get(
                request, reference.file_id, param="input_reference"
            )
            return upload.still, None
        url = reference.image_url or ""
        if not orders.is_data(url):
            return await self._service.still_from_link(url, person=person), None
        data = await asyncio.to_thread(orders.in_data_url, url)
        return await self._service.still_from_bytes(data, person=person), None

    def _wants_picture(self, error: StillError) -> WireError:
        """Which fields help where a model makes nothing of words alone."""
        able = [card.name for card in self._service.models() if card.text_only]
        others = f" Of words alone, these make one: {', '.join(able)}." if able else ""
        return WireError(
            str(error),
            hint="Send a picture as the file input_reference of a form, or as"
            f" input_reference.image_url or input_reference.file_id.{others}",
            param="input_reference",
        )


def _asked(order: orders.Create) -> Ask:
    """What a new video is to be, but for its pictures and characters."""
    return Ask(
        prompt=order.prompt,
        seconds=orders.seconds(order.seconds),
        size=orders.size(order.size),
        seed=order.seed,
        tier=order.tier or Tier.DRAFT,
        model=None if order.tier else order.model,
    )
