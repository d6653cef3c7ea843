"""Calls to the owner's own address when a video is done, as Standard Webhooks say.

The chat that jobs of programs report to: nothing is posted, so a job never waits for
whoever is called. A note is kept until it was heard; its id stays the same, so a
receiver that was told twice can tell.
"""

import asyncio
import base64
import hmac
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.errors import StorageError
from bot.models import Clip, Job, State
from bot.outbox import Note, Outbox

log = logging.getLogger(__name__)

PATIENCE = aiohttp.ClientTimeout(total=15.0)  # seconds for a whole call
TROUBLED = 60.0  # seconds until the database is asked again


class Calls:
    """Tells the owner's address what became of videos. Satisfies `Chat`.

    Args:
        outbox: Where notes are kept.
        url: The address; None is nobody.
        key: What is signed with.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        url: str | None,
        key: bytes,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._url = url
        self._key = key
        self._now = now
        self._bell = asyncio.Event()

    async def show(self, job: Job) -> None:
        """Programs ask by themselves."""

    async def find(self, job: Job, key: str) -> str | None:  # noqa: ARG002
        """Putting a note out twice is one note, so there is nothing to look for."""
        return None

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:  # noqa: ARG002
        """Let the owner's address know that a video is there."""
        return await self._put(job, "video.completed")

    async def report(self, job: Job, key: str) -> str:  # noqa: ARG002
        """Let it know that there is none, unless that was wished."""
        if job.end is State.CANCELLED:
            return f"api-{job.id}"
        return await self._put(job, "video.failed")

    async def running(self, _: web.Application) -> AsyncGenerator[None]:
        """Send notes for as long as the application runs."""
        task = asyncio.create_task(self._run(), name="calls")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _put(self, job: Job, event: str) -> str:
        if self._url is not None:
            await self._outbox.put(job.id, event)
            self._bell.set()
        return f"api-{job.id}"

    async def _run(self) -> None:
        if self._url is None:
            return
        # The address is the owner's own, so it may be a private one; what it answers
        # with is believed in nothing, and leads nowhere.
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=PATIENCE, cookie_jar=jar) as session:
            while True:
                self._bell.clear()
                try:
                    pause = await self._send_next(session, self._url)
                except StorageError as error:
                    log.warning("calls wait: %s", error)
                    pause = TROUBLED
                except Exception:
                    log.exception("calls wait")
                    pause = TROUBLED
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._bell.wait()

    async def _send_next(
        self, session: aiohttp.ClientSession, url: str
    ) -> float | None:
        """Send what is due; seconds until the next is, or None for nothing to send."""
        note = await self._outbox.next()
        if note is None:
            return None
        if (early := note.due - self._now()) > 0:
            return early
        if trouble := await self._send(session, url, note):
            log.warning("job %s: its call was not heard: %s", note.job, trouble)
            if not await self._outbox.missed(note):
                log.warning("job %s: its call is given up", note.job)
        else:
            await self._outbox.heard(note)
        return 0.0

    async def _send(
        self, session: aiohttp.ClientSession, url: str, note: Note
    ) -> str | None:
        """Why a note was not heard, or None."""
        body = body_of(note)
        headers = sign(f"evt_{note.job}", body, key=self._key, now=self._now())
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return None if 200 <= answer.status < 300 else f"{answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__


def body_of(note: Note) -> bytes:
    """What is said; whoever wants to know more asks."""
    event = {
        "id": f"evt_{note.job}",
        "object": "event",
        "created_at": int(note.made),
        "type": note.event,
        "data": {"id": note.job},
    }
    return json.dumps(event).encode()


def sign(name: str, body: bytes, *, key: bytes, now: float) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`."""
    stamp = str(int(now))
    digest = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
