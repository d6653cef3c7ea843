"""Block Kit: what Slack takes, to the letter; and what it says otherwise."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.slack_api.elements import ELEMENTS, element_problems
from tests.fakes.slack_api.texts import Text, text_problems, unknown_keys
from tests.fakes.slack_api.things import Json

MOST = {"message": 50, "modal": 100, "home": 100}
VIEWS = ("modal", "home")


@dataclass(frozen=True)
class Block:
    """What a kind of block may hold.

    Attributes:
        texts: Its texts by their keys.
        one: Keys that hold one element.
        many: Keys that hold elements, and how many at most.
        other: Keys that are not looked into.
        needs: Keys that must be there.
        kinds: Elements that may stand in it; all if empty.
        places: Where it may stand.
    """

    texts: dict[str, Text] = field(default_factory=dict)
    one: frozenset[str] = frozenset()
    many: dict[str, int] = field(default_factory=dict)
    other: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    places: tuple[str, ...] = ("message", "modal", "home")


ACTIVE = frozenset(ELEMENTS) - {
    "image",
    "plain_text_input",
    "url_text_input",
    "number_input",
    "email_text_input",
    "file_input",
}
BLOCKS = {
    "section": Block(
        {"text": Text(3000)},
        frozenset({"accessory"}),
        other=frozenset({"fields", "expand"}),
        kinds=ACTIVE | {"image"},
    ),
    "header": Block({"text": Text(150, plain=True)}, needs=frozenset({"text"})),
    "divider": Block(),
    "actions": Block(
        many={"elements": 25}, needs=frozenset({"elements"}), kinds=ACTIVE
    ),
    "context": Block(
        many={"elements": 10}, needs=frozenset({"elements"}), kinds=frozenset({"image"})
    ),
    "image": Block(
        {"title": Text(2000, plain=True)},
        other=frozenset({"image_url", "slack_file", "alt_text"}),
        needs=frozenset({"alt_text"}),
    ),
    "input": Block(
        {"label": Text(2000, plain=True), "hint": Text(2000, plain=True)},
        frozenset({"element"}),
        other=frozenset({"optional", "dispatch_action"}),
        needs=frozenset({"label", "element"}),
        kinds=frozenset(ELEMENTS) - {"button", "overflow", "image"},
    ),
    "markdown": Block(
        other=frozenset({"text"}), needs=frozenset({"text"}), places=("message",)
    ),
    "rich_text": Block(other=frozenset({"elements"}), needs=frozenset({"elements"})),
}


def block_problems(blocks: Any, place: str) -> list[str]:
    """What Slack would say about blocks, each with a pointer to where."""
    if not isinstance(blocks, list) or not all(isinstance(b, dict) for b in blocks):
        return ["must be an array of objects [json-pointer:/blocks]"]
    found = []
    if len(blocks) > MOST[place]:
        found.append(f"no more than {MOST[place]} items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        said = _one_block(block, place)
        found += [f"{one} [json-pointer:/blocks/{number}{at}]" for one, at in said]
    return found + _twice([one.get("block_id") for one in blocks], "block_id")


def _one_block(block: Json, place: str) -> list[tuple[str, str]]:
    kind = BLOCKS.get(block.get("type", ""))
    if kind is None:
        return [(f"unsupported type: {block.get('type')}", "/type")]
    if place not in kind.places:
        return [(f"unsupported type: {block['type']}", "/type")]
    known = set(kind.texts) | kind.one | set(kind.many) | kind.other
    found = unknown_keys(block, known | {"type", "block_id"})
    found += [
        (f"missing required field: {name}", "")
        for name in sorted(kind.needs)
        if name not in block
    ]
    if len(block.get("block_id") or "") > 255:
        found.append(("must be less than 256 characters", "/block_id"))
    if block["type"] == "section" and not block.get("text") and not block.get("fields"):
        found.append(("missing required field: text or fields", ""))
    for name, rule in kind.texts.items():
        found += text_problems(block.get(name), rule, f"/{name}")
    return found + _fields(block) + _elements(block, kind, place)


def _fields(block: Json) -> list[tuple[str, str]]:
    fields = block.get("fields") or []
    found = [("no more than 10 items allowed", "/fields")] if len(fields) > 10 else []
    for number, one in enumerate(fields):
        found += text_problems(one, Text(2000), f"/fields/{number}")
    return found


def _elements(block: Json, kind: Block, place: str) -> list[tuple[str, str]]:
    every = [(f"/{key}", block[key]) for key in kind.one if block.get(key)]
    found = []
    for key, most in kind.many.items():
        inside = block.get(key) or []
        if not 1 <= len(inside) <= most:
            found.append((f"must have 1 to {most} items", f"/{key}"))
        every += [(f"/{key}/{n}", one) for n, one in enumerate(inside)]
    for at, element in every:
        texts = block["type"] == "context" and element.get("type") != "image"
        if texts:
            found += text_problems(element, Text(3000), at)
        elif element.get("type") not in kind.kinds:
            found.append((f"unsupported type: {element.get('type')}", f"{at}/type"))
        else:
            found += element_problems(element, at, place)
    ids = [one.get("action_id") for _, one in every]
    return found + [(one, "") for one in _twice(ids, "action_id")]


def _twice(ids: list[str | None], name: str) -> list[str]:
    given = [one for one in ids if one]
    twice = sorted({one for one in given if given.count(one) > 1})
    return [f"{name} {one!r} already exists" for one in twice]
