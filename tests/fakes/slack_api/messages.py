"""Messages, as everybody sees them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import mrkdwn
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.files import SlackFile
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.places import Channel
    from tests.fakes.slack_api.responses import Hook

TOMBSTONE = "tombstone"


@dataclass(eq=False)
class Message:
    """A message in a channel, or one that only one person sees.

    Attributes:
        user: The id of who wrote it.
        bot_id: Set if the bot wrote it.
        subtype: As in events: `file_share`, `thread_broadcast`, `tombstone`.
        uploads: Its files.
        only_for: The only person who sees it, if it is ephemeral.
        pinged: Ids of people it pings, and `channel`, `here`, `everyone`.
        edits: What it said before each edit.
        edited: Whether Slack marks it as edited.
        parent_user: Who wrote the root message, if it is a reply.
    """

    channel: "Channel"
    ts: str
    author: "Person"
    bot_id: str | None = None
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    uploads: "list[SlackFile]" = field(default_factory=list)
    thread_ts: str | None = None
    parent_user: str | None = None
    subtype: str | None = None
    metadata: Any = None
    only_for: "Person | None" = None
    pinged: set[str] = field(default_factory=set)
    reactions: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    edited: bool = False
    deleted: bool = False
    hook: "Hook | None" = None

    def __str__(self) -> str:
        where = f" in {self.thread_ts}" if self.thread_ts else ""
        files = f" {[one.name for one in self.uploads]}" if self.uploads else ""
        buttons = f" {self.buttons}" if self.buttons else ""
        return f"{self.author} {self.ts}{where}: {self.words!r}{files}{buttons}"

    @property
    def user(self) -> str:
        """The id of who wrote it."""
        return self.author.id

    @property
    def by_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.bot_id is not None

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.only_for is not None

    @property
    def words(self) -> str:
        """All that people read: the blocks, or else the text."""
        if self.blocks:
            return "\n".join(mrkdwn.readable(self.blocks))
        return mrkdwn.shown(self.text)

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Names and contents of its files."""
        return [(one.name, one.data) for one in self.uploads]

    @property
    def elements(self) -> list[Json]:
        """Everything that may be pressed or chosen, with its block."""
        return elements_of(self.blocks)

    @property
    def buttons(self) -> list[str]:
        """Labels of its buttons."""
        every = [one["element"] for one in self.elements]
        return [one["text"]["text"] for one in every if one["type"] == "button"]


def elements_of(blocks: list[Json]) -> list[Json]:
    """Interactive elements of blocks, each with the id of its block."""
    found = []
    for block in blocks:
        inside = [*block.get("elements", []), block.get("accessory")]
        inside += [block.get("element")] if block["type"] == "input" else []
        found += [
            {"block_id": block["block_id"], "element": one}
            for one in inside
            if one and "action_id" in one
        ]
    return found
