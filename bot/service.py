"""Everything a person can ask for. What every chat calls, and nothing else."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from bot import checking, fetching, keys, quota
from bot.choice import Choice
from bot.config import Settings
from bot.copies import Copies
from bot.errors import (
    LinkError,
    MissingError,
    OptionError,
    StateError,
    StillError,
    StorageError,
)
from bot.features import LONGEST_PROMPT
from bot.jobs import Chat, Jobs
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
    RenderRequest,
    State,
    Still,
    Tier,
)
from bot.outbox import Outbox
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.providers import Provider
from bot.stills import Stills
from bot.store import Store, notes
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from bot.vault import Vault

# Without vowels and look-alikes: an id is read aloud and spells no word.
ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"


class RenderService(Library):
    """Everything a person can ask for; what there is to see is in `Library`.

    Attributes:
        vault: Where a chat keeps the secrets that it was given.
    """

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        providers: Mapping[str, Provider],
        media: Media,
        stills: Stills,
        copies: Copies,
        *,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, media, settings=settings, now=now)
        self._jobs = jobs
        self._providers = providers
        self._stills = stills
        self._copies = copies
        self.vault = Vault(store, settings.data / "secret.key", now=now)
        self.outbox = Outbox(store, now=now)
        self._choice = jobs.choice or Choice(
            providers, draft=settings.draft, final=settings.final
        )

    def connect(self, name: str, chat: Chat) -> None:
        """Let jobs of this chat report to it from now on."""
        self._jobs.connect(name, chat)

    async def still_from_bytes(self, data: bytes) -> Still:
        """Make an uploaded picture safe.

        Raises:
            StillError: It is not a picture that can be animated.
        """
        return await self._stills.from_bytes(data)

    async def still_from_path(self, file: Path) -> Still:
        """Make a picture on this machine safe.

        Raises:
            StillError: It is not a picture that can be animated.
        """
        return await self._stills.from_path(file)

    async def still_from_link(self, url: str) -> Still:
        """Fetch a picture from an address a person gave, and make it safe.

        Raises:
            LinkError: The address is not allowed or does not answer.
            StillError: What it answers is not a picture that can be animated.
        """
        if not self._settings.links:
            raise LinkError("Links are switched off here.")
        return await self._stills.from_bytes(await fetching.fetch_picture(url))

    def preview(self, prompt: str, seconds: int | None) -> Plan:
        """What the words mean, as far as the embedded renderer reads them."""
        return parse(prompt, seconds, most=self._settings.max_seconds)

    async def submit(
        self, ask: Ask, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Take an order: check it, hold its price, and let it be carried out.

        Args:
            ask: What is wanted.
            person: Who pays with their quota.
            place: Where to report.
            event: The chat's key of the click or message; the same one is the same job.

        Raises:
            RequestError: It cannot be done; nothing was stored.
        """
        card = checking.choose(ask, self.models(), self._choice.order(ask.tier))
        return await self._accept(checking.request(ask, card), person, place, event)

    async def remix(
        self,
        clip_id: str,
        words: str,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
    ) -> Job:
        """Change a finished clip by what somebody said about it."""
        clip = await self.seen(clip_id, person=person, place=place)
        request = checking.remix(clip, words, self._card_of(clip))
        return await self._accept(request, person, place, event)

    async def extend(
        self,
        clip_id: str,
        words: str,
        seconds: int,
        *,
        person: Person,
        place: Place,
        event: str | None = None,
    ) -> Job:
        """Make a finished clip longer by some seconds."""
        clip = await self.seen(clip_id, person=person, place=place)
        request = checking.extension(clip, words, seconds, self._card_of(clip))
        return await self._accept(request, person, place, event)

    async def again(
        self, job_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Order the same once more with another seed; also after a failure."""
        try:
            done = (await self.seen(job_id, person=person, place=place)).request
        except MissingError:
            done = (await self.job(job_id, person=person)).request
        request = replace(done, seed=checking.new_seed(), plan=None)
        return await self._accept(request, person, place, event)

    def has_final(self, clip: Clip) -> bool:
        """Whether a better model than the one that made a clip is set up for finals."""
        return bool(self._choice.finals(clip.request))

    async def final(
        self, clip_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Render a draft again as a final: the same still, words, length and seed.

        Raises:
            StateError: It is a final already, or no better model is set up.
        """
        clip = await self.seen(clip_id, person=person, place=place)
        better = self._choice.finals(clip.request)
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

    async def cancel(self, job_id: str, *, person: Person) -> Job:
        """Ask a job to stop; what it held is given back when it has.

        Raises:
            StateError: It has ended already.
        """
        job = await self.job(job_id, person=person)
        asked = await job_rows.ask_cancel(self._store, job.id)
        if asked is None:
            raise StateError(
                "That render has ended already.", hint="Delete the clip instead."
            )
        await self._store.say(job.id)
        return asked

    async def delete(self, clip_id: str, *, person: Person) -> None:
        """Delete a clip, its files and its job; the ledger keeps what it took.

        Raises:
            StateError: It is still being made.
        """
        job = await self.job(clip_id, person=person)
        if not job.state.ended:
            raise StateError("That clip is still being made.", hint="Cancel it first.")
        clip = await clip_rows.get(self._store, clip_id)
        async with self._store.transaction() as db:
            await clip_rows.remove(db, clip_id)
            await job_rows.remove(db, clip_id)
            used = await clip_rows.media(db) | await job_rows.stills(db)
        if provider := self._providers.get(job.request.provider):
            await provider.forget(job)
        if clip is not None:
            own = {clip.media, clip.poster, clip.last_frame, clip.request.still}
            for key in own - used - {None}:
                await self._media.remove(str(key))

    async def resend(
        self, clip_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> None:
        """Post a finished clip to a place, perhaps not for the first time.

        Raises:
            DeliveryError: The chat said no; the clip is kept.
        """
        await self.clip(clip_id, person=person)
        job = await self.job(clip_id, person=person)
        key = f"{clip_id}:{event or _new_id()}"
        known = await clip_rows.delivery(self._store, key)
        if known is None or known.message is None:
            await self._jobs.post(replace(job, place=place), key=key, again=True)

    async def ordered(self, person: Person, event: str) -> Job | None:
        """The job that an event of the chat has caused already, if it has."""
        return await job_rows.by_event(self._store, f"{person.key}:{event}")

    async def called(
        self, provider: str, headers: Mapping[str, str], body: bytes
    ) -> bool:
        """Let the job that a provider's call speaks of look at once.

        What it says is not believed; the same call again does nothing.

        Returns:
            Whether it was truly that provider.

        Raises:
            MissingError: There is no such provider.
        """
        if provider not in self._providers:
            raise MissingError("There is no such provider here.")
        call = self._providers[provider].read_webhook(headers, body)
        if call is None:
            return False
        if await self.once(f"{provider} {call.key}"):
            job = await job_rows.by_ref(self._store, provider, call.ref)
            if job is not None:
                await self._store.say(job.id)
        return True

    async def withdraw(self, job: Job) -> None:
        """Take back an order that nobody knows was taken; late is no error."""
        if await job_rows.ask_cancel(self._store, job.id):
            await self._store.say(job.id)

    async def note_card(self, job_id: str, message: str) -> None:
        """Remember the message that shows how far a job is."""
        await job_rows.note_card(self._store, job_id, message)

    async def set_units(
        self, person: str, units: int | None, *, place: Place | None = None
    ) -> None:
        """Give one person their own units a day; None is without limit.

        Args:
            person: `chat:id`.
            units: Clip-seconds a day.
            place: Where it counts; everywhere when it is left out.
        """
        where = place.key if place else ""
        await quota.override(self._store, person, units, workspace=where)

    async def holder(self, key: str) -> Person | None:
        """Who comes with a key; None when it opens nothing."""
        return await keys.holder(self._store, key)

    async def once(self, key: str) -> bool:
        """Whether this is the first time that anybody asks for this key."""
        return await notes.put(self._store, f"once:{key}", "", now=self._now())

    async def recall(self, key: str) -> str | None:
        """What an adapter noted under a key, perhaps before a restart."""
        return await notes.get(self._store, key)

    async def note(self, key: str, value: str) -> None:
        """Keep a small fact for after a restart."""
        await notes.change(self._store, key, value, now=self._now())

    def fitted(self, clip: Clip, most: int) -> AbstractAsyncContextManager[Path]:
        """A copy of a clip in at most so many bytes, for as long as it is held.

        Raises:
            DeliveryError: It cannot be made that small.
        """
        return self._copies.fitted(clip, most)

    def models(self) -> Sequence[ModelCard]:
        """Every model that can be asked for."""
        return [card for p in self._providers.values() for card in p.models()]

    async def healthy(self) -> None:
        """Check that a new order could be stored.

        Raises:
            StorageError: The disk is full or the database cannot be written.
        """
        await self._check_disk()
        async with self._store.transaction() as db:
            await db.rows("SELECT 1 AS n")

    async def _accept(
        self, request: RenderRequest, person: Person, place: Place, event: str | None
    ) -> Job:
        """Write the job and its hold in one transaction, or the job it repeats."""
        quote = self._provider(request.provider).plan(request)
        await self._check_disk(request.still)
        now = self._now()
        job = Job(
            id=_new_id(),
            person=person,
            place=place,
            request=quote.request,
            state=State.QUEUED,
            price=quote.price,
            created=now,
            updated=now,
            since=now,
            notes=quote.notes,
            cannot=quote.cannot,
            plan=quote.request.plan,
        )
        key = None if event is None else f"{person.key}:{event}"
        async with self._store.transaction() as db:
            if not await job_rows.add(db, job, event=key):
                earlier = await job_rows.by_event(db, key or "")
                return earlier or job
            await quota.hold(db, job, self._settings.caps, now=now)
        await self._store.say(job.id)
        return job

    def _provider(self, name: str) -> Provider:
        if provider := self._providers.get(name):
            return provider
        raise OptionError(
            "{provider} is not set up here any more.",
            hint="Pick another model.",
            provider=name,
        )

    async def _check_disk(self, still: str | None = None) -> None:
        """Raises when there is no room, or the picture is there no more."""
        free, there = await self._media.look(still)
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
        names = (name, *self._choice.order(clip.request.tier))
        return checking.choose(Ask(), self.models(), names)


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


def _new_id() -> str:
    return "".join(secrets.choice(ID_LETTERS) for _ in range(10))
