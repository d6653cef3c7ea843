"""Slash commands and message menus, as `bot.features` names them."""

from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from adapters.discord import shelf
from adapters.discord.desk import say_of
from adapters.discord.doors import Doors
from adapters.discord.forms import Wish
from adapters.discord.pictures import Upload
from bot.features import BY_NAME, CAMERAS, MENUS
from bot.models import Shape, Tier

Interaction = discord.Interaction[Any]
Callback = Any  # discord.py reads its options from the signature

EVERYWHERE = app_commands.AppCommandContext(
    guild=True, dm_channel=True, private_channel=True
)
BY_ALL = app_commands.AppInstallationType(guild=True, user=True)
SERVERS = app_commands.AppCommandContext(
    guild=True, dm_channel=False, private_channel=False
)
BY_SERVERS = app_commands.AppInstallationType(guild=True, user=False)
Words = Range[str, 1, 4000]  # as `bot.features.LONGEST_PROMPT`; read from the source
MOST_CHOICES = 25  # that Discord shows (docs, 2026-08)
MOST_LABEL = 100  # characters of a choice


def add_commands(tree: "app_commands.CommandTree[Any]", doors: Doors) -> None:
    """Put every command and menu of the bot on a tree."""
    tree.add_command(_animate(doors))
    tree.add_command(_clip(doors))
    tree.add_command(_quota(doors))
    tree.add_command(_admin(doors))
    for menu in _menus(doors):
        tree.add_command(menu)


def _command(name: str, callback: Callback) -> "app_commands.Command[Any, ..., None]":
    """A command whose words come from the table of features."""
    feature = BY_NAME[name]
    app_commands.describe(**{o.name: o.help for o in feature.options})(callback)
    last = name.rpartition(" ")[2]
    return app_commands.Command(name=last, description=feature.help, callback=callback)


def _choices(values: list[str]) -> list[Choice[str]]:
    return [Choice(name=locale_str(value), value=value) for value in values]


def _animate(doors: Doors) -> "app_commands.Command[Any, ..., None]":
    @app_commands.choices(
        shape=_choices(list(Shape)),
        quality=_choices(list(Tier)),
    )
    async def animate(
        interaction: Interaction,
        picture: discord.Attachment | None = None,
        prompt: Words | None = None,
        seconds: Range[int, 1, 60] | None = None,
        shape: str = Shape.AUTO,
        quality: str = Tier.DRAFT,
        model: str | None = None,
        camera: Range[str, 1, 100] | None = None,
    ) -> None:
        wish = Wish(
            picture=Upload.of(picture) if picture else None,
            seconds=seconds,
            shape=Shape(shape),
            tier=Tier(quality),
            model=model,
        )
        words = ", ".join(part for part in (camera, prompt) if part)
        if words:
            await doors.animate(interaction, wish, words)
        else:
            await doors.studio(interaction, wish)

    async def models(_: Interaction, typed: str) -> list[Choice[str]]:
        cards = doors.service.models()
        return [
            Choice(name=f"{card.title} ({card.name})"[:MOST_LABEL], value=card.name)
            for card in cards
            if typed.lower() in f"{card.title} {card.name}".lower()
        ][:MOST_CHOICES]

    async def cameras(interaction: Interaction, typed: str) -> list[Choice[str]]:
        say = say_of(interaction)
        named = [(say(camera), camera) for camera in CAMERAS]
        return [
            Choice(name=name, value=value)
            for name, value in named
            if typed.lower() in f"{name} {value}".lower()
        ][:MOST_CHOICES]

    command = _everywhere(_command("animate", animate))
    command.autocomplete("model")(models)
    command.autocomplete("camera")(cameras)
    return command


def _clip(doors: Doors) -> app_commands.Group:
    async def remix(interaction: Interaction, clip: str, prompt: Words) -> None:
        await doors.remix(interaction, clip, prompt)

    async def extend(
        interaction: Interaction,
        clip: str,
        seconds: Range[int, 1, 60] = 4,
        prompt: Words = "",
    ) -> None:
        await doors.extend(interaction, clip, prompt, seconds)

    async def again(interaction: Interaction, clip: str) -> None:
        await doors.again(interaction, clip)

    async def cancel(interaction: Interaction, clip: str) -> None:
        async def work() -> str:
            await doors.cancel(interaction, clip)
            return say_of(interaction)("Stopping.")

        await doors.desk.whisper(interaction, work)

    async def listing(interaction: Interaction) -> None:
        await doors.desk.whisper(interaction, lambda: shelf.listing(doors, interaction))

    async def delete(interaction: Interaction, clip: str) -> None:
        await doors.ask_to_delete(interaction, clip)

    group = _everywhere_group("clip", "Your clips: change them, find them")
    for name, callback in {
        "remix": remix,
        "extend": extend,
        "again": again,
        "show": _look_at(doors, shelf.show),
        "list": listing,
        "tree": _look_at(doors, shelf.tree),
        "cancel": cancel,
        "resend": _look_at(doors, shelf.resend),
        "delete": delete,
    }.items():
        command = _command(f"clip {name}", callback)
        if any(option.name == "clip" for option in command.parameters):
            unfinished = name == "cancel"
            command.autocomplete("clip")(shelf.chooser(doors, unfinished=unfinished))
        group.add_command(command)
    return group


def _look_at(
    doors: Doors, compose: Callable[[Doors, Interaction, str], Coroutine[Any, Any, str]]
) -> Callback:
    async def look(interaction: Interaction, clip: str) -> None:
        await doors.desk.whisper(interaction, lambda: compose(doors, interaction, clip))

    return look


def _quota(doors: Doors) -> "app_commands.Command[Any, ..., None]":
    async def quota(interaction: Interaction) -> None:
        await doors.desk.whisper(interaction, lambda: shelf.quota(doors, interaction))

    return _everywhere(_command("quota", quota))


def _admin(doors: Doors) -> app_commands.Group:
    async def quota(
        interaction: Interaction, member: discord.Member, units: Range[str, 1, 12]
    ) -> None:
        await doors.desk.whisper(
            interaction, lambda: shelf.give(doors, interaction, member, units)
        )

    async def usage(interaction: Interaction) -> None:
        await doors.desk.whisper(interaction, lambda: shelf.usage(doors, interaction))

    group = app_commands.Group(
        name="animate-admin",
        description="For those who manage this server",
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=SERVERS,
        allowed_installs=BY_SERVERS,
    )
    group.add_command(_command("animate-admin quota", quota))
    group.add_command(_command("animate-admin usage", usage))
    return group


def _menus(doors: Doors) -> list[app_commands.ContextMenu]:
    async def animate(interaction: Interaction, message: discord.Message) -> None:
        if upload := await doors.picture_of(interaction, message):
            await doors.studio(interaction, Wish(picture=upload))

    async def remix(interaction: Interaction, message: discord.Message) -> None:
        if clip_id := await doors.clip_in(interaction, message):
            await doors.pressed(interaction, "remix", clip_id)

    return [
        app_commands.ContextMenu(
            name=name,
            callback=callback,
            allowed_contexts=EVERYWHERE,
            allowed_installs=BY_ALL,
        )
        for name, callback in zip(MENUS, (animate, remix), strict=True)
    ]


def _everywhere(
    command: "app_commands.Command[Any, ..., None]",
) -> "app_commands.Command[Any, ..., None]":
    command.allowed_contexts = EVERYWHERE
    command.allowed_installs = BY_ALL
    return command


def _everywhere_group(name: str, help: str) -> app_commands.Group:  # noqa: A002
    return app_commands.Group(
        name=name,
        description=help,
        allowed_contexts=EVERYWHERE,
        allowed_installs=BY_ALL,
    )
