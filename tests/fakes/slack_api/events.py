"""Which events the app hears of, by its manifest, its scopes and its channels."""

from typing import TYPE_CHECKING

from tests.fakes.slack_api import payloads
from tests.fakes.slack_api.delivery import EVENT, Delivery, event_payload
from tests.fakes.slack_api.messages import TOMBSTONE, Message
from tests.fakes.slack_api.places import DIRECT, HISTORY, PRIVATE, PUBLIC, Channel, Team
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.tokens import Install

SUBSCRIBED = {PUBLIC: "message.channels", PRIVATE: "message.groups"}


def tell(
    team: Team,
    event: Json,
    *,
    name: str = "",
    scope: str = "",
    shared: bool = False,
) -> list[Delivery]:
    """Tell the app of something, if it is to hear of it."""
    slack, install = team.slack, team.install
    if install is None or (name or event["type"]) not in slack.manifest.events:
        return []
    if scope and scope not in install.scopes:
        return []
    payload = event_payload(team, event, shared=shared)
    return [Delivery(slack, EVENT, payload).start()]


def hearing(channel: Channel) -> "Team | None":
    """The workspace in whose name the app hears of a channel."""
    there = [one for one in channel.teams if one.install is not None]
    return there[0] if there and channel.bot_member else None


def posted(message: Message, *, mention_first: bool = False) -> list[Delivery]:
    """A message was written."""
    team = hearing(message.channel)
    if team is None or message.ephemeral:
        return []
    both = [_message, _mention]
    found = []
    for one in reversed(both) if mention_first else both:
        found += one(team, message)
    return found


def _message(team: Team, message: Message) -> list[Delivery]:
    return _told(team, message.channel, payloads.message(message), message.ts)


def _mention(team: Team, message: Message) -> list[Delivery]:
    channel, slack = message.channel, team.slack
    meant = team.app.bot.id in message.pinged
    if not meant or message.by_bot or channel.kind == DIRECT:
        return []
    told = payloads.message(message, ids_only=slack.mention_files == "ids")
    told.pop("subtype", None)
    told |= {"type": "app_mention", "channel": channel.id, "event_ts": message.ts}
    scope = "app_mentions:read"
    return tell(team, told, scope=scope, shared=channel.shared)


def changed(message: Message, before: Json) -> list[Delivery]:
    """A message was edited, or became a tombstone."""
    team = hearing(message.channel)
    if team is None:
        return []
    told: Json = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "ts": team.slack.ids.ts(),
        "message": payloads.message(message),
        "previous_message": before,
    }
    return _told(team, message.channel, told, told["ts"])


def deleted(message: Message, before: Json) -> list[Delivery]:
    """A message was deleted; one with replies leaves a tombstone."""
    team = hearing(message.channel)
    if team is None:
        return []
    if message.subtype == TOMBSTONE:
        return changed(message, before)
    told: Json = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "ts": team.slack.ids.ts(),
        "deleted_ts": message.ts,
        "previous_message": before,
    }
    return _told(team, message.channel, told, told["ts"])


def _told(team: Team, channel: Channel, event: Json, ts: str) -> list[Delivery]:
    event |= {"channel": channel.id, "channel_type": channel.kind, "event_ts": ts}
    name = SUBSCRIBED.get(channel.kind, f"message.{channel.kind}")
    scope = HISTORY[channel.kind]
    return tell(team, event, name=name, scope=scope, shared=channel.shared)


def gone(install: "Install", *, uninstalled: bool) -> list[Delivery]:
    """The app's token was revoked, or the app was removed."""
    found = []
    for team in install.teams[:1]:
        tokens = {"oauth": [], "bot": [install.bot.id]}
        found += tell(team, {"type": "tokens_revoked", "tokens": tokens})
        if uninstalled:
            found += tell(team, {"type": "app_uninstalled"})
    return found
