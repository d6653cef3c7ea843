"""`conversations.*`, `reactions.*`: what is where, and in whose channel."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import payloads
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.messages import TOMBSTONE, Message
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.places import (
    DIRECT,
    GROUP,
    HISTORY,
    PRIVATE,
    PUBLIC,
    Channel,
)
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call

READ = {
    PUBLIC: "channels:read",
    PRIVATE: "groups:read",
    DIRECT: "im:read",
    GROUP: "mpim:read",
}
READS, HISTORIES = " ".join(READ.values()), " ".join(HISTORY.values())
PAGES = "cursor include_all_metadata inclusive latest limit oldest"


@method(
    "conversations.open",
    scopes="channels:manage groups:write im:write mpim:write",
    tier=3,
    args="channel prevent_creation return_im users",
    errors="channel_not_found user_not_found user_disabled users_list_not_supplied",
)
async def open_(call: "Call") -> Any:
    """Open the direct messages with somebody, or a group with several."""
    if call.text("channel"):
        return {"channel": {"id": call.channel().id}, "no_op": True}
    wanted = [one for one in call.text("users").split(",") if one]
    if not wanted:
        raise Problem("users_list_not_supplied")
    call.scope("im:write" if len(wanted) == 1 else "mpim:write")
    people = [call.slack.people.get(one) for one in wanted]
    found = [one for one in people if one and one.team in call.install.teams]
    if len(found) < len(wanted):
        raise Problem("user_not_found")
    if any(one.deactivated for one in found):
        raise Problem("user_disabled")
    team = found[0].team
    channel = found[0].dm if len(found) == 1 else team.group(*found)
    whole = call.flag("return_im")
    return {"channel": payloads.channel(channel) if whole else {"id": channel.id}}


@method(
    "conversations.info",
    scopes=READS,
    tier=3,
    needs="channel",
    args="include_locale include_num_members",
    errors="channel_not_found",
)
async def info(call: "Call") -> Any:
    """What is to be known of a channel."""
    channel = call.channel()
    call.scope(READ[channel.kind])
    return {"channel": payloads.channel(channel)}


@method(
    "conversations.members",
    scopes=READS,
    tier=4,
    needs="channel",
    args="cursor limit",
    errors="channel_not_found",
)
async def members(call: "Call") -> Any:
    """Who is in a channel."""
    channel = call.channel()
    call.scope(READ[channel.kind])
    people = [one.id for one in channel.team.people if channel.has(one)]
    bot = [call.install.bot.id] if channel.bot_member else []
    return {"members": people + bot, "response_metadata": {"next_cursor": ""}}


@method(
    "conversations.join",
    scopes="channels:join",
    tier=3,
    needs="channel",
    errors="channel_not_found is_archived method_not_supported_for_channel_type",
)
async def join(call: "Call") -> Any:
    """Go into a public channel."""
    channel = call.channel()
    if channel.kind != PUBLIC:
        raise Problem("method_not_supported_for_channel_type")
    if channel.archived:
        raise Problem("is_archived")
    channel.invite_bot()
    return {"channel": payloads.channel(channel)}


def _history(call: "Call") -> Channel:
    channel = call.channel()
    call.scope(HISTORY[channel.kind])
    if not channel.bot_member:
        raise Problem("not_in_channel")
    return channel


def _page(call: "Call", every: list[Message], most: int) -> Json:
    """A page of messages; a cursor is the number of the next one."""
    low, high = call.text("oldest") or "0", call.text("latest") or "9" * 20
    inclusive = call.flag("inclusive")
    edges = {low, high}
    some = [
        m for m in every if low <= m.ts <= high and (inclusive or m.ts not in edges)
    ]
    cursor = call.text("cursor") or "0"
    if not cursor.isdigit():
        raise Problem("invalid_cursor")
    first, size = int(cursor), int(call.text("limit") or most)
    more = first + size < len(some)
    page = [payloads.message(one) for one in some[first : first + size]]
    following = str(first + size) if more else ""
    made: Json = {"messages": page, "has_more": more}
    return made | {"response_metadata": {"next_cursor": following}}


@method(
    "conversations.replies",
    scopes=HISTORIES,
    tier=3,
    needs="channel ts",
    args=PAGES,
    errors="channel_not_found thread_not_found invalid_cursor",
)
async def replies(call: "Call") -> Any:
    """A message and the replies to it."""
    channel = _history(call)
    thread = channel.thread_of(call.text("ts"))
    if not thread:
        raise Problem("thread_not_found")
    return _page(call, thread, 1000)


@method(
    "conversations.history",
    scopes=HISTORIES,
    tier=3,
    needs="channel",
    args=PAGES,
    errors="channel_not_found not_in_channel invalid_cursor",
)
async def history(call: "Call") -> Any:
    """Root messages, the latest first."""
    channel = _history(call)
    top = [m for m in channel.messages if m.thread_ts in {None, m.ts}]
    top += [m for m in channel.messages if m.subtype == "thread_broadcast"]
    return _page(call, sorted(top, key=lambda m: m.ts, reverse=True), 100)


@method(
    "reactions.add",
    scopes="reactions:write",
    tier=3,
    needs="channel name timestamp",
    errors="channel_not_found message_not_found already_reacted is_archived",
)
async def react(call: "Call") -> Any:
    """Put a reaction below a message."""
    channel, name = call.channel(), call.text("name")
    if channel.archived:
        raise Problem("is_archived")
    found = channel.find(call.text("timestamp"))
    if found is None or found.subtype == TOMBSTONE:
        raise Problem("message_not_found")
    if name in found.reactions:
        raise Problem("already_reacted")
    found.reactions.append(name)
    return {}
