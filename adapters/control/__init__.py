"""The way to a bot that runs, for its owner on the same machine.

A Unix socket in the data folder, which nobody but the bot's own user can open. The
commands of the owner go over it while the bot runs, and to the database itself while
it does not; what they do is in `bot.commands`.
"""

from adapters.control.client import Control, connect
from adapters.control.server import Operation, serve

__all__ = ["Control", "Operation", "connect", "serve"]
