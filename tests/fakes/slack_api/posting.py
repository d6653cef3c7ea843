"""Writing, changing and deleting messages, whoever does it."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import events, mrkdwn, payloads
from tests.fakes.slack_api.blocks import block_problems
from tests.fakes.slack_api.delivery import Delivery
from tests.fakes.slack_api.errors import Problem, invalid
from tests.fakes.slack_api.messages import TOMBSTONE, Message
from tests.fakes.slack_api.places import Channel
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.files import SlackFile
    from tests.fakes.slack_api.tokens import Install
    from tests.fakes.slack_api.world import FakeSlack

MOST, MOST_EDITED = 40_000, 4_000
TS = re.compile(r"\d{9,10}\.\d{6}")


@dataclass
class Draft:
    """What a message is to say.

    Attributes:
        blocks: None where none were given, as opposed to an empty list.
    """

    text: str = ""
    blocks: list[Json] | None = None
    names: bool = False
    marked: bool = True
    metadata: Any = None
    files: "list[SlackFile]" = field(default_factory=list)


def draft_of(slack: "FakeSlack", args: Json, blocks: Any = None) -> Draft:
    """What was asked for, checked."""
    blocks = args.get("blocks") if blocks is None else blocks
    if blocks and (found := block_problems(blocks, "message")):
        raise invalid("invalid_blocks", found)
    text = str(args.get("markdown_text") or args.get("text") or "")
    made = Draft(text, with_ids(slack, blocks) if blocks is not None else None)
    made.names = args.get("parse") == "full" or str(args.get("link_names")) == "1"
    made.marked = str(args.get("mrkdwn", True)).lower() not in {"false", "0"}
    made.metadata = args.get("metadata")
    return made


def with_ids(slack: "FakeSlack", blocks: list[Json]) -> list[Json]:
    """Blocks with the ids that Slack gives to those that have none."""
    made = []
    for one in blocks:
        block: Json = {"block_id": slack.ids.new("b")} | one
        for key in ("accessory", "element"):
            if key in block and block["type"] != "context":
                block[key] = _with_action(slack, block[key])
        if block["type"] == "actions":
            block["elements"] = [_with_action(slack, e) for e in block["elements"]]
        made.append(block)
    return made


def _with_action(slack: "FakeSlack", element: Json) -> Json:
    if element["type"] == "image":
        return element
    return {"action_id": slack.ids.new("a")} | element


def check_words(draft: Draft) -> None:
    """A message must say something."""
    if not draft.text and not draft.blocks and not draft.files:
        raise Problem("no_text")
    draft.text = draft.text[:MOST]


def bot_in(channel: Channel) -> "Install":
    """The app that writes in a channel."""
    return next(one.app for one in channel.teams if one.install is not None)


def new(channel: Channel, install: "Install", draft: Draft) -> Message:
    """A message of the bot, not yet written."""
    ts = channel.slack.ids.ts()
    made = Message(channel, ts, install.bot, install.bot_id)
    fill(made, draft)
    return made


def fill(message: Message, draft: Draft) -> None:
    """Give a message its words."""
    message.text, message.blocks = draft.text, draft.blocks or []
    message.uploads = message.uploads + draft.files
    message.metadata = draft.metadata or message.metadata
    texts = mrkdwn.marked(message.blocks) + ([draft.text] if draft.marked else [])
    team = message.channel.team if draft.names else None
    message.pinged = mrkdwn.pings(texts, names=team)


def place(message: Message, thread_ts: str, *, broadcast: bool = False) -> None:
    """Put a message into a thread; one that is not there leaves it top-level."""
    if not thread_ts:
        return
    if not TS.fullmatch(thread_ts):
        raise Problem("invalid_thread_ts")
    channel = message.channel
    root = channel.find(thread_ts)
    if root is None:
        return
    if root.thread_ts not in {None, root.ts}:
        said = f"{message.author} answers a reply, {thread_ts}, not its root"
        channel.slack.unexpected.append(said)
    message.thread_ts = root.thread_ts or root.ts
    message.parent_user = root.user
    if broadcast:
        message.subtype = "thread_broadcast"


def publish(message: Message, *, mention_first: bool = False) -> list[Delivery]:
    """Write a message, and tell the app if it is to hear of it."""
    channel = message.channel
    if message.only_for is not None:
        message.only_for.whispers.append(message)
    else:
        channel.all_messages.append(message)
    if message.uploads and message.subtype is None:
        message.subtype = "file_share"
    for one in message.uploads:
        one.shares.append((channel, message.ts, message.thread_ts))
    channel.slack.bell.ring()
    return events.posted(message, mention_first=mention_first)


def edit(message: Message, draft: Draft) -> list[Delivery]:
    """Change a message; text alone makes its blocks go, and marks it as edited."""
    before = payloads.message(message)
    message.edits.append(message.words)
    message.edited = message.edited or draft.blocks is None
    fill(message, draft)
    message.channel.slack.bell.ring()
    return [] if message.ephemeral else events.changed(message, before)


def delete(message: Message) -> list[Delivery]:
    """Delete a message; one with replies leaves a tombstone."""
    before, channel = payloads.message(message), message.channel
    if not message.ephemeral and channel.replies(message.ts):
        message.subtype, message.text, message.blocks = TOMBSTONE, "", []
        message.uploads = []
    else:
        message.deleted = True
    channel.slack.bell.ring()
    return [] if message.ephemeral else events.deleted(message, before)
