"""fal: a queue in front of some hundred models, each with field names of its own.

Status, result and cancel lie under the first two segments of the endpoint, so they are
made from the model and the request's id; what an answer says of addresses is not used.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.errors import Fault
from bot.models import Carrier, Job, ModelCard, Op, RenderRequest, Snapshot, State, Way
from bot.providers import Leaves, hooks, pictures, shapes
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import fault_of, told
from bot.providers.hooks import Call
from bot.providers.planning import sent_words
from bot.providers.proof import prove
from bot.providers.wire import Wire

BASE_URL = "https://queue.fal.run"
STORE_URL = "https://rest.fal.ai"
KEYS = ".well-known/jwks.json"
# How it answers for a model that would not or could not. Any other refusal says nothing
# of the render: a key or an address that it does not like now may please it again.
REFUSED = frozenset({400, 413, 415, 422})
KEPT = '{"expiration_duration_seconds": 86400}'  # usually it is fetched in seconds


class Fal(Cloud):
    """The queue of fal.ai; satisfies `Provider`.

    Args:
        wire: To the queue.
        store: To its storage and its public keys.
        desk: What the house lends.
        cards: What it offers.
    """

    def __init__(
        self, wire: Wire, store: Wire, desk: Desk, cards: Sequence[ModelCard]
    ) -> None:
        super().__init__("fal", wire, desk, cards, at_once=10)
        self._store = store
        self._keys: tuple[bytes, ...] = ()

    async def refresh(self) -> None:
        """Fetch the public keys that its calls are signed with.

        Raises:
            ProviderError: They cannot be had; the old ones stay.
        """
        if self._desk.hook(self.name) is None:
            return
        answer = await self._store.ask("GET", KEYS)
        if keys := hooks.read_keys(answer.body):
            self._keys = keys

    async def check(self) -> frozenset[str]:
        """Ask for a request that nobody made: only a good key is told so.

        Raises:
            ProviderError: The key is not good, or nobody answers.
        """
        path = "fal-ai/any/requests/00000000-0000-0000-0000-000000000000/status"
        answer = await self._wire.ask("GET", path)
        unknown = answer.status == 404 and "detail" in answer.fields
        prove(self._wire, answer, good=unknown)
        return frozenset()

    async def retrieve(self, job: Job) -> Snapshot:
        """Look into the queue; a completed request may still have failed."""
        path, model = f"{self._request_path(job)}/status", job.request.model
        answer = await self._wire.ask("GET", path, model=model)
        word = answer.fields.get("status")
        if not isinstance(word, str) or answer.status >= 400:
            return self._unread(job, answer)
        if word == "COMPLETED":
            if answer.fields.get("error"):
                return self._failed(job, answer.said())
            return await self._result(job)
        if word not in {"IN_QUEUE", "IN_PROGRESS"}:
            self._puzzled(word)
        return Snapshot(ref=job.ref or "", rest=answer.after)

    async def cancel(self, job: Job) -> bool:
        """Take it out of the queue, or ask its runner to stop, which may go on."""
        path = f"{self._request_path(job)}/cancel"
        return self._is_free(await self._wish("PUT", path))

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip from where the result says it lies."""
        answer = await self._wire.ask("GET", self._request_path(job))
        if not answer.good:
            raise self._wire.refusal(Fault.UPSTREAM, answer.said())
        await self._bring(_links(answer.fields), to)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        """Verify its Ed25519 signature; the body names the request."""
        now = self._desk.now()
        key = hooks.fal(headers, body, keys=self._keys, now=now)
        if key is None:
            return None
        ref = hooks.read_body(body).get("request_id")
        return Call(key, ref) if isinstance(ref, str) else None

    async def close(self) -> None:
        """Let go of the connections."""
        await super().close()
        await self._store.close()

    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        endpoint = self._endpoint(job.request)
        if hook := self._desk.hook(self.name):
            endpoint += f"?{urlencode({'fal_webhook': hook})}"
        answer = await self._wire.order(
            endpoint,
            json=await self._input(job),
            headers={"X-Fal-Object-Lifecycle-Preference": KEPT},
            model=job.request.model,
            leaves=leaves,
        )
        return self._accepted(answer.fields.get("request_id"))

    async def _result(self, job: Job) -> Snapshot:
        answer = await self._wire.ask("GET", self._request_path(job))
        ref = job.ref or ""
        if answer.status in REFUSED:
            return self._failed(job, answer.said())
        if not answer.good:
            raise self._wire.refusal(Fault.UPSTREAM, answer.said(), after=answer.after)
        if not _links(answer.fields):
            return self._failed(job, answer.said())
        return Snapshot(ref=ref, state=State.DONE, progress=1.0)

    async def _input(self, job: Job) -> dict[str, Any]:
        """The model's input in the words of its endpoint."""
        request, card = job.request, self._card_of(job)
        wire = card.wire
        body: dict[str, Any] = {"prompt": sent_words(request)}
        if request.way is Way.UPLOAD:
            clip = await self._clip(job)
            body["video_url"] = await self._address(card, clip, "video/mp4")
        seconds = request.made_seconds
        if request.op is not Op.REMIX or request.way is not Way.UPLOAD:
            body["duration"] = (
                str(seconds) if wire.get("seconds") == "text" else seconds
            )
        if request.way is Way.UPLOAD:
            return body
        if wire.get("resolution"):
            body["resolution"] = shapes.resolution(request.size)
        if wire.get("ratio"):
            body["aspect_ratio"] = shapes.ratio(request.size)
        for picture, field in (
            (await self._still(job), wire.get("still", "image_url")),
            (await self._last(job), wire.get("last", "end_image_url")),
        ):
            if picture is not None:
                body[field] = await self._address(card, picture, pictures.MIME)
        return body

    async def _address(self, card: ModelCard, data: bytes, mime: str) -> str:
        """Where the model finds these bytes: in the address itself, or in storage."""
        if card.carrier is not Carrier.UPLOAD:
            return await pictures.data_url(data, mime)
        begun = await self._store.ask(
            "POST",
            "storage/upload/initiate",
            params={"storage_type": "gcs"},
            json={"content_type": mime, "file_name": f"vivant.{mime[-3:]}"},
        )
        put, found = begun.fields.get("upload_url"), begun.fields.get("file_url")
        if not (begun.good and isinstance(put, str) and isinstance(found, str)):
            fault = fault_of(begun.status, begun.said()) if not begun.good else None
            raise self._wire.refusal(fault or Fault.UPSTREAM, begun.said())
        await self._store.put(put, data, mime)
        return found

    def _endpoint(self, request: RenderRequest) -> str:
        """The model, or the endpoint that changes or continues its clips."""
        if request.way is Way.UPLOAD:
            card = self._cards.get(request.model)
            other = card.wire.get(request.op) if card else None
            if not isinstance(other, str):
                raise told(Fault.MODEL_GONE, self._wire.title)
            return other
        return request.model

    def _request_path(self, job: Job) -> str:
        owner, _, rest = self._endpoint(job.request).partition("/")
        alias = rest.partition("/")[0]
        return f"{owner}/{alias}/requests/{in_path(job.ref)}"


def _links(result: Mapping[str, Any]) -> list[str]:
    """The addresses of the clip in a result."""
    found = [result.get("video"), *_listed(result.get("videos"))]
    links = [v.get("url") if isinstance(v, Mapping) else v for v in found]
    return [link for link in links if isinstance(link, str) and urlsplit(link).scheme]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
