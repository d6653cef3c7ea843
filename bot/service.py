"""Everything a person can ask for. What every chat calls, and nothing else."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from bot import cancels, fetching, keys, quota, stills
from bot.config import Settings
from bot.copies import Copies
from bot.errors import (
    LinkError,
    MissingError,
    OptionError,
    StateError,
    StorageError,
)
from bot.health import Health
from bot.jobs import Jobs
from bot.media import Media
from bot.models import (
    Character,
    Clip,
    Job,
    Person,
    Place,
    State,
    Still,
)
from bot.orders import DELETED, Orders, new_id
from bot.outbox import Outbox
from bot.prompt.parse import parse
from bot.prompt.plan import Plan
from bot.providers import Provider
from bot.reports import Chat
from bot.room import Room
from bot.stills import Stills
from bot.store import Rows, Store, files, notes
from bot.store import characters as character_rows
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from bot.store.characters import Kept
from bot.uploads import Uploads
from bot.vault import Vault

MOST_KEPT = 50  # characters that one person may have; each may take 25 MB
FRESH = 2.0  # seconds that a look at the health holds


class RenderService(Orders):
    """Everything a person can ask for.

    What there is to see is in `Library`, what there is to order in `Orders`.

    Attributes:
        vault: Where a chat keeps the secrets that it was given.
        outbox: Where calls to the owner's address wait.
        uploads: Where programs keep pictures for their orders.
        health: Told by each part of the bot how it is.
        room: What comes in and is held in memory takes its bytes from here.
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
        super().__init__(store, jobs, providers, media, settings=settings, now=now)
        self._stills = stills
        self._copies = copies
        self.vault = Vault(store, settings.data / "secret.key", now=now)
        self.outbox = Outbox(store, now=now)
        self.health = Health(now)
        self.room = Room()
        self._checked: tuple[float, StorageError | None] = (-math.inf, None)
        self.uploads = Uploads(store, media, now=now)

    def connect(self, name: str, chat: Chat) -> None:
        """Let jobs of this chat report to it from now on."""
        self._jobs.connect(name, chat)

    @property
    def reads_heic(self) -> bool:
        """Whether photos as an iPhone keeps them can be read."""
        return stills.reads_heic()

    async def still_from_bytes(
        self, data: bytes, *, person: Person | None = None
    ) -> Still:
        """Make an uploaded picture safe.

        Raises:
            StillError: It is not a picture that can be animated.
        """
        return await self._stills.from_bytes(data, person=_key(person))

    async def still_from_path(self, file: Path) -> Still:
        """Make a picture on this machine safe.

        Raises:
            StillError: It is not a picture that can be animated.
        """
        return await self._stills.from_path(file)

    async def still_from_link(self, url: str, *, person: Person | None = None) -> Still:
        """Fetch a picture from an address a person gave, and make it safe.

        Raises:
            LinkError: The address is not allowed or does not answer.
            StillError: What it answers is not a picture that can be animated.
        """
        if not self._settings.links:
            raise LinkError("Links are switched off here.")
        async with self.room.grip() as take:
            data = await fetching.fetch_picture(url, take=take)
            return await self._stills.from_bytes(data, person=_key(person))

    async def add_character(self, name: str, film: bytes, *, person: Person) -> Kept:
        """Keep somebody whom clips are to show again, and an MP4 that shows them.

        Raises:
            FilmError: It is not a video that can be used.
            OptionError: The person has as many as anybody may have.
            StorageError: It cannot be kept.
        """
        if await character_rows.count(self._store, person=person.key) >= MOST_KEPT:
            raise OptionError(
                "You have {most} characters, and that is the most.",
                hint="Use one of those that you have.",
                characters=MOST_KEPT,
                most=MOST_KEPT,
            )
        media = await self._jobs.films.from_bytes(film, person=person.key)
        kept = Kept(f"char_{new_id()}", Character(name=name, media=media), self._now())

        async def write(db: Rows) -> None:
            self._check_disk()
            await character_rows.add(db, kept, person=person.key)

        await self._store.transaction(write)
        return kept

    async def character(self, character_id: str, *, person: Person) -> Kept | None:
        """A person's own character; None when there is none of that id."""
        return await character_rows.get(self._store, character_id, person=person.key)

    def preview(self, prompt: str, seconds: int | None) -> Plan:
        """What the words mean, as far as the embedded renderer reads them."""
        return parse(prompt, seconds, most=self._settings.max_seconds)

    async def cancel(self, job_id: str, *, person: Person) -> Job:
        """Ask a job to stop; what it held is given back once it surely cost nothing.

        Whoever looks after a place may stop any number of other people's jobs.

        Raises:
            StateError: It has ended already, or its clip is being posted.
            RateError: They have stopped too many that may have been billed.
        """
        job = await self.job(job_id, person=person)

        async def write(db: Rows) -> Job | None:
            fresh = await job_rows.get(db, job_id)
            if fresh is None or fresh.state.ended:
                return None
            if fresh.state is State.DELIVERING and fresh.end is None:
                raise StateError(
                    "That clip is done and on its way.",
                    hint="Delete it once it is there.",
                )
            if person.key == fresh.person.key:
                caps = self._settings.caps
                await cancels.count(db, fresh, caps, now=self._now())
            return await job_rows.ask_cancel(db, job_id)

        asked = await self._store.transaction(write)
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
        own = {job.media, job.request.still, job.request.last}
        if clip is not None:
            own |= {clip.media, clip.poster, clip.last_frame, clip.request.still}
        keys = [key for key in own if key]

        async def write(db: Rows) -> frozenset[str]:
            await clip_rows.remove(db, clip_id)
            if event := await job_rows.remove(db, clip_id):
                # A chat may bring the order again long after it was carried out.
                await notes.put(db, f"{DELETED}{event}", "", now=self._now())
            return await files.needed(db, keys)

        used = await self._store.transaction(write)
        if provider := self._providers.get(job.request.provider):
            await provider.forget(job)
        for key in set(keys) - used:
            await self._media.remove(key)

    async def resend(
        self, clip_id: str, *, person: Person, place: Place, event: str | None = None
    ) -> None:
        """Post a finished clip to a place, perhaps not for the first time.

        Raises:
            DeliveryError: The chat said no; the clip is kept.
        """
        await self.clip(clip_id, person=person)
        job = await self.job(clip_id, person=person)
        key = f"{clip_id}:{event or new_id()}"
        known = await clip_rows.delivery(self._store, key)
        if known is None or known.message is None:
            await self._jobs.reports.post(
                replace(job, place=place), key=key, again=True
            )

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
            if job is not None and not job.state.ended:
                self._jobs.callers.called(provider, job.id)
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

    async def thumbnail(self, clip: Clip) -> bytes:
        """A clip's first frame as WebP."""
        return await self._jobs.films.thumbnail(clip)

    async def sheet(self, clip: Clip) -> bytes:
        """Frames of a clip at equal distances, as one JPEG."""
        return await self._jobs.films.sheet(clip)

    def fitted(self, clip: Clip, most: int) -> AbstractAsyncContextManager[Path]:
        """A copy of a clip in at most so many bytes, for as long as it is held.

        Raises:
            DeliveryError: It cannot be made that small.
        """
        return self._copies.fitted(clip, most)

    async def healthy(self) -> None:
        """Check that a new order could be stored, by writing something small.

        Whoever asks again within `FRESH` seconds is told the same once more, so that
        asking costs next to nothing.

        Raises:
            StorageError: The disk is full or the database cannot be written.
        """
        at, trouble = self._checked
        if not 0 <= self._now() - at < FRESH:
            trouble = await self._look()
            self._checked = (self._now(), trouble)
        if trouble is not None:
            raise trouble

    async def _look(self) -> StorageError | None:
        async def write(db: Rows) -> None:
            self._check_disk()
            await notes.change(db, "health", str(self._now()), now=self._now())

        try:
            await self._store.transaction(write)
        except StorageError as error:
            self.health.down("database", str(error))
            return error
        self.health.up("database")
        return None


def _key(person: Person | None) -> str:
    """Whose turn it is; whoever uses the command line is nobody in particular."""
    return "" if person is None else person.key
