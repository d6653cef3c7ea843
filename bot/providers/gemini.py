"""Gemini Omni over the Interactions API: a conversation whose answers are clips.

A remix is the next turn of the conversation. The order asks to be carried out in the
background; a server that answers only with the finished clip is listened to in a task
of ours, and the job learns the interaction's id when it has ended.
"""

import asyncio
import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.errors import Fault, ProviderError
from bot.fetching.inflow import Inflow
from bot.models import Job, ModelCard, Op, Snapshot, State, Way
from bot.providers import Leaves, pictures, shapes
from bot.providers.answers import Answer
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import told
from bot.providers.planning import sent_words
from bot.providers.proof import ids, prove
from bot.providers.wire import Wire

BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
HELD = "held-"  # begins the ref of an order that we still listen to
MOST_ANSWER = 128 << 20  # bytes; a clip inside the answer is a third larger than itself
KEEP = " Keep everything else the same."
TASKS = {Op.CREATE: "image_to_video", Op.REMIX: "edit", Op.EXTEND: "extend"}
STATES = {
    "queued": State.RENDERING,
    "in_progress": State.RENDERING,
    "requires_continuation": State.RENDERING,
    "completed": State.DONE,
    "failed": State.FAILED,
    "incomplete": State.FAILED,
    "requires_action": State.FAILED,
    "budget_exceeded": State.FAILED,
    "cancelled": State.CANCELLED,
}


class Gemini(Cloud):
    """Gemini Omni; satisfies `Provider`.

    Args:
        wire: To the API.
        desk: What the house lends.
        cards: What it offers.
        prompt_answer: Seconds after which an order is listened to in a task.
        longest: Seconds that such an order is listened to.
    """

    def __init__(
        self,
        wire: Wire,
        desk: Desk,
        cards: Sequence[ModelCard],
        *,
        prompt_answer: float = 20.0,
        longest: float = 900.0,
    ) -> None:
        super().__init__("gemini", wire, desk, cards, at_once=10)
        self._prompt_answer = prompt_answer
        self._longest = longest
        self._held: dict[str, asyncio.Task[Answer]] = {}
        self._left: set[str] = set()  # orders that are on their way, by our job's id

    async def check(self) -> frozenset[str]:
        """The list of models tells whether the key is good.

        Raises:
            ProviderError: It is not, or nobody answers.
        """
        answer = await self._wire.ask("GET", "models", params={"pageSize": "1000"})
        listed = answer.fields.get("models")
        good = answer.good and isinstance(listed, list)
        prove(self._wire, answer, good=good)
        names = ids(listed, "name")
        return frozenset(name.removeprefix("models/") for name in names)

    async def retrieve(self, job: Job) -> Snapshot:
        """Look once, or see whether the order that we listen to has ended."""
        ref = job.ref or ""
        if ref.startswith(HELD):
            return self._listened(job)
        return self._read(job, await self._interaction(job))

    async def cancel(self, job: Job) -> bool:
        """Stop it in the background, or stop listening; it then goes on unheard."""
        if held := self._held.pop(job.ref or "", None):
            unsent = job.id not in self._left and not held.done()
            held.cancel()
            return unsent
        path = f"interactions/{in_path(job.ref)}/cancel"
        return self._is_free(await self._wish("POST", path))

    async def forget(self, job: Job) -> None:
        """Delete the interaction."""
        if job.ref and not job.ref.startswith(HELD):
            await self._wish("DELETE", f"interactions/{in_path(job.ref)}")

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip: from its file, or out of the answer itself."""
        answer = await self._interaction(job)
        trouble: ProviderError | None = None
        for video in _videos(answer.fields):
            try:
                return await self._video(video, to)
            except ProviderError as error:
                if error.fault is Fault.INVALID:  # too large
                    raise
                trouble = error
        raise trouble or self._wire.refusal(Fault.UPSTREAM, answer.said())

    async def _video(self, video: Mapping[str, Any], to: Path) -> None:
        """Bring one of the places where a clip is: inside the answer, or a file."""
        if not video.get("data"):
            await self._file(str(video["uri"]), to)
            return
        data = await asyncio.to_thread(_decoded, video["data"])
        inflow = Inflow(to, title=self._wire.title, most=self._desk.most_clip)
        async with inflow:
            await inflow.write(data)

    async def close(self) -> None:
        """Stop listening; what was ordered meanwhile is lost to us."""
        for task in self._held.values():
            task.cancel()
        await asyncio.gather(*self._held.values(), return_exceptions=True)
        await super().close()

    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        body = await self._body(job)
        await leaves()  # it may wait for its turn after this call has returned
        listening = asyncio.create_task(self._send(job, body))
        listening.add_done_callback(lambda _: self._left.discard(job.id))
        try:
            await asyncio.wait([listening], timeout=self._prompt_answer)
        except asyncio.CancelledError:
            listening.cancel()
            raise
        if not listening.done():
            ref = f"{HELD}{job.id}"
            self._held[ref] = listening
            return Snapshot(ref=ref, queued=job.id not in self._left)
        answer = listening.result()
        if answer.fields.get("status") == "failed":
            raise self._wire.refusal(Fault.REFUSED_INPUT, answer.said())
        return self._accepted(answer.fields.get("id"))

    async def _send(self, job: Job, body: Mapping[str, Any]) -> Answer:
        """In the background; in the open where the server refuses that outright."""
        handle = job.request.way is Way.HANDLE
        missing = Fault.EXPIRED if handle else Fault.MODEL_GONE

        async def order(sent: Mapping[str, Any]) -> Answer:
            return await self._wire.order(
                "interactions",
                json=sent,
                seconds=self._longest,
                most=MOST_ANSWER,
                missing=missing,
                model=job.request.model,
                leaves=left,
            )

        async def left() -> None:
            self._left.add(job.id)

        try:
            return await order({**body, "background": True})
        except ProviderError as error:
            if error.fault not in (Fault.INVALID, Fault.UNSUPPORTED):
                raise
        return await order(body)

    async def _body(self, job: Job) -> dict[str, Any]:
        request = job.request
        body: dict[str, Any] = {
            "model": request.model,
            "store": True,
            "response_format": {
                "type": "video",
                "aspect_ratio": shapes.ratio(request.size),
                "resolution": shapes.resolution(request.size),
                "duration": f"{request.made_seconds}s",
                "delivery": "uri",
            },
        }
        task = TASKS[request.op if request.way is Way.HANDLE else Op.CREATE]
        if request.way is Way.HANDLE and request.source:
            keep = KEEP if request.op is Op.REMIX else ""
            body["previous_interaction_id"] = request.source.ref
            body["input"] = [{"type": "text", "text": sent_words(request) + keep}]
        else:
            body["input"] = await self._given(job)
            if len(body["input"]) == 1:
                task = ""
        if task:
            body["generation_config"] = {"video_config": {"task": task}}
        return body

    async def _given(self, job: Job) -> list[dict[str, Any]]:
        """The pictures and the words, each picture with what it is."""
        pictures_in, marks = [], []
        for mark, picture in (
            ("<FIRST_FRAME>", await self._still(job)),
            ("<LAST_FRAME>", await self._last(job)),
        ):
            if picture is not None:
                data = await asyncio.to_thread(base64.b64encode, picture)
                pictures_in.append(
                    {
                        "type": "image",
                        "data": data.decode(),
                        "mime_type": pictures.MIME,
                    }
                )
                marks.append(mark)
        words = " ".join([*marks, sent_words(job.request)])
        return [*pictures_in, {"type": "text", "text": words}]

    def _listened(self, job: Job) -> Snapshot:
        """What came of an order that we listen to.

        Raises:
            ProviderError: `Fault.LOST`: a restart of ours let go of it.
        """
        task = self._held.get(job.ref or "")
        if task is None:
            raise ProviderError(
                Fault.LOST,
                "The bot was restarted while {title} was rendering.",
                billed=True,
                title=self._wire.title,
            )
        if not task.done():
            return Snapshot(ref=job.ref or "", queued=job.id not in self._left)
        del self._held[job.ref or ""]
        try:
            answer = task.result()
            found = self._accepted(answer.fields.get("id"))
        except ProviderError as error:
            error.billed = error.fault is Fault.LOST
            return Snapshot(ref=job.ref or "", state=State.FAILED, error=error)
        return replace(self._read(job, answer), ref=found.ref)

    def _read(self, job: Job, answer: Answer) -> Snapshot:
        word = answer.fields.get("status")
        if not answer.good or not isinstance(word, str):
            return self._unread(job, answer)
        match STATES.get(word):
            case State.DONE if next(_videos(answer.fields), None) is None:
                # Omni answers fast and empty where it must not edit (EEA, CH, UK).
                error = told(Fault.REFUSED_OUTPUT, self._wire.title)
                return Snapshot(ref=job.ref or "", state=State.FAILED, error=error)
            case State.DONE:
                return Snapshot(ref=job.ref or "", state=State.DONE, progress=1.0)
            case State.FAILED:
                return self._failed(job, answer.said())
            case State.CANCELLED:
                return self._stopped(job)
            case None:
                self._puzzled(word)
        return Snapshot(ref=job.ref or "", rest=answer.after)

    async def _interaction(self, job: Job) -> Answer:
        path = f"interactions/{in_path(job.ref)}"
        model = job.request.model
        return await self._wire.ask("GET", path, most=MOST_ANSWER, model=model)

    async def _file(self, uri: str, to: Path) -> None:
        """Bring a file of Gemini's own storage once it is ready, or of another."""
        if not self._wire.is_own(uri):
            await self._wire.fetch(uri, to, most=self._desk.most_clip)
            return
        name = uri.partition("?")[0].rpartition("files/")[2].partition(":")[0]
        found = await self._wire.ask("GET", f"files/{in_path(name)}")
        if found.fields.get("state", "ACTIVE") != "ACTIVE":
            raise told(Fault.BUSY, self._wire.title, after=found.after or 2.0)
        path = f"files/{in_path(name)}:download?alt=media"
        await self._wire.download(path, to, most=self._desk.most_clip)


def _videos(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The videos in an interaction, wherever it holds them."""
    outputs = [fields.get("output_video")]
    steps = fields.get("steps")
    for step in steps if isinstance(steps, list) else []:
        content = step.get("content") if isinstance(step, Mapping) else None
        outputs += content if isinstance(content, list) else []
    listed = fields.get("outputs")
    outputs += listed if isinstance(listed, list) else []
    for one in outputs:
        if isinstance(one, Mapping) and (one.get("uri") or one.get("data")):
            mime = one.get("mime_type", "video/mp4")
            if one.get("type", "video") == "video" and str(mime).startswith("video"):
                yield one


def _decoded(data: object) -> bytes:
    try:
        return base64.b64decode(str(data), validate=True)
    except (binascii.Error, ValueError):
        return b""
