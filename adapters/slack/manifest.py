"""What the app asks of Slack: told once, for the manifests, the docs and the doctor.

    python -m adapters.slack.manifest

writes `slack-manifest.yaml` and `slack-manifest.low.yaml` anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.slack import paths
from adapters.slack.spoken import COMMAND
from bot.features import BY_NAME, SHORTCUTS

Json = dict[str, Any]

NAME = "Vivant"
ROOT = Path(__file__).parent.parent.parent
FULL, LOW = "slack-manifest.yaml", "slack-manifest.low.yaml"

# Each scope with what it is for.
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hear mentions",
    "channels:history": "hear answers in the threads of clips, in public channels",
    "chat:write": "post cards",
    "chat:write.public": "post cards in public channels it was not invited to",
    "commands": "/animate, and the entries in the menu of a message",
    "files:read": "fetch the picture that is to be animated",
    "files:write": "send the clip",
    "groups:history": "hear answers in the threads of clips, in private channels",
    "im:history": "hear direct messages",
    "im:write": "write to somebody where it may not post",
    "mpim:history": "hear answers in the threads of clips, in group messages",
    "users:read": "speak everybody's language, and know the admins",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
LISTENING = {  # what the low profile goes without: event and scope
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.mpim": "mpim:history",
}


def manifest(*, low: bool = False, url: str | None = None) -> Json:
    """The app as Slack is told of it.

    Args:
        low: Without reading channels: a remix is then asked for by a mention.
        url: Where the bot can be reached over HTTPS; Socket Mode when left out.
    """
    left_out = LISTENING if low else {}
    events = [name for name in EVENTS if name not in left_out]
    scopes = [name for name in SCOPES if name not in left_out.values()]
    address = f"{url}{paths.EVENTS}" if url else None
    reached: Json = {"request_url": address} if address else {}
    returns: Json = {"redirect_urls": [f"{url}{paths.RETURN}"]} if url else {}
    settings: Json = {
        "event_subscriptions": {**reached, "bot_events": events},
        "interactivity": {"is_enabled": True, **reached},
        "org_deploy_enabled": address is not None,
        "socket_mode_enabled": address is None,
        "token_rotation_enabled": False,
    }
    return {
        "display_information": {
            "name": NAME,
            "description": "Brings still pictures to life",
            "background_color": "#1d1c1d",
        },
        "features": _features(address),
        "oauth_config": {**returns, "scopes": {"bot": scopes}},
        "settings": settings,
    }


def _features(address: str | None) -> Json:
    animate = BY_NAME["animate"]
    command = {
        "command": COMMAND,
        **({"url": address} if address else {}),
        "description": animate.help,
        "usage_hint": "[how it should move] or list, quota, help",
        "should_escape": True,
    }
    shortcuts = [
        {"name": name, "type": "message", "callback_id": key, "description": help_}
        for key, name, help_ in SHORTCUTS
    ]
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": NAME, "always_online": True},
        "shortcuts": shortcuts,
        "slash_commands": [command],
    }


def written(made: Json) -> str:
    """A manifest as YAML."""
    return "\n".join([*_lines(made, 0), ""])


def _lines(value: Json | list[Any], depth: int) -> list[str]:
    """Mappings and lists a line each; words as JSON, which YAML reads the same."""
    indent = "  " * depth
    if isinstance(value, dict):
        made: list[str] = []
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                made += [f"{indent}{key}:", *_lines(inner, depth + 1)]
            else:
                made.append(f"{indent}{key}: {json.dumps(inner)}")
        return made
    made = []
    for item in value:
        if isinstance(item, dict):
            first, *rest = _lines(item, depth + 1)
            made += [f"{indent}- {first.strip()}", *rest]
        else:
            made.append(f"{indent}- {json.dumps(item)}")
    return made


def main() -> None:
    """Write both manifests."""
    for name, low in ((FULL, False), (LOW, True)):
        (ROOT / name).write_text(written(manifest(low=low)), encoding="utf-8")


if __name__ == "__main__":
    main()
