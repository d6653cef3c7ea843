"""Sending a clip: announced, streamed up, shared, and then found in its channel."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.echoes import Echoes
from adapters.slack.faults import trouble
from adapters.slack.posts import Target
from adapters.slack.wire import LOST, Wire, is_unsure
from bot.errors import DeliveryError
from bot.service import RenderService

log = logging.getLogger(__name__)

LOOKS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each look for a file's message
LATER = (15.0, 30.0)  # and before those for a file that may not have been shared
UPLOAD = aiohttp.ClientTimeout(total=600, connect=10, sock_read=60)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Brings clips into channels.

    Attributes:
        looks: Seconds before each look for the message of a file.
        later: The same for the looks after them, where nobody knows of a message.
    """

    wire: Wire
    service: RenderService
    echoes: Echoes
    looks: tuple[float, ...] = LOOKS
    later: tuple[float, ...] = LATER

    async def send(
        self,
        client: AsyncWebClient,
        target: Target,
        file: Path,
        *,
        key: str,
        clip: str,
        comment: str,
    ) -> str:
        """Share a clip; the timestamp of its message, or the file's id if untold.

        Args:
            client: Whose token is used.
            target: Where.
            file: The MP4.
            key: The delivery's own.
            clip: The clip's id.
            comment: What stands over it, in Slack's markup.

        Raises:
            ClosedError: Nothing can be posted there.
            FullError: No file can be posted there.
            DeliveryError: Slack did not take it.
        """
        try:
            file_id = await self._upload(client, file, name=f"vivant-{clip}.mp4")
        except (SlackApiError, *LOST) as error:
            raise trouble(error) from error
        await self.service.note(f"slack file {file_id}", clip)
        await self.service.note(_key(key), f"{file_id} {target.channel}")
        every = [*await self.files(clip), file_id]
        await self.service.note(f"slack files {clip}", " ".join(every))
        with self.echoes.listen(target.channel, file_id) as echo:
            try:
                await client.files_completeUploadExternal(
                    files=[{"id": file_id, "title": _title(clip)}],
                    channel_id=target.channel,
                    thread_ts=target.thread,
                    initial_comment=comment,
                )
            except (SlackApiError, *LOST) as error:
                if not is_unsure(error):
                    raise trouble(error) from error
                log.info("a file may not have been shared: %s", error)
                looks = (*self.looks, *self.later)
                if ts := await self._told(client, file_id, target.channel, echo, looks):
                    return ts
                raise trouble(error) from error
            told = self._told(client, file_id, target.channel, echo, self.looks)
            return await told or file_id

    async def files(self, clip: str) -> list[str]:
        """Ids of the files that a clip was sent as, also those sent again."""
        return (await self.service.recall(f"slack files {clip}") or "").split()

    async def find(self, client: AsyncWebClient, key: str) -> tuple[str, str] | None:
        """Channel and timestamp, or file, of what a delivery has shared before."""
        noted = await self.service.recall(_key(key))
        if not noted:
            return None
        file_id, _, channel = noted.partition(" ")
        nothing: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        ts = await self._told(client, file_id, channel, nothing, self.looks)
        nothing.cancel()
        return (channel, ts) if ts else None

    async def _upload(self, client: AsyncWebClient, file: Path, *, name: str) -> str:
        """Stream a file to where Slack wants it; its id."""
        size = (await asyncio.to_thread(file.stat)).st_size
        asked = await client.files_getUploadURLExternal(filename=name, length=size)
        with await asyncio.to_thread(file.open, "rb") as body:
            async with self.wire.session.post(
                asked["upload_url"],
                data=body,
                headers={"Content-Type": "video/mp4"},
                timeout=UPLOAD,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise DeliveryError("Slack did not take the file.", passing=True)
        return str(asked["file_id"])

    async def _told(
        self,
        client: AsyncWebClient,
        file_id: str,
        channel: str,
        echo: asyncio.Future[str],
        looks: Sequence[float],
    ) -> str:
        """The timestamp of a file's message: by our own event, else by asking.

        The file's own id where its message is still to come; empty where none is.
        """
        shared = ""
        title = _title(await self.service.recall(f"slack file {file_id}") or "")
        for pause in looks:
            done, _ = await asyncio.wait([echo], timeout=pause)
            if done:
                return echo.result()
            try:
                answer = await client.files_info(file=file_id)
            except (SlackApiError, *LOST) as error:
                log.info("a file cannot be looked at: %s", error)
                continue
            if ts := shared_at(answer["file"], channel):
                return ts
            if answer["file"].get("title") == title:  # as only sharing has named it
                shared = file_id
        return shared


def shared_at(file: Mapping[str, Any], channel: str) -> str:
    """The timestamp of the message that shares a file in a channel, once it is told."""
    shares: Mapping[str, Any] = file.get("shares") or {}
    for kind in ("public", "private"):
        for share in (shares.get(kind) or {}).get(channel) or []:
            return str(share.get("ts") or "")
    return ""


def _title(clip: str) -> str:
    return f"Vivant {clip}"


def _key(key: str) -> str:
    return f"slack upload {key}"
