"""What the page asks for, each handler one call of the service."""

from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from adapters.web import orders
from adapters.web.cards import Card, card
from adapters.web.chat import OWNER, PAGE, WebChat
from adapters.web.pictures import Samples, still_exists
from adapters.web.uploads import read_upload
from bot.errors import RequestError, StillError, StorageError
from bot.models import Job, Still
from bot.prompt.coach import coach
from bot.service import RenderService
from bot.wording import moves_line, names, plan_lines

PAGE_SIZE = 60  # cards


class Api:
    """The page's orders and questions, answered in JSON."""

    def __init__(
        self, service: RenderService, chat: WebChat, *, signs_out: bool
    ) -> None:
        self._service = service
        self._chat = chat
        self._signs_out = signs_out
        self._samples = Samples()

    def routes(self) -> list[web.RouteDef]:
        """Every address of the API but the live one."""
        return [
            web.post("/api/stills", self.take_still),
            web.get("/api/about", self.about),
            web.get("/api/samples", self.samples),
            web.post("/api/preview", self.preview),
            web.get("/api/models", self.models),
            web.get("/api/quota", self.quota),
            web.get("/api/jobs", self.history),
            web.post("/api/jobs", self.animate),
            web.get("/api/jobs/{id}", self.look),
            web.delete("/api/jobs/{id}", self.delete),
            web.post("/api/jobs/{id}/remix", self.remix),
            web.post("/api/jobs/{id}/extend", self.extend),
            web.post("/api/jobs/{id}/again", self.again),
            web.post("/api/jobs/{id}/cancel", self.cancel),
            web.post("/api/jobs/{id}/resend", self.resend),
            web.get("/healthz", self.health),
        ]

    async def take_still(self, request: web.Request) -> web.Response:
        """Make a picture safe: an uploaded file, a link or one of our samples."""
        still = await self._still(request)
        return web.json_response(
            {
                "media": still.media,
                "width": still.size.width,
                "height": still.size.height,
                "notes": still.notes,
                "url": f"/stills/{still.media}",
            }
        )

    async def about(self, _: web.Request) -> web.Response:
        """What this bot can do that another may not."""
        return web.json_response(
            {"heic": self._service.reads_heic, "signs_out": self._signs_out}
        )

    async def samples(self, _: web.Request) -> web.Response:
        """The photos to try with."""
        names = await self._samples.names()
        return web.json_response(
            [{"name": name, "url": f"/samples/{name}"} for name in names]
        )

    async def preview(self, request: web.Request) -> web.Response:
        """What the words mean, while somebody still types them."""
        order = await orders.read(request, orders.PreviewOrder)
        plan = self._service.preview(order.prompt, order.seconds)
        beats = [
            {"start": b.start, "end": b.end, "text": moves_line(b), "hold": not b.moves}
            for b in plan.beats
        ]
        return web.json_response(
            {
                "seconds": plan.seconds,
                "beats": beats,
                "looks": names(plan.looks),
                "sounds": names(plan.sounds),
                "lines": plan_lines(plan),
                "cannot": plan.cannot,
                "notes": plan.notes,
                "coach": " ".join(coach(order.prompt, plan)),
            }
        )

    async def models(self, _: web.Request) -> web.Response:
        """What can be asked for, the owner's first choice first."""
        return web.json_response(
            [
                {
                    "name": model.name,
                    "title": model.title,
                    "seconds": model.seconds,
                    "text_only": model.text_only,
                    "free": model.weight == 0,
                }
                for model in self._service.models()
            ]
        )

    async def quota(self, _: web.Request) -> web.Response:
        """What is left today, and when it resets."""
        allowance = await self._service.allowance(OWNER, PAGE)
        return web.json_response(asdict(allowance) | {"left": allowance.left})

    async def history(self, request: web.Request) -> web.Response:
        """Cards, the newest first, and in a `Link` where the older ones are."""
        before = orders.cursor(request.query.get("before"))
        entries = await self._service.history(OWNER, before=before, limit=PAGE_SIZE + 1)
        shown = entries[:PAGE_SIZE]
        response = web.json_response([card(entry) for entry in shown])
        if len(entries) > len(shown):
            last = shown[-1].job
            older = f"{request.path}?before={last.created!r}-{last.id}"
            response.headers["Link"] = f'<{older}>; rel="next"'
        return response

    async def animate(self, request: web.Request) -> web.Response:
        """Bring a still to life."""
        order = await orders.read(request, orders.AnimateOrder)
        ask = order.ask()
        if ask.still and not await still_exists(self._service, ask.still.media):
            raise StillError("That picture is not here any more.", hint="Add it again.")
        job = await self._service.submit(
            ask, person=OWNER, place=PAGE, event=order.event
        )
        return await self._accepted(job)

    async def look(self, request: web.Request) -> web.Response:
        """One card."""
        return web.json_response(await self._card(request.match_info["id"]))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a clip and its job."""
        job_id = request.match_info["id"]
        await self._service.delete(job_id, person=OWNER)
        self._chat.tell(job_id)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def remix(self, request: web.Request) -> web.Response:
        """Change a clip by what somebody said about it."""
        order = await orders.read(request, orders.RemixOrder)
        job = await self._service.remix(
            request.match_info["id"],
            order.words,
            person=OWNER,
            place=PAGE,
            event=order.event,
        )
        return await self._accepted(job)

    async def extend(self, request: web.Request) -> web.Response:
        """Make a clip longer."""
        order = await orders.read(request, orders.ExtendOrder)
        job = await self._service.extend(
            request.match_info["id"],
            order.words,
            order.seconds,
            person=OWNER,
            place=PAGE,
            event=order.event,
        )
        return await self._accepted(job)

    async def again(self, request: web.Request) -> web.Response:
        """Order the same once more."""
        order = await orders.read(request, orders.AgainOrder)
        job = await self._service.again(
            request.match_info["id"], person=OWNER, place=PAGE, event=order.event
        )
        return await self._accepted(job)

    async def cancel(self, request: web.Request) -> web.Response:
        """Stop a job."""
        job = await self._service.cancel(request.match_info["id"], person=OWNER)
        return await self._accepted(job)

    async def resend(self, request: web.Request) -> web.Response:
        """Show a clip on the page again."""
        clip_id = request.match_info["id"]
        await self._service.resend(clip_id, person=OWNER, place=PAGE)
        return web.json_response(await self._card(clip_id))

    async def health(self, _: web.Request) -> web.Response:
        """Whether a new order could be taken, for whoever watches over us.

        A chat that is away, or a worker that does not start, is told of and is no
        reason to start the bot again: the status stays good.
        """
        told: dict[str, object] = {"status": "ok"}
        try:
            await self._service.healthy()
        except StorageError as error:
            told = {"status": "bad", "reason": str(error)}
        told["parts"] = {
            name: {"up": part.up, "since": _moment(part.since)}
            | ({"reason": part.reason} if part.reason else {})
            for name, part in self._service.health.parts.items()
        }
        good = told["status"] == "ok"
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(told, status=status)

    async def _still(self, request: web.Request) -> Still:
        if request.content_type == "multipart/form-data":
            data = await read_upload(request)
            return await self._service.still_from_bytes(data, person=OWNER)
        order = await orders.read(request, orders.Link)
        if order.link:
            return await self._service.still_from_link(order.link.strip(), person=OWNER)
        if order.sample:
            data = await self._samples.read(order.sample)
            return await self._service.still_from_bytes(data, person=OWNER)
        raise RequestError("No picture came with that.", hint="Choose a picture first.")

    async def _accepted(self, job: Job) -> web.Response:
        """Answer with the card, and let other pages know of it."""
        self._chat.tell(job.id)
        return web.json_response(await self._card(job.id), status=HTTPStatus.ACCEPTED)

    async def _card(self, job_id: str) -> Card:
        return card(await self._service.entry(job_id, person=OWNER))


def _moment(seconds: float) -> str:
    """A Unix time as ISO 8601 has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
