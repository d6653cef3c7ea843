"""Slack: commands, shortcuts, buttons, mentions and threads over the core.

`app` puts the parts together. Orders come in through `commands`, `doors`, `forms` and
`replies` and all go over one `desk`; clips go out through `chat` and `uploads`,
progress through `cards`. `wire` is the way to Slack, `installs` knows the workspaces.
"""

from adapters.slack.app import create_app

__all__ = ["create_app"]
