"""Discord: commands, menus, buttons, mentions and replies over the core.

`client` puts the parts together. Orders come in through `commands`, `buttons`, `forms`
and `replies` and all go over one `desk`; clips go out through `chat`, progress through
`cards`. The texts are in `text`, the first answers in `acks`.
"""

from adapters.discord.client import create_client

__all__ = ["create_client"]
