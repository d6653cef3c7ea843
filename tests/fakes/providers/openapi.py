"""As much of JSON Schema as OpenAI's description of its Videos API uses."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[3]
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@cache
def described() -> Mapping[str, Any]:
    """The description; it is not ours to pass on, so it lies beside the checkout."""
    usual = HERE.parent / "shared" / "data" / "openai-videos.json"
    file = Path(os.environ.get("OPENAI_VIDEOS_OPENAPI", usual))
    if not file.exists():
        pytest.skip(f"{file.name} is not here: set OPENAI_VIDEOS_OPENAPI to its path")
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def check(value: Any, name: str) -> None:
    """Fail where a value is not as a schema of the description says."""
    schemas = described()["components"]["schemas"]
    problems = list(_problems(value, schemas[name], schemas, name))
    assert not problems, problems


def _problems(
    value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], where: str
) -> list[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            ways = [_problems(value, one, schemas, where) for one in schema[several]]
            return [] if not all(ways) else ways[0]
    if not _is(value, schema):
        return [f"{where} is {value!r}, which is not {schema}"]
    if not isinstance(value, dict):
        items = schema.get("items", {})
        listed = value if isinstance(value, list) else []
        return [p for one in listed for p in _problems(one, items, schemas, where)]
    problems = [
        f"{where} lacks {n}" for n in schema.get("required", ()) if n not in value
    ]
    known = schema.get("properties", {})
    for name, one in value.items():
        if name not in known:
            problems.append(f"{where} has an unknown {name}")
        else:
            problems += _problems(one, known[name], schemas, f"{where}.{name}")
    return problems


def _is(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a plain value fits, whatever is inside it."""
    kind = schema.get("type")
    if kind and schema.get("format") != "binary":
        if not isinstance(value, TYPES[kind]):
            return False
        if kind == "integer" and isinstance(value, bool):
            return False
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        return False
    return "enum" not in schema or value in schema["enum"]
