"""Guilds, channels and threads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.intents import GUILDS
from tests.fakes.discord_api.permissions import USUAL, bits, may
from tests.fakes.discord_api.things import Member, Role

if TYPE_CHECKING:
    from tests.fakes.discord_api.messages import Sent
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.world import FakeDiscord

MIB = 1024 * 1024
UPLOADS = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
TEXT, PRIVATE, GROUP, PUBLIC_THREAD = 0, 1, 3, 11


@dataclass
class Overwrite:
    """What a channel allows or denies to a role or a person."""

    is_role: bool
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Channel:
    """A text channel, a thread, a DM or a group."""

    discord: "FakeDiscord"
    id: int
    kind: int
    name: str = ""
    guild: "Guild | None" = None
    recipients: list["Person"] = field(default_factory=list)
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    all_messages: list["Sent"] = field(default_factory=list)
    typed: int = 0
    deleted: bool = False

    def __repr__(self) -> str:
        return f"#{self.name or self.kind}"

    @property
    def is_thread(self) -> bool:
        """Whether this is a thread."""
        return self.kind == PUBLIC_THREAD

    @property
    def settings(self) -> "Channel":
        """The channel whose permission settings apply here."""
        return self

    @property
    def messages(self) -> list["Sent"]:
        """What everybody in the channel sees, in order."""
        return [m for m in self.all_messages if not (m.ephemeral or m.deleted)]

    async def until(
        self, wanted: "Callable[[Sent], bool]", patience: float = 5
    ) -> "Sent":
        """The first message of the bot that is as wanted, there or to come."""

        def look() -> "Sent | None":
            mine = (m for m in self.messages if m.author_is_bot)
            return next((m for m in mine if wanted(m)), None)

        return await self.discord.bell.until(look, patience, self.dump)

    def dump(self) -> str:
        """What is there, to be read by people."""
        seen = "\n".join(f"  {message}" for message in self.messages)
        return f"In {self}:\n{seen or '  nothing'}"

    def thread(
        self, name: str, *, archived: bool = False, locked: bool = False
    ) -> "Thread":
        """Open a public thread."""
        discord, guild = self.discord, self.guild
        assert guild is not None, "no threads in private"
        made = Thread(discord, discord.ids.new(), PUBLIC_THREAD, name, guild)
        made.parent, made.archived, made.locked = self, archived, locked
        discord.channels[made.id] = made
        made.tell("THREAD_CREATE", newly_created=True)
        return made

    def delete(self) -> None:
        """Somebody deletes the channel."""
        self.deleted = True
        self.tell("THREAD_DELETE" if self.is_thread else "CHANNEL_DELETE")

    def deny(self, *names: str, to: "Person | Role | None" = None) -> None:
        """Forbid something to the bot, a person or a role."""
        self._overwrite(to, allow=0, deny=bits(names))

    def allow(self, *names: str, to: "Person | Role | None" = None) -> None:
        """Allow something, whatever the guild says."""
        self._overwrite(to, allow=bits(names), deny=0)

    def tell(self, event: str, **more: object) -> None:
        """Tell the bot about the channel, if it may know."""
        guild = self.guild
        if guild is None or not guild.bot_is_member:
            return
        made = payloads.channel(self) | more
        self.discord.gateway.send(event, made, guild_id=guild.id, intent=GUILDS)
        self.discord.bell.ring()

    def _overwrite(self, to: "Person | Role | None", *, allow: int, deny: int) -> None:
        whom = to or self.discord.bot
        fresh = Overwrite(is_role=isinstance(whom, Role))
        one = self.settings.overwrites.setdefault(whom.id, fresh)
        one.allow = one.allow & ~deny | allow
        one.deny = one.deny & ~allow | deny
        self.settings.tell("CHANNEL_UPDATE")


class Thread(Channel):
    """A public thread of a channel."""

    parent: Channel
    archived: bool = False
    locked: bool = False

    @property
    def settings(self) -> Channel:
        """A thread has the permissions of its channel."""
        return self.parent

    def archive(self) -> None:
        """Close it; the next message opens it again, unless it is locked."""
        self.archived = True
        self.tell("THREAD_UPDATE")

    def lock(self) -> None:
        """Let only moderators write."""
        self.locked = True
        self.tell("THREAD_UPDATE")

    def unarchive(self) -> None:
        """Open it again."""
        self.archived = False
        self.tell("THREAD_UPDATE")


@dataclass(eq=False)
class Guild:
    """A server."""

    discord: "FakeDiscord"
    id: int
    name: str
    tier: int
    locale: str
    owner: "Person"
    bot_is_member: bool
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    people: dict[int, "Person"] = field(default_factory=dict)
    limit: int | None = None

    def __post_init__(self) -> None:
        self.everyone = self.roles[self.id] = Role(self.id, "@everyone")
        self.usual = self.role("Members", permissions=USUAL)
        self.upload_limit = self.limit or UPLOADS[self.tier]
        self.bot_role: Role | None = None
        self.join(self.owner)

    def role(
        self, name: str, *, permissions: Iterable[str] = (), mentionable: bool = False
    ) -> Role:
        """Make a role."""
        made = Role(self.discord.ids.new(), name, bits(permissions), mentionable)
        self.roles[made.id] = made
        return made

    def channel(self, name: str, *, deny: Iterable[str] = ()) -> Channel:
        """Make a text channel, with what it denies to the bot."""
        discord = self.discord
        made = Channel(discord, discord.ids.new(), TEXT, name, self)
        if forbidden := bits(deny):
            bot = discord.bot
            made.overwrites[bot.id] = Overwrite(is_role=False, deny=forbidden)
        discord.channels[made.id] = made
        made.tell("CHANNEL_CREATE")
        return made

    def join(
        self,
        person: "Person",
        *,
        permissions: Iterable[str] = (),
        roles: Iterable[Role | int] = (),
    ) -> None:
        """A person joins, with permissions and roles of their own."""
        mine = [self.usual, *(self._known(role) for role in roles)]
        if own := set(permissions):
            mine.append(self.role(f"{person.name}'s", permissions=own))
        self.members[person.id] = Member(mine, self.discord.clock())
        self.people[person.id] = person

    def invite_bot(self, permissions: Iterable[str] | None = None) -> None:
        """The bot becomes a member."""
        granted = USUAL if permissions is None else permissions
        role = self.bot_role = self.role("Vivant", permissions=granted)
        role.managed = True
        bot = self.discord.bot
        self.members[bot.id] = Member([role], self.discord.clock())
        self.people[bot.id] = bot
        self.bot_is_member = True
        made = payloads.guild_create(self)
        gateway = self.discord.gateway
        gateway.send("GUILD_CREATE", made, guild_id=self.id, intent=GUILDS)

    def kick_bot(self) -> None:
        """The bot is thrown out."""
        self.bot_is_member = False
        del self.members[self.discord.bot.id], self.people[self.discord.bot.id]
        gone = {"id": str(self.id)}
        gateway = self.discord.gateway
        gateway.send("GUILD_DELETE", gone, guild_id=self.id, intent=GUILDS)
        self.discord.bell.ring()

    @property
    def channels(self) -> list[Channel]:
        """Channels and threads that are there."""
        every = self.discord.channels.values()
        return [one for one in every if one.guild is self and not one.deleted]

    def seen_by(self, person: "Person") -> list[Channel]:
        """Channels and threads a person may look at."""
        return [one for one in self.channels if may(person, one, "view_channel")]

    def _known(self, role: Role | int) -> Role:
        if isinstance(role, Role):
            return role
        return self.roles.setdefault(role, Role(role, f"Role {role}"))
