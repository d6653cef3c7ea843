"""OpenRouter: one key for many models, which it describes and prices itself."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.errors import Fault, ProviderError
from bot.models import Carrier, Job, ModelCard, Op, Size, Snapshot, State, Way
from bot.providers import Leaves, hooks, pictures, retiring, shapes
from bot.providers.answers import number
from bot.providers.catalogue import read_size
from bot.providers.cloud import Cloud, Desk, in_path
from bot.providers.faults import told
from bot.providers.hooks import Call
from bot.providers.planning import sent_words
from bot.providers.proof import prove
from bot.providers.wire import Wire

BASE_URL = "https://openrouter.ai/api/v1"
REST = 10.0  # seconds; its documentation asks for a look every 10 to 30 s (2026-11)
DEAREST = 1_000  # dollars a second; what asks for more is no price
STATES = {
    "pending": State.RENDERING,
    "queued": State.RENDERING,
    "in_progress": State.RENDERING,
    "completed": State.DONE,
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
    "expired": State.CANCELLED,
}
SHAPES = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4)}


class OpenRouter(Cloud):
    """The video API of OpenRouter; satisfies `Provider`."""

    def __init__(
        self,
        wire: Wire,
        desk: Desk,
        cards: Sequence[ModelCard],
        *,
        webhook_secret: str | None = None,
    ) -> None:
        super().__init__("openrouter", wire, desk, cards)
        self._secret = webhook_secret

    async def refresh(self) -> None:
        """Fill and correct the cards from its own list.

        Raises:
            ProviderError: The list cannot be had; the cards stay as they are.
        """
        answer = await self._wire.ask("GET", "videos/models")
        listed = answer.fields.get("data")
        if not answer.good or not isinstance(listed, list):
            raise self._wire.refusal(Fault.UPSTREAM, answer.said())
        known = dict(self._cards)
        found = {}
        for item in listed:
            if isinstance(item, Mapping) and (card := read_card(item, known)):
                found[card.id] = card
                if said := retiring.in_list(item):
                    self._wire.learn(card.id, said)
        gone = [id_ for id_ in known if found and id_ not in found]
        self._cards = {
            **{id_: found.get(id_, card) for id_, card in known.items()},
            **found,
        }
        for id_ in gone:  # no longer listed: nothing may be ordered of it
            del self._cards[id_]

    async def check(self) -> frozenset[str]:
        """The key's own page tells whether it is good.

        Raises:
            ProviderError: It is not, or nobody answers.
        """
        answer = await self._wire.ask("GET", "key")
        prove(self._wire, answer, good=answer.good and "data" in answer.fields)
        return frozenset()  # what it does not list is no card; see `refresh`

    async def retrieve(self, job: Job) -> Snapshot:
        """Look once."""
        path, model = f"videos/{in_path(job.ref)}", job.request.model
        answer = await self._wire.ask("GET", path, model=model)
        word = answer.fields.get("status")
        if not answer.good or not isinstance(word, str):
            return self._unread(job, answer)
        match STATES.get(word):
            case State.DONE:
                return Snapshot(ref=job.ref or "", state=State.DONE, progress=1.0)
            case State.FAILED:
                return self._failed(job, answer.said())
            case State.CANCELLED if word == "expired":
                raise told(Fault.EXPIRED, self._wire.title)
            case State.CANCELLED:
                return self._stopped(job)
            case None:
                self._puzzled(word)
        return Snapshot(ref=job.ref or "", rest=answer.after or REST)

    async def download(self, job: Job, to: Path) -> None:
        """Bring the clip from its signed link, else through OpenRouter itself."""
        links: list[str] = []
        with suppress(ProviderError):  # the clip may be had without its answer
            answer = await self._wire.ask("GET", f"videos/{in_path(job.ref)}")
            signed = _list(answer.fields.get("urls"))
            others = _list(answer.fields.get("unsigned_urls"))
            links = [link for link in signed if isinstance(link, str)]
            # Its own need the key and are what is asked for below.
            links += [
                link
                for link in others
                if isinstance(link, str) and not self._wire.is_own(link)
            ]
        if links:
            with suppress(ProviderError):  # such a link ends; OpenRouter itself stays
                await self._bring(links, to)
                return
        path = f"videos/{in_path(job.ref)}/content?index=0"
        await self._wire.download(path, to, most=self._desk.most_clip)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:
        """Verify its HMAC; the body names the job."""
        now = self._desk.now()
        if self._secret is None:
            return None
        key = hooks.openrouter(headers, body, secret=self._secret, now=now)
        if key is None:
            return None
        event = hooks.read_body(body)
        data = event.get("data")
        for part in (data, event):
            if isinstance(part, Mapping):
                for name in ("id", "job_id"):
                    if isinstance(ref := part.get(name), str):
                        return Call(key, ref)
        return None

    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        request = job.request
        body: dict[str, Any] = {
            "model": request.model,
            "prompt": sent_words(request),
            "duration": request.made_seconds,
        }
        if request.way is Way.HANDLE and request.source:
            body["previous_job_id"] = request.source.ref
        else:
            body |= self._frame(request.size, self._card_of(job))
            if self._card_of(job).wire.get("seed"):
                body["seed"] = request.seed
            if frames := await self._frames(job):
                body["frame_images"] = frames
        hook = self._desk.hook(self.name) if self._secret else None
        if hook:
            body["callback_url"] = hook
        handle = request.way is Way.HANDLE
        answer = await self._wire.order(
            "videos",
            json=body,
            missing=Fault.EXPIRED if handle else None,
            model=request.model,
            leaves=leaves,
        )
        if answer.fields.get("status") == "failed":
            raise self._wire.refusal(Fault.REFUSED_INPUT, answer.said())
        return self._accepted(answer.fields.get("id"), rest=REST)

    def _frame(self, size: Size, card: ModelCard) -> dict[str, Any]:
        if card.wire.get("sized"):
            return {"size": str(size)}
        return {
            "aspect_ratio": shapes.ratio(size),
            "resolution": shapes.resolution(size),
        }

    async def _frames(self, job: Job) -> list[dict[str, Any]]:
        given = (
            ("first_frame", await self._still(job)),
            ("last_frame", await self._last(job)),
        )
        return [
            {
                "type": "image_url",
                "image_url": {"url": await pictures.data_url(picture)},
                "frame_type": frame,
            }
            for frame, picture in given
            if picture is not None
        ]


def read_card(
    item: Mapping[str, Any], known: Mapping[str, ModelCard]
) -> ModelCard | None:
    """The card of a model as the list describes it; None when it does not do.

    What the list leaves open is taken from a card that is known already.
    """
    id_ = item.get("id")
    if not isinstance(id_, str) or not id_:
        return None
    before = known.get(id_)
    seconds = sorted({int(s) for s in _numbers(item.get("supported_durations"))})
    sizes = _sizes(item)
    if not (seconds or before) or not (sizes or before):
        return None
    frames = _list(item.get("supported_frame_images"))
    rates, rate, priced = _prices(item.get("pricing_skus"), sizes)
    return ModelCard(
        provider="openrouter",
        id=id_,
        title=str(item.get("name") or id_)[:80],
        seconds=tuple(seconds) or (before.seconds if before else ()),
        sizes=tuple(sizes) or (before.sizes if before else ()),
        tier=before.tier if before else None,
        text_only=True,
        last_frame="last_frame" in frames,
        audio=bool(item.get("generate_audio")),
        native=before.native if before else frozenset({Op.CREATE}),
        micros_per_second=rate if priced or not before else before.micros_per_second,
        rates=rates if priced or not before else before.rates,
        priced=priced or (before.priced if before else False),
        carrier=Carrier.DATA,
        checked_on=before.checked_on if before else None,
        wire={
            "seed": item.get("seed") is True,
            "sized": bool(item.get("supported_sizes")),
        },
    )


def _sizes(item: Mapping[str, Any]) -> list[Size]:
    """Its sizes, or those that its ratios and resolutions come to; 720p first."""
    if given := _list(item.get("supported_sizes")):
        listed = [
            s for s in given if re.fullmatch(r"[1-9]\d{2,3}x[1-9]\d{2,3}", str(s))
        ]
        return sorted(map(read_size, listed), key=_from_720)
    lines = [
        int(found[1])
        for one in _list(item.get("supported_resolutions"))
        if (found := re.fullmatch(r"(\d{3,4})p", str(one)))
    ]
    ratios = [
        SHAPES[name]
        for name in _list(item.get("supported_aspect_ratios"))
        if isinstance(name, str) and name in SHAPES
    ]
    made = [
        Size(_even(side * w / min(w, h)), _even(side * h / min(w, h)))
        for side in lines
        for w, h in ratios
    ]
    return sorted(made, key=_from_720)


def _from_720(size: Size) -> int:
    return abs(min(size) - 720)


def _even(pixels: float) -> int:
    return round(pixels / 2) * 2


def _prices(skus: object, sizes: Sequence[Size]) -> tuple[dict[int, int], int, bool]:
    """Micros per second by the shorter side, the dearest, and whether any is known.

    Names differ from model to model: what names a resolution counts for it, what names
    none counts for all, and where several fit the dearest is taken. Prices per token
    or per clip are left unknown, and so is everything where one is no price at all or
    nothing: what is billed in another way is listed so too.
    """
    if not isinstance(skus, Mapping):
        return {}, 0, False
    general: list[int] = []
    special: dict[int, list[int]] = {}
    for name, price in skus.items():
        if not re.search(r"second", str(name)):
            continue
        dollars = _dollars(price)
        if dollars is None:
            return {}, 0, False
        micros = round(dollars * 1e6)
        if "cents" in str(name):
            micros //= 100
        if found := re.search(r"(\d{3,4})p", str(name)):
            special.setdefault(int(found[1]), []).append(micros)
        else:
            general.append(micros)
    sides = {min(size) for size in sizes}
    rates = {
        side: max(special.get(side, general))
        for side in sides
        if (special.get(side) or general)
    }
    known = bool(rates) and len(rates) == len(sides) and min(rates.values()) > 0
    return rates, max(rates.values(), default=0), known


def _dollars(price: object) -> float | None:
    """A price as it is written, with or without quotes; None when it is none."""
    if isinstance(price, str):
        try:
            price = float(price)
        except ValueError:
            return None
    return number(price, most=DEAREST)


def _numbers(value: object) -> list[float]:
    found = [number(one, least=1, most=600) for one in _list(value)]
    return [one for one in found if one is not None]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
