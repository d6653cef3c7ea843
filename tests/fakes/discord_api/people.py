"""People, and what they do: only what the Discord client would let them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tests.fakes.discord_api import payloads
from tests.fakes.discord_api.errors import Refused
from tests.fakes.discord_api.interactions import (
    COMMANDED,
    PRESSED,
    SENT_FORM,
    TYPED,
    Asked,
)
from tests.fakes.discord_api.messages import REPLY, Sent
from tests.fakes.discord_api.permissions import permissions_in
from tests.fakes.discord_api.places import PRIVATE, Channel
from tests.fakes.discord_api.rest import keep
from tests.fakes.discord_api.things import Json, Upload

if TYPE_CHECKING:
    from tests.fakes.discord_api.world import FakeDiscord

SUB, GROUP, STRING, INTEGER, USER, ATTACHMENT = 1, 2, 3, 4, 6, 11
MENU = 3


class Person:
    """Somebody on Discord."""

    def __init__(
        self, discord: "FakeDiscord", name: str, *, is_bot: bool = False
    ) -> None:
        self.discord = discord
        self.id = discord.ids.new()
        self.name = name
        self.is_bot = is_bot
        self.locale = "en-US"
        self.nitro = False
        self.blocks_dms = False
        self._dm: Channel | None = None

    def __repr__(self) -> str:
        return self.name

    @property
    def dm(self) -> Channel:
        """The channel with the bot alone."""
        if self._dm is None:
            discord = self.discord
            people = [self, discord.bot]
            made = Channel(discord, discord.ids.new(), PRIVATE, recipients=people)
            discord.channels[made.id] = self._dm = made
        return self._dm

    def permissions_in(self, channel: Channel) -> int:
        """What the person may do there."""
        return permissions_in(channel, self)

    async def slash(self, channel: Channel, name: str, **options: Any) -> Asked:
        """Give a command; a space goes before a subcommand."""
        command, leaf = self._find(channel, name)
        known = {o["name"]: o for o in leaf.get("options") or []}
        for option in known.values():
            if option.get("required") and option["name"] not in options:
                raise Refused(f"{option['name']} is required")
        resolved: Json = {}
        given = [self._option(known[n], v, resolved) for n, v in options.items()]
        return await self._command(channel, command, name, given, resolved, COMMANDED)

    async def complete(
        self, channel: Channel, name: str, **options: Any
    ) -> list[tuple[str, Any]]:
        """What is offered while the last option is typed."""
        command, leaf = self._find(channel, name)
        known = {o["name"]: o for o in leaf.get("options") or []}
        given = [
            {"name": n, "type": known[n]["type"], "value": v}
            for n, v in options.items()
        ]
        given[-1]["focused"] = True
        asked = await self._command(channel, command, name, given, {}, TYPED)
        return asked.choices

    async def menu(self, channel: Channel, name: str, message: Sent) -> Asked:
        """Pick an entry of a message's menu."""
        found = [
            c
            for c in self.discord.commands
            if c.get("type") == MENU and c["name"] == name
        ]
        if not found:
            raise Refused(f"no menu {name}")
        data = {
            "id": found[0]["id"],
            "name": name,
            "type": MENU,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): payloads.message(message)}},
        }
        return await self._ask(COMMANDED, channel, data)

    async def press(self, message: Sent, label: str, *, answered: bool = True) -> Asked:
        """Press a button, by its label or id."""
        if message.only_for not in (None, self) or message.deleted:
            raise Refused("that message cannot be seen")
        for part in message.parts:
            if label in (part.get("label"), part.get("custom_id")):
                break
        else:
            raise Refused(f"no button {label} in {message}")
        if part.get("disabled"):
            raise Refused(f"{label} is disabled")
        data = {"component_type": 2, "custom_id": part["custom_id"], "id": 1}
        return await self._ask(
            PRESSED, message.channel, data, message, answered=answered
        )

    async def submit(self, asked: Asked, filled: dict[str, Any]) -> Asked:
        """Fill in a form and send it; fields go by their ids or labels."""
        form = asked.modal
        if form is None or asked.person is not self:
            raise Refused("there is no form")
        resolved: Json = {}
        rows = [self._field(row, filled, resolved) for row in form["components"]]
        data = {
            "custom_id": form["custom_id"],
            "components": rows,
            "resolved": resolved,
        }
        return await self._ask(SENT_FORM, asked.channel, data, asked.message)

    async def say(
        self,
        channel: Channel,
        content: str,
        *,
        files: Iterable[Upload] = (),
        reply_to: Sent | None = None,
        ping: bool = True,
        mention_bot: bool = False,
    ) -> Sent:
        """Write a message."""
        discord = self.discord
        if mention_bot:
            content = f"<@{discord.bot.id}> {content}"
        one = discord.rest.make(channel, self, {"content": content}, None)
        one.attachments = [discord.attach(up, one.id) for up in files]
        if reply_to is not None:
            one.replies_to, one.kind = reply_to, REPLY
            if ping:
                one.mentions_pinged.add(reply_to.author.id)
        channel.all_messages.append(one)
        discord.gateway.tell_message("MESSAGE_CREATE", one)
        discord.bell.ring()
        return one

    def _find(self, channel: Channel, name: str) -> tuple[Json, Json]:
        first, *rest = name.split()
        named = [
            c
            for c in self.discord.commands
            if c["name"] == first and c.get("type", 1) == 1
        ]
        if not named:
            raise Refused(f"no command /{first}")
        command = leaf = named[0]
        needed = int(command.get("default_member_permissions") or 0)
        if channel.guild and needed & ~self.permissions_in(channel):
            raise Refused(f"/{first} is for others")
        for part in rest:
            subs = [o for o in leaf["options"] if o["name"] == part]
            if not subs:
                raise Refused(f"no command /{name}")
            leaf = subs[0]
        return command, leaf

    def _option(self, option: Json, value: Any, resolved: Json) -> Json:
        name, kind = option["name"], option["type"]
        choices = [c["value"] for c in option.get("choices") or []]
        if choices and value not in choices:
            raise Refused(f"{value} is not offered for {name}")
        if kind == STRING and len(value) > option.get("max_length", 6000):
            raise Refused(f"{name} is too long")
        if kind == INTEGER and not (
            option.get("min_value", 0) <= value <= option.get("max_value", 1 << 53)
        ):
            raise Refused(f"{value} is out of range")
        if kind == ATTACHMENT:
            value = self._upload(value, resolved)
        if kind == USER:
            resolved.setdefault("users", {})[str(value.id)] = payloads.user(value)
            self._resolve_member(value, resolved)
            value = str(value.id)
        return {"name": name, "type": kind, "value": value}

    def _resolve_member(self, person: "Person", resolved: Json) -> None:
        for guild in self.discord.guilds.values():
            if person.id in guild.members:
                seat = payloads.member(guild, person) | {"permissions": "0"}
                resolved.setdefault("members", {})[str(person.id)] = seat

    def _upload(self, upload: Upload, resolved: Json) -> str:
        one = self.discord.attach(upload, 0, ephemeral=True)
        made = payloads.attachment(one, self.discord.cdn.sign(one))
        resolved.setdefault("attachments", {})[str(one.id)] = made
        return str(one.id)

    def _field(self, row: Json, filled: dict[str, Any], resolved: Json) -> Json:
        if "component" not in row:  # words of the bot's own
            return {"type": row["type"], "id": 1}
        field = row["component"]
        value = filled.get(field["custom_id"], filled.get(row["label"]))
        sent = {"type": field["type"], "custom_id": field["custom_id"], "id": 2}
        empty = value in (None, "", [])
        if empty and field.get("required", True):
            raise Refused(f"{row['label']} is required")
        if field["type"] == 4:
            if len(value or "") > field.get("max_length", 4000):
                raise Refused(f"{row['label']} is too long")
            sent["value"] = value or ""
        elif field["type"] == 19:
            sent["values"] = [self._upload(one, resolved) for one in value or []]
        else:
            offered = {option["value"] for option in field["options"]}
            if not set(value or []) <= offered:
                raise Refused(f"{value} is not offered")
            sent["values"] = value or []
        return {"type": row["type"], "id": 1, "component": sent}

    async def _command(
        self,
        channel: Channel,
        command: Json,
        name: str,
        options: list[Json],
        resolved: Json,
        kind: int,
    ) -> Asked:
        for part in reversed(name.split()[1:]):
            options = [{"name": part, "type": SUB, "options": options}]
        data = {
            "id": command["id"],
            "name": command["name"],
            "type": 1,
            "options": options,
            "resolved": resolved,
        }
        return await self._ask(kind, channel, data)

    async def _ask(
        self,
        kind: int,
        channel: Channel,
        data: Json,
        message: Sent | None = None,
        *,
        answered: bool = True,
    ) -> Asked:
        discord = self.discord
        asked = Asked(discord, discord.ids.new(), kind, self, channel, data, message)
        asked.born = discord.clock()
        discord.asked[asked.id] = asked
        guild = channel.guild.id if channel.guild else None
        discord.gateway.send("INTERACTION_CREATE", asked.payload(), guild_id=guild)

        def done() -> bool | None:
            if answered:
                return asked.kind is not None or None
            tried = rf"/interactions/{asked.id}/"
            return any(re.search(tried, c.path) for c in discord.log) or None

        await discord.bell.until(done, 5, asked.dump)
        return asked


def attach(
    discord: "FakeDiscord", upload: Upload, message: int, *, ephemeral: bool
) -> Any:
    """Put a file on the servers."""
    one = keep(upload, discord.ids.new(), message, ephemeral=ephemeral)
    return discord.cdn.keep(one)
