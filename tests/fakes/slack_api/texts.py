"""Text objects of Block Kit."""

from collections.abc import Collection
from typing import Any, NamedTuple

from tests.fakes.slack_api.things import Json

Found = list[tuple[str, str]]


class Text(NamedTuple):
    """How long a text may be, and whether it must be plain."""

    most: int
    plain: bool = False


def text_problems(text: Any, rule: Text, at: str) -> Found:
    """What is wrong with a text object; nothing if there is none."""
    if text is None:
        return []
    kinds = {"plain_text"} if rule.plain else {"plain_text", "mrkdwn"}
    if not isinstance(text, dict) or text.get("type") not in kinds:
        return [(f"must be a text object of {sorted(kinds)}", at)]
    keys = {"type", "text", "emoji" if text["type"] == "plain_text" else "verbatim"}
    found = [(said, at + more) for said, more in unknown_keys(text, keys)]
    words = text.get("text")
    if not isinstance(words, str) or not words:
        return [*found, ("must be more than 0 characters", f"{at}/text")]
    if len(words) > rule.most:
        said = f"must be less than {rule.most + 1} characters"
        found.append((said, f"{at}/text"))
    return found


def string_problems(value: Any, most: int, at: str) -> Found:
    """What is wrong with a string; nothing if there is none."""
    if value is None:
        return []
    if not isinstance(value, str):
        return [("must be a string", at)]
    too_long = len(value) > most
    return [(f"must be less than {most + 1} characters", at)] if too_long else []


def unknown_keys(value: Json, known: Collection[str]) -> Found:
    """Keys that Slack does not know there."""
    unknown = sorted(set(value) - set(known))
    return [(f"invalid additional property: {key}", "") for key in unknown]
