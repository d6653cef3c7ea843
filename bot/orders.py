"""What can be ordered: each checked, its price held, stored in one transaction."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot import checking, quota
from bot.choice import Choice
from bot.config import Settings
from bot.errors import (
    MissingError,
    OptionError,
    ReusedError,
    StateError,
    StillError,
    StorageError,
)
from bot.features import LONGEST_PROMPT
from bot.jobs import Jobs
from bot.library import Library
from bot.media import Media
from bot.mending import ClipFault, Mended, mend
from bot.models import (
    Ask,
    Clip,
    Job,
    ModelCard,
    Person,
    Place,
    Quote,
    RenderRequest,
    Size,
    State,
    Still,
    Tier,
)
from bot.providers import Provider
from bot.store import Rows, Store, notes
from bot.store import jobs as job_rows

# Without vowels and look-alikes: an id is read aloud and spells no word.
ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
ANY = Still(media="", size=Size(16, 9))  # stands for a picture that is yet to come
DELETED = "once:deleted "  # begins the note of an event whose job was deleted
BODY = "once:body "  # begins the note of what an event has ordered


class Orders(Library):
    """Everything that makes a new clip."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        providers: Mapping[str, Provider],
        media: Media,
        *,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, media, settings=settings, now=now)
        self._jobs = jobs
        self._providers = providers
        self._choice = jobs.choice or Choice(
            providers,
            draft=settings.draft,
            final=settings.final,
            draft_in=settings.draft_in,
            final_in=settings.final_in,
        )

    def models(self) -> Sequence[ModelCard]:
        """Every model that can be asked for."""
        return [card for p in self._providers.values() for card in p.models()]

    def stands_for(self, tier: Tier, place: Place) -> ModelCard | None:
        """The model that makes clips of a tier in a place, if there is one."""
        known = {card.name: card for card in self.models()}
        names = self._choice.order(tier, place.key)
        return next((known[name] for name in names if name in known), None)

    async def afford(
        self, ask: Ask, *, person: Person, place: Place, event: str | None = None
    ) -> None:
        """Refuse what would be refused anyway, before its picture is fetched.

        Nothing is held: `submit` checks again, in the transaction that accepts it. An
        event that has caused a job already is never refused.

        Args:
            ask: What is wanted, as far as it is known without the picture.
            person: Who would pay with their quota.
            place: Where it would be reported.
            event: The chat's key of the click or message.

        Raises:
            RequestError: It cannot be done, or there is no quota left for it.
        """
        if event is not None and await self.ordered(person, event):
            return
        names = self._choice.order(ask.tier, place.key)
        card = checking.choose(ask, self.models(), names)
        request = checking.request(replace(ask, still=ask.still or ANY), card)
        prices = [card.price(request.seconds, size) for size in card.sizes]
        least = min(prices, key=lambda price: (price.micros, price.units))
        caps = self._settings.caps
        price = quota.priced(Quote(request=request, price=least), caps)

        async def look(db: Rows) -> None:
            self._check_disk()
            await quota.check(db, person, place, price, caps, now=self._now())

        await self._store.transaction(look)

    async def submit(
        self,
        ask: Ask,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
        body: str | None = None,
    ) -> Job:
        """Take an order: check it, hold its price, and let it be carried out.

        Args:
            ask: What is wanted.
            person: Who pays with their quota.
            place: Where to report.
            event: The chat's key of the click or message; the same one is the same job.
            body: What the order says in short; the same event with another is refused.

        Raises:
            RequestError: It cannot be done; nothing was stored.
        """
        card = checking.choose(
            ask, self.models(), self._choice.order(ask.tier, place.key)
        )
        request = checking.request(ask, card)
        return await self._accept(request, person, place, event, body)

    async def remix(
        self,
        clip_id: str,
        words: str,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
        body: str | None = None,
    ) -> Job:
        """Change a finished clip by what somebody said about it."""
        clip = await self.seen(clip_id, person=person, place=place)
        request = checking.remix(clip, words, self._card_of(clip))
        return await self._accept(request, person, place, event, body)

    async def extend(
        self,
        clip_id: str,
        words: str,
        seconds: int,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
        body: str | None = None,
    ) -> Job:
        """Make a finished clip longer by some seconds."""
        clip = await self.seen(clip_id, person=person, place=place)
        request = checking.extension(clip, words, seconds, self._card_of(clip))
        return await self._accept(request, person, place, event, body)

    async def again(
        self, job_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Order the same once more with another seed; also after a failure.

        What was paid for and never came is fetched first: a new one is ordered, and
        paid for, only when it cannot be had.
        """
        try:
            done = (await self.seen(job_id, person=person, place=place)).request
        except MissingError:
            job = await self.job(job_id, person=person)
            if job.person.key == person.key and _is_owed(job):
                return await self._accept(job.request, person, place, event, owed=job)
            done = job.request
        request = replace(done, seed=checking.new_seed(), plan=None)
        return await self._accept(request, person, place, event)

    def has_final(self, clip: Clip) -> bool:
        """Whether a better model than the one that made a clip is set up for finals."""
        return bool(self._choice.finals(clip.request, clip.place.key))

    async def final(
        self, clip_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Render a draft again as a final: the same still, words, length and seed.

        Raises:
            StateError: It is a final already, or no better model is set up.
        """
        clip = await self.seen(clip_id, person=person, place=place)
        better = self._choice.finals(clip.request, place.key)
        if not better:
            raise _no_final(clip)
        request = checking.final(clip, better[0])
        return await self._accept(request, person, place, event)

    async def mend(
        self, clip_id: str, fault: ClipFault, *, person: Person, place: Place
    ) -> Mended:
        """The words that would mend what is wrong with a clip; nothing is spent."""
        clip = await self.seen(clip_id, person=person, place=place)
        card = self._card_of(clip)
        limit = min(card.prompt_limit, LONGEST_PROMPT)
        return mend(fault, clip.request, lengths=card.seconds, limit=limit)

    async def remake(
        self,
        clip_id: str,
        prompt: str,
        seconds: int,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
    ) -> Job:
        """Render a clip again by other words, with another seed.

        It starts from the same still. A remix or an extension starts from the same
        clip once more, and the words stand for the reply that it answered.
        """
        clip = await self.seen(clip_id, person=person, place=place)
        request = checking.remade(clip, prompt, seconds, self._card_of(clip))
        return await self._accept(request, person, place, event)

    async def ordered(
        self, person: Person, event: str, *, body: str | None = None
    ) -> Job | None:
        """The job that an event of the chat has caused already, if it has.

        Raises:
            ReusedError: What the event ordered then was not this `body`.
        """
        key = f"{person.key}:{event}"
        job = await job_rows.by_event(self._store, key)
        if job is not None:
            await _check_body(self._store, key, body)
        return job

    async def _accept(
        self,
        request: RenderRequest,
        person: Person,
        place: Place,
        event: str | None,
        body: str | None = None,
        *,
        owed: Job | None = None,
    ) -> Job:
        """Write the job and its hold in one transaction, or the job it repeats.

        Args:
            request: What to make.
            person: Who pays with their quota.
            place: Where to report.
            event: The chat's key of the click or message.
            body: What a program's key stands for.
            owed: A failed job whose paid render this one takes over.
        """
        provider = self._provider(request.provider)
        quote = _as_agreed(owed) if owed else provider.plan(request)
        price = quota.priced(quote, self._settings.caps)
        now = self._now()
        job = Job(
            id=new_id(),
            person=person,
            place=place,
            request=quote.request,
            state=State.QUEUED,
            price=price,
            created=now,
            updated=now,
            since=now,
            notes=quote.notes,
            cannot=quote.cannot,
            plan=quote.request.plan,
        )
        key = None if event is None else f"{person.key}:{event}"

        async def write(db: Rows) -> Job:
            self._check_disk(request.still)  # here it takes no trip of its own
            if key and await notes.get(db, f"{DELETED}{key}") is not None:
                raise StateError("That clip was deleted.", hint="Ask for a new one.")
            if key and (known := await job_rows.by_event(db, key)):
                await _check_body(db, key, body)
                return known
            if key and body:
                await notes.put(db, f"{BODY}{key}", body, now=now)
            accepted = await _taken_over(db, job, owed) if owed else job
            await job_rows.add(db, accepted, event=key)
            await quota.hold(db, accepted, self._settings.caps, now=now)
            return accepted

        written = await self._store.transaction(write)
        await self._store.say(written.id)
        return written

    def _provider(self, name: str) -> Provider:
        if provider := self._providers.get(name):
            return provider
        raise OptionError(
            "{provider} is not set up here any more.",
            hint="Pick another model.",
            provider=name,
        )

    def _check_disk(self, still: str | None = None) -> None:
        """Raises when there is no room, or the picture is there no more."""
        free, there = self._media.look(still)
        if free < self._settings.min_free_mb * 1_000_000:
            raise StorageError("The bot's disk is full.")
        if not there:
            raise StillError(
                "That picture is gone: it was not used for too long.",
                hint="Send the picture again.",
            )

    def _card_of(self, clip: Clip) -> ModelCard:
        """The model that made a clip; the next in order once that is gone."""
        name = f"{clip.request.provider}/{clip.request.model}"
        names = (name, *self._choice.order(clip.request.tier, clip.place.key))
        return checking.choose(Ask(), self.models(), names)


async def _check_body(db: Rows, key: str, body: str | None) -> None:
    before = await notes.get(db, f"{BODY}{key}")
    if body and before and body != before:
        raise ReusedError("That Idempotency-Key has ordered something else before.")


def _is_owed(job: Job) -> bool:
    """Whether a job that came to nothing has a render that may have been paid for."""
    return job.state.ended and job.billed and job.ref is not None


def _as_agreed(job: Job) -> Quote:
    """What a job was ordered as, whatever the model does and costs by now."""
    return Quote(
        request=job.request, price=job.price, notes=job.notes, cannot=job.cannot
    )


async def _taken_over(db: Rows, job: Job, owed: Job) -> Job:
    """The new job with the render of the failed one, whose money it is from now on."""
    if not await job_rows.hand_over(db, owed.id, owed.ref or ""):
        return job
    await quota.mark(db, owed.id, note=None)
    await job_rows.note_billed(db, owed.id, billed=False)
    return replace(job, ref=owed.ref, inherits=owed.id)


def _no_final(clip: Clip) -> StateError:
    if clip.request.tier is Tier.FINAL:
        return StateError(
            "That clip is a final already.",
            hint="Reply with what should change, or render it again.",
        )
    return StateError(
        "No better model than the one that made this clip is set up here.",
        hint="Whoever runs this bot can set one up for finals.",
    )


def new_id() -> str:
    """A name for a job and its clip."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(10))
