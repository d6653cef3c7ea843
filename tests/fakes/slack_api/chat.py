"""`chat.*`: writing, changing and deleting."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import faults, payloads, posting
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.messages import TOMBSTONE, Message
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.places import DIRECT, PUBLIC, Channel

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call

CLOSED = (
    "restricted_action_read_only_channel restricted_action_thread_only_channel "
    "restricted_action_thread_locked restricted_action_non_threadable_channel "
)
WORDS = "no_text invalid_blocks invalid_blocks_format "


def draft_of(call: "Call") -> posting.Draft:
    """What the call wants a message to say."""
    blocks = call.json("blocks", "invalid_blocks_format")
    args = call.args | {"metadata": call.json("metadata", "invalid_metadata_format")}
    return posting.draft_of(call.slack, args | {"blocks": blocks})


def target(call: "Call") -> Channel:
    """Where to post: a channel, or somebody's direct messages by their id."""
    person = call.slack.people.get(call.text("channel"))
    if person is not None and person.team in call.install.teams:
        return person.dm
    return call.channel()


def may_post(call: "Call", channel: Channel, thread_ts: str) -> None:
    """Whether the bot may write there, in Slack's words if not."""
    if channel.archived:
        raise Problem("is_archived")
    if channel.kind == DIRECT:
        if not call.slack.manifest.home("messages_tab_enabled", default=True):
            raise Problem("messages_tab_disabled")
    elif not channel.bot_member:
        open_ = channel.kind == PUBLIC and "chat:write.public" in call.install.scopes
        if not open_:
            raise Problem("not_in_channel")
    if channel.read_only:
        raise Problem("restricted_action_read_only_channel")
    replies = bool(thread_ts) and channel.find(thread_ts) is not None
    if channel.thread_only and not replies:
        raise Problem("restricted_action_thread_only_channel")
    if channel.threadless and replies:
        raise Problem("restricted_action_non_threadable_channel")
    if thread_ts in channel.locked:
        raise Problem("restricted_action_thread_locked")


@method(
    "chat.postMessage",
    scopes="chat:write",
    tier=5,
    needs="channel",
    args="as_user attachments blocks current_draft_last_updated_ts icon_emoji icon_url "
    "link_names markdown_text metadata mrkdwn parse reply_broadcast text thread_ts "
    "unfurl_links unfurl_media username",
    errors="channel_not_found not_in_channel is_archived messages_tab_disabled "
    "invalid_metadata_format " + WORDS + CLOSED,
)
async def post_message(call: "Call") -> Any:
    """Write a message."""
    channel = target(call)
    thread = call.text("thread_ts")
    may_post(call, channel, thread)
    draft = draft_of(call)
    posting.check_words(draft)
    if wait := call.slack.limits.post(channel, call.slack.clock()):
        call.logged.error = "ratelimited"
        return faults.limited(wait)
    made = posting.new(channel, call.install, draft)
    posting.place(made, thread, broadcast=call.flag("reply_broadcast"))
    posting.publish(made)
    return {"channel": channel.id, "ts": made.ts, "message": payloads.message(made)}


@method(
    "chat.postEphemeral",
    scopes="chat:write",
    tier=4,
    needs="channel user",
    args="as_user attachments blocks icon_emoji icon_url link_names markdown_text "
    "metadata parse text thread_ts username",
    errors="channel_not_found not_in_channel is_archived messages_tab_disabled "
    "user_not_in_channel restricted_action no_text invalid_blocks "
    "invalid_blocks_format",
)
async def post_ephemeral(call: "Call") -> Any:
    """Write a message that only one person sees, if they look."""
    channel = call.channel()
    if channel.archived:
        raise Problem("is_archived")
    if not channel.bot_member:
        raise Problem("not_in_channel")
    if channel.read_only:
        raise Problem("restricted_action")
    person = call.slack.people.get(call.text("user"))
    if person is None or not channel.has(person):
        raise Problem("user_not_in_channel")
    draft = draft_of(call)
    posting.check_words(draft)
    made = posting.new(channel, call.install, draft)
    made.only_for = person
    posting.place(made, call.text("thread_ts"))
    posting.publish(made)
    return {"message_ts": made.ts}


def _own(call: "Call", error: str) -> Message:
    found = call.channel().find(call.text("ts"))
    if found is None or found.subtype == TOMBSTONE:
        raise Problem("message_not_found")
    if found.author is not call.install.bot:
        raise Problem(error)
    return found


@method(
    "chat.update",
    scopes="chat:write",
    tier=3,
    needs="channel ts",
    args="as_user attachments blocks file_ids link_names markdown_text metadata parse "
    "reply_broadcast text unfurled_attachments",
    errors="channel_not_found message_not_found cant_update_message msg_too_long "
    "is_inactive invalid_metadata_format file_not_found " + WORDS,
)
async def update(call: "Call") -> Any:
    """Change one of the bot's messages."""
    found = _own(call, "cant_update_message")
    if found.channel.archived:
        raise Problem("is_inactive")
    draft = draft_of(call)
    if len(draft.text) > posting.MOST_EDITED:
        raise Problem("msg_too_long")
    for number in call.json("file_ids", "file_not_found") or []:
        file = call.slack.files.get(number)
        if file is None or not file.arrived:
            raise Problem("file_not_found")
        file.ready = True
        file.shares.append((found.channel, found.ts, found.thread_ts))
        draft.files.append(file)
    if not draft.text and draft.blocks is None and not draft.files:
        raise Problem("no_text")
    posting.edit(found, draft)
    told = payloads.message(found)
    return {
        "channel": found.channel.id,
        "ts": found.ts,
        "text": found.text,
        "message": told,
    }


@method(
    "chat.delete",
    scopes="chat:write",
    tier=3,
    needs="channel ts",
    args="as_user",
    errors="channel_not_found message_not_found cant_delete_message",
)
async def delete(call: "Call") -> Any:
    """Delete one of the bot's messages."""
    found = _own(call, "cant_delete_message")
    posting.delete(found)
    return {"channel": found.channel.id, "ts": found.ts}


@method(
    "chat.getPermalink",
    tier=5,
    needs="channel message_ts",
    errors="channel_not_found message_not_found",
)
async def permalink(call: "Call") -> Any:
    """A link to a message."""
    channel, ts = call.channel(), call.text("message_ts")
    if channel.find(ts) is None:
        raise Problem("message_not_found")
    path = f"{channel.team.domain}.slack.com/archives/{channel.id}/p"
    link = f"https://{path}{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}
