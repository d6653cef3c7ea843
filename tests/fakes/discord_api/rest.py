"""The REST interface, version 10: as much of it as a bot like ours uses."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.errors import Problem, invalid
from tests.fakes.discord_api.messages import REPLY, Sent
from tests.fakes.discord_api.permissions import may, permissions_in, sending
from tests.fakes.discord_api.places import UPLOADS, Channel
from tests.fakes.discord_api.things import Attachment, Json, Upload

if TYPE_CHECKING:
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.world import FakeDiscord

NONCES = 300.0  # seconds that a nonce is remembered: “the past few minutes”
HOUR = 3_600.0
OLD_EDITS = 3  # of a message over an hour old, before 30046
MOST = 2_000  # characters


@dataclass
class Call:
    """A request of the bot, and what became of it."""

    method: str
    path: str
    query: Mapping[str, str]
    token: str | None
    json: Any = None
    files: dict[int, Upload] = field(default_factory=dict)
    status: int = 0


class Rest:
    """Answers requests."""

    def __init__(self, discord: "FakeDiscord") -> None:
        self._discord = discord
        answers = discord.answers
        c, m = r"/channels/(\d+)", r"/messages/(\d+)"
        hook = rf"/webhooks/{discord.application_id}/([^/]+)"
        app = rf"/applications/{discord.application_id}"
        self._open: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", r"/interactions/(\d+)/([^/]+)/callback", answers.callback),
            ("POST", hook, answers.followup),
            ("GET", rf"{hook}/messages/([^/]+)", answers.original),
            ("PATCH", rf"{hook}/messages/([^/]+)", answers.original),
            ("DELETE", rf"{hook}/messages/([^/]+)", answers.original),
        ]
        self._closed: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/users/@me", self.me),
            ("GET", "/users/@me/guilds", self.my_guilds),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/oauth2/applications/@me", lambda _: discord.application()),
            ("GET", "/applications/@me", lambda _: discord.application()),
            ("GET", "/gateway/bot", self.gateway),
            ("PUT", rf"{app}/commands", self.put_commands),
            ("GET", rf"{app}/commands", lambda _: discord.commands),
            ("GET", r"/guilds/(\d+)", self.guild),
            ("GET", r"/guilds/(\d+)/channels", self.guild_channels),
            ("GET", r"/guilds/(\d+)/members/(\d+)", self.member),
            ("GET", c, lambda call, i: payloads.channel(self._channel(i))),
            ("POST", rf"{c}/typing", self.typing),
            ("GET", rf"{c}/messages", self.history),
            ("POST", rf"{c}/messages", self.post),
            ("GET", rf"{c}{m}", self.get),
            ("PATCH", rf"{c}{m}", self.patch),
            ("DELETE", rf"{c}{m}", self.delete),
        ]

    def answer(self, call: Call) -> Any:
        """Carry a request out.

        Raises:
            Problem: It cannot be.
        """
        for is_open, routes in ((True, self._open), (False, self._closed)):
            for method, pattern, handler in routes:
                found = re.fullmatch(pattern, call.path)
                if found and method == call.method:
                    if not is_open and call.token != f"Bot {self._discord.token}":
                        raise Problem(0)
                    return handler(call, *found.groups())
        self._discord.unexpected.append(f"no such route: {call.method} {call.path}")
        raise Problem(0, status=501)

    def me(self, _: Call) -> Json:
        """The bot's own user."""
        own = {"mfa_enabled": False, "locale": "en-US", "verified": True}
        return payloads.user(self._discord.bot) | own

    def gateway(self, _: Call) -> Json:
        """Where to connect, with how many shards."""
        limit = {
            "total": 1000,
            "remaining": 999,
            "reset_after": 0,
            "max_concurrency": 16,
        }
        return {
            "url": self._discord.gateway_url,
            "shards": self._discord.shards,
            "session_start_limit": limit,
        }

    def put_commands(self, call: Call) -> list[Json]:
        """Take all commands anew."""
        if len(call.json) > 130:
            raise Problem(30032)
        for command in call.json:
            _check_command(command)
        app, ids = str(self._discord.application_id), self._discord.ids
        self._discord.commands = [
            {"id": str(ids.new()), "application_id": app, "version": str(ids.new())}
            | {"default_member_permissions": None, "description": "", "type": 1}
            | command
            | {"default_member_permissions": _text(command)}
            for command in call.json
        ]
        return self._discord.commands

    def my_guilds(self, _: Call) -> list[Json]:
        """Where the bot is."""
        bot = self._discord.bot
        return [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(
                    guild.everyone.permissions
                    | sum(role.permissions for role in guild.members[bot.id].roles)
                ),
                "features": [],
            }
            for guild in self._discord.guilds.values()
            if guild.bot_is_member
        ]

    def guild(self, _: Call, guild_id: str) -> Json:
        """A guild."""
        guild = self._discord.guilds.get(int(guild_id))
        if guild is None or not guild.bot_is_member:
            raise Problem(10004)
        return payloads.guild(guild)

    def guild_channels(self, _: Call, guild_id: str) -> list[Json]:
        """The channels of a guild, also those that the bot may not see."""
        self.guild(_, guild_id)
        return [
            payloads.channel(channel)
            for channel in self._discord.channels.values()
            if channel.guild
            and channel.guild.id == int(guild_id)
            and not (channel.is_thread or channel.deleted)
        ]

    def member(self, _: Call, guild_id: str, person_id: str) -> Json:
        """Somebody's place in a guild."""
        self.guild(_, guild_id)
        guild = self._discord.guilds[int(guild_id)]
        person = self._discord.people.get(int(person_id))
        if person is None or person.id not in guild.members:
            raise Problem(10007)
        return payloads.member(guild, person) | {"user": payloads.user(person)}

    def open_dm(self, call: Call) -> Json:
        """The channel with a person."""
        person = self._discord.people.get(int(call.json["recipient_id"]))
        if person is None:
            raise Problem(10013)
        return payloads.channel(person.dm)

    def typing(self, _: Call, channel_id: str) -> None:
        """Somebody sees that the bot is busy."""
        channel = self._channel(channel_id)
        self._needs(channel, sending(channel))
        channel.typed += 1

    def history(self, call: Call, channel_id: str) -> list[Json]:
        """Messages, the newest first."""
        channel = self._channel(channel_id)
        self._needs(channel, "read_message_history")
        after = int(call.query.get("after", 0))
        before = int(call.query.get("before", 1 << 63))
        found = [m for m in channel.messages if after < m.id < before]
        most = int(call.query.get("limit", 50))
        chosen = found[:most] if "after" in call.query else found[-most:]
        return [self._shown(m) for m in reversed(chosen)]

    def post(self, call: Call, channel_id: str) -> Json:
        """A message in the bot's own name."""
        channel, bot = self._channel(channel_id), self._discord.bot
        self._check_open(channel, with_files=bool(call.files))
        guild = channel.guild
        limit = guild.upload_limit if guild else UPLOADS[0]
        self.check_content(call.json, call, limit=limit)
        if nonce := call.json.get("enforce_nonce") and call.json.get("nonce"):
            since = self._discord.clock() - NONCES
            for one in channel.messages:
                known = one.author is bot and one.nonce == nonce
                if known and one.created_at >= since:
                    return payloads.message(one)
        target = self._target(channel, call.json.get("message_reference"))
        one = self.make(channel, bot, call.json, call)
        one.replies_to, one.kind = target, REPLY if target else 0
        channel.all_messages.append(one)
        self._discord.gateway.tell_message("MESSAGE_CREATE", one)
        return payloads.message(one)

    def get(self, _: Call, channel_id: str, message_id: str) -> Json:
        """One message."""
        channel = self._channel(channel_id)
        self._needs(channel, "read_message_history")
        return self._shown(self._message(channel, message_id))

    def patch(self, call: Call, channel_id: str, message_id: str) -> Json:
        """Change a message of the bot."""
        channel = self._channel(channel_id)
        one = self._message(channel, message_id)
        if one.author is not self._discord.bot:
            raise Problem(50005)
        if channel.is_thread and channel.archived:  # type: ignore[attr-defined]
            raise Problem(50083)
        guild = channel.guild
        self.change(one, call, limit=guild.upload_limit if guild else UPLOADS[0])
        return payloads.message(one)

    def delete(self, _: Call, channel_id: str, message_id: str) -> None:
        """Delete a message."""
        channel = self._channel(channel_id)
        one = self._message(channel, message_id)
        if one.author is not self._discord.bot:
            self._needs(channel, "manage_messages")
        one.deleted = True
        self.tell_deleted(one)

    def tell_deleted(self, one: Sent) -> None:
        """Tell of a message that is gone."""
        guild = one.channel.guild
        gone = {"id": str(one.id), "channel_id": str(one.channel.id)}
        if guild:
            gone["guild_id"] = str(guild.id)
        if not one.ephemeral:
            intent = 1 << 9 if guild else 1 << 12
            gateway = self._discord.gateway
            guild_id = guild.id if guild else None
            gateway.send("MESSAGE_DELETE", gone, guild_id=guild_id, intent=intent)

    def make(
        self, channel: Channel, author: "Person", data: Json, call: Call | None
    ) -> Sent:
        """A message, not yet in its channel."""
        discord = self._discord
        one = Sent(
            discord,
            discord.ids.new(),
            channel,
            author,
            content=data.get("content") or "",
            components=data.get("components") or [],
            embeds=data.get("embeds") or [],
            nonce=data.get("nonce"),
            created_at=discord.clock(),
        )
        if call is not None:
            files = sorted(call.files.items())
            one.attachments = [discord.attach(up, one.id) for _, up in files]
        one.mentions_pinged = _pinged(one, data.get("allowed_mentions"))
        return one

    def change(self, one: Sent, call: Call, *, limit: int) -> None:
        """Edit a message."""
        discord, data = self._discord, call.json
        if discord.clock() - one.created_at > HOUR and one.edits >= OLD_EDITS:
            raise Problem(30046)
        after = {"content": one.content, "components": one.components} | data
        if not after.get("attachments", one.attachments) and not call.files:
            self.check_content(after, call, limit=limit)
        else:
            self.check_content({"content": "x"} | data, call, limit=limit)
        if "content" in data:
            one.content = data["content"] or ""
        if "components" in data:
            one.components = data["components"] or []
        if "attachments" in data:
            kept = {str(a["id"]) for a in data["attachments"]}
            one.attachments = [a for a in one.attachments if str(a.id) in kept]
        files = sorted(call.files.items())
        one.attachments += [discord.attach(up, one.id) for _, up in files]
        one.edits += 1
        one.edited_at = discord.clock()
        discord.gateway.tell_message("MESSAGE_UPDATE", one)

    def check_content(self, data: Json, call: Call, *, limit: int) -> None:
        """Whether a message may look like that.

        Raises:
            Problem: It may not.
        """
        if any(len(up.data) > limit for up in call.files.values()):
            raise Problem(40005)
        content = data.get("content") or ""
        if len(content) > MOST:
            raise invalid("content", "BASE_TYPE_MAX_LENGTH", "2000 or fewer.")
        if not (content or call.files or data.get("embeds") or data.get("components")):
            raise Problem(50006)
        for row in data.get("components") or []:
            for part in row.get("components", []):
                if len(part.get("label") or "") > 80:
                    raise invalid("components", "BASE_TYPE_MAX_LENGTH", "80 or fewer.")
                if len(part.get("custom_id") or "") > 100:
                    raise invalid("components", "BASE_TYPE_MAX_LENGTH", "100 or fewer.")

    def _check_open(self, channel: Channel, *, with_files: bool) -> None:
        bot = self._discord.bot
        if channel.guild is None:
            if any(p.blocks_dms for p in channel.recipients):
                raise Problem(50007)
            return
        if not may(bot, channel, "view_channel"):
            raise Problem(50001)
        if channel.is_thread and channel.locked:  # type: ignore[attr-defined]
            raise Problem(160005)
        if channel.is_thread and channel.archived:  # type: ignore[attr-defined]
            raise Problem(50083)
        self._needs(channel, sending(channel))
        if with_files:
            self._needs(channel, "attach_files")

    def _target(self, channel: Channel, reference: Json | None) -> Sent | None:
        if reference is None:
            return None
        found = [
            m for m in channel.messages if str(m.id) == str(reference["message_id"])
        ]
        if channel.guild and not may(
            self._discord.bot, channel, "read_message_history"
        ):
            raise Problem(160002)
        if not found and reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN", "Gone.")
        return found[0] if found else None

    def _channel(self, channel_id: str) -> Channel:
        channel = self._discord.channels.get(int(channel_id))
        if channel is None or channel.deleted:
            raise Problem(10003)
        bot = self._discord.bot
        if not permissions_in(channel, bot):
            raise Problem(50001)
        return channel

    def _message(self, channel: Channel, message_id: str) -> Sent:
        for one in channel.messages:
            if str(one.id) == message_id:
                return one
        raise Problem(10008)

    def _needs(self, channel: Channel, *names: str) -> None:
        if not may(self._discord.bot, channel, "view_channel"):
            raise Problem(50001)
        if not may(self._discord.bot, channel, *names):
            raise Problem(50013)

    def _shown(self, one: Sent) -> Json:
        sessions = self._discord.gateway.sessions.values()
        content = any(session.intents & (1 << 15) for session in sessions)
        return payloads.gateway_message(one, content=content)


def _pinged(one: Sent, allowed: Json | None) -> set[Any]:
    """Who hears a sound."""
    named = {int(i) for i in re.findall(r"(?<!\\)<@!?(\d+)>", one.content)}
    people = {i for i in named if i in one.discord.people}
    everyone = (
        {"everyone"} if re.search(r"(?<!\\)@(everyone|here)", one.content) else set()
    )
    if allowed is None:
        return people | everyone
    parse = set(allowed.get("parse", []))
    chosen = {int(i) for i in allowed.get("users", [])}
    heard: set[Any] = people if "users" in parse else people & chosen
    return heard | (everyone if "everyone" in parse else set())


def _text(command: Json) -> str | None:
    """Permissions come as a number and are told as text."""
    needed = command.get("default_member_permissions")
    return None if needed is None else str(needed)


def _check_command(command: Json) -> None:
    is_menu = command.get("type", 1) != 1
    name = command["name"]
    pattern = r"[\w -]{1,32}" if is_menu else r"[-_a-z0-9]{1,32}"
    if not re.fullmatch(pattern, name):
        raise invalid("name", "APPLICATION_COMMAND_INVALID_NAME", name)
    if not is_menu and not 1 <= len(command["description"]) <= 100:
        raise invalid("description", "BASE_TYPE_BAD_LENGTH", name)
    for text in (command.get("description_localizations") or {}).values():
        if not 1 <= len(text) <= 100:
            raise invalid("description_localizations", "BASE_TYPE_BAD_LENGTH", text)
    for option in command.get("options") or []:
        _check_command(option)
        for choice in option.get("choices") or []:
            if not 1 <= len(choice["name"]) <= 100:
                raise invalid("choices", "BASE_TYPE_BAD_LENGTH", choice["name"])


async def read(request: web.Request, path: str) -> Call:
    """A request as it came."""
    call = Call(
        request.method, path, request.query, request.headers.get("Authorization")
    )
    if request.content_type == "application/json":
        call.json = json.loads(await request.read() or b"null")
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = bytes(await part.read())
            if part.name == "payload_json":
                call.json = json.loads(data)
            elif found := re.fullmatch(r"files\[(\d+)\]", part.name or ""):
                kind = part.headers.get("Content-Type")
                name = part.filename or "file"
                call.files[int(found[1])] = Upload(name, data, kind)
    return call


def keep(upload: Upload, number: int, message: int, *, ephemeral: bool) -> Attachment:
    """A file, as it lies on the servers."""
    return Attachment(
        id=number,
        name=upload.name,
        data=upload.data,
        path=f"attachments/{message}/{number}/{upload.name}",
        content_type=upload.content_type,
        size=upload.size or 0,
        ephemeral=ephemeral,
    )
