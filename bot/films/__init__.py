"""Films that others made: probed, joined and pictured in a process of their own.

What a service sends may be anything, so nothing of it is opened in the bot's process.
A clip that was paid for is not lost because we cannot look into it: what its boxes say
is then all that is known of it, and it is delivered as it came.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.clips import blank
from bot.containers import MAX_PIXELS
from bot.disk import told_in_words
from bot.errors import (
    BotError,
    Fault,
    FilmError,
    ProviderError,
    StorageError,
    WorkshopError,
)
from bot.films.boxes import outline
from bot.media import Media
from bot.models import Clip, Job, Json, Op, Size, Way
from bot.stills import film
from bot.workshop import Workshop
from bot.workshop.strikes import Strikes

log = logging.getLogger(__name__)

FILMS = "bot.films.worker:work"
AS_IT_CAME = "The clip could not be looked into; it is as it came."
CONVERTED = "It came in a format that chats do not play, and was converted to H.264."
NOT_CONVERTED = (
    "It came in a format that not every app plays, and could not be converted."
)
ONLY_THE_REST = "It could not be joined to the clip before it: this is what was added."


class Films:
    """Opens films in a worker.

    Args:
        media: Where clips are kept.
        workshop: Where they are opened; its target is `FILMS`.
        strikes: Who sent something lately that broke a worker.
    """

    def __init__(
        self, media: Media, workshop: Workshop, *, strikes: Strikes | None = None
    ) -> None:
        self._media = media
        self._workshop = workshop
        self._strikes = strikes or Strikes()

    async def describe(self, job: Job, *, now: float) -> Clip:
        """Make the clip of a job whose file has arrived.

        Raises:
            ProviderError: What the provider sent is not a video.
            StorageError: Its pictures cannot be kept.
        """
        if job.media is None:
            raise ProviderError(Fault.UPSTREAM, "The clip's file is gone.")
        file = self._media.path(job.media)
        notes = job.notes
        try:
            size, seconds, poster, last_frame = await self._look(job, file)
        except (WorkshopError, ProviderError) as error:
            log.warning("job %s: its film cannot be looked into: %s", job.id, error)
            size, seconds = await self._outlined(job, file, error)
            poster = last_frame = await self._stand_in(job)
            notes = tuple(note for note in notes if note != NOT_CONVERTED)
            notes = (*notes, AS_IT_CAME)
        source = job.request.source
        return Clip(
            id=job.id,
            person=job.person,
            place=job.place,
            request=job.request,
            media=job.media,
            poster=poster,
            last_frame=last_frame,
            size=size,
            seconds=seconds,
            bytes=await asyncio.to_thread(lambda: file.stat().st_size),
            price=job.price,
            created=now,
            parent=source.clip_id if source else None,
            ref=job.ref,
            plan=job.plan,
            notes=notes,
            cannot=job.cannot,
        )

    async def complete(self, job: Job, part: Path) -> Job:
        """Make what came the whole clip, in a form that every chat plays.

        Args:
            job: Whose clip it is.
            part: The file that came; it may be replaced.

        Returns:
            The job, with a note of what was done or could not be done.
        """
        if not await self._joined(job, part):
            job = _with_note(job, ONLY_THE_REST)
        args = {"do": "convert", "film": str(part)}
        try:
            made = await self._call(args, person=job.person.key)
        except (WorkshopError, ProviderError) as error:
            log.warning("job %s: it cannot be converted: %s", job.id, error)
            return _with_note(job, NOT_CONVERTED)
        return _with_note(job, CONVERTED) if made["converted"] else job

    async def _joined(self, job: Job, part: Path) -> bool:
        """Put what an extension starts from before what came, if it is not in it.

        Returns:
            Whether all of the clip is there. Our own renderer hands out whole clips.
        """
        request, source = job.request, job.request.source
        if request.op is not Op.EXTEND or source is None or request.way is None:
            return True
        args = {
            "do": "complete",
            "film": str(part),
            "before": str(self._media.path(source.media)),
            "seconds": source.seconds,
            "added": request.made_seconds,
            "always": request.way is Way.AFRESH,
        }
        try:
            await self._call(args, person=job.person.key)
        except (WorkshopError, ProviderError) as error:
            log.warning("job %s: it cannot be joined: %s", job.id, error)
            return False
        return True

    async def from_bytes(self, data: bytes, *, person: str = "") -> str:
        """Keep a short MP4 that somebody sent as it is; its key.

        Raises:
            FilmError: It cannot be used; says why.
            RateError: The last one broke a worker; says how long to wait.
            StorageError: It cannot be kept.
        """
        film.check_bytes(data)
        file = self._media.scratch(f"{secrets.token_hex(8)}.mp4")
        try:
            with self._strikes.of(person):
                await self._media.write(file, data)
                args = {"do": "measure", "film": str(file)}
                await self._workshop.call(args, person=person)
            return await self._media.adopt(file, ".mp4")
        except WorkshopError as error:
            raise FilmError(
                "The video could not be read in reasonable time and memory."
            ) from error
        finally:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def sheet(self, clip: Clip) -> bytes:
        """Frames of a clip at equal distances, as one JPEG.

        Raises:
            ProviderError: It is not a video that can be played.
            WorkshopError: That took too much time or memory.
        """
        file = self._media.path(clip.media)
        return await self._made("sheet", file, seconds=clip.seconds, clip=clip)

    async def thumbnail(self, clip: Clip) -> bytes:
        """A clip's first frame as WebP.

        Raises:
            WorkshopError: That took too much time or memory.
        """
        return await self._made("thumbnail", self._media.path(clip.poster), clip=clip)

    async def close(self) -> None:
        """End the worker."""
        await self._workshop.close()

    async def _look(self, job: Job, file: Path) -> tuple[Size, float, str, str]:
        async with self._work_files(".jpg", ".png") as (poster, last):
            args = {"do": "look", "film": str(file)}
            paths = {"poster": str(poster), "last": str(last)}
            made = await self._tried_twice({**args, **paths}, person=job.person.key)
            return (
                Size(*made["size"]),
                made["seconds"],
                await self._media.adopt(poster, ".jpg"),
                await self._media.adopt(last, ".png"),
            )

    async def _tried_twice(self, args: Json, *, person: str) -> Json:
        """A worker may also die for want of memory that something else took."""
        try:
            return await self._call(args, person=person)
        except WorkshopError:
            return await self._call(args, person=person)

    async def _call(self, args: Json, *, person: str) -> Json:
        """A call about a service's film.

        Raises:
            ProviderError: It is not a video.
            WorkshopError: The worker broke over it.
        """
        try:
            return await self._workshop.call(args, person=person)
        except (WorkshopError, StorageError):
            raise
        except BotError as error:  # a worker's error has lost its `Fault`
            raise ProviderError(
                Fault.UPSTREAM, "What came back is not a video that can be played."
            ) from error

    async def _made(self, deed: str, file: Path, *, clip: Clip, **more: float) -> bytes:
        async with self._work_files(".made") as (to,):
            args = {"do": deed, "film": str(file), "to": str(to), **more}
            await self._call(args, person=clip.person.key)
            with told_in_words():
                return await asyncio.to_thread(to.read_bytes)

    async def _outlined(
        self, job: Job, file: Path, error: WorkshopError | ProviderError
    ) -> tuple[Size, float]:
        """What can be said of a film that was not decoded."""
        found = await asyncio.to_thread(outline, file)
        if found is None:
            raise error
        if not 0 < found.size.width * found.size.height <= MAX_PIXELS:
            raise error
        return found.size, found.seconds or float(job.request.seconds)

    async def _stand_in(self, job: Job) -> str:
        """A picture for a film of which none can be taken: what it was made from."""
        source = job.request.source
        key = job.request.still or (source.last_frame if source else None)
        if key:
            _, there = await asyncio.to_thread(self._media.look, key)
            if there:
                return key
        data = await asyncio.to_thread(blank, job.request.size)
        return await self._media.add_bytes(data, ".jpg")

    @asynccontextmanager
    async def _work_files(self, *suffixes: str) -> AsyncGenerator[list[Path]]:
        stem = secrets.token_hex(8)
        files = [self._media.scratch(f"{stem}{suffix}") for suffix in suffixes]
        try:
            yield files
        finally:
            await asyncio.to_thread(_clear, files)


def _with_note(job: Job, note: str) -> Job:
    """A job with a note; the same file may have been fetched before."""
    return job if note in job.notes else replace(job, notes=(*job.notes, note))


def _clear(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
