"""Modals and App Homes, as the app makes them and as people see them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import mrkdwn
from tests.fakes.slack_api.blocks import block_problems
from tests.fakes.slack_api.errors import Problem, invalid
from tests.fakes.slack_api.messages import elements_of
from tests.fakes.slack_api.posting import with_ids
from tests.fakes.slack_api.texts import (
    Text,
    string_problems,
    text_problems,
    unknown_keys,
)
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person

LARGEST = 250_000
MODAL_TEXTS = {name: Text(24, plain=True) for name in ("title", "submit", "close")}
STRINGS = {"callback_id": 255, "private_metadata": 3000, "external_id": 255}
KEYS = {"type", "blocks", *STRINGS}
MODAL_KEYS = {*KEYS, *MODAL_TEXTS, "clear_on_close", "notify_on_close"}


@dataclass(eq=False)
class Input:
    """An input of a modal, as people see it."""

    block_id: str
    label: str
    optional: bool
    element: Json

    @property
    def action_id(self) -> str:
        """The id of its element."""
        return str(self.element["action_id"])

    @property
    def kind(self) -> str:
        """The type of its element."""
        return str(self.element["type"])

    @property
    def options(self) -> list[str]:
        """Labels of its options."""
        return [one["text"]["text"] for one in self.element.get("options", [])]

    @property
    def initial(self) -> Any:
        """What it holds before anybody touches it."""
        element = self.element
        if "initial_options" in element:
            return [one["value"] for one in element["initial_options"]]
        option = element.get("initial_option") or {}
        return element.get("initial_value") or option.get("value")


@dataclass(eq=False)
class View:
    """A modal that somebody has open, or their App Home.

    Attributes:
        errors: What is written below inputs, by block.
        open: Whether it is still there.
        under: The modal below it.
    """

    person: "Person"
    id: str
    source: Json
    hash: str = ""
    under: "View | None" = None
    errors: dict[str, str] = field(default_factory=dict)
    open: bool = True

    def __str__(self) -> str:
        labels = [one.label for one in self.inputs]
        return f"{self.title!r} of {self.person}: {self.words!r} {labels}"

    @property
    def title(self) -> str:
        """Its title."""
        return str((self.source.get("title") or {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        """What the app calls it."""
        return str(self.source.get("callback_id") or "")

    @property
    def private_metadata(self) -> str:
        """What the app wrote down in it."""
        return str(self.source.get("private_metadata") or "")

    @property
    def blocks(self) -> list[Json]:
        """Its blocks."""
        return list(self.source["blocks"])

    @property
    def words(self) -> str:
        """All that people read."""
        return "\n".join(mrkdwn.readable(self.blocks))

    @property
    def inputs(self) -> list[Input]:
        """Its inputs, in order."""
        return [
            Input(b["block_id"], b["label"]["text"], bool(b.get("optional")), el)
            for b in self.blocks
            if b["type"] == "input" and (el := b["element"])
        ]

    @property
    def elements(self) -> list[Json]:
        """Everything that may be pressed or chosen, with its block."""
        return elements_of(self.blocks)

    @property
    def buttons(self) -> list[str]:
        """Labels of its buttons."""
        every = [one["element"] for one in self.elements]
        return [one["text"]["text"] for one in every if one["type"] == "button"]

    @property
    def root(self) -> "View":
        """The modal at the bottom."""
        return self.under.root if self.under is not None else self

    def find(self, name: str) -> Input | None:
        """An input by its block, action or label."""
        for one in self.inputs:
            if name in {one.block_id, one.action_id, one.label}:
                return one
        return None

    def change(self, source: Json) -> None:
        """Show something else."""
        blocks = with_ids(self.person.slack, source["blocks"])
        self.source, self.errors = source | {"blocks": blocks}, {}
        said = json.dumps([self.id, self.source, self.person.slack.ids.ts()])
        self.hash = hashlib.sha256(said.encode()).hexdigest()[:16]
        self.person.slack.bell.ring()

    def told(self, state: Json | None = None) -> Json:
        """The view in answers and interactions."""
        slack, team = self.person.slack, self.person.team
        install = team.app
        return self.source | {
            "id": self.id,
            "team_id": team.id,
            "state": {"values": state or {}},
            "hash": self.hash,
            "callback_id": self.callback_id,
            "private_metadata": self.private_metadata,
            "root_view_id": self.root.id,
            "previous_view_id": self.under.id if self.under else None,
            "app_id": slack.app_id,
            "app_installed_team_id": team.id,
            "bot_id": install.bot_id,
            "external_id": self.source.get("external_id") or "",
        }


def check_view(source: Any, kind: str) -> Json:
    """A view, or the answer that tells what is wrong with it."""
    if not isinstance(source, dict) or source.get("type") != kind:
        raise invalid("invalid_arguments", [f"must be a {kind} [json-pointer:/view]"])
    if len(json.dumps(source)) > LARGEST:
        raise Problem("view_too_large")
    known = MODAL_KEYS if kind == "modal" else KEYS
    found = unknown_keys(source, known)
    for name, most in STRINGS.items():
        found += string_problems(source.get(name), most, f"/{name}")
    for name, rule in MODAL_TEXTS.items() if kind == "modal" else ():
        found += text_problems(source.get(name), rule, f"/{name}")
    said = [f"{one} [json-pointer:/view{at}]" for one, at in found]
    said += block_problems(source.get("blocks"), kind)
    if kind == "modal" and not source.get("title"):
        said.append("missing required field: title [json-pointer:/view]")
    inputs = any(one.get("type") == "input" for one in source.get("blocks") or [])
    if kind == "modal" and inputs and not source.get("submit"):
        said.append("missing required field: submit [json-pointer:/view]")
    if said:
        raise invalid("invalid_arguments", said)
    return dict(source)
