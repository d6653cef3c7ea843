"""Characters as a `/v1/videos` server keeps them: each is made there once."""

import asyncio
import hashlib
from collections.abc import Sequence

from bot.errors import Fault, ProviderError
from bot.models import Character
from bot.providers import pictures
from bot.providers.cloud import MOST_UPLOAD, Desk, is_ref
from bot.providers.faults import told
from bot.providers.wire import Wire
from bot.store import notes


class Characters:
    """Makes characters at a server and remembers what it calls them.

    Args:
        wire: To the server.
        desk: What the house lends.
    """

    def __init__(self, wire: Wire, desk: Desk) -> None:
        self._wire = wire
        self._desk = desk
        self._making = asyncio.Lock()  # two orders at once make one character

    async def ids(self, characters: Sequence[Character]) -> list[str]:
        """The server's ids of them; who is not there yet is made.

        Raises:
            ProviderError: The server does not take one; nothing was ordered.
            StillError: Our file of one is gone.
        """
        async with self._making:
            return [await self._id(one) for one in characters]

    async def forget(self, characters: Sequence[Character]) -> None:
        """Make them anew next time."""
        if self._desk.store is None:
            return
        for one in characters:
            await notes.remove(self._desk.store, self._key(one))

    async def _id(self, character: Character) -> str:
        store, key = self._desk.store, self._key(character)
        if store and (known := await notes.get(store, key)):
            return known
        made = await self._make(character)
        if store:
            await notes.change(store, key, made, now=self._desk.now())
        return made

    async def _make(self, character: Character) -> str:
        film = await pictures.clip_bytes(
            self._desk.media, character.media, most=MOST_UPLOAD
        )
        try:
            answer = await self._wire.order(
                "videos/characters",
                files=[
                    ("name", (None, character.name)),
                    ("video", ("character.mp4", film, "video/mp4")),
                ],
                missing=Fault.UNSUPPORTED,
            )
        except ProviderError as error:
            if error.fault is not Fault.LOST:
                raise
            # It costs nothing, so that nobody knows is no reason to stop.
            raise told(Fault.UPSTREAM, self._wire.title) from error
        made = answer.fields.get("id")
        if not is_ref(made):
            raise self._wire.refusal(Fault.UPSTREAM, answer.said())
        return str(made)

    def _key(self, character: Character) -> str:
        """Of the note: by the server, the film and the name that it was given."""
        what = f"{self._wire.base} {character.media} {character.name}"
        return f"character:{hashlib.sha256(what.encode()).hexdigest()}"
