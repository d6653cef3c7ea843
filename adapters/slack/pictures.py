"""Pictures that people shared, fetched with our token: from Slack, and nowhere else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.faults import REINSTALL
from adapters.slack.wire import LOST, Wire, code_of
from bot.config import Settings, is_loopback
from bot.errors import StillError
from bot.models import Person, Still
from bot.room import Take, freely
from bot.service import RenderService

HOSTS = frozenset({"files.slack.com"})
MOST_BYTES = 25 << 20  # bytes; as `bot.stills` takes them
FETCH = aiohttp.ClientTimeout(total=30, connect=10)
CHUNK = 1 << 16
TIMES = 2  # how often a picture lies in memory while it is fetched
LOOKS = (0.0, 0.5, 1.0, 2.0, 4.0)  # seconds before each look for a file just sent
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".heif")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody shared; what it says of itself is only a claim."""

    id: str
    name: str = ""
    kind: str = ""

    @property
    def looks_like_a_picture(self) -> bool:
        """Whether it claims to be one; decoding it decides."""
        return self.kind.startswith("image/") or self.name.lower().endswith(ENDINGS)


def first_picture(files: Sequence[Mapping[str, Any]]) -> Upload | None:
    """The first file that may be a picture, else the first file at all.

    Of a file from another organisation, or in a mention, no more than the id is told.
    """
    uploads = [
        Upload(str(f["id"]), str(f.get("name") or ""), str(f.get("mimetype") or ""))
        for f in files
        if f.get("id")
    ]
    unknown = [u for u in uploads if not u.name and not u.kind]
    pictures = [u for u in uploads if u.looks_like_a_picture]
    return next(iter((*pictures, *unknown, *uploads)), None)


class Pictures:
    """Makes stills of what people shared.

    Args:
        settings: The owner's.
        wire: How Slack is asked.
        service: The core.
        looks: Seconds before each look for a file that Slack is not done with.
    """

    def __init__(
        self,
        settings: Settings,
        wire: Wire,
        service: RenderService,
        *,
        looks: tuple[float, ...] = LOOKS,
    ) -> None:
        # Where another server stands in for Slack, its own files are Slack's.
        self._stand_in = urlsplit(settings.slack_api_url).hostname or ""
        self._wire = wire
        self._service = service
        self._looks = looks

    async def still(self, file_id: str, workspace: str, person: Person) -> Still:
        """Fetch a file of somebody's and make it safe.

        Raises:
            StillError: It is too large, gone, or no picture; says what to do.
        """
        async with self._service.room.grip() as take:
            try:
                data = await self._data(file_id, workspace, take)
            except LOST as error:
                raise StillError(
                    "Slack did not hand over the picture.", hint="Send it again."
                ) from error
            return await self._service.still_from_bytes(data, person=person)

    async def _data(self, file_id: str, workspace: str, take: Take) -> bytes:
        token = await self._wire.token(workspace)
        for pause in self._looks:
            await asyncio.sleep(pause)
            file = await self._info(file_id, workspace)
            url = str(file.get("url_private_download") or file.get("url_private") or "")
            if int(file.get("size") or 0) > MOST_BYTES:
                raise _too_large()
            if url and (data := await self._fetch(url, token, take)) is not None:
                return data
        raise StillError(
            "Slack is not done with that picture yet.",
            hint="Send it again in a minute.",
        )

    async def _info(self, file_id: str, workspace: str) -> Mapping[str, Any]:
        """A file as Slack tells of it now; a message may tell less."""
        client = await self._wire.client(workspace)
        try:
            found: Mapping[str, Any] = (await client.files_info(file=file_id))["file"]
        except SlackApiError as error:
            if code_of(error) == "missing_scope":
                raise _unread() from error
            raise StillError(
                "I cannot see that file.", hint="Send the picture to me directly."
            ) from error
        return found

    async def _fetch(self, url: str, token: str, take: Take = freely) -> bytes | None:
        """The bytes behind a link of Slack; None while there are none.

        The token goes to Slack's own host alone. Who may not read a file is sent to a
        page for signing in, so no redirect is followed.
        """
        host = urlsplit(url).hostname or ""
        local = is_loopback(host) and is_loopback(self._stand_in)
        if not (local or host in {*HOSTS, self._stand_in}):
            raise StillError(
                "That file does not lie with Slack.", hint="Upload it to Slack."
            )
        data = bytearray()
        async with self._wire.session.get(
            url,
            headers={"Authorization": f"Bearer {token}"},
            allow_redirects=False,
            timeout=FETCH,
        ) as response:
            if response.status == 404:
                return None
            if response.status != 200 or response.content_type == "text/html":
                raise _unread()
            async for chunk in response.content.iter_chunked(CHUNK):
                await take(TIMES * len(chunk))
                data += chunk
                if len(data) > MOST_BYTES:
                    raise _too_large()
        return bytes(data)


def _unread() -> StillError:
    return StillError("Slack does not let me read files here.", hint=REINSTALL)


def _too_large() -> StillError:
    return StillError(
        "That picture has more than {limit} MB.",
        hint="Save it smaller, for example 4000 pixels wide, and send that.",
        limit=MOST_BYTES >> 20,
    )
