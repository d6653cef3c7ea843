"""Holds our rules for methods against Slack's own reference.

The reference is not committed: it is read from `SLACK_METHODS`, or from the shared
folder beside the checkout.
"""

import json
import os
from pathlib import Path

from tests.fakes.slack_api.methods import METHODS, Method
from tests.fakes.slack_api.things import Json

ROOT = Path(__file__).parents[3]
BESIDE = ROOT.parent / "shared" / "data" / "slack-methods.json"
DOCUMENT = Path(os.environ.get("SLACK_METHODS", BESIDE))


def differences() -> list[str]:
    """What we have otherwise than the reference, to be read by people."""
    known = json.loads(DOCUMENT.read_text(encoding="utf-8"))["methods"]
    found = []
    for name, ours in METHODS.items():
        if name not in known:
            found.append(f"{name} is not in the reference")
        else:
            found += [f"{name}: {said}" for said in _of_one(ours, known[name])]
    return found


def _of_one(ours: Method, theirs: Json) -> list[str]:
    token = {"token"} if ours.token else set()
    pairs = {
        "scopes": (set(ours.scopes), set(theirs["scopes"] or [])),
        "tier": ({f"t{ours.tier}"}, {theirs["tier"]}),
        "required": (ours.needs | token, set(theirs["required"] or [])),
        "args": (ours.args | token, set(theirs["args"])),
    }
    found = [
        f"{what}: ours {sorted(mine - real)}, theirs {sorted(real - mine)}"
        for what, (mine, real) in pairs.items()
        if mine != real
    ]
    unknown = sorted(ours.errors - set(theirs["errors"]))
    return found + ([f"no such errors: {unknown}"] if unknown else [])
