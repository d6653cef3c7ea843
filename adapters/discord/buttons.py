"""Buttons that work for as long as their message exists, restarts or not."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self, cast

import discord

from bot.features import BUTTONS
from bot.languages import Say
from bot.mending import FAULTS

TEMPLATE = re.compile(r"vivant:(?P<verb>[a-z]+):(?P<id>[a-z0-9]{4,20})")
LABELS = {
    **BUTTONS,
    **{fault.value: told.label for fault, told in FAULTS.items()},
}
STYLES = {
    "remix": discord.ButtonStyle.primary,
    "erase": discord.ButtonStyle.danger,
    "cancel": discord.ButtonStyle.danger,
}

Pressed = Callable[[discord.Interaction, str, str], Awaitable[None]]


class Press(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """A button that says what to do with which job."""

    def __init__(self, verb: str, job_id: str, label: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                style=STYLES.get(verb, discord.ButtonStyle.secondary),
                custom_id=f"vivant:{verb}:{job_id}",
            )
        )
        self.verb = verb
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py passes it
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that somebody pressed, read from its id."""
        label = cast("discord.ui.Button[Any]", item).label or ""
        return cls(match["verb"], match["id"], label)


def presses(pressed: Pressed) -> type[Press]:
    """The kind of button whose presses are told to `pressed`."""

    class Told(Press, template=TEMPLATE):
        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            await pressed(interaction, self.verb, self.job_id)

    return Told


def for_card(job_id: str, say: Say) -> discord.ui.View:
    """What can be done with a job that is under way."""
    return row(job_id, ("cancel",), say)


def for_clip(job_id: str, say: Say, *, final: bool = False) -> discord.ui.View:
    """What can be done with a finished clip; `final` where there is a better model."""
    better = ("final",) if final else ()
    verbs = ("remix", "again", *better, "extend", "wrong", "delete")
    return row(job_id, verbs, say)


def for_faults(job_id: str, say: Say) -> discord.ui.View:
    """What may be wrong with a finished clip."""
    return row(job_id, tuple(fault.value for fault in FAULTS), say)


def row(job_id: str, verbs: tuple[str, ...], say: Say) -> discord.ui.View:
    """Buttons, five in a row; presses are found by their ids, so nothing is kept."""
    view = discord.ui.View(timeout=None)
    for verb in verbs:
        view.add_item(Press(verb, job_id, say(LABELS[verb])))
    view.stop()
    return view
