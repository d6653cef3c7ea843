"""The command tree: translated, and sent to Discord only when it has changed."""

import hashlib
import json
import logging
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Where

from adapters.discord.line import FAILED
from bot.languages import look_up
from bot.service import RenderService

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
    if await service.recall(key) == digest:
        return False
    try:
        sent = await tree.sync()
    except FAILED as error:
        log.warning(REFUSED, error)
        return False
    await service.note(key, digest)
    log.info("%s commands were sent to Discord", len(sent))
    return True


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
