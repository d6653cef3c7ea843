"""Reads as much YAML as our manifests need: maps, lists, plain and quoted words."""

import json
import re
from typing import Any

KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s'"#\-{\[][^:#]*?)\s*:(?:\s+(.*))?$""")
PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
Line = tuple[int, str]


def read_yaml(text: str) -> Any:
    """The value of a document; what is not understood is an error."""
    lines = [(len(raw) - len(raw.lstrip()), _bare(raw)) for raw in text.splitlines()]
    kept = [one for one in lines if one[1] and one[1] != "---"]
    if text.lstrip().startswith("{"):
        return json.loads(text)
    value, rest = _node(kept)
    if rest:
        raise ValueError(f"Not understood: {rest[0][1]!r}")
    return value


def _bare(raw: str) -> str:
    """A line without its comment."""
    line = raw.strip()
    if line.startswith("#"):
        return ""
    quoted = line.endswith(("'", '"'))
    return line if quoted else re.sub(r"\s+#.*$", "", line)


def _node(lines: list[Line]) -> tuple[Any, list[Line]]:
    if lines[0][1] == "-" or lines[0][1].startswith("- "):
        return _list(lines)
    if KEY.match(lines[0][1]):
        return _map(lines)
    return _scalar(lines[0][1]), lines[1:]


def _list(lines: list[Line]) -> tuple[list[Any], list[Line]]:
    indent, made = lines[0][0], []
    while lines and lines[0][0] == indent and lines[0][1].startswith("-"):
        inner = lines[0][1][1:].lstrip()
        if inner:
            inside = indent + len(lines[0][1]) - len(inner)
            lines = [(inside, inner), *lines[1:]]
        else:
            lines = lines[1:]
        value, lines = _node(lines)
        made.append(value)
    return made, lines


def _map(lines: list[Line]) -> tuple[dict[str, Any], list[Line]]:
    indent, made = lines[0][0], {}
    while lines and lines[0][0] == indent and (found := KEY.match(lines[0][1])):
        name, words = _scalar(found[1]), found[2]
        lines = lines[1:]
        if words:
            made[str(name)] = _scalar(words)
            continue
        under = bool(lines) and (
            lines[0][0] > indent
            or (lines[0][0] == indent and lines[0][1].startswith("- "))
        )
        made[str(name)], lines = _node(lines) if under else (None, lines)
    return made, lines


def _scalar(words: str) -> Any:
    if words.startswith('"'):
        return json.loads(words)
    if words.startswith("'"):
        return words[1:-1].replace("''", "'")
    if words.startswith(("[", "{")):
        return _flow(words)
    if words.startswith(("|", ">", "&", "*", "!")):
        raise ValueError(f"Not understood: {words!r}")
    if words in PLAIN:
        return PLAIN[words]
    return int(words) if re.fullmatch(r"-?\d+", words) else words


def _flow(words: str) -> Any:
    if words == "{}":
        return {}
    inside = words[1:-1].strip()
    if not (words.startswith("[") and words.endswith("]")) or "[" in inside:
        raise ValueError(f"Not understood: {words!r}")
    return [_scalar(one.strip()) for one in inside.split(",")] if inside else []
