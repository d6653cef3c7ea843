"""How Slack writes down people, channels, messages and files."""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.fakes.slack_api.messages import TOMBSTONE, Message
from tests.fakes.slack_api.places import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, Team
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.files import SlackFile
    from tests.fakes.slack_api.people import Person


def user(person: "Person", *, locale: bool = False) -> Json:
    """A user, as `users.info` tells."""
    now = datetime.fromtimestamp(person.slack.clock(), ZoneInfo(person.tz))
    offset = now.utcoffset()
    made: Json = {
        "id": person.id,
        "team_id": person.team.id,
        "name": person.name.lower(),
        "deleted": person.deactivated,
        "real_name": person.name,
        "tz": person.tz,
        "tz_label": now.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {"real_name": person.name, "display_name": person.name},
        "is_admin": person.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if person.team.enterprise is not None:
        made["enterprise_user"] = {
            "id": person.id,
            "enterprise_id": person.team.enterprise.id,
            "enterprise_name": person.team.enterprise.name,
        }
    return made | ({"locale": person.locale} if locale else {})


def channel(one: Channel) -> Json:
    """A conversation, as `conversations.info` tells."""
    return {
        "id": one.id,
        "name": one.name,
        "is_channel": one.kind == PUBLIC,
        "is_group": one.kind == PRIVATE,
        "is_im": one.kind == DIRECT,
        "is_mpim": one.kind == GROUP,
        "is_private": one.kind != PUBLIC,
        "is_archived": one.archived,
        "is_member": one.bot_member,
        "is_read_only": one.read_only,
        "is_thread_only": one.thread_only,
        "is_shared": one.shared,
        "is_ext_shared": one.shared,
        "context_team_id": one.team.id,
    } | ({"user": one.members[0].id} if one.kind == DIRECT and one.members else {})


def message(one: Message, *, ids_only: bool = False) -> Json:
    """A message, as events, histories and shortcuts tell.

    Args:
        one: The message.
        ids_only: Whether nothing but their ids is told of its files.
    """
    if one.subtype == TOMBSTONE:
        return _tombstone(one)
    made: Json = {
        "type": "message",
        "user": one.user,
        "ts": one.ts,
        "text": one.text,
        "team": one.author.team.id,
    }
    if one.channel.shared:
        made |= {"user_team": one.author.team.id, "source_team": one.author.team.id}
    if one.by_bot:
        made |= _by_bot(one)
    else:
        made["client_msg_id"] = f"msg-{one.ts}"
    if one.subtype:
        made["subtype"] = one.subtype
    if one.blocks:
        made["blocks"] = one.blocks
    if one.uploads:
        made |= {"upload": False, "files": _files(one, ids_only=ids_only)}
    if one.edited:
        made["edited"] = {"user": one.user, "ts": one.ts}
    if one.metadata:
        made["metadata"] = one.metadata
    return made | _thread(one)


def _by_bot(one: Message) -> Json:
    slack = one.channel.slack
    profile = {
        "id": one.bot_id,
        "app_id": slack.app_id,
        "name": one.author.name,
        "deleted": False,
        "team_id": one.author.team.id,
    }
    return {"bot_id": one.bot_id, "app_id": slack.app_id, "bot_profile": profile}


def _files(one: Message, *, ids_only: bool) -> list[Json]:
    if one.channel.shared and not one.by_bot:
        stub = {"mode": "file_access", "file_access": "check_file_info"}
        return [{"id": each.id, "created": each.at} | stub for each in one.uploads]
    if ids_only:
        return [{"id": each.id} for each in one.uploads]
    return [file(each) for each in one.uploads]


def _thread(one: Message) -> Json:
    replies = one.channel.replies(one.ts) if not one.ephemeral else []
    if one.thread_ts is not None and one.thread_ts != one.ts:
        made: Json = {"thread_ts": one.thread_ts}
        if one.parent_user:
            made["parent_user_id"] = one.parent_user
        if one.subtype == "thread_broadcast":
            root = one.channel.find(one.thread_ts)
            made["root"] = message(root) if root else {}
        return made
    if not replies:
        return {}
    return {
        "thread_ts": one.ts,
        "reply_count": len(replies),
        "reply_users": sorted({reply.user for reply in replies}),
        "latest_reply": replies[-1].ts,
    }


def _tombstone(one: Message) -> Json:
    return {
        "type": "message",
        "subtype": TOMBSTONE,
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": one.ts,
    } | _thread(one)


def file(one: "SlackFile", *, shares: bool = False) -> Json:
    """A file; only `files.info` tells where it was shared."""
    made: Json = {
        "id": one.id,
        "created": one.at,
        "timestamp": one.at,
        "name": one.name,
        "title": one.title,
        "mimetype": one.mimetype if one.ready else "",
        "filetype": one.filetype if one.ready else "",
        "user": one.owner.id,
        "user_team": one.owner.team.id,
        "size": one.size if one.ready else 0,
        "mode": "hosted",
        "is_external": False,
        "is_public": any(place.kind == PUBLIC for place, _, _ in one.shares),
        "file_access": "visible",
        "permalink": f"{one.slack.address}/files/{one.owner.id}/{one.id}/{one.name}",
    }
    if one.ready:
        made |= {"url_private": one.url, "url_private_download": one.url}
    if one.ready and one.pixels:
        made |= {"original_w": one.pixels[0], "original_h": one.pixels[1]}
    return made | ({"shares": one.told_shares} if shares else {})


def view_user(person: "Person") -> Json:
    """The person in interactions."""
    name = person.name.lower()
    made = {"id": person.id, "username": name, "name": name}
    return made | {"team_id": person.team.id}


def team(one: Team) -> Json:
    """The workspace in interactions."""
    made: Json = {"id": one.id, "domain": one.domain}
    if one.enterprise is not None:
        made |= {
            "enterprise_id": one.enterprise.id,
            "enterprise_name": one.enterprise.name,
        }
    return made
