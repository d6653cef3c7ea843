"""Any server that speaks `/v1/videos`, in the dialect that its profile says."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import PASSING, Fault, ProviderError
from bot.models import (
    Character,
    Job,
    ModelCard,
    RenderRequest,
    Snapshot,
    State,
    Way,
)
from bot.providers import hooks
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import told
from bot.providers.finding import the_one
from bot.providers.hooks import Call
from bot.providers.openai import orders, reading
from bot.providers.openai.characters import Characters
from bot.providers.openai.profiles import Profile
from bot.providers.proof import ids, prove
from bot.providers.wire import Wire

LISTED = "100"  # the most that the reference wire lists at once
SKEW = 120.0  # seconds that the server's clock may differ from ours


class OpenAIVideos(Cloud):
    """The Videos API and its descendants; satisfies `Provider`.

    Args:
        name: As in `provider/model`.
        wire: To the server.
        desk: What the house lends.
        profile: Its dialect.
        cards: What it offers.
        webhook_secret: What it signs its calls with, if it calls.
    """

    def __init__(
        self,
        name: str,
        wire: Wire,
        desk: Desk,
        profile: Profile,
        cards: Sequence[ModelCard],
        *,
        webhook_secret: str | None = None,
    ) -> None:
        super().__init__(
            name, wire, desk, [orders.ways_of(card, profile) for card in cards]
        )
        self.findable = profile.list
        self.idempotent = profile.idempotent
        self._profile = profile
        self._characters = Characters(wire, desk)
        self._secret = webhook_secret

    async def check(self) -> frozenset[str]:
        """The server's list of models tells whether the key is good.

        Raises:
            ProviderError: It is not, or nobody answers.
        """
        answer = await self._wire.ask("GET", self._profile.models)
        listed = answer.fields.get("data", answer.body)
        good = answer.good and isinstance(listed, list)
        prove(self._wire, answer, good=good)
        return ids(listed) if self._profile.model == "always" else frozenset()

    async def owners(self) -> frozenset[str]:
        """Who made the models: a server of a known kind names itself there."""
        answer = await self._wire.ask("GET", self._profile.models)
        return ids(answer.fields.get("data"), "owned_by")

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
        """Look through the server's list for the only order of the same words.

        Raises:
            ProviderError: `Fault.LOST`: the list cannot be had, or does not tell.
        """
        if not self._profile.list:
            return await super().find(job, taken=taken)
        try:
            listed = await self._listed()
        except ProviderError as error:
            raise told(Fault.LOST, self._wire.title, after=error.after) from error
        known = (
            (reading.ref_of(item), reading.same_order(item, job.request))
            for item in listed
            if not reading.is_before(item, job.since - SKEW)
        )
        return the_one(known, taken=taken, title=self._wire.title)

    async def retrieve(self, job: Job) -> Snapshot:
        """Look once. A body that is this video is believed before its HTTP status."""
        answer = await self._wire.ask("GET", f"videos/{in_path(job.ref)}")
        video = answer.fields
        word = reading.word_of(video)
        believed = answer.status < 400 or reading.is_video(video, job.ref)
        if word is None or not believed:  # a gateway's own error has such words too
            return self._unread(job, answer)
        state = reading.state_of(word)
        if state is None:
            self._puzzled(word)
        match state:
            case State.DONE:
                ref, took = job.ref or "", reading.took(video)
                return Snapshot(ref=ref, state=state, progress=1.0, took=took)
            case State.FAILED if word == "expired":
                raise told(Fault.EXPIRED, self._wire.title)
            case State.FAILED:
                return self._failed(job, answer.said())
            case State.CANCELLED:
                return self._stopped(job)
        progress = reading.progress_of(video)
        return Snapshot(ref=job.ref or "", progress=progress, rest=answer.after)

    async def cancel(self, job: Job) -> bool:
        """Delete it, where that stops a render."""
        return self._profile.delete == "cancels" and await self._delete(job)

    async def forget(self, job: Job) -> None:
        """Delete what the server keeps, where it can."""
        if self._profile.delete != "none" and job.ref:
            await self._delete(job)

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip from where it lies first; from the other place if need be."""
        content, links = self._profile.content, list[str]()
        if not content or self._profile.prefer == "link":
            links = await self._links(job)
        if links or not content:
            await self._bring(links, to)
            return
        try:
            await self._content(job, to)
        except ProviderError as error:
            links = await self._links(job) if error.fault in PASSING else []
            if not links:
                raise
            await self._bring(links, to)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        """Verify as Standard Webhooks say; the body names the video and no more."""
        now = self._desk.now()
        if self._secret is None:
            return None
        key = hooks.standard(headers, body, secret=self._secret, now=now)
        if key is None:
            return None
        data = hooks.read_body(body).get("data")
        ref = data.get("id") if isinstance(data, Mapping) else None
        return Call(key, ref) if isinstance(ref, str) else None

    async def _order(self, job: Job) -> Snapshot:
        """Send the order; once more where it was for characters that are gone there."""
        try:
            return await self._sent(job, await self._worded(job))
        except ProviderError as error:
            seen = _sent_characters(job.request)
            if not seen or error.fault not in (Fault.EXPIRED, Fault.INVALID):
                raise
            await self._characters.forget(seen)
            if error.fault is Fault.INVALID:  # perhaps for quite another reason
                raise
        return await self._sent(job, await self._worded(job))

    async def _sent(self, job: Job, order: orders.Order) -> Snapshot:
        request = job.request
        known = request.way is Way.HANDLE or _sent_characters(request)
        answer = await self._wire.order(
            order.path,
            json=order.json,
            files=order.files,
            headers={"Idempotency-Key": job.id} if self.idempotent else None,
            missing=Fault.EXPIRED if known else None,
        )
        video = answer.fields
        word = reading.word_of(video) or ""
        ref = reading.ref_of(video)
        if reading.state_of(word) is State.FAILED and not ref:
            raise self._wire.refusal(Fault.INVALID, answer.said())
        return self._accepted(ref)

    async def _worded(self, job: Job) -> orders.Order:
        request, card = job.request, self._card_of(job)
        source = request.source
        if request.way is Way.HANDLE and source and source.ref:
            return orders.by_handle(request, self._profile, source.ref)
        if request.way is Way.UPLOAD:
            clip = await self._clip(job)
            return await orders.by_upload(request, card, self._profile, clip)
        return await orders.create(
            request,
            card,
            self._profile,
            still=await self._still(job),
            last=await self._last(job),
            characters=await self._characters.ids(_sent_characters(request)),
        )

    async def _listed(self) -> Sequence[Mapping[str, object]]:
        answer = await self._wire.ask(
            "GET", "videos", params={"limit": LISTED, "order": "desc"}
        )
        data = answer.fields.get("data")
        if not answer.good or not isinstance(data, list):
            raise self._wire.refusal(Fault.UPSTREAM, answer.said())
        return [item for item in data if isinstance(item, Mapping)]

    async def _content(self, job: Job, to: Path) -> None:
        # Without `variant`: SGLang takes it for a number and answers 404.
        path = f"videos/{in_path(job.ref)}/content"
        await self._wire.download(path, to, most=self._desk.most_clip)

    async def _links(self, job: Job) -> list[str]:
        """Where the clip lies, asked anew: such links end within the hour.

        Raises:
            ProviderError: `Fault.EXPIRED`: the server has not kept it so long.
        """
        answer = await self._wire.ask("GET", f"videos/{in_path(job.ref)}")
        ended = answer.fields.get("expires_at")
        past = isinstance(ended, (int, float)) and ended < self._desk.now()
        if past or answer.status == 404:
            raise told(Fault.EXPIRED, self._wire.title)
        return reading.links_in(answer.fields, self._profile.links)

    async def _delete(self, job: Job) -> bool:
        return await self._wish("DELETE", f"videos/{in_path(job.ref)}") is not None


def _sent_characters(request: RenderRequest) -> tuple[Character, ...]:
    """Whom an order names; what changes a clip finds them in it."""
    return request.characters if request.way in (None, Way.AFRESH) else ()
