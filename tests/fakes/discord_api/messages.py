"""Messages, as they lie in a channel."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.discord_api.things import Attachment, Json

if TYPE_CHECKING:
    from tests.fakes.discord_api.interactions import Asked
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.places import Channel
    from tests.fakes.discord_api.world import FakeDiscord

DEFAULT, REPLY, COMMAND, MENU = 0, 19, 20, 23
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
ACTION_ROW, BUTTON = 1, 2


@dataclass(eq=False)
class Sent:
    """A message.

    Attributes:
        asked: The interaction that it answers, if it does.
        only_for: Who alone sees it, if it is ephemeral.
        mentions_pinged: Ids of people and roles that were pinged, and `everyone`.
    """

    discord: "FakeDiscord"
    id: int
    channel: "Channel"
    author: "Person"
    content: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    flags: int = 0
    kind: int = DEFAULT
    replies_to: "Sent | None" = None
    asked: "Asked | None" = None
    only_for: "Person | None" = None
    mentions_pinged: set[Any] = field(default_factory=set)
    nonce: str | None = None
    edits: int = 0
    edited_at: float | None = None
    deleted: bool = False
    created_at: float = 0.0

    def __repr__(self) -> str:
        files = [one.name for one in self.attachments]
        seen = f"{self.content!r} {files or ''} {self.buttons or ''}"
        return f"<{self.id} {self.author.name}: {seen}{' (only)' * self.ephemeral}>"

    @property
    def author_is_bot(self) -> bool:
        """Whether our bot wrote it."""
        return self.author is self.discord.bot

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.only_for is not None

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of every file."""
        return [(one.name, one.data) for one in self.attachments]

    @property
    def people_pinged(self) -> set[int]:
        """Ids of the people who were pinged."""
        return {one for one in self.mentions_pinged if one in self.discord.people}

    @property
    def reference(self) -> int | None:
        """Id of the message it answers."""
        return self.replies_to.id if self.replies_to else None

    @property
    def parts(self) -> list[Json]:
        """Every button and menu, out of the rows."""
        rows = [row for row in self.components if row["type"] == ACTION_ROW]
        return [part for row in rows for part in row["components"]]

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons."""
        return [p.get("label", "") for p in self.parts if p["type"] == BUTTON]
