"""Our manifest as Slack reads it: an app gets what stands there, and no more."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.slack_api.things import Json
from tests.fakes.slack_api.yaml import read_yaml


@dataclass(frozen=True)
class Manifest:
    """What an app created from this manifest may do.

    Attributes:
        source: All of it, as it was read.
    """

    source: Json

    @classmethod
    def of(cls, source: Json | Path | str) -> "Manifest":
        """Read a manifest from a dictionary or a file."""
        if isinstance(source, dict):
            return cls(source)
        return cls(read_yaml(Path(source).read_text(encoding="utf-8")))

    def part(self, *path: str) -> Any:
        """What stands at a place, or None."""
        found: Any = self.source
        for name in path:
            found = (found or {}).get(name)
        return found

    @property
    def scopes(self) -> set[str]:
        """Scopes that a token of the bot gets."""
        return set(self.part("oauth_config", "scopes", "bot") or [])

    @property
    def events(self) -> set[str]:
        """Events the bot is told about."""
        found = self.part("settings", "event_subscriptions", "bot_events")
        return set(found or [])

    @property
    def commands(self) -> dict[str, Json]:
        """Slash commands by their names."""
        every = self.part("features", "slash_commands") or []
        return {one["command"]: one for one in every}

    @property
    def shortcuts(self) -> list[Json]:
        """Shortcuts of messages, and global ones."""
        return self.part("features", "shortcuts") or []

    @property
    def interactive(self) -> bool:
        """Whether buttons, modals and shortcuts reach the app."""
        return bool(self.part("settings", "interactivity", "is_enabled"))

    @property
    def rotates(self) -> bool:
        """Whether its tokens expire."""
        return bool(self.part("settings", "token_rotation_enabled"))

    @property
    def bot_name(self) -> str:
        """How the bot is called."""
        return self.part("features", "bot_user", "display_name") or "bot"

    def home(self, what: str, *, default: bool = False) -> bool:
        """A switch of the App Home, such as `home_tab_enabled`."""
        found = self.part("features", "app_home", what)
        return default if found is None else bool(found)
