"""Every sentence the bot says, once, for all chats. Errors bring their own words.

`plans` says what a clip shows, `cards` how far a job is and what came of it. Sentences
go through a `Say`, which knows the language; markup is the adapters' business.
"""

from bot.wording.plans import (
    beat_line,
    cannot_line,
    moves_line,
    names,
    plan_lines,
)

__all__ = ["beat_line", "cannot_line", "moves_line", "names", "plan_lines"]
