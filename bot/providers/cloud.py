"""What all services on the network have in common; each module fills in its wire.

An order is sent once. Everything that is needed later is in the job's row: the ref,
the model, the way. So a restart between any two calls is nothing special.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from bot.errors import Fault, OptionError, ProviderError
from bot.media import Media
from bot.models import Job, ModelCard, Op, Quote, RenderRequest, Snapshot, State, Way
from bot.providers import Leaves, pictures, planning, terms
from bot.providers.answers import Answer
from bot.providers.faults import Said, failed, fault_of, told
from bot.providers.hooks import Call
from bot.providers.retiring import Retirement
from bot.providers.wire import Wire
from bot.store import Rows

log = logging.getLogger(__name__)

MOST_CLIP = 500 << 20  # bytes; two minutes of 1080p at 30 Mbit/s
MOST_UPLOAD = 20 << 20  # bytes of a clip that is sent along
SETTLING = 60.0  # seconds in which a service may not yet know what it has accepted
LONGEST_REF = 1_000  # characters; 210 were seen (LiteLLM 1.109.1)
LOOK_SOON = 2.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the house lends to every service.

    Attributes:
        media: Where stills and clips are.
        now: Unix time in seconds.
        public_url: Where services may call us, if they can reach us.
        most_clip: Bytes that a clip may have.
        store: Where small facts outlive a restart, if there is one.
    """

    media: Media
    now: Callable[[], float]
    public_url: str | None = None
    most_clip: int = MOST_CLIP
    store: Rows | None = None

    @property
    def today(self) -> str:
        """The ISO date in UTC."""
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()

    def hook(self, provider: str) -> str | None:
        """Where this service may call us; it must be HTTPS to be believed."""
        if self.public_url is None or not self.public_url.startswith("https://"):
            return None
        return f"{self.public_url}/hooks/{provider}"


class Cloud(ABC):
    """The part of `Provider` that is the same everywhere.

    Args:
        name: As in `provider/model`.
        wire: To the service.
        desk: What the house lends.
        cards: What it offers.
        at_once: Jobs that it works on at the same time.
    """

    idempotent = False
    findable = False

    def __init__(
        self,
        name: str,
        wire: Wire,
        desk: Desk,
        cards: Sequence[ModelCard],
        *,
        at_once: int = 20,
    ) -> None:
        self.name = name
        self.at_once = at_once
        self._wire = wire
        self._desk = desk
        self._cards = {card.id: card for card in cards}
        self._terms = terms.of(name)
        self._puzzles: set[str] = set()

    @property
    def address(self) -> str:
        """Where the service is."""
        return self._wire.base.rstrip("/")

    @property
    def date(self) -> str | None:
        """When the service last spoke, by its own clock."""
        return self._wire.date

    async def owners(self) -> frozenset[str]:
        """Who made the models, as a server of `/v1/models` says; which tells its kind.

        Raises:
            ProviderError: Nobody answers.
        """
        return frozenset()

    def models(self) -> Sequence[ModelCard]:
        """The cards of the models that are not retired."""
        today = self._desk.today
        return [card for card in self._cards.values() if not card.retired(today)]

    def plan(self, request: RenderRequest) -> Quote:
        """Snap, choose the way and price; see `bot.providers.planning`."""
        card = self._card(request.model)
        quote = planning.plan(request, card, today=self._desk.today)
        if end := self.retirement(card.id):
            return replace(quote, notes=(*quote.notes, end.note(card.title)))
        return quote

    def retirement(self, model: str) -> Retirement | None:
        """What is known of a model's end: by its service, else by the catalogue."""
        if said := self._wire.retiring.get(model) or self._wire.retiring.get(""):
            return said
        card = self._cards.get(model)
        return Retirement(day=card.retires_on) if card and card.retires_on else None

    async def create(self, job: Job, leaves: Leaves) -> Snapshot:
        """Order the render, and say what its service has just said of its model."""
        made = await self._make(job, leaves)
        card = self._cards.get(job.request.model)
        end = self.retirement(card.id) if card else None
        if card and end and (note := end.note(card.title)) not in job.notes:
            return replace(made, notes=(*made.notes, note))
        return made

    async def _make(self, job: Job, leaves: Leaves) -> Snapshot:
        """Order the render; where a clip's handle has ended, afresh from our copies."""
        try:
            return await self._order(job, leaves)
        except ProviderError as error:
            lost = job.request.way is Way.HANDLE and error.fault is Fault.EXPIRED
            if lost and planning.fits_afresh(job.request, card := self._card_of(job)):
                fresh = replace(job, request=planning.afresh(job.request, card))
                asked = job.request.seconds
                notes = planning.told_afresh(fresh.request, card, asked=asked)
                made = await self._order(fresh, leaves)
                return replace(made, notes=notes)
            raise

    async def find(self, job: Job, *, taken: frozenset[str]) -> Snapshot | None:  # noqa: ARG002
        """Services without a list of orders cannot be searched."""
        raise told(Fault.LOST, self._wire.title)

    async def cancel(self, job: Job) -> bool:  # noqa: ARG002
        """Most services cannot stop; the render is then left alone."""
        return False

    async def forget(self, job: Job) -> None:  # noqa: B027
        """Most services keep nothing that could be deleted."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Call | None:  # noqa: ARG002
        """Most services do not call."""
        return None

    async def refresh(self) -> None:  # noqa: B027
        """Bring the cards up to date, where the service lists them."""

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _wish(self, method: str, path: str) -> Answer | None:
        """Ask for what is kind but not needed: a render ends by itself, or expires.

        Returns:
            What was said, if that was a yes.
        """
        try:
            answer = await self._wire.ask(method, path)
        except ProviderError as error:
            log.info("%s: %s was not heard: %s", self.name, method, error)
            return None
        return answer if answer.good else None

    @abstractmethod
    async def check(self) -> frozenset[str]:
        """Ask something that costs nothing and needs the key, for `vivant doctor`.

        Returns:
            The models that it lists; none where it lists none that can be ordered.

        Raises:
            ProviderError: The service cannot be reached or does not know the key.
        """

    @abstractmethod
    async def retrieve(self, job: Job) -> Snapshot:
        """Ask how far `job.ref` has come."""

    @abstractmethod
    async def download(self, job: Job, to: Path) -> None:
        """Write the finished MP4 to the file `to`."""

    @abstractmethod
    async def _order(self, job: Job, leaves: Leaves) -> Snapshot:
        """Send the order for a job."""

    def _card(self, model: str) -> ModelCard:
        try:
            return self._cards[model]
        except KeyError:
            raise OptionError(
                "{title} has no model “{model}” here.",
                hint="Pick another model.",
                title=self._wire.title,
                model=model[:100],
            ) from None

    def _card_of(self, job: Job) -> ModelCard:
        """The card of a job's model; a job outlives the catalogue it was made with."""
        card = self._cards.get(job.request.model)
        if card is None:
            raise told(Fault.MODEL_GONE, self._wire.title)
        return card

    async def _still(self, job: Job) -> bytes | None:
        """The picture to start from, at exactly the size."""
        key = planning.sent_still(job.request)
        return None if key is None else await self._fitted(job, key)

    async def _last(self, job: Job) -> bytes | None:
        """The picture to end with."""
        key = job.request.last if job.request.op is Op.CREATE else None
        return None if key is None else await self._fitted(job, key)

    async def _fitted(self, job: Job, key: str) -> bytes:
        most = self._card_of(job).still_bytes
        return await pictures.fitted(self._desk.media, key, job.request.size, most=most)

    async def _clip(self, job: Job) -> bytes:
        """Our own file of the clip that a job answers to."""
        source = job.request.source
        key = source.media if source else ""
        return await pictures.clip_bytes(self._desk.media, key, most=MOST_UPLOAD)

    def _accepted(self, ref: object, **more: object) -> Snapshot:
        """The first look at an order that was accepted.

        Raises:
            ProviderError: `Fault.LOST`: it said yes, and nothing that can be found.
        """
        if not is_ref(ref):
            raise self._wire.refusal(Fault.LOST)
        return Snapshot(ref=str(ref), **more)  # type: ignore[arg-type]

    def _is_free(self, answer: Answer | None) -> bool:
        """Whether an answer to a cancel names a state that nothing is billed for."""
        if answer is None:
            return False
        fields = answer.fields
        word = "deleted" if fields.get("deleted") is True else None
        word = answer.headers.get("vivant-status") or fields.get("status", word)
        return isinstance(word, str) and word.lower() in self._terms.free_cancels

    def _failed(self, job: Job, said: Said) -> Snapshot:
        error = failed(self._wire.title, said)
        error.billed = error.fault in self._terms.billed_faults
        return Snapshot(ref=job.ref or "", state=State.FAILED, error=error)

    def _stopped(self, job: Job) -> Snapshot:
        """The service says that somebody stopped it; we did not."""
        error = ProviderError(
            Fault.UPSTREAM, "{title} stopped the render.", title=self._wire.title
        )
        error.billed = error.fault in self._terms.billed_faults
        return Snapshot(ref=job.ref or "", state=State.FAILED, error=error)

    def _missing(self, job: Job) -> Snapshot:
        """What a 404 means: too early, or too late.

        Raises:
            ProviderError: `Fault.EXPIRED`, in doubt: it may know it again in a minute.
        """
        if job.waited < SETTLING:
            return Snapshot(ref=job.ref or "", rest=LOOK_SOON)
        raise self._gone()

    def _gone(self) -> ProviderError:
        """It does not know the render, which may be a hiccup."""
        error = told(Fault.EXPIRED, self._wire.title)
        error.doubtful = True
        return error

    def _unread(self, job: Job, answer: Answer) -> Snapshot:
        """What an answer to a look means that says no state.

        Raises:
            ProviderError: Why; nothing that was asked can have been wrong, and words
                that come in place of a state are a gateway's as likely as not.
        """
        if answer.status == 404:
            return self._missing(job)
        said = answer.said()
        if answer.status == 410:
            raise self._gone()
        fault = fault_of(answer.status, said) if answer.status >= 400 else None
        if fault in (None, Fault.INVALID, Fault.UNSUPPORTED):
            fault = Fault.UPSTREAM
        error = self._wire.refusal(fault, said, after=answer.after)
        error.doubtful = True
        raise error

    def _puzzled(self, word: object) -> None:
        """Log a state that nobody has seen before, once."""
        known = str(word)[:40]
        if known not in self._puzzles and known.isidentifier():
            self._puzzles.add(known)
            log.warning("%s: unknown state %s; looking on", self.name, known)

    async def _bring(self, links: Sequence[str], to: Path) -> None:
        """Fetch the clip from one of the places where it may lie, each in turn.

        Raises:
            ProviderError: It could be had from none of them.
        """
        trouble: ProviderError | None = None
        for link in dict.fromkeys(links):
            try:
                return await self._bring_one(link, to)
            except ProviderError as error:
                if error.fault is Fault.INVALID:  # too large, wherever it lies
                    raise
                trouble = error
        raise trouble or told(Fault.UPSTREAM, self._wire.title)

    async def _bring_one(self, link: str, to: Path) -> None:
        """Without the key; with it where that fails, and the service itself has it."""
        most = self._desk.most_clip
        try:
            await self._wire.fetch(link, to, most=most)
        except ProviderError as error:
            if error.fault is Fault.INVALID or not self._wire.is_own(link):
                raise
            await self._wire.download(link, to, most=most)


def is_ref(ref: object) -> bool:
    """Whether this can be a service's id of a render: a number, or printable words."""
    if isinstance(ref, int):
        return 0 < ref < 1 << 64 and not isinstance(ref, bool)
    short = isinstance(ref, str) and 0 < len(ref.strip()) <= len(ref) <= LONGEST_REF
    return short and str(ref).isprintable()


def in_path(ref: str | None) -> str:
    """An id as one segment of an address, whatever is in it."""
    quoted = quote(ref or "", safe="")
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted
