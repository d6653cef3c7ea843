"""Filling in a modal as Slack's client lets people fill it in."""

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import files, payloads
from tests.fakes.slack_api.errors import Refused
from tests.fakes.slack_api.things import MIB, FileUpload, Json
from tests.fakes.slack_api.views import Input, View

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person

LARGEST_FILE = 10 * MIB
MANY = {"checkboxes", "multi_static_select"}
ONE = {"static_select", "radio_buttons"}
SAME = {"jpeg": "jpg", "tif": "tiff", "htm": "html"}
MAIL = re.compile(r"[^@\s]+@[^@\s]+")


def filled(view: View, values: dict[str, Any]) -> Json:
    """The state of a modal; what is not given stays as it was at first."""
    unknown = [name for name in values if view.find(name) is None]
    if unknown:
        raise Refused(f"No inputs {unknown} in {view}")
    state: Json = {}
    for one in view.inputs:
        names = (one.block_id, one.action_id, one.label)
        given = next((values[name] for name in names if name in values), one.initial)
        made = _value(view.person, one, given)
        state.setdefault(one.block_id, {})[one.action_id] = made
    return state


def _value(person: "Person", one: Input, given: Any) -> Json:
    empty = given is None or given in ("", [])
    if empty and not one.optional:
        raise Refused(f"{one.label!r} is required")
    made: Json = {"type": one.kind}
    if one.kind in MANY:
        wanted = given if isinstance(given, list) else [given]
        chosen = [] if empty else [option(one.element, each) for each in wanted]
        return made | {"selected_options": chosen}
    if one.kind in ONE:
        chosen_one = None if empty else option(one.element, given)
        return made | {"selected_option": chosen_one}
    if one.kind == "users_select":
        return made | {"selected_user": None if empty else given.id}
    if one.kind == "file_input":
        return made | {"files": [] if empty else _files(person, one, given)}
    return made | {"value": None if empty else _text(one, str(given))}


def option(element: Json, wanted: Any) -> Json:
    """An option of an element, by its value or its label."""
    for each in element.get("options", []):
        if wanted in {each.get("value"), each["text"]["text"]}:
            found: Json = each
            return found
    offered = [each["text"]["text"] for each in element.get("options", [])]
    raise Refused(f"No option {wanted!r}, only {offered}")


def _text(one: Input, text: str) -> str:
    element = one.element
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if one.kind == "plain_text_input" and not least <= len(text) <= most:
        raise Refused(f"{one.label!r} takes {least} to {most} characters")
    if one.kind == "url_text_input" and "://" not in text:
        raise Refused(f"{one.label!r} takes a link")
    if one.kind == "email_text_input" and not MAIL.fullmatch(text):
        raise Refused(f"{one.label!r} takes an address")
    if one.kind == "number_input":
        _number(one, text)
    return text


def _number(one: Input, text: str) -> None:
    decimal = one.element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+(\.\d+)?" if decimal else r"-?\d+", text):
        raise Refused(f"{one.label!r} takes a number")
    least, most = one.element.get("min_value"), one.element.get("max_value")
    low = least is not None and float(text) < float(least)
    if low or (most is not None and float(text) > float(most)):
        raise Refused(f"{one.label!r} takes {least} to {most}")


def _files(person: "Person", one: Input, given: Any) -> list[Json]:
    every: list[FileUpload] = [given] if isinstance(given, FileUpload) else list(given)
    if len(every) > one.element.get("max_files", 10):
        raise Refused(f"{one.label!r} takes fewer files")
    made = []
    for each in every:
        _check_file(one, each)
        laid = files.uploaded(each, person, for_app=True)
        made.append(payloads.file(laid))
    return made


def _check_file(one: Input, upload: FileUpload) -> None:
    if max(len(upload.data), upload.size or 0) > LARGEST_FILE:
        raise Refused(f"{upload.name!r} is larger than 10 MB")
    kind = PurePath(upload.name).suffix.lower().removeprefix(".")
    taken = one.element.get("filetypes")
    if taken and not {kind, SAME.get(kind, kind)} & set(taken):
        raise Refused(f"{one.label!r} takes {taken}, not {upload.name!r}")
