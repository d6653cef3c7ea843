"""Replicate: any model that somebody published there, under its own input names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.errors import Fault, ProviderError
from bot.models import Job, ModelCard, RenderRequest, Snapshot, State
from bot.providers import Leaves, hooks, pictures, shapes, terms
from bot.providers.answers import Answer, moment, number
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import told
from bot.providers.finding import Listed, earliest, the_one, unsure
from bot.providers.hooks import Call
from bot.providers.planning import sent_words
from bot.providers.proof import prove
from bot.providers.wire import Wire

BASE_URL = "https://api.replicate.com/v1"
MOST_PAGES = 5  # of its list
KEPT = 3_600.0  # seconds after its end for which it has a clip
STATES = {
    "starting": State.RENDERING,
    "processing": State.RENDERING,
    "succeeded": State.DONE,
    "failed": State.FAILED,
    "canceled": State.CANCELLED,
    "aborted": State.CANCELLED,
}


class Replicate(Cloud):
    """Predictions on replicate.com; satisfies `Provider`."""

    findable = True

    def __init__(
        self,
        wire: Wire,
        desk: Desk,
        cards: Sequence[ModelCard],
        *,
        webhook_secret: str | None = None,
    ) -> None:
        super().__init__("replicate", wire, desk, cards)
        self._secret = webhook_secret

    async def check(self) -> frozenset[str]:
        """The account's own page tells whether the key is good.

        Raises:
            ProviderError: It is not, or nobody answers.
        """
        answer = await self._wire.ask("GET", "account")
        prove(self._wire, answer, good=answer.good and "username" in answer.fields)
        return frozenset()

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:
        """Look through the newest predictions for the only one of this order.

        Its seed tells it from others of the same words, where a model takes one.

        Raises:
            ProviderError: `Fault.LOST`: the list cannot be had, or does not tell.
        """
        try:
            listed, since, whole = await self._listed(job)
        except ProviderError as error:
            raise told(Fault.LOST, self._wire.title, after=error.after) from error
        card = self._cards.get(job.request.model)
        sent = _words(job.request, card.wire if card else {})
        known = [
            Listed(
                item.get("id"),
                _same_order(item, job.request.model, sent),
                moment(item.get("created_at")),
            )
            for item in listed
        ]
        found = the_one(known, taken=taken, since=since, title=self._wire.title)
        if found is None and not whole:
            raise unsure(self._wire.title)
        return found

    async def _listed(
        self, job: Job
    ) -> tuple[Sequence[Mapping[str, Any]], float, bool]:
        """The predictions since an order, and perhaps older ones; the newest first.

        Returns:
            Them, the earliest moment at which the order can have come, and whether
            surely none since then is left out.
        """
        items: list[Mapping[str, Any]] = []
        since: float | None = None
        place = "predictions"
        for _ in range(MOST_PAGES):
            answer = await self._wire.ask("GET", place, most=64 << 20)
            listed = answer.fields.get("results")
            if not answer.good or not isinstance(listed, list):
                raise told(Fault.LOST, self._wire.title, after=answer.after)
            if since is None:
                since = earliest(answer, job.waited, self._desk.now())
            items += [item if isinstance(item, Mapping) else {} for item in listed]
            last = moment(items[-1].get("created_at")) if items else None
            more = answer.fields.get("next")
            if not more or (last is not None and last < since):
                return items, since, True
            if not isinstance(more, str) or not self._wire.is_own(more):
                break
            place = more
        return items, since or 0.0, False

    async def retrieve(self, job: Job) -> Snapshot:
        """Look once."""
        path, model = f"predictions/{in_path(job.ref)}", job.request.model
        answer = await self._wire.ask("GET", path, model=model)
        word = answer.fields.get("status")
        if not answer.good or not isinstance(word, str):
            return self._unread(job, answer)
        match STATES.get(word):
            case State.DONE:
                took = _took(answer.fields.get("metrics"))
                return Snapshot(
                    ref=job.ref or "",
                    state=State.DONE,
                    progress=1.0,
                    took=took,
                    keeps=_keeps(answer),
                )
            case State.FAILED:
                return self._failed(job, answer.said())
            case State.CANCELLED:
                return self._stopped(job)
            case None:
                self._puzzled(word)
        return Snapshot(ref=job.ref or "", rest=answer.after)

    async def cancel(self, job: Job) -> bool:
        """Stop the prediction; one that has ended is handed back as it is."""
        answer = await self._wish("POST", f"predictions/{in_path(job.ref)}/cancel")
        if answer and answer.fields.get("status") == "canceled":
            unstarted = answer.fields.get("started_at", "unsaid") is None
            return unstarted and terms.NEVER_STARTED in self._terms.free_cancels
        return self._is_free(answer)

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip; Replicate deletes it within an hour of its end."""
        answer = await self._wire.ask("GET", f"predictions/{in_path(job.ref)}")
        if answer.fields.get("data_removed"):
            raise told(Fault.EXPIRED, self._wire.title)
        output = answer.fields.get("output")
        output = output if isinstance(output, list) else [output]
        await self._bring([link for link in output if link and _is_link(link)], to)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        """Verify as Standard Webhooks say; the body is the prediction."""
        now = self._desk.now()
        if self._secret is None:
            return None
        key = hooks.standard(headers, body, secret=self._secret, now=now)
        if key is None:
            return None
        ref = hooks.read_body(body).get("id")
        return Call(key, ref) if isinstance(ref, str) else None

    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        owner, _, name = job.request.model.partition("/")
        model, _, version = name.partition(":")
        body: dict[str, Any] = {"input": await self._input(job)}
        if version:
            body["version"] = version
        hook = self._desk.hook(self.name) if self._secret else None
        if hook:
            body |= {"webhook": hook, "webhook_events_filter": ["completed"]}
        path = f"models/{in_path(owner)}/{in_path(model)}/predictions"
        answer = await self._wire.order(
            "predictions" if version else path,
            json=body,
            missing=Fault.MODEL_GONE,
            model=job.request.model,
            leaves=leaves,
        )
        return self._accepted(answer.fields.get("id"))

    async def _input(self, job: Job) -> dict[str, Any]:
        wire = self._card_of(job).wire
        body = _words(job.request, wire)
        for picture, name in (
            (await self._still(job), wire.get("still", "image")),
            (await self._last(job), wire.get("last", "last_image")),
        ):
            if picture is not None:
                body[str(name)] = await pictures.data_url(picture)
        return body


def _words(request: RenderRequest, wire: Mapping[str, Any]) -> dict[str, Any]:
    """The input but for its pictures."""
    body: dict[str, Any] = {"prompt": sent_words(request)}
    if name := wire.get("seconds"):
        body[str(name)] = request.made_seconds
    if wire.get("resolution"):
        body["resolution"] = shapes.resolution(request.size)
    if wire.get("ratio"):
        body["aspect_ratio"] = shapes.ratio(request.size)
    if wire.get("seed", True):
        body["seed"] = request.seed
    return body


def _same_order(
    item: Mapping[str, Any], model: str, sent: Mapping[str, Any]
) -> bool | None:
    """Whether a listed prediction is of this order; None when it does not say."""
    name, _, version = model.partition(":")
    for told_it, wanted in ((item.get("model"), name), (item.get("version"), version)):
        named = isinstance(told_it, str) and told_it not in ("", "hidden")
        if named and wanted and str(told_it).lower() != wanted.lower():
            return False
    given = item.get("input")
    if not isinstance(given, Mapping) or not isinstance(given.get("prompt"), str):
        return None  # what was put in is deleted after an hour
    return all(
        given[name] == value or str(given[name]) == str(value)
        for name, value in sent.items()
        if given.get(name) is not None
    )


def _is_link(output: object) -> bool:
    return isinstance(output, str) and output.startswith(("https:", "http:"))


def _keeps(answer: Answer) -> float | None:
    """Seconds for which the clip is still there: an hour from its end."""
    ended = moment(answer.fields.get("completed_at"))
    return None if ended is None else answer.until(ended + KEPT)


def _took(metrics: object) -> float | None:
    return number(metrics.get("total_time")) if isinstance(metrics, Mapping) else None
