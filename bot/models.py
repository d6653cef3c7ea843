"""The nouns. Frozen values, no I/O; `docs/glossary.md` says each word once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self

from bot.errors import BotError, Fault, ProviderError

Json = Mapping[str, Any]  # what went through json.loads


class Size(NamedTuple):
    """Width and height of a frame in pixels, both even."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Shape(StrEnum):
    """The shape of a frame, as a person says it."""

    AUTO = "auto"
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"


class Tier(StrEnum):
    """The two qualities: a draft is cheap or free, a final costs."""

    DRAFT = "draft"
    FINAL = "final"


class Op(StrEnum):
    """What a job does to what it starts from."""

    CREATE = "create"
    REMIX = "remix"
    EXTEND = "extend"


class Way(StrEnum):
    """How a remix or an extension is made; what is created has none."""

    HANDLE = "handle"  # the provider knows the clip by its own id
    UPLOAD = "upload"  # our file of the clip is sent along
    AFRESH = "afresh"  # created again, from our own copy of a still or a last frame


class State(StrEnum):
    """How far a job has come; `bot.jobs` has one step for each but the last three."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RENDERING = "rendering"
    FETCHING = "fetching"
    FINISHING = "finishing"
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in ENDS


ENDS = frozenset({State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever asks; the unit of a quota.

    Attributes:
        chat: Platform the id belongs to: `discord`, `slack`, `web` or `api`.
        id: The platform's own id, unique on that platform.
        roles: Names of roles that may raise the person's caps.
        moderates: Workspace whose clips they may stop and delete, if any.
    """

    chat: str
    id: str
    roles: frozenset[str] = frozenset()
    moderates: str | None = None

    @property
    def key(self) -> str:
        """The person in one word, as the ledger knows them."""
        return f"{self.chat}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job reports.

    Attributes:
        workspace: Guild or team; a unit of a quota too.
        locale: Language to report in, as in `de` or `pt-BR`.
    """

    chat: str
    workspace: str
    channel: str
    thread: str | None = None
    locale: str = "en"

    @property
    def key(self) -> str:
        """The workspace in one word, as `Person.moderates` and overrides name it."""
        return f"{self.chat}:{self.workspace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture that was made safe: upright sRGB on our own disk.

    Attributes:
        media: Key of its PNG or JPEG in the media store.
        notes: What had to be done to it, each a sentence for the person.
    """

    media: str
    size: Size
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody, or something, that a clip is to show again.

    Attributes:
        name: As the prompt has it.
        media: Key of the MP4 that shows it.
    """

    name: str
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants, as it came: nothing checked, nothing filled in.

    Attributes:
        seconds: Length wanted; None takes what the prompt's own times add up to.
        model: `provider/model`; None takes the owner's first choice for the tier.
        size: Frame wanted, for which the model's nearest is taken; before `shape`.
        seed: Any number; the same one gives the same clip where a model can.
        last: The picture to end with, where a model can.
        characters: Who is to be seen, where a model can.
    """

    prompt: str = ""
    still: Still | None = None
    last: Still | None = None
    seconds: int | None = None
    shape: Shape = Shape.AUTO
    size: Size | None = None
    tier: Tier = Tier.DRAFT
    model: str | None = None
    seed: int | None = None
    characters: tuple[Character, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The finished clip that a remix or an extension starts from.

    Attributes:
        clip_id: Our own id of it.
        prompt: Everything that was said to make it.
        ref: The provider's id of it, for a native remix.
        plan: The embedded renderer's plan of it, as JSON.
    """

    clip_id: str
    media: str
    provider: str
    model: str
    seconds: int
    prompt: str
    ref: str | None = None
    last_frame: str | None = None
    plan: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What somebody asked for, checked and filled in, not yet accepted.

    Attributes:
        prompt: What the person typed; for a remix or an extension, their reply.
        still: Media key of the picture to start from.
        seconds: Length of the finished clip, for an extension with what it extends.
        last: Media key of the picture to end with.
        source: The clip to change or continue.
        plan: What the embedded renderer will do, as JSON.
        way: How a remix or an extension is made, once that is decided.
        whole: The prompt merged with everything it answers to.
        named: Whether the person asked for this model by its name.
        characters: Who is to be seen; the prompt says each name.
    """

    prompt: str
    provider: str
    model: str
    seconds: int
    size: Size
    seed: int
    op: Op = Op.CREATE
    tier: Tier = Tier.DRAFT
    still: str | None = None
    last: str | None = None
    source: Source | None = None
    plan: Json | None = None
    way: Way | None = None
    whole: str | None = None
    named: bool = False
    characters: tuple[Character, ...] = ()

    @property
    def made_seconds(self) -> int:
        """Seconds that have to be rendered: an extension has its beginning already."""
        if self.op is Op.EXTEND and self.source:
            return self.seconds - self.source.seconds
        return self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a render takes from the quotas.

    Attributes:
        units: Clip-seconds weighted by the model card.
        micros: Money in millionths of a US dollar.
        known: Whether anybody knows the money; what was accepted always says a sum.
    """

    units: int = 0
    micros: int = 0
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A provider's answer to a request before any work: what it will do, for how much.

    Attributes:
        request: The request snapped to what the model can do.
        notes: What was changed or understood, each a sentence for the person.
        cannot: What will not happen, in the person's own words.
    """

    request: RenderRequest
    price: Price = Price()
    notes: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()


class Carrier(StrEnum):
    """How a picture reaches a provider."""

    PART = "part"  # a file in a multipart form
    DATA = "data"  # a data URL in JSON
    UPLOAD = "upload"  # put into the provider's own storage first


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What one model can do and costs.

    Attributes:
        seconds: Lengths it makes, ascending.
        sizes: Frames it makes, the preferred first.
        tier: What it is meant for; None is both.
        text_only: Whether it works without a still.
        last_frame: Whether it can end on a given picture.
        characters: How many it takes; with most, none.
        native: What it does with a clip that it made itself and still has.
        by_upload: What it does with our file of any clip.
        upload_seconds: Longest file it takes for that.
        adds: Lengths that a native extension may add; none are those of `seconds`.
        longest: Seconds that a clip may grow to; None is without limit.
        weight: Units taken per second of clip; 0 is free.
        micros_per_second: Money per second in millionths of a US dollar.
        rates: The same by the frame's shorter side in pixels, where it differs.
        micros_per_clip: Money per clip, whatever its length.
        clip_rates: The same by the frame's shorter side.
        priced: Whether the money is known; otherwise it is no fallback for anything.
        carrier: How a picture reaches it.
        still_bytes: Largest picture it takes.
        retires_on: ISO date after which it is gone.
        checked_on: ISO date when a person last compared this card with the source.
        wire: What only the provider's own module understands.
    """

    provider: str
    id: str
    title: str
    seconds: tuple[int, ...]
    sizes: tuple[Size, ...]
    tier: Tier | None = None
    text_only: bool = False
    last_frame: bool = False
    characters: int = 0
    audio: bool = False
    native: frozenset[Op] = frozenset({Op.CREATE})
    by_upload: frozenset[Op] = frozenset()
    upload_seconds: float | None = None
    adds: tuple[int, ...] = ()
    longest: int | None = None
    weight: float = 1.0
    micros_per_second: int = 0
    rates: Mapping[int, int] = field(default_factory=dict)
    micros_per_clip: int = 0
    clip_rates: Mapping[int, int] = field(default_factory=dict)
    priced: bool = True
    prompt_limit: int = 4_000
    carrier: Carrier = Carrier.PART
    still_bytes: int = 10 << 20
    retires_on: str | None = None
    checked_on: str | None = None
    wire: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`provider/model`, as a person types it."""
        return f"{self.provider}/{self.id}"

    def retired(self, today: str) -> bool:
        """Whether it is gone on an ISO date."""
        return self.retires_on is not None and today >= self.retires_on

    def price(self, seconds: int, size: Size) -> Price:
        """What so many seconds of such a frame take."""
        side = min(size)
        second, clip = self.micros_per_second, self.micros_per_clip
        if side in self.rates or side in self.clip_rates:
            # A side that one table names takes nothing from the other.
            second = self.rates.get(side, 0 if self.rates else second)
            clip = self.clip_rates.get(side, 0 if self.clip_rates else clip)
        return Price(
            units=math.ceil(seconds * self.weight),
            micros=second * seconds + clip,
            known=self.priced,
        )


class Delay(StrEnum):
    """Why a job makes no progress for now; its card says so."""

    TURN = "turn"  # its order waits until the provider has room for one more
    SILENT = "silent"  # the provider does not answer
    FETCH = "fetch"  # the clip is made, and the provider does not hand it out


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a provider says of a job at one moment.

    Attributes:
        ref: The provider's id of the render.
        state: RENDERING, DONE or FAILED; nothing else.
        progress: 0 to 1, or None where the provider does not say.
        poll_after: Seconds until the next look, where a look costs nothing.
        rest: Seconds in which the provider asks not to be looked at again.
        took: Seconds that the render took, once it is DONE and the provider says so.
        keeps: Seconds for which the provider keeps the clip, once DONE, if it says so.
        queued: Whether the order has not left yet: it waits for its turn.
        error: Why, when FAILED.
        plan: The plan as it was carried out, when DONE; embedded renderer only.
        notes: What the person should know of the result.
    """

    ref: str
    state: State = State.RENDERING
    progress: float | None = None
    poll_after: float | None = None
    rest: float | None = None
    took: float | None = None
    keeps: float | None = None
    queued: bool = False
    error: BotError | None = None
    plan: Json | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a job came to nothing; its words may be looked up in another language.

    Attributes:
        sentence: A template that the facts fill in.
        hint: What to do next.
        fault: Why, where it was a provider that said no.
    """

    sentence: str
    hint: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    fault: Fault | None = None

    @classmethod
    def of(cls, error: BotError) -> Self:
        """What an error says."""
        facts = {
            name: fact if isinstance(fact, int | float) else str(fact)
            for name, fact in error.facts.items()
        }
        fault = error.fault if isinstance(error, ProviderError) else None
        return cls(sentence=error.sentence, hint=error.hint, facts=facts, fault=fault)

    def again(self) -> BotError:
        """The error that said it."""
        return BotError(self.sentence, hint=self.hint, **self.facts)

    def __str__(self) -> str:
        return str(self.again())


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An accepted request and how far it has come; a row, read.

    Attributes:
        id: Ours, short; also the id of its clip.
        ref: The provider's id, once it accepted.
        run: How often somebody took this job; a fence against the one before.
        cancel: Whether somebody asked to stop it.
        took: Seconds that the provider rendered, once it has.
        progress: 0 to 1 while rendering, or None.
        since: Unix time in seconds when it came into this state.
        waited: Seconds that it had been in this state when the row was written.
        orders: Orders of it that left and were not surely turned away.
        ordered_at: Unix time in seconds when the last of them left.
        keeps: Seconds for which the provider keeps its clip, if it says so.
        delay: Why it makes no progress for now, if that is so.
        delayed_since: Unix time in seconds since when.
        inherits: Id of the failed job whose paid render it fetches, if any.
        media: Key of the finished MP4, once it is on our disk.
        error: Why it ended, if it went wrong.
        end: Where delivering leads, when that is not done.
        billed: Whether the owner may have been billed for nothing.
        notes: What was changed or understood, for the person.
        cannot: What will not happen, in the person's own words.
        card: The chat's id of the message that shows how far it is, if there is one.
        created: Unix time in seconds.
    """

    id: str
    person: Person
    place: Place
    request: RenderRequest
    state: State
    price: Price
    created: float
    updated: float
    ref: str | None = None
    run: int = 0
    cancel: bool = False
    since: float = 0.0
    waited: float = 0.0
    orders: int = 0
    ordered_at: float | None = None
    keeps: float | None = None
    delay: Delay | None = None
    delayed_since: float | None = None
    inherits: str | None = None
    progress: float | None = None
    took: float | None = None
    media: str | None = None
    error: Trouble | None = None
    card: str | None = None
    end: State | None = None
    billed: bool = False
    notes: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    plan: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A finished video: our own bytes, its lineage, how it was made.

    Attributes:
        id: The id of the job that made it.
        media: Key of its MP4 in the media store.
        poster: Key of its first frame, a JPEG.
        last_frame: Key of its last frame, a PNG.
        parent: Id of the clip it was made from, if any.
    """

    id: str
    person: Person
    place: Place
    request: RenderRequest
    media: str
    poster: str
    last_frame: str
    size: Size
    seconds: float
    bytes: int
    price: Price
    created: float
    parent: str | None = None
    ref: str | None = None
    plan: Json | None = None
    notes: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job as its person sees it.

    Attributes:
        clip: What came of it, while it is kept.
        ahead: How many jobs wait in front of it.
        lost: Why the clip could not be posted, if it could not.
    """

    job: Job
    clip: Clip | None = None
    ahead: int = 0
    lost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a person has left, for the person.

    Attributes:
        used: Units taken today; held ones count, and doubtful ones.
        doubtful: Units of them that may have been billed although there is no clip.
        cap: Units a day; None is without limit.
        together_left: Units that everyone in the place has left today, or None.
        resets: Unix time when the count starts again.
        free_used: Free renders in the last hour.
        free_cap: Free renders an hour.
        waiting: Their unfinished jobs.
    """

    used: int
    cap: int | None
    together_left: int | None
    resets: float
    free_used: int
    free_cap: int
    waiting: int
    doubtful: int = 0

    @property
    def left(self) -> int | None:
        """Units left today, or None when there is no limit."""
        own = None if self.cap is None else max(0, self.cap - self.used)
        limits = [left for left in (own, self.together_left) if left is not None]
        return min(limits, default=None)
