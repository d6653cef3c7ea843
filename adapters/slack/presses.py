"""Presses of buttons: two in quick succession are one."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

QUICK = 3.0  # seconds within which nobody means to order the same twice


class Presses:
    """Remembers the latest press of each button by each person."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, ...], tuple[float, str]] = {}

    def event(self, body: Json) -> str:
        """What tells a press from any other: the same for two quick ones.

        Args:
            body: An interaction as Slack tells of it.
        """
        action, where = body["actions"][0], body.get("container") or {}
        at, event = float(action["action_ts"]), f"action {body['trigger_id']}"
        self._latest = {
            key: seen for key, seen in self._latest.items() if at - seen[0] < QUICK
        }
        key = (
            str(body["user"]["id"]),
            str(action["action_id"]),
            str(action.get("value")),
            str(where.get("channel_id")),
            str(where.get("message_ts") or where.get("view_id")),
        )
        return self._latest.setdefault(key, (at, event))[1]
