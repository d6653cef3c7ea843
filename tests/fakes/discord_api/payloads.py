"""Discord's objects as JSON."""

from typing import TYPE_CHECKING, Any

from tests.fakes.discord_api.permissions import permissions_in
from tests.fakes.discord_api.things import Attachment, Json, Role, iso

if TYPE_CHECKING:
    from tests.fakes.discord_api.messages import Sent
    from tests.fakes.discord_api.people import Person
    from tests.fakes.discord_api.places import Channel, Guild


def user(person: "Person") -> Json:
    """A user."""
    return {
        "id": str(person.id),
        "username": person.name.lower(),
        "discriminator": "0",
        "global_name": person.name,
        "avatar": None,
        "bot": person.is_bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def member(guild: "Guild", person: "Person") -> Json:
    """A person's place in a guild."""
    place = guild.members[person.id]
    return {
        "roles": [str(r.id) for r in place.roles],
        "joined_at": iso(place.joined_at),
        "nick": None,
        "avatar": None,
        "banner": None,
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def role(one: Role) -> Json:
    """A role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {
            "primary_color": 0,
            "secondary_color": None,
            "tertiary_color": None,
        },
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 0,
        "permissions": str(one.permissions),
        "managed": one.managed,
        "mentionable": one.mentionable,
        "flags": 0,
        "description": None,
    }


def channel(one: "Channel") -> Json:
    """A channel, a thread or a DM."""
    made: Json = {
        "id": str(one.id),
        "type": one.kind,
        "flags": 0,
        "last_message_id": None,
    }
    if one.guild is None:
        return made | {"recipients": [user(p) for p in one.recipients if not p.is_bot]}
    made |= {
        "guild_id": str(one.guild.id),
        "name": one.name,
        "parent_id": None,
        "rate_limit_per_user": 0,
    }
    if one.is_thread:
        return made | _thread(one)
    return made | {
        "position": 0,
        "topic": None,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(id_),
                "type": 0 if each.is_role else 1,
                "allow": str(each.allow),
                "deny": str(each.deny),
            }
            for id_, each in one.overwrites.items()
        ],
    }


def _thread(one: Any) -> Json:
    return {
        "parent_id": str(one.parent.id),
        "owner_id": str(one.discord.bot.id),
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "bitrate": 0,
        "user_limit": 0,
        "rtc_region": None,
        "video_quality_mode": 1,
        "permissions": None,
        "thread_metadata": {
            "archived": one.archived,
            "locked": one.locked,
            "auto_archive_duration": 1440,
            "archive_timestamp": iso(one.discord.clock()),
            "create_timestamp": iso(one.discord.clock()),
        },
    }


def guild(one: "Guild") -> Json:
    """A guild, as REST tells it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "splash": None,
        "banner": None,
        "description": None,
        "home_header": None,
        "discovery_splash": None,
        "owner_id": str(one.owner.id),
        "application_id": None,
        "region": "rotterdam",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(each) for each in one.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": one.tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": one.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "features": [],
        "incidents_data": None,
    }


def guild_create(one: "Guild") -> Json:
    """A guild, as the gateway tells it."""
    channels = [each for each in one.channels if not each.is_thread]
    bot = one.discord.bot
    return guild(one) | {
        "joined_at": iso(one.discord.clock()),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(one, bot) | {"user": user(bot)}],
        "channels": [channel(each) for each in channels],
        "threads": [channel(each) for each in one.channels if each.is_thread],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(one: Attachment, url: str) -> Json:
    """A file."""
    made = {
        "id": str(one.id),
        "filename": one.name,
        "size": one.size,
        "url": url,
        "proxy_url": url,
        "flags": 0,
    }
    if one.content_type:
        made["content_type"] = one.content_type
    if one.width:
        made |= {"width": one.width, "height": one.height}
    return made | ({"ephemeral": True} if one.ephemeral else {})


def message(one: "Sent", *, blank: bool = False) -> Json:
    """A message; blank for a bot that may not read it."""
    cdn = one.discord.cdn
    files = [attachment(each, cdn.sign(each)) for each in one.attachments]
    pinged = [one.discord.people[i] for i in sorted(one.people_pinged)]
    made: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "type": one.kind,
        "author": user(one.author),
        "content": "" if blank else one.content,
        "timestamp": iso(one.created_at),
        "edited_timestamp": iso(one.edited_at) if one.edited_at else None,
        "tts": False,
        "mention_everyone": "everyone" in one.mentions_pinged,
        "mentions": [user(person) for person in pinged],
        "mention_roles": [],
        "attachments": [] if blank else files,
        "embeds": [] if blank else one.embeds,
        "components": [] if blank else _numbered(one.components),
        "pinned": False,
        "flags": one.flags,
    }
    if one.asked is not None:
        made["webhook_id"] = made["application_id"] = str(one.discord.application_id)
    if one.replies_to is not None:
        target = one.replies_to
        made["message_reference"] = {
            "type": 0,
            "message_id": str(target.id),
            "channel_id": str(target.channel.id),
        }
        if target.channel.guild:
            made["message_reference"]["guild_id"] = str(target.channel.guild.id)
    return made


def _numbered(components: list[Json]) -> list[Json]:
    """Components get ids from Discord."""
    made, number = [], 0
    for row in components:
        number += 1
        parts = []
        for part in row.get("components", []):
            parts.append({"id": number + 1} | part)
            number += 1
        made.append({"id": number} | row | ({"components": parts} if parts else {}))
    return made


def gateway_message(one: "Sent", *, content: bool) -> Json:
    """A message with what the gateway adds, redacted for who has no intent."""
    from tests.fakes.discord_api.intents import readable  # noqa: PLC0415 - a circle

    made = message(one, blank=not (content or readable(one)))
    place = one.channel.guild
    if place is not None:
        made["guild_id"] = str(place.id)
        if one.author.id in place.members:
            made["member"] = member(place, one.author)
    if (target := one.replies_to) is not None:
        blank = not (content or readable(target))
        shown = None if target.deleted else message(target, blank=blank)
        made["referenced_message"] = shown
    return made


def app_permissions(one: "Channel", bot: "Person") -> str:
    """What the bot may where it was called; without the bot only what answers may."""
    if one.guild is not None and bot.id not in one.guild.members:
        return "0"
    return str(permissions_in(one, bot))
