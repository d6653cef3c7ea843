"""Any server that speaks `/v1/videos`, in the dialect that its profile says."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bot.errors import Fault, ProviderError
from bot.models import (
    Character,
    Job,
    ModelCard,
    RenderRequest,
    Snapshot,
    State,
    Way,
)
from bot.providers import Leaves, hooks, retiring, terms
from bot.providers.answers import Answer
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import told
from bot.providers.finding import Listed, earliest, the_one, unsure
from bot.providers.hooks import Call
from bot.providers.openai import orders, reading
from bot.providers.openai.characters import Characters
from bot.providers.openai.profiles import Profile
from bot.providers.proof import ids, prove
from bot.providers.wire import Wire

LISTED = "100"  # the most that the reference wire lists at once
MOST_PAGES = 5  # of that list
JUST_NOW = 600.0  # seconds after the end of a render
FULL = 20  # renders; a list this long that does not say so may have been cut off


class OpenAIVideos(Cloud):
    """The Videos API and its descendants; satisfies `Provider`.

    Args:
        name: As in `provider/model`.
        wire: To the server.
        desk: What the house lends.
        profile: Its dialect.
        dialect: What that is called.
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
        dialect: str = "",
        webhook_secret: str | None = None,
    ) -> None:
        super().__init__(
            name, wire, desk, [orders.ways_of(card, profile) for card in cards]
        )
        self.findable = profile.list
        self.idempotent = profile.idempotent
        self._profile = profile
        self._terms = terms.of(dialect)
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
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, Mapping) and (said := retiring.in_list(item)):
                self._wire.learn(str(item.get("id")), said)
        return ids(listed) if self._profile.model == "always" else frozenset()

    async def refresh(self) -> None:
        """Learn from the server's list, where it has one, which models go away."""
        with suppress(ProviderError):
            await self.check()

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
            listed, since, whole = await self._listed(job)
        except ProviderError as error:
            raise told(Fault.LOST, self._wire.title, after=error.after) from error
        known = [
            Listed(
                reading.ref_of(item),
                reading.same_order(item, job.request),
                reading.made_at(item),
            )
            for item in listed
        ]
        found = the_one(known, taken=taken, since=since, title=self._wire.title)
        if found is None and not whole:
            raise unsure(self._wire.title)
        return found

    async def retrieve(self, job: Job) -> Snapshot:
        """Look once. A body that is this video is believed before its HTTP status."""
        path, model = f"videos/{in_path(job.ref)}", job.request.model
        answer = await self._wire.ask("GET", path, model=model)
        video = answer.fields
        word = reading.word_of(video)
        believed = answer.status < 400 or reading.is_video(video, job.ref)
        if word is None or not believed:  # a gateway's own error has such words too
            return self._unread(job, answer)
        state = reading.state_of(word)
        if state is None:
            self._puzzled(word)
        return self._read(job, answer, state, word)

    def _read(
        self, job: Job, answer: Answer, state: State | None, word: str
    ) -> Snapshot:
        """What a video object says of a render."""
        match state:
            case State.DONE:
                return Snapshot(
                    ref=job.ref or "",
                    state=State.DONE,
                    progress=1.0,
                    took=reading.took(answer.fields),
                    keeps=answer.until(reading.ends_at(answer.fields)),
                )
            case State.FAILED if word == "expired":
                raise told(Fault.EXPIRED, self._wire.title)
            case State.FAILED:
                return self._failed(job, answer.said())
            case State.CANCELLED:
                return self._stopped(job)
        progress = reading.progress_of(answer.fields)
        return Snapshot(ref=job.ref or "", progress=progress, rest=answer.after)

    async def cancel(self, job: Job) -> bool:
        """Delete it, where that stops a render."""
        if self._profile.delete != "cancels":
            return False
        return self._is_free(await self._delete(job))

    async def forget(self, job: Job) -> None:
        """Delete what the server keeps, where it can."""
        if self._profile.delete != "none" and job.ref:
            await self._delete(job)

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip from where it lies first; from the other place if need be."""
        if not self._profile.content:
            await self._linked(job, to)
            return
        places = [self._content, self._linked]
        if self._profile.prefer == "link":
            places.reverse()
        first, other = places
        try:
            await first(job, to)
        except ProviderError as error:
            if error.fault is Fault.INVALID:
                raise
            try:
                await other(job, to)
            except ProviderError as second:
                # The first is the reason, but where the clip itself is gone.
                raise second if second.fault is Fault.EXPIRED else error from second

    async def _linked(self, job: Job, to: Path) -> None:
        await self._bring(await self._links(job), to)

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

    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        """Send the order; once more where it was for characters that are gone there."""
        try:
            return await self._sent(job, await self._worded(job), leaves)
        except ProviderError as error:
            seen = _sent_characters(job.request)
            if not seen or error.fault not in (Fault.EXPIRED, Fault.INVALID):
                raise
            await self._characters.forget(seen)
            if error.fault is Fault.INVALID:  # perhaps for quite another reason
                raise
        return await self._sent(job, await self._worded(job), leaves)

    async def _sent(self, job: Job, order: orders.Order, leaves: Leaves) -> Snapshot:
        request = job.request
        known = request.way is Way.HANDLE or _sent_characters(request)
        answer = await self._wire.order(
            order.path,
            json=order.json,
            files=order.files,
            headers={"Idempotency-Key": job.id} if self.idempotent else None,
            missing=Fault.EXPIRED if known else None,
            model=request.model,
            leaves=leaves,
        )
        video = answer.fields
        word = reading.word_of(video) or ""
        ref = reading.ref_of(video)
        state = reading.state_of(word)
        if state is State.FAILED and not ref:
            raise self._wire.refusal(Fault.INVALID, answer.said())
        taken = self._accepted(ref)
        if state is None or word == "expired":
            return taken
        return self._read(replace(job, ref=taken.ref), answer, state, word)

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

    async def _listed(
        self, job: Job
    ) -> tuple[Sequence[Mapping[str, object]], float, bool]:
        """The renders since a job's order, and perhaps older ones.

        Returns:
            Them, the earliest moment at which the order can have come, and whether
            surely none since then is left out.
        """
        items: list[Mapping[str, object]] = []
        since: float | None = None
        params = {"limit": LISTED, "order": "desc"}
        for _ in range(MOST_PAGES):
            answer = await self._wire.ask("GET", "videos", params=params)
            data = answer.fields.get("data")
            if not answer.good or not isinstance(data, list):
                raise self._wire.refusal(Fault.UPSTREAM, answer.said())
            if since is None:
                since = earliest(answer, job.waited, self._desk.now())
            # What is no object may be any render: it says nothing of itself.
            page = [item if isinstance(item, Mapping) else {} for item in data]
            items += page
            more = answer.fields.get("has_more")
            if not isinstance(more, bool):
                more = len(page) >= FULL
            last = reading.ref_of(page[-1]) if page else None
            if not more or _reaches(items, since):
                return items, since, True
            if not isinstance(last, str) or params.get("after") == last:
                break
            params["after"] = last
        return items, since or 0.0, False

    async def _content(self, job: Job, to: Path) -> None:
        # Without `variant`: SGLang takes it for a number and answers 404.
        path = f"videos/{in_path(job.ref)}/content"
        await self._wire.download(path, to, most=self._desk.most_clip)

    async def _links(self, job: Job) -> list[str]:
        """Where the clip lies, asked anew: such links end within the hour.

        Raises:
            ProviderError: `Fault.EXPIRED`: the server has not kept it so long; in doubt
                while the render has only just ended, which its clock may be wrong of.
        """
        answer = await self._wire.ask("GET", f"videos/{in_path(job.ref)}")
        ends, now = reading.ends_at(answer.fields), answer.sent_at
        if answer.good and ends is not None and now is not None and ends < now:
            late = told(Fault.EXPIRED, self._wire.title)
            late.doubtful = not job.inherits and job.waited < JUST_NOW
            raise late
        if answer.status in (404, 410):
            raise self._gone()
        return reading.links_in(answer.fields, self._profile.links)

    async def _delete(self, job: Job) -> Answer | None:
        return await self._wish("DELETE", f"videos/{in_path(job.ref)}")


def _reaches(items: Sequence[Mapping[str, object]], since: float) -> bool:
    """Whether a list goes back to a moment, and surely is one of the newest first."""
    made = [reading.made_at(item) for item in items]
    known = [moment for moment in made if moment is not None]
    if len(known) < len(made) or known != sorted(known, reverse=True):
        return False
    return bool(known) and known[0] > known[-1] and known[-1] < since


def _sent_characters(request: RenderRequest) -> tuple[Character, ...]:
    """Whom an order names; what changes a clip finds them in it."""
    return request.characters if request.way in (None, Way.AFRESH) else ()
