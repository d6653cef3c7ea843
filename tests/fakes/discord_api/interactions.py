"""Interactions: what people do with the bot, and how the bot answers."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.errors import Problem, invalid
from tests.fakes.discord_api.messages import COMMAND, EPHEMERAL, LOADING, Sent
from tests.fakes.discord_api.places import UPLOADS
from tests.fakes.discord_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.places import Channel
    from tests.fakes.discord_api.rest import Call
    from tests.fakes.discord_api.world import FakeDiscord

WINDOW, TOKEN = 3.0, 15 * 60.0  # seconds
COMMANDED, PRESSED, TYPED, SENT_FORM = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
KINDS = {
    MESSAGE: "message",
    DEFER: "defer",
    DEFER_UPDATE: "update",
    UPDATE: "update",
    CHOICES: "choices",
    MODAL: "modal",
}
MOST_FOLLOWUPS = 5  # where only a user has the app


@dataclass(eq=False)
class Asked:
    """An interaction, as its person sees it."""

    discord: "FakeDiscord"
    id: int
    type: int
    person: "Person"
    channel: "Channel"
    data: Json
    message: Sent | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    born: float = 0.0
    tries: int = 0
    kind: str | None = None
    ephemeral: bool = False
    modal: Json | None = None
    choices: list[tuple[str, Any]] = field(default_factory=list)
    original: Sent | None = None
    followups: list[Sent] = field(default_factory=list)

    @property
    def by_user_only(self) -> bool:
        """Whether the bot is there only because the person brought it along."""
        guild = self.channel.guild
        if guild is not None:
            return not guild.bot_is_member
        return self.discord.bot not in self.channel.recipients

    @property
    def limit(self) -> int:
        """Bytes that a file of an answer may have."""
        guild = self.channel.guild
        own = UPLOADS[2] if self.person.nitro else UPLOADS[0]
        return max(own, guild.upload_limit if guild else 0)

    async def settled(
        self, wanted: Callable[["Asked"], Any], patience: float = 5
    ) -> "Asked":
        """Wait until the answer is as wanted."""
        await self.discord.bell.until(lambda: wanted(self) or None, patience, self.dump)
        return self

    async def says(self, words: str) -> Sent:
        """The answer with these words, once it is there."""

        def found(asked: "Asked") -> bool:
            first = [asked.original] if asked.original else []
            return any(words in one.content for one in [*first, *asked.followups])

        await self.settled(found)
        answers = [*([self.original] if self.original else []), *self.followups]
        return next(one for one in answers if words in one.content)

    def dump(self) -> str:
        """What is there, to be read by people."""
        return (
            f"{self.kind} {'(only)' * self.ephemeral}: {self.original}"
            f" then {self.followups}; modal {self.modal}; {self.channel.dump()}"
        )

    def payload(self) -> Json:
        """The event that the bot gets."""
        guild, bot = self.channel.guild, self.discord.bot
        made: Json = {
            "id": str(self.id),
            "application_id": str(self.discord.application_id),
            "type": self.type,
            "data": self.data,
            "token": self.token,
            "version": 1,
            "channel": payloads.channel(self.channel),
            "channel_id": str(self.channel.id),
            "app_permissions": payloads.app_permissions(self.channel, bot),
            "locale": self.person.locale,
            "entitlements": [],
            "authorizing_integration_owners": self._owners(),
            "context": self._context(),
            "attachment_size_limit": self.limit,
        }
        if self.message is not None:
            made["message"] = payloads.message(self.message)
        if guild is None:
            return made | {"user": payloads.user(self.person)}
        seat = payloads.member(guild, self.person)
        seat["user"] = payloads.user(self.person)
        seat["permissions"] = str(self.person.permissions_in(self.channel))
        return made | {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": seat,
        }

    def _owners(self) -> Json:
        if self.by_user_only:
            return {"1": str(self.person.id)}
        return {"0": str(self.channel.guild.id) if self.channel.guild else "0"}

    def _context(self) -> int:
        if self.channel.guild is not None:
            return 0
        return 2 if self.by_user_only else 1


class Answers:
    """The routes that an interaction's token opens."""

    def __init__(self, discord: "FakeDiscord") -> None:
        self._discord = discord

    def callback(self, call: "Call", interaction: str, token: str) -> Json | None:
        """The first answer."""
        asked = self._discord.asked.get(int(interaction))
        if asked is None or asked.token != token:
            raise Problem(10062)
        asked.tries += 1
        if asked.kind is not None:
            raise Problem(40060)
        if self._discord.clock() - asked.born > WINDOW:
            raise Problem(10062)
        body = call.json
        kind, data = body["type"], body.get("data") or {}
        self._check(asked, kind, data)
        self._take(asked, kind, data, call)
        asked.kind = KINDS[kind]
        told = {"interaction": _told(asked)}
        if asked.original is not None and kind == MESSAGE:
            resource = {"type": kind, "message": payloads.message(asked.original)}
            told["resource"] = resource
        return told if call.query.get("with_response") else None

    def followup(self, call: "Call", token: str) -> Json:
        """One more message; the first after a defer is the deferred one."""
        asked = self._by_token(token)
        if asked.by_user_only and len(asked.followups) >= MOST_FOLLOWUPS:
            raise Problem(40094)
        first = asked.original
        if first is not None and first.flags & LOADING:
            self._edit(first, call, asked)
            return payloads.message(first)
        flags = call.json.get("flags", 0)
        one = self._make(asked, call.json, flags, call)
        one.replies_to = None
        asked.followups.append(one)
        self._post(one)
        return payloads.message(one)

    def original(self, call: "Call", token: str, message: str) -> Json | None:
        """Look at, change or delete an answer."""
        asked = self._by_token(token)
        one = self._one(asked, message)
        if one is None or one.deleted:
            raise Problem(10008)
        if call.method == "DELETE":
            one.deleted = True
            if one is asked.original:
                asked.original = None
            self._discord.rest.tell_deleted(one)
            return None
        if call.method == "PATCH":
            self._edit(one, call, asked)
        return payloads.message(one)

    def _one(self, asked: Asked, message: str) -> Sent | None:
        if message != "@original":
            found = [m for m in asked.followups if str(m.id) == message]
            return found[0] if found else None
        if asked.kind == "update":
            return asked.message
        return asked.original

    def _by_token(self, token: str) -> Asked:
        for asked in self._discord.asked.values():
            if asked.token == token:
                break
        else:
            raise Problem(10015)
        if asked.kind is None:
            raise Problem(10015)
        if self._discord.clock() - asked.born > TOKEN:
            raise Problem(50027)
        return asked

    def _check(self, asked: Asked, kind: int, data: Json) -> None:
        if kind == MODAL:
            if asked.type == SENT_FORM:
                raise invalid("type", "BASE_TYPE_CHOICES", "No form after a form.")
            _check_form(data)
        if kind == CHOICES and len(data["choices"]) > 25:
            raise invalid("data.choices", "BASE_TYPE_BAD_LENGTH", "25 at most.")
        if kind == DEFER and data.get("flags", 0) & ~EPHEMERAL:
            raise invalid("data.flags", "BASE_TYPE_CHOICES", "Only ephemeral.")

    def _take(self, asked: Asked, kind: int, data: Json, call: "Call") -> None:
        asked.ephemeral = bool(data.get("flags", 0) & EPHEMERAL)
        match kind:
            case 9:
                asked.modal = data
            case 8:
                asked.choices = [(c["name"], c["value"]) for c in data["choices"]]
            case 5:
                flags = data.get("flags", 0) | LOADING
                asked.original = self._make(asked, {"content": ""}, flags, None)
            case 4:
                made = self._make(asked, data, data.get("flags", 0), call)
                asked.original = made
            case 7 if asked.message is not None:
                self._edit(asked.message, call, asked)
        if asked.original is not None:
            self._post(asked.original)

    def _make(self, asked: Asked, data: Json, flags: int, call: "Call | None") -> Sent:
        rest = self._discord.rest
        if call is not None:
            rest.check_content(data, call, limit=asked.limit)
        only = asked.person if flags & EPHEMERAL else None
        one = rest.make(asked.channel, self._discord.bot, data, call)
        one.flags, one.kind, one.asked, one.only_for = flags, COMMAND, asked, only
        return one

    def _edit(self, one: Sent, call: "Call", asked: Asked) -> None:
        one.flags &= ~LOADING
        self._discord.rest.change(one, call, limit=asked.limit)

    def _post(self, one: Sent) -> None:
        one.channel.all_messages.append(one)
        self._discord.gateway.tell_message("MESSAGE_CREATE", one)


def _told(asked: Asked) -> Json:
    made: Json = {"id": str(asked.id), "type": asked.type}
    if asked.original is not None:
        made |= {
            "response_message_id": str(asked.original.id),
            "response_message_loading": bool(asked.original.flags & LOADING),
            "response_message_ephemeral": asked.ephemeral,
        }
    return made


def _check_form(data: Json) -> None:
    parts = data["components"]
    if not 1 <= len(parts) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "From 1 to 5.")
    if len(data["title"]) > 45 or len(data["custom_id"]) > 100:
        raise invalid("data.title", "BASE_TYPE_MAX_LENGTH", "Too long.")
    for part in parts:
        if part["type"] == 18 and len(part["label"]) > 45:
            raise invalid("data.components", "BASE_TYPE_MAX_LENGTH", "Label.")
