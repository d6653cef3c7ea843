"""`files.*`: announcing an upload, completing it, looking at a file."""

from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import payloads
from tests.fakes.slack_api.errors import Problem
from tests.fakes.slack_api.files import SlackFile
from tests.fakes.slack_api.methods import method
from tests.fakes.slack_api.places import Channel
from tests.fakes.slack_api.sharing import share

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call

MOST_CHANNELS = 100


@method(
    "files.getUploadURLExternal",
    scopes="files:write",
    tier=4,
    needs="length filename",
    args="alt_txt snippet_type",
    errors="missing_argument storage_limit_reached file_uploads_disabled",
)
async def announce(call: "Call") -> Any:
    """An address to upload one file to."""
    length = call.text("length")
    if not length.isdigit() or int(length) == 0:
        raise Problem("missing_argument")
    install, slack = call.install, call.slack
    team = install.teams[0]
    if team.storage_full:
        raise Problem("storage_limit_reached")
    if team.uploads_off:
        raise Problem("file_uploads_disabled")
    number = slack.ids.new("F")
    made = SlackFile(slack, number, call.text("filename"), install.bot, team)
    made.length, made.ready, made.arrived = int(length), False, False
    ticket = slack.ids.new("upload-")
    slack.files[number] = slack.uploads[ticket] = made
    return {"upload_url": f"{slack.address}/upload/v1/{ticket}", "file_id": number}


@method(
    "files.completeUploadExternal",
    scopes="files:write",
    tier=4,
    needs="files",
    args="blocks channel_id channels icon_emoji icon_url initial_comment thread_ts "
    "username",
    errors="file_not_found channel_not_found not_in_channel posting_to_channel_denied "
    "channels_limit_exceeded invalid_channel invalid_blocks",
)
async def complete(call: "Call") -> Any:
    """Share what was uploaded; the message comes later, and is not told of."""
    files = _files(call)
    channels = _channels(call)
    if call.text("thread_ts") and len(channels) > 1:
        raise Problem("invalid_channel")
    draft = {"text": call.text("initial_comment")}
    act = share(call, files, channels, draft)
    if channels:
        await call.slack.sharing.begin(call, act)
    else:
        call.later.append(act)
    return {"files": [payloads.file(one, shares=True) for one in files]}


def _files(call: "Call") -> list[SlackFile]:
    wanted = call.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise Problem("invalid_arguments")
    found = []
    for one in wanted:
        file = call.slack.files.get(one.get("id", ""))
        if file is None or file.deleted or not file.arrived:
            raise Problem("file_not_found")
        if file.owner is not call.install.bot:
            raise Problem("file_not_found")
        file.title = one.get("title") or file.title
        found.append(file)
    return found


def _channels(call: "Call") -> list[Channel]:
    wanted = [call.text("channel_id"), *call.text("channels").split(",")]
    names = [one for one in wanted if one]
    if len(names) > MOST_CHANNELS:
        raise Problem("channels_limit_exceeded")
    found = []
    for name in names:
        channel = call.slack.channels.get(name)
        if channel is None or not channel.seen_by_bot(call.install):
            raise Problem("channel_not_found")
        if channel.archived:
            raise Problem("channel_not_found")
        if not channel.bot_member:
            raise Problem("not_in_channel")
        thread = call.text("thread_ts")
        closed = channel.read_only or (channel.thread_only and not thread)
        if closed or (thread and (channel.threadless or thread in channel.locked)):
            raise Problem("posting_to_channel_denied")
        found.append(channel)
    return found


def _file(call: "Call") -> SlackFile:
    found = call.slack.files.get(call.text("file"))
    if found is not None and found.deleted:
        raise Problem("file_deleted")
    if found is None or not found.seen_by(call.install):
        raise Problem("file_not_found")
    return found


@method(
    "files.info",
    scopes="files:read",
    tier=4,
    needs="file",
    args="count cursor limit page",
    errors="file_not_found file_deleted",
)
async def info(call: "Call") -> Any:
    """A file, and where it was shared so far."""
    return {"file": payloads.file(_file(call), shares=True), "comments": []}


@method(
    "files.delete",
    scopes="files:write",
    tier=3,
    needs="file",
    errors="file_not_found file_deleted cant_delete_file",
)
async def delete(call: "Call") -> Any:
    """Delete one of the app's files; it goes from its messages too."""
    found = _file(call)
    if found.owner is not call.install.bot:
        raise Problem("cant_delete_file")
    found.deleted = True
    for channel, ts, _ in found.shares:
        message = channel.find(ts)
        if message is not None and found in message.uploads:
            message.uploads.remove(found)
            message.deleted = not (message.uploads or message.words)
    call.slack.bell.ring()
    return {}
