"""What Slack makes of text: whom it pings, and what people read."""

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.slack_api.people import Person
    from tests.fakes.slack_api.places import Team

USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
SPECIAL = re.compile(r"<!(here|channel|everyone|subteam\^[A-Z0-9]+)(?:\|[^>]*)?>")
LABELLED = re.compile(r"<[^<>|]+\|([^<>]+)>")
BARE = re.compile(r"<((?:https?|mailto):[^<>|]+)>")
LINK = re.compile(r"https?://[^\s<>|]+")
KEPT = re.compile(r"(<[@#!][^<>]+>)")
NAMED = re.compile(r"@(\w+)")


def pings(texts: list[str], *, names: "Team | None" = None) -> set[str]:
    """Ids of people, and `channel`, `here`, `everyone`, `subteam^…`, in mrkdwn.

    Args:
        texts: Marked-up texts, as they were sent.
        names: The team whose plain @names ping too: `parse=full`, `link_names`.
    """
    found: set[str] = set()
    for text in texts:
        found |= set(USER.findall(text)) | set(SPECIAL.findall(text))
        if names is not None:
            found |= _named(text, names)
    return found


def _named(text: str, team: "Team") -> set[str]:
    said = {one.lower() for one in NAMED.findall(text)}
    people = {one.id for one in team.people if one.name.lower() in said}
    return people | (said & {"channel", "here", "everyone"})


def marked(value: Any) -> list[str]:
    """Every text in blocks that is read as mrkdwn."""
    if isinstance(value, list):
        return [text for one in value for text in marked(one)]
    if not isinstance(value, dict):
        return []
    if value.get("type") in {"mrkdwn", "markdown"}:
        return [value.get("text") or ""]
    if value.get("type") == "user" and value.get("user_id"):
        return [f"<@{value['user_id']}>"]
    if value.get("type") == "broadcast":
        return [f"<!{value.get('range')}>"]
    return [text for one in value.values() for text in marked(one)]


def readable(value: Any) -> list[str]:
    """Every text in blocks that people can read."""
    if isinstance(value, list):
        return [text for one in value for text in readable(one)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("text"), str):
        text = value["text"]
        plain = value.get("type") in {"plain_text", "text"}
        return [text if plain else shown(text)]
    return [text for one in value.values() for text in readable(one)]


def shown(text: str) -> str:
    """Text as people read it."""
    text = LABELLED.sub(r"\1", text)
    return html.unescape(BARE.sub(r"\1", text))


def typed(text: str) -> str:
    """What somebody types, as Slack writes it down: links and `&` change."""
    parts = KEPT.split(text)
    return "".join(one if KEPT.fullmatch(one) else _typed(one) for one in parts)


def _typed(text: str) -> str:
    made, last = "", 0
    for link in LINK.finditer(text):
        made += escape(text[last : link.start()]) + f"<{escape(link[0])}>"
        last = link.end()
    return made + escape(text[last:])


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return html.escape(text, quote=False)


def command_text(text: str, team: "Team", *, escaped: bool) -> str:
    """The words of a slash command: with ids only where the command asks for it."""
    people: dict[str, Person] = {one.id: one for one in team.people}

    def name(found: re.Match[str]) -> str:
        who = people.get(found[1])
        called = who.name.lower() if who else found[1]
        return f"<@{found[1]}|{called}>" if escaped else f"@{called}"

    text = USER.sub(name, text)
    return LINK.sub(lambda found: f"<{found[0]}>", text) if escaped else text
