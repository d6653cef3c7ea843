"""Everything a person can ask for. What every chat calls, and nothing else."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot import checking, fetching, quota
from bot.config import Settings
from bot.errors import LinkError, MissingError, StateError, StillError, StorageError
from bot.jobs import Jobs
from bot.media import Media
from bot.models import (
    Allowance,
    Ask,
    Clip,
    Entry,
    Job,
    ModelCard,
    Person,
    Place,
    RenderRequest,
    State,
    Still,
    Tier,
)
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.providers import Provider
from bot.stills import Stills
from bot.store import Store
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows

# Without vowels and look-alikes: an id is read aloud and spells no word.
ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"


class RenderService:
    """Everything a person can ask for."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        providers: Mapping[str, Provider],
        media: Media,
        stills: Stills,
        *,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._providers = providers
        self._media = media
        self._stills = stills
        self._settings = settings
        self._now = now

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
        wanted = (
            self._settings.final if ask.tier is Tier.FINAL else self._settings.draft
        )
        card = checking.choose(ask, self.models(), wanted)
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
        clip = await self.clip(clip_id, person=person)
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
        clip = await self.clip(clip_id, person=person)
        request = checking.extension(clip, words, seconds, self._card_of(clip))
        return await self._accept(request, person, place, event)

    async def again(
        self, job_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> Job:
        """Order the same once more with another seed; also after a failure."""
        job = await self.job(job_id, person=person)
        request = replace(job.request, seed=checking.new_seed(), plan=None)
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

    async def trouble(self, job_id: str) -> str | None:
        """Why a job's result could not be posted, if it could not."""
        for delivery in await clip_rows.deliveries(self._store, job_id):
            if delivery.message is None:
                return delivery.trouble
        return None

    async def job(self, job_id: str, *, person: Person) -> Job:
        """A person's own job.

        Raises:
            MissingError: There is none, or it is somebody else's: the same words.
        """
        job = await job_rows.get(self._store, job_id)
        if job is None or not self._may(person, job.person):
            raise MissingError("There is no such clip.")
        return job

    async def clip(self, clip_id: str, *, person: Person) -> Clip:
        """A person's own finished clip.

        Raises:
            MissingError: There is none, or it is somebody else's: the same words.
        """
        clip = await clip_rows.get(self._store, clip_id)
        if clip is None or not self._may(person, clip.person):
            raise MissingError("There is no such clip.")
        return clip

    async def anchored(self, place: Place, message: str) -> str | None:
        """Id of the clip that a message in a place names, for a reply to it."""
        return await clip_rows.anchored(
            self._store, chat=place.chat, channel=place.channel, message=message
        )

    async def entry(self, job_id: str, *, person: Person) -> Entry:
        """A person's own job with what came of it and how many wait before it."""
        job = await self.job(job_id, person=person)
        return await self._entry(job, await clip_rows.get(self._store, job_id))

    async def history(self, person: Person, *, limit: int = 60) -> Sequence[Entry]:
        """A person's jobs and clips, the newest first."""
        jobs = await job_rows.latest(self._store, person.key, limit=limit)
        clips = await clip_rows.many(self._store, [job.id for job in jobs])
        return [await self._entry(job, clips.get(job.id)) for job in jobs]

    async def lineage(self, clip_id: str, *, person: Person) -> Sequence[Clip]:
        """The clips that one was made from, the eldest first, and itself."""
        await self.clip(clip_id, person=person)
        return await clip_rows.lineage(self._store, clip_id)

    async def allowance(self, person: Person, place: Place) -> Allowance:
        """What a person has left in a place, and when it resets."""
        return await quota.allowance(
            self._store, person, place, self._settings.caps, now=self._now()
        )

    async def set_units(self, person: str, units: int | None) -> None:
        """Give one person their own units a day; None is without limit."""
        await quota.override(self._store, person, units)

    def models(self) -> Sequence[ModelCard]:
        """Every model that can be asked for."""
        return [card for p in self._providers.values() for card in p.models()]

    def media_path(self, key: str) -> Path:
        """Where a still, a poster or a clip lies on our disk."""
        return self._media.path(key)

    async def healthy(self) -> None:
        """Check that a new order could be stored.

        Raises:
            StorageError: The disk is full or the database cannot be written.
        """
        await self._check_room()
        async with self._store.transaction() as db:
            await db.rows("SELECT 1 AS n")

    async def _accept(
        self, request: RenderRequest, person: Person, place: Place, event: str | None
    ) -> Job:
        """Write the job and its hold in one transaction, or the job it repeats."""
        quote = self._providers[request.provider].plan(request)
        await self._check_room()
        await self._check_still(request)
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

    async def _check_room(self) -> None:
        if await self._media.free_bytes() < self._settings.min_free_mb * 1_000_000:
            raise StorageError("The bot's disk is full.")

    async def _check_still(self, request: RenderRequest) -> None:
        if request.still is None:
            return
        if not await asyncio.to_thread(self._media.path(request.still).exists):
            raise StillError(
                "That picture is gone: it was not used for too long.",
                hint="Send the picture again.",
            )

    async def _entry(self, job: Job, clip: Clip | None) -> Entry:
        waits = job.state is State.QUEUED
        ahead = await job_rows.ahead(self._store, job) if waits else 0
        return Entry(job=job, clip=clip, ahead=ahead)

    def _card_of(self, clip: Clip) -> ModelCard:
        name = f"{clip.request.provider}/{clip.request.model}"
        return checking.choose(Ask(model=name), self.models(), ())

    def _may(self, person: Person, owner: Person) -> bool:
        return person.key == owner.key or person.key in self._settings.admins


def _new_id() -> str:
    return "".join(secrets.choice(ID_LETTERS) for _ in range(10))
