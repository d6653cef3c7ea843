"""Organisations, workspaces and channels."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.slack_api.messages import Message
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.tokens import Install
    from tests.fakes.slack_api.world import FakeSlack

PUBLIC, PRIVATE, DIRECT, GROUP = "channel", "group", "im", "mpim"
HISTORY = {
    PUBLIC: "channels:history",
    PRIVATE: "groups:history",
    DIRECT: "im:history",
    GROUP: "mpim:history",
}


@dataclass(eq=False)
class Enterprise:
    """An organisation with several workspaces."""

    id: str
    name: str
    install: "Install | None" = None


@dataclass(eq=False)
class Channel:
    """A channel, public or private; a direct message, or a group of people.

    Attributes:
        kind: `channel`, `group` (private), `im` or `mpim`.
        bot_member: Whether the bot was invited.
        read_only: Whether apps may not post.
        thread_only: Whether only replies may be posted.
        threadless: Whether no replies may be posted.
        shared_with: A workspace elsewhere that it is shared with (Slack Connect).
        members: Who is in it; None means everybody of the workspace.
    """

    slack: "FakeSlack"
    id: str
    name: str
    kind: str
    team: "Team"
    bot_member: bool = True
    archived: bool = False
    read_only: bool = False
    thread_only: bool = False
    threadless: bool = False
    shared: bool = False
    shared_with: "list[Team]" = field(default_factory=list)
    members: "list[Person] | None" = None
    all_messages: "list[Message]" = field(default_factory=list)
    locked: set[str] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"#{self.name}"

    @property
    def teams(self) -> "list[Team]":
        """Workspaces it is in."""
        return [self.team, *self.shared_with]

    @property
    def messages(self) -> "list[Message]":
        """What everybody in it sees, root messages and replies, in order."""
        return [one for one in self.all_messages if not one.deleted]

    def thread_of(self, ts: "str | Message") -> "list[Message]":
        """A message and the replies to it."""
        root = ts if isinstance(ts, str) else ts.thread_ts or ts.ts
        return [one for one in self.messages if root in {one.ts, one.thread_ts}]

    def find(self, ts: str) -> "Message | None":
        """The message with this timestamp, unless it is gone."""
        return next((one for one in self.messages if one.ts == ts), None)

    def replies(self, root: str) -> "list[Message]":
        """The replies to a message."""
        return [one for one in self.messages if one.thread_ts == root != one.ts]

    async def until(
        self, wanted: "Callable[[Message], Any]", patience: float = 5
    ) -> "Message":
        """The first message of the bot that is as wanted, there or to come."""

        def look() -> "Message | None":
            mine = (one for one in self.messages if one.by_bot)
            return next((one for one in mine if wanted(one)), None)

        return await self.slack.bell.until(look, patience, self.dump)

    def dump(self) -> str:
        """What is there, to be read by people."""
        seen = "\n".join(f"  {message}" for message in self.messages)
        return f"In {self}:\n{seen or '  nothing'}"

    def seen_by_bot(self, install: "Install") -> bool:
        """Whether the bot may know that it is there."""
        if not install.reaches(self):
            return False
        return self.kind == PUBLIC or self.bot_member

    def has(self, person: "Person") -> bool:
        """Whether somebody is in it."""
        if self.members is not None:
            return person in self.members
        return person.team in self.teams

    def kick_bot(self) -> None:
        """Somebody removes the bot."""
        self.bot_member = False
        self.slack.bell.ring()

    def invite_bot(self) -> None:
        """Somebody invites the bot."""
        self.bot_member = True
        self.slack.bell.ring()

    def lock(self, root: "Message") -> None:
        """Close a thread to everybody."""
        self.locked.add(root.thread_ts or root.ts)

    def share(self, team: "Team") -> None:
        """Share it with another workspace (Slack Connect)."""
        self.shared = True
        self.shared_with.append(team)


@dataclass(eq=False)
class Team:
    """A workspace."""

    slack: "FakeSlack"
    id: str
    name: str
    enterprise: Enterprise | None = None
    own: "Install | None" = None
    people: "list[Person]" = field(default_factory=list)
    storage_full: bool = False
    uploads_off: bool = False

    def __repr__(self) -> str:
        return self.name

    @property
    def domain(self) -> str:
        """Its part of the address."""
        return self.name.lower().replace(" ", "-")

    @property
    def install(self) -> "Install | None":
        """The app in it, if it is there."""
        found = self.own or (self.enterprise.install if self.enterprise else None)
        return found if found is not None and found.live else None

    @property
    def app(self) -> "Install":
        """The app in it."""
        assert self.install is not None, f"{self} does not have the app"
        return self.install

    @property
    def bot_token(self) -> str:
        """The token of the app here, as it is now."""
        return self.app.token.value

    @property
    def bot_user_id(self) -> str:
        """The id of the bot as a user."""
        return self.app.bot.id

    def person(
        self,
        name: str,
        *,
        tz: str = "Europe/London",
        locale: str = "en-US",
        admin: bool = False,
    ) -> "Person":
        """Somebody joins the workspace."""
        made = self.slack.newcomer(self, name)
        made.tz, made.locale, made.admin = tz, locale, admin
        self.people.append(made)
        return made

    def channel(
        self,
        name: str,
        *,
        private: bool = False,
        members: "list[Person] | None" = None,
        **how: bool,
    ) -> Channel:
        """Open a channel; its other switches are those of `Channel`."""
        kind = PRIVATE if private else PUBLIC
        number = self.slack.ids.new("C")
        made = Channel(self.slack, number, name, kind, self, **how)  # type: ignore[arg-type]
        made.members = members
        self.slack.channels[number] = made
        return made

    def group(self, *people: "Person") -> Channel:
        """Open a group of people and the bot."""
        made = self.channel("mpdm", private=True, members=list(people))
        made.kind = GROUP
        return made

    def dm(self, person: "Person") -> Channel:
        """A person's direct messages with the bot."""
        number = self.slack.ids.new("D")
        made = Channel(self.slack, number, "directmessage", DIRECT, self)
        made.members = [person]
        self.slack.channels[number] = made
        return made
