"""People, and what they do in their Slack client."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.slack_api import (
    browsing,
    events,
    interactions,
    modals,
    mrkdwn,
    posting,
)
from tests.fakes.slack_api.delivery import Delivered
from tests.fakes.slack_api.errors import Refused
from tests.fakes.slack_api.files import uploaded
from tests.fakes.slack_api.filling import filled
from tests.fakes.slack_api.messages import Message
from tests.fakes.slack_api.things import FileUpload, Json
from tests.fakes.slack_api.views import View

if TYPE_CHECKING:
    from tests.fakes.slack_api.browsing import Visit
    from tests.fakes.slack_api.places import Channel, Team
    from tests.fakes.slack_api.world import FakeSlack


@dataclass(eq=False)
class Person:
    """A person, or the bot.

    Attributes:
        whispers: Messages that only they see.
        views: Modals they have open, the topmost last.
    """

    slack: "FakeSlack"
    id: str
    name: str
    team: "Team"
    tz: str = "Europe/London"
    locale: str = "en-US"
    admin: bool = False
    is_bot: bool = False
    deactivated: bool = False
    whispers: list[Message] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    _dm: "Channel | None" = None

    def __repr__(self) -> str:
        return self.name

    @property
    def mention(self) -> str:
        """How to write that they are meant."""
        return f"<@{self.id}>"

    @property
    def dm(self) -> "Channel":
        """Their direct messages with the bot."""
        if self._dm is None:
            self._dm = self.team.dm(self)
        return self._dm

    async def slash(
        self, channel: "Channel", command: str, text: str = "", *, wait: bool = True
    ) -> Delivered:
        """Use a slash command; there are none in threads."""
        self._may_see(channel)
        if channel.archived:
            raise Refused(f"{channel} is archived")
        made = interactions.slash(self, channel, command, text)
        return await _awaited(made, wait=wait)

    async def modal(self, patience: float = 5) -> View:
        """The modal on top, there or to come."""

        def look() -> View | None:
            return self.views[-1] if self.views else None

        return await self.slack.bell.until(look, patience, lambda: f"{self}: no modal")

    async def submit(
        self, view: View, values: Json | None = None, *, wait: bool = True
    ) -> Delivered:
        """Fill in a modal, by labels or blocks, and send it."""
        self._has_open(view)
        made = interactions.submission(self, view, filled(view, values or {}))

        def answered(body: object) -> None:
            modals.answered(made, view, body)

        made.parts[0].on_ack = answered
        return await _awaited(made, wait=wait)

    async def close(self, view: View, *, wait: bool = True) -> Delivered:
        """Close a modal."""
        self._has_open(view)
        modals.close(view)
        return await _awaited(interactions.closing(self, view), wait=wait)

    async def shortcut(
        self, message: Message | None, name: str, *, wait: bool = True
    ) -> Delivered:
        """Use a shortcut, of a message or without one."""
        if message is None:
            made = interactions.global_shortcut(self, name)
        else:
            self._sees(message)
            made = interactions.message_shortcut(self, message, name)
        return await _awaited(made, wait=wait)

    async def press(
        self, where: Message | View, button: str, *, wait: bool = True
    ) -> Delivered:
        """Press a button, by its label or action."""
        return await self.pick(where, button, wait=wait)

    async def pick(
        self,
        where: Message | View,
        name: str,
        value: object = None,
        *,
        wait: bool = True,
    ) -> Delivered:
        """Choose in a select, by its placeholder or action."""
        if isinstance(where, Message):
            self._sees(where)
        elif where is not self.slack.home(self):
            self._has_open(where)
        made = interactions.action(self, where, name, value)
        return await _awaited(made, wait=wait)

    async def say(
        self,
        channel: "Channel",
        text: str = "",
        *,
        files: list[FileUpload] | tuple[FileUpload, ...] = (),
        thread: Message | str | None = None,
        mention: bool = False,
        broadcast: bool = False,
        mention_first: bool = False,
        wait: bool = True,
    ) -> Delivered:
        """Write a message.

        Args:
            channel: Where.
            text: As it is typed; `person.mention` pings.
            files: What is attached.
            thread: The message it answers, or a timestamp.
            mention: Whether the bot is mentioned.
            broadcast: Whether a reply is also sent to the channel.
            mention_first: Whether `app_mention` comes before `message`.
            wait: Whether to wait for the app's answers.
        """
        self._may_write(channel)
        install = channel.team.install
        if mention and install is not None:
            text = f"{install.bot.mention} {text}".strip()
        message = Message(channel, self.slack.ids.ts(), self)
        laid = [uploaded(one, self, for_app=False) for one in files]
        posting.fill(message, posting.Draft(mrkdwn.typed(text), files=laid))
        root = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
        if root in channel.locked:
            raise Refused("The thread is locked")
        posting.place(message, root or "", broadcast=broadcast)
        parts = posting.publish(message, mention_first=mention_first)
        made = Delivered(self.slack, parts, self, message=message)
        return await _awaited(made, wait=wait)

    async def edit(
        self, message: Message, text: str, *, wait: bool = True
    ) -> Delivered:
        """Change what they wrote."""
        self._wrote(message)
        parts = posting.edit(message, posting.Draft(mrkdwn.typed(text)))
        made = Delivered(self.slack, parts, self, message=message)
        return await _awaited(made, wait=wait)

    async def delete(self, message: Message, *, wait: bool = True) -> Delivered:
        """Delete what they wrote; admins delete anything."""
        if not self.admin:
            self._wrote(message)
        made = Delivered(self.slack, posting.delete(message), self, message=message)
        return await _awaited(made, wait=wait)

    async def opens_home(self, *, tab: str = "home", wait: bool = True) -> Delivered:
        """Open the app: its Home, or its `messages`."""
        told: Json = {"type": "app_home_opened", "user": self.id, "tab": tab}
        told |= {"channel": self.dm.id, "event_ts": self.slack.ids.ts()}
        home = self.slack.home(self)
        if tab == "home" and home is not None:
            told["view"] = home.told()
        made = Delivered(self.slack, events.tell(self.team, told), self)
        return await _awaited(made, wait=wait)

    async def installs(
        self, url: str, *, org_wide: bool = False, declines: bool = False
    ) -> "Visit":
        """Install the app from its own page: to Slack, and back."""
        return await browsing.install(self, url, org_wide=org_wide, declines=declines)

    async def whispered(self, words: str, patience: float = 5) -> Message:
        """What only they see, with these words, there or to come."""

        def look() -> Message | None:
            seen = (one for one in self.whispers if not one.deleted)
            return next((one for one in seen if words in one.words), None)

        def dump() -> str:
            return "\n".join([f"{self} alone sees:", *map(str, self.whispers)])

        return await self.slack.bell.until(look, patience, dump)

    def _has_open(self, view: View) -> None:
        if not self.views or self.views[-1] is not view:
            raise Refused(f"{self} does not have {view} before them")

    def _wrote(self, message: Message) -> None:
        if message.author is not self or message.deleted:
            raise Refused(f"{self} did not write {message}")

    def _sees(self, message: Message) -> None:
        if message.deleted or message.only_for not in {None, self}:
            raise Refused(f"{self} does not see {message}")
        self._may_see(message.channel)

    def _may_see(self, channel: "Channel") -> None:
        if self.deactivated or not channel.has(self):
            raise Refused(f"{self} is not in {channel}")

    def _may_write(self, channel: "Channel") -> None:
        self._may_see(channel)
        if channel.archived:
            raise Refused(f"{channel} is archived")
        manifest = self.slack.manifest
        if channel.kind == "im" and manifest.home("messages_tab_read_only_enabled"):
            raise Refused("The manifest lets nobody write to the app")


async def _awaited(made: Delivered, *, wait: bool) -> Delivered:
    return await (made.settled() if wait else made.brought())
