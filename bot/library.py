"""What was made and what is left: everything a person can look at."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bot import links, quota
from bot.config import Settings
from bot.errors import MissingError
from bot.media import Media
from bot.models import Allowance, Clip, Entry, Job, Person, Place, State
from bot.store import Store, notes
from bot.store import clips as clip_rows
from bot.store import jobs as job_rows
from bot.store.clips import Anchor


class Library:
    """Everything a person can look at.

    What is somebody else's is answered with the same words as what is not there.
    """

    def __init__(
        self,
        store: Store,
        media: Media,
        *,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._media = media
        self._settings = settings
        self._now = now

    async def trouble(self, job_id: str) -> str | None:
        """Why a job's result is posted nowhere, if that is so."""
        tried = await clip_rows.deliveries(self._store, job_id)
        if any(delivery.message for delivery in tried):
            return None
        return next((delivery.trouble for delivery in tried), None)

    async def job(self, job_id: str, *, person: Person) -> Job:
        """A person's own job.

        Raises:
            MissingError: There is none, or it is somebody else's: the same words.
        """
        job = await job_rows.get(self._store, job_id)
        if job is None or not self._may(person, job):
            raise MissingError("There is no such clip.")
        return job

    async def clip(self, clip_id: str, *, person: Person) -> Clip:
        """A person's own finished clip.

        Raises:
            MissingError: There is none, or it is somebody else's: the same words.
        """
        clip = await clip_rows.get(self._store, clip_id)
        if clip is None or not self._may(person, clip):
            raise MissingError("There is no such clip.")
        return clip

    async def seen(self, clip_id: str, *, person: Person, place: Place) -> Clip:
        """A finished clip that is a person's own, or was posted where they are.

        Raises:
            MissingError: There is none, or they cannot have seen it.
        """
        found = await clip_rows.seen(self._store, clip_id, place)
        if found and (found[1] or self._may(person, found[0])):
            return found[0]
        raise MissingError("There is no such clip.")

    async def shown_last(self, job_id: str) -> None:
        """Note that a job's card shows how the job ended."""
        await job_rows.shown_last(self._store, job_id, now=self._now())

    async def unshown(self, chat: str) -> Sequence[Job]:
        """Jobs that ended today, whose cards were left behind by a restart."""
        return await job_rows.unshown(self._store, chat, since=self._now() - quota.DAY)

    async def is_under_way(self, job_id: str) -> bool:
        """Whether there is such a job, and it has not ended."""
        job = await job_rows.get(self._store, job_id)
        return job is not None and not job.state.ended

    async def posted(self, clip_id: str, place: Place) -> Sequence[str]:
        """The messages in a place's channel that name a clip."""
        return [
            found.message
            for found in await clip_rows.anchors(self._store, clip_id)
            if (found.chat, found.channel) == (place.chat, place.channel)
        ]

    async def anchor(self, clip_id: str, place: Place, message: str) -> None:
        """Let one more message name a clip."""
        await clip_rows.anchor(self._store, clip_id, place, message)

    async def messages(self, clip_id: str, *, person: Person) -> Sequence[Anchor]:
        """The messages that name a person's own clip."""
        await self.clip(clip_id, person=person)
        return await clip_rows.anchors(self._store, clip_id)

    async def anchored(self, place: Place, message: str) -> str | None:
        """Id of the clip that a message in a place names, for a reply to it."""
        return await clip_rows.anchored(
            self._store, chat=place.chat, channel=place.channel, message=message
        )

    async def entry(self, job_id: str, *, person: Person) -> Entry:
        """A person's own job with what came of it and how many wait before it."""
        job = await self.job(job_id, person=person)
        clip = await clip_rows.get(self._store, job_id)
        lost = await self.trouble(job_id) if clip else None
        return replace(await self._entry(job, clip), lost=lost)

    async def history(
        self,
        person: Person,
        *,
        before: tuple[float, str] | None = None,
        limit: int = 60,
    ) -> Sequence[Entry]:
        """A person's jobs and clips, the newest first.

        Args:
            person: Whose.
            before: When a job was ordered, and its id: only those older than it.
            limit: How many.
        """
        jobs = await job_rows.latest(
            self._store, person.key, before=before, limit=limit
        )
        clips = await clip_rows.many(self._store, [job.id for job in jobs])
        return [await self._entry(job, clips.get(job.id)) for job in jobs]

    async def page(
        self, person: Person, *, after: str | None, limit: int, newest_first: bool
    ) -> tuple[Sequence[Entry], bool]:
        """Some of a person's jobs that nobody stopped, and whether there are more.

        Args:
            person: Whose.
            after: Id of the job that the last page ended with.
            limit: How many.
            newest_first: In which order.

        Raises:
            MissingError: There is no such job to go on from.
        """
        last = await self.job(after, person=person) if after else None
        jobs = await job_rows.page(
            self._store, person.key, last, limit=limit + 1, newest_first=newest_first
        )
        shown = jobs[:limit]
        clips = await clip_rows.many(self._store, [job.id for job in shown])
        entries = [await self._entry(job, clips.get(job.id)) for job in shown]
        return entries, len(jobs) > limit

    async def lineage(self, clip_id: str, *, person: Person) -> Sequence[Clip]:
        """The clips that one was made from, the eldest first, and itself."""
        await self.clip(clip_id, person=person)
        return await clip_rows.lineage(self._store, clip_id)

    async def allowance(self, person: Person, place: Place) -> Allowance:
        """What a person has left in a place, and when it resets."""
        return await quota.allowance(
            self._store, person, place, self._settings.caps, now=self._now()
        )

    async def usage_of(self, place: Place) -> Sequence[tuple[str, int, int]]:
        """Who used how much in a place today: `chat:id`, clips, units; most first."""
        return await quota.by_person(self._store, place, now=self._now())

    async def link_to(self, clip: Clip) -> str | None:
        """An address where anybody who has it can fetch a clip for some days.

        None where the owner has set no `VIVANT_PUBLIC_URL`.
        """
        if self._settings.public_url is None:
            return None
        until = int(self._now() + links.LASTS)
        sign = links.sign(await self._link_key(), clip.id, until)
        return f"{self._settings.public_url}/shared/{clip.id}/{until}/{sign}.mp4"

    async def shared(self, clip_id: str, until: str, sign: str) -> Clip:
        """The clip that such an address leads to.

        Raises:
            MissingError: It was never given out, its time is over, the clip is gone.
        """
        key = await self._link_key()
        good = links.is_good(key, clip_id, until, sign, now=self._now())
        clip = await clip_rows.get(self._store, clip_id) if good else None
        if clip is not None:
            return clip
        raise MissingError("There is no such clip.")

    async def _link_key(self) -> str:
        await notes.put(self._store, "link-key", links.new_key(), now=self._now())
        return await notes.get(self._store, "link-key") or ""

    def media_path(self, key: str) -> Path:
        """Where a still, a poster or a clip lies on our disk."""
        return self._media.path(key)

    async def _entry(self, job: Job, clip: Clip | None) -> Entry:
        waits = job.state is State.QUEUED
        ahead = await job_rows.ahead(self._store, job) if waits else 0
        return Entry(job=job, clip=clip, ahead=ahead)

    def may_manage(self, person: Person, place: Place) -> bool:
        """Whether somebody looks after a place, or after the whole bot."""
        return person.key in self._settings.admins or person.moderates == place.key

    def _may(self, person: Person, thing: Job | Clip) -> bool:
        return person.key == thing.person.key or self.may_manage(person, thing.place)
