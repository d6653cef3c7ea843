"""The Discord client, put together: an ordinary discord.py client with our handlers."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from adapters.discord import forms, tree
from adapters.discord.buttons import presses
from adapters.discord.cards import GAP
from adapters.discord.chat import DiscordChat
from adapters.discord.commands import add_commands
from adapters.discord.desk import Desk, say_of
from adapters.discord.doors import Doors
from adapters.discord.forms import Wishes
from adapters.discord.line import Line
from adapters.discord.people import CHAT
from adapters.discord.pictures import Pictures
from adapters.discord.replies import Replies
from bot.config import Settings
from bot.service import RenderService

log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0  # seconds that a request may wait for Discord's rate limits


@dataclass(frozen=True, slots=True)
class Parts:
    """A client and what belongs to it."""

    client: discord.Client
    chat: DiscordChat
    line: Line

    async def close(self) -> None:
        """Hang up; whatever still waits for this client turns to the next one."""
        self.chat.logged_in.set()
        await self.chat.cards.close()
        await self.client.close()


def create_client(settings: Settings, service: RenderService) -> discord.Client:
    """A client with all our commands; needs no token, no network, no running worker.

    Jobs report to it from now on.
    """
    return assemble(settings, service).client


def assemble(
    settings: Settings,
    service: RenderService,
    *,
    gap: float = GAP,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Parts:
    """A client and its parts; jobs report to it from now on.

    Args:
        settings: The owner's.
        service: The core.
        gap: Seconds between two edits of one card.
        clock: Monotonic seconds, for what lasts.
        now: Unix time in seconds.
    """
    point_at(settings)
    kind = discord.AutoShardedClient if settings.discord_shards else discord.Client
    client = kind(
        intents=intents(settings),
        max_messages=None,
        allowed_mentions=discord.AllowedMentions.none(),
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_ratelimit_timeout=LONGEST_WAIT,
    )
    chat = DiscordChat(client, service, gap=gap, clock=clock, now=now)
    desk = Desk(client, service, chat)
    pictures = Pictures(settings, service)
    doors = Doors(client, desk, service, pictures, Wishes())
    commands = _tree(client, doors)
    _listen(client, doors, Replies(client, service, chat, pictures))
    line = Line(clock)
    _follow(client, line)

    @client.event
    async def setup_hook() -> None:
        chat.logged_in.set()
        await chat.catch_up()
        client.add_dynamic_items(presses(doors.pressed))
        await commands.set_translator(tree.Translator())
        await tree.bring_up_to_date(commands, service)

    service.connect(CHAT, chat)
    return Parts(client, chat, line)


def point_at(settings: Settings) -> None:
    """Tell discord.py where Discord is; it keeps that in its classes."""
    Route.BASE = settings.discord_api_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
    # We never speak, so nobody has to be warned that we cannot.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


def intents(settings: Settings) -> discord.Intents:
    """What we ask Discord to tell us: nothing privileged, unless the owner wants it."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        message_content=settings.discord_message_content,
    )


def _tree(client: discord.Client, doors: Doors) -> "app_commands.CommandTree[Any]":
    commands: app_commands.CommandTree[Any] = app_commands.CommandTree(client)
    add_commands(commands, doors)

    @commands.error
    async def broke(
        interaction: discord.Interaction[Any], error: app_commands.AppCommandError
    ) -> None:
        if isinstance(error, app_commands.CommandNotFound):
            text = "This command is from another version of the bot."
        else:
            log.error("a command broke in a way nobody foresaw", exc_info=error)
            text = "Something broke on our side."
        if not interaction.response.is_done():
            await doors.desk.say_now(interaction, say_of(interaction)(text))

    return commands


def _listen(client: discord.Client, doors: Doors, replies: Replies) -> None:
    """Tell each part of what people do."""

    @client.event
    async def on_message(message: discord.Message) -> None:
        await replies.read(message)

    @client.event
    async def on_interaction(interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            form = forms.read(dict(interaction.data or {}))
            if form is not None:
                await doors.sent(interaction, form)


def _follow(client: discord.Client, line: Line) -> None:
    """Note when the gateway is there and when it is not, for each shard."""
    if isinstance(client, discord.AutoShardedClient):

        @client.event
        async def on_shard_connect(shard: int) -> None:
            line.up(shard)

        @client.event
        async def on_shard_resumed(shard: int) -> None:
            line.up(shard)

        @client.event
        async def on_shard_disconnect(shard: int) -> None:
            line.down(shard)

        return

    @client.event
    async def on_connect() -> None:
        line.up()

    @client.event
    async def on_resumed() -> None:
        line.up()

    @client.event
    async def on_disconnect() -> None:
        line.down()
