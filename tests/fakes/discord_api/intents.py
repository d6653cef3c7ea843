"""Gateway intents, and which messages the bot may read without asking."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.discord_api.messages import Sent

GUILDS = 1 << 0
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = {
    "GUILD_MEMBERS": 1 << 1,
    "GUILD_PRESENCES": 1 << 8,
    "MESSAGE_CONTENT": MESSAGE_CONTENT,
}
LIMITED_FLAGS = {
    "GUILD_MEMBERS": 1 << 15,
    "GUILD_PRESENCES": 1 << 13,
    "MESSAGE_CONTENT": 1 << 19,
}


def readable(sent: "Sent") -> bool:
    """Whether the bot may read a message without the content intent."""
    bot = sent.discord.bot
    if sent.author is bot or sent.channel.guild is None:
        return True
    if f"<@{bot.id}>" in sent.content or f"<@!{bot.id}>" in sent.content:
        return True
    target = sent.replies_to
    if target is None or target.author is not bot:
        return False
    regular = target.asked is None  # not the answer to an interaction
    return regular and bot.id in sent.mentions_pinged
