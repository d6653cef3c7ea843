"""Pictures that people attached, fetched at once: Discord's links to them expire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.config import Settings, is_loopback
from bot.errors import StillError
from bot.models import Person, Still
from bot.room import Take
from bot.service import RenderService

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
MOST_BYTES = 25 << 20  # bytes; as `bot.stills` takes them
SECONDS = 30.0  # for the whole file
CHUNK = 1 << 16
TIMES = 2  # how often a picture lies in memory while it is fetched


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody attached; what it says of itself is only a claim."""

    name: str
    size: int
    url: str
    kind: str

    @classmethod
    def of(cls, attachment: discord.Attachment) -> "Upload":
        """A file as discord.py knows it."""
        kind = attachment.content_type or ""
        return cls(attachment.filename, attachment.size, attachment.url, kind)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Upload":
        """A file as Discord sends it."""
        kind = data.get("content_type") or ""
        return cls(str(data["filename"]), int(data["size"]), str(data["url"]), kind)

    @property
    def looks_like_a_picture(self) -> bool:
        """Whether it claims to be one; decoding it decides."""
        endings = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".heif")
        return self.kind.startswith("image/") or self.name.lower().endswith(endings)


class Pictures:
    """Makes stills of what people attached."""

    def __init__(self, settings: Settings, service: RenderService) -> None:
        # Where another server stands in for Discord, its own files are Discord's.
        self._stand_in = urlsplit(settings.discord_api_url).hostname or ""
        self._service = service

    async def still(self, upload: Upload, person: Person) -> Still:
        """Fetch a file of somebody's and make it safe.

        Raises:
            StillError: It is too large, gone, or no picture; says what to do.
        """
        if upload.size > MOST_BYTES:
            raise _too_large()
        async with self._service.room.grip() as take:
            try:
                data = await self._fetch(upload.url, take)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                raise StillError(
                    "Discord did not hand over the picture.", hint="Send it again."
                ) from error
            return await self._service.still_from_bytes(data, person=person)

    async def _fetch(self, url: str, take: Take) -> bytes:
        """The bytes behind a link of Discord; no other host, no redirect."""
        host = urlsplit(url).hostname or ""
        local = is_loopback(host) and is_loopback(self._stand_in)
        if host not in HOSTS and host != self._stand_in and not local:
            raise StillError("That file does not lie with Discord.", hint="Upload it.")
        data = bytearray()
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise StillError(
                    "Discord does not have that picture any more.",
                    hint="Send it again.",
                )
            async for chunk in response.content.iter_chunked(CHUNK):
                await take(TIMES * len(chunk))
                data += chunk
                if len(data) > MOST_BYTES:
                    raise _too_large()
        return bytes(data)


def attached_to(message: discord.Message) -> list[discord.Attachment]:
    """The files of a message, and of what it forwards."""
    forwarded = [a for part in message.message_snapshots for a in part.attachments]
    return [*message.attachments, *forwarded]


def first_picture(attachments: list[discord.Attachment]) -> Upload | None:
    """The first file that may be a picture, else the first file at all."""
    uploads = [Upload.of(attachment) for attachment in attachments]
    pictures = [upload for upload in uploads if upload.looks_like_a_picture]
    return next(iter(pictures or uploads), None)


def _too_large() -> StillError:
    return StillError(
        "That picture has more than {limit} MB.",
        hint="Save it smaller, for example 4000 pixels wide, and send that.",
        limit=MOST_BYTES >> 20,
    )
