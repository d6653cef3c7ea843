"""What a key may see of its own, and how it is told of it."""

from aiohttp import web

from adapters.web.videos import objects
from adapters.web.videos.errors import WireError
from adapters.web.videos.holders import HOLDER
from bot.errors import MissingError, StateError
from bot.models import Clip, Entry, Job
from bot.service import RenderService
from bot.store.characters import Kept


class Lookup:
    """Finds what belongs to whoever asks; everything else is not there.

    Args:
        service: The core.
        keep_days: Days that a video is kept; 0 is for ever.
    """

    def __init__(self, service: RenderService, *, keep_days: int) -> None:
        self._service = service
        self._keep_days = keep_days

    async def own(self, request: web.Request, video_id: str) -> Entry:
        """A video of whoever asks; one that they have stopped is none any more."""
        entry = await self._service.entry(video_id, person=request[HOLDER])
        if entry.job.cancel and entry.clip is None:  # else that came too late
            raise MissingError("There is no such clip.")
        return entry

    async def finished(self, request: web.Request, video_id: str) -> Clip:
        """What came of a video of whoever asks.

        Raises:
            MissingError: There is none, or nothing came of it.
            StateError: It is still being made.
        """
        entry = await self.own(request, video_id)
        if entry.clip is not None:
            return entry.clip
        if entry.job.state.ended:
            raise MissingError("There is no clip of that.", hint="Look at its error.")
        raise StateError("That video is still being made.", hint="Ask a little later.")

    async def told(self, request: web.Request, job: Job) -> web.Response:
        """The answer that shows a video."""
        entry = await self._service.entry(job.id, person=request[HOLDER])
        return web.json_response(objects.video(entry, keep_days=self._keep_days))

    async def character_of(self, request: web.Request, character_id: str) -> Kept:
        """A character of whoever asks.

        Raises:
            WireError: There is none of that id, or it is somebody else's.
        """
        person = request[HOLDER]
        if kept := await self._service.character(character_id, person=person):
            return kept
        raise WireError(
            "There is no such character.",
            hint="Make one first, with a name and a video.",
            param="characters",
            code="not_found",
            status=404,
        )
