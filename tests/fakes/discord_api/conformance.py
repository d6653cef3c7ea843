"""The fake and the bot, held against Discord's published interface.

The document is not committed: it is read from `DISCORD_OPENAPI`, or from the shared
folder beside the checkout. Where it is missing nothing is checked.
"""

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

if TYPE_CHECKING:
    from tests.fakes.discord_api.rest import Call

ROOT = Path(__file__).parents[3]
DOCUMENT = Path(
    os.environ.get("DISCORD_OPENAPI", ROOT.parent / "shared/data/discord-openapi.json")
)
HERE = "urn:discord"


class Conformance:
    """Checks what is sent and what is answered."""

    def __init__(self, document: dict[str, Any]) -> None:
        resource: Any = Resource.opaque(document)
        self._registry: Any = Registry().with_resource(HERE, resource)
        self._routes = [
            (method.upper(), _pattern(path), what)
            for path, methods in document["paths"].items()
            for method, what in methods.items()
            if method in {"get", "post", "put", "patch", "delete"}
        ]

    @classmethod
    def load(cls) -> Self | None:
        """Read the document, if it is there."""
        if not DOCUMENT.exists():
            return None
        return cls(json.loads(DOCUMENT.read_text(encoding="utf-8")))

    def problems(self, call: "Call", body: Any) -> list[str]:
        """Everything that is not as it is published."""
        found = [
            what
            for method, pattern, what in self._routes
            if method == call.method and pattern.fullmatch(call.path)
        ]
        if not found:
            return [f"not in the document: {call.method} {call.path}"]
        [what, *_] = found
        sent = what.get("requestBody", {}).get("content", {})
        answers = what["responses"]
        status = "204" if body is None else "200"
        answer = answers.get(status) or answers.get("201") or {}
        return [
            *self._check(sent, _as_text(call.json), f"sent {call.method} {call.path}"),
            *self._check(
                answer.get("content", {}), body, f"answer {call.method} {call.path}"
            ),
        ]

    def _check(self, content: Any, value: Any, where: str) -> list[str]:
        schema = content.get("application/json", {}).get("schema")
        if schema is None or value is None:
            return []
        local = json.loads(json.dumps(schema).replace('"#/', f'"{HERE}#/'))
        checker = Draft202012Validator(local, registry=self._registry)
        return [
            f"{where}: {error.json_path} {error.message[:300]}"
            for error in checker.iter_errors(value)
        ]


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _as_text(value: Any, key: str = "") -> Any:
    """Ids as text: discord.py sends some as numbers, and Discord takes them so."""
    if isinstance(value, dict):
        return {name: _as_text(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part, key) for part in value]
    is_id = key in {"id", "users"} or key.endswith("_id")
    return str(value) if is_id and isinstance(value, int) else value
