"""The command tree: translated, and sent to Discord only when it has changed."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Where

from adapters.discord.commands import add_commands
from adapters.discord.line import FAILED
from bot.languages import look_up
from bot.service import RenderService

if TYPE_CHECKING:
    from adapters.discord.doors import Doors

log = logging.getLogger(__name__)

REFUSED = (
    "Discord did not take the commands (%s): going on with those that it has;"
    " start again later to send them anew"
)
NAMES = frozenset({Where.command_name, Where.group_name, Where.parameter_name})


class Translator(app_commands.Translator):
    """Looks sentences up in our own tables. What is typed is the same everywhere."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The sentence in a language, or None."""
        is_menu = isinstance(context.data, app_commands.ContextMenu)
        if context.location in NAMES and not is_menu:
            return None
        return look_up(string.message, locale.value)


async def bring_up_to_date(
    tree: "app_commands.CommandTree[Any]", service: RenderService
) -> bool:
    """Send the commands to Discord if they are not what it took last.

    Returns:
        Whether they were sent, and taken.
    """
    key = f"discord-commands:{tree.client.application_id}"
    digest = await fingerprint(tree)
    try:
        if await service.recall(key) == digest and await _are_there(tree):
            return False
        sent = await tree.sync()
    except FAILED as error:
        log.warning(REFUSED, error)
        return False
    await service.note(key, digest)
    log.info("%s commands were sent to Discord", len(sent))
    return True


async def _are_there(tree: "app_commands.CommandTree[Any]") -> bool:
    """Whether Discord still has them: another program may use the same token."""
    http, mine = tree.client.http, tree.client.application_id
    there = await http.get_global_commands(mine or 0)
    return {(one["type"], one["name"]) for one in there} == _names(tree)


def compare(there: Sequence[Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """Commands that Discord lacks, and those it has that are none of ours.

    Args:
        there: What Discord has.
    """
    client = discord.Client(intents=discord.Intents.none())
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(client)
    add_commands(tree, cast("Doors", None))  # they are named, never used
    known = {(one["type"], one["name"]) for one in there}
    ours = _names(tree)
    return {name for _, name in ours - known}, {name for _, name in known - ours}


def _names(tree: "app_commands.CommandTree[Any]") -> set[tuple[int, str]]:
    """Kind and name of everything on a tree."""
    made = [command.to_dict(tree) for command in tree.get_commands()]
    return {(one["type"], one["name"]) for one in made}


async def fingerprint(tree: "app_commands.CommandTree[Any]") -> str:
    """What names everything that Discord would be sent."""
    translator = tree.translator
    payloads = [
        await command.get_translated_payload(tree, translator)
        if translator
        else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    text = json.dumps(payloads, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
