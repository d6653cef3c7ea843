"""Elements of Block Kit: buttons, selects, inputs."""

from dataclasses import dataclass, field

from tests.fakes.slack_api.texts import (
    Found,
    Text,
    string_problems,
    text_problems,
    unknown_keys,
)
from tests.fakes.slack_api.things import Json


@dataclass(frozen=True)
class Element:
    """What a kind of element may hold.

    Attributes:
        texts: Its texts by their keys.
        strings: Its strings, and how long they may be.
        other: Keys that are not looked into.
        needs: Keys that must be there.
        options: How many options at most, if it has any.
        only_modal: Whether it may stand only in a modal.
    """

    texts: dict[str, Text] = field(default_factory=dict)
    strings: dict[str, int] = field(default_factory=dict)
    other: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    options: tuple[int, int] | None = None
    only_modal: bool = False


PLACEHOLDER = {"placeholder": Text(150, plain=True)}
TYPED = frozenset({"focus_on_load", "dispatch_action_config"})
STYLES = {"primary", "danger"}


def _select(*more: str, many: bool = False) -> Element:
    some = {"max_selected_items", "initial_options"} if many else {"initial_option"}
    return Element(
        PLACEHOLDER,
        other=frozenset({"options", "confirm", "focus_on_load", *some, *more}),
        needs=frozenset({"options"}),
        options=(1, 100),
    )


def _chooser(initial: str, *more: str, least: int = 1, most: int = 10) -> Element:
    return Element(
        other=frozenset({"options", "confirm", "focus_on_load", initial, *more}),
        needs=frozenset({"options"}),
        options=(least, most),
    )


def _input(*more: str) -> Element:
    other = TYPED | {"initial_value", *more}
    return Element(PLACEHOLDER, other=frozenset(other))


ELEMENTS = {
    "button": Element(
        {"text": Text(75, plain=True)},
        {"value": 2000, "url": 3000, "accessibility_label": 75},
        frozenset({"style", "confirm"}),
        frozenset({"text"}),
    ),
    "static_select": _select(),
    "multi_static_select": _select(many=True),
    "overflow": _chooser("", least=1, most=5),
    "checkboxes": _chooser("initial_options"),
    "radio_buttons": _chooser("initial_option"),
    "users_select": Element(PLACEHOLDER, other=frozenset({"initial_user", "confirm"})),
    "plain_text_input": _input("multiline", "min_length", "max_length"),
    "url_text_input": _input(),
    "email_text_input": _input(),
    "number_input": Element(
        PLACEHOLDER,
        other=TYPED | {"initial_value", "is_decimal_allowed", "min_value", "max_value"},
        needs=frozenset({"is_decimal_allowed"}),
    ),
    "file_input": Element(other=frozenset({"filetypes", "max_files"}), only_modal=True),
    "image": Element(
        other=frozenset({"image_url", "slack_file", "alt_text"}),
        needs=frozenset({"alt_text"}),
    ),
}


def element_problems(element: Json, at: str, place: str) -> Found:
    """What is wrong with an element, and where."""
    kind = ELEMENTS[element["type"]]
    known = {"type", "action_id", *kind.texts, *kind.strings, *kind.other}
    found = [(said, at + more) for said, more in unknown_keys(element, known)]
    missing = [name for name in sorted(kind.needs) if name not in element]
    found += [(f"missing required field: {name}", at) for name in missing]
    found += string_problems(element.get("action_id"), 255, f"{at}/action_id")
    for name, most in kind.strings.items():
        found += string_problems(element.get(name), most, f"{at}/{name}")
    for name, rule in kind.texts.items():
        found += text_problems(element.get(name), rule, f"{at}/{name}")
    if element.get("style") not in {None, *STYLES}:
        found.append((f"unknown style: {element['style']}", f"{at}/style"))
    if kind.only_modal and place != "modal":
        found.append((f"unsupported type: {element['type']}", f"{at}/type"))
    if not 1 <= element.get("max_files", 1) <= 10:
        found.append(("must be between 1 and 10", f"{at}/max_files"))
    found += _confirm(element, at) + _lengths(element, at)
    return found + (_options(element, kind, at) if kind.options else [])


def _confirm(element: Json, at: str) -> Found:
    confirm = element.get("confirm") or {}
    rules = {
        "title": Text(100, plain=True),
        "text": Text(300),
        "confirm": Text(30, plain=True),
        "deny": Text(30, plain=True),
    }
    found: Found = []
    for name, rule in rules.items():
        found += text_problems(confirm.get(name), rule, f"{at}/confirm/{name}")
    return found


def _lengths(element: Json, at: str) -> Found:
    """An initial value must be within the limits of its own input."""
    if element["type"] != "plain_text_input":
        return []
    initial, most = element.get("initial_value") or "", element.get("max_length", 3000)
    if not 0 < most <= 3000:
        return [("must be between 1 and 3000", f"{at}/max_length")]
    if len(initial) > most:
        return [(f"must be less than {most + 1} characters", f"{at}/initial_value")]
    return []


def _options(element: Json, kind: Element, at: str) -> Found:
    assert kind.options is not None
    least, most = kind.options
    options = element.get("options") or []
    found: Found = []
    if not least <= len(options) <= most:
        found.append((f"must have {least} to {most} items", f"{at}/options"))
    plain = element["type"] not in {"checkboxes", "radio_buttons"}
    for number, one in enumerate(options):
        there = f"{at}/options/{number}"
        keys = {"text", "value", "description", "url"}
        found += [(said, there) for said, _ in unknown_keys(one, keys)]
        found += text_problems(one.get("text"), Text(75, plain=plain), f"{there}/text")
        described = Text(75, plain=plain)
        found += text_problems(one.get("description"), described, f"{there}/desc")
        found += string_problems(one.get("value"), 150, f"{there}/value")
    initial = element.get("initial_options") or []
    initial = [*initial, *filter(None, [element.get("initial_option")])]
    if any(one not in options for one in initial):
        found.append(("initial option must be one of the options", at))
    return found
