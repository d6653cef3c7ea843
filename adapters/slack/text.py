"""What people typed, made harmless for Slack, and what we say, in its markup."""

import re
from datetime import UTC, datetime

from bot.wording import markup
from bot.wording.markup import MOST_QUOTED

# Slack's markup has no way to escape these; between blanks of no width they mean
# nothing.
_MARKS = re.compile(r"[*_~`]")
_TOKEN = re.compile(r"<([@#!]?)([^|>]*)(?:\|([^>]*))?>")
_ADDRESS = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Slack:
    """Slack's markup. Satisfies `Markup`."""

    def plain(self, words: str, *, most: int = MOST_QUOTED) -> str:
        """Somebody's words on one line: shown as typed, no markup, no mention."""
        line = escaped(markup.on_one_line(words, most))
        return _MARKS.sub("\u200b\\g<0>\u200b", line)

    def bold(self, line: str) -> str:
        """A line that stands out."""
        return f"*{line}*"

    def quote(self, line: str) -> str:
        """A line that somebody else said."""
        return f"> {line}"

    def moment(self, at: float) -> str:
        """A Unix time, in the time zone of who reads it."""
        other = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"<!date^{at:.0f}^{{date_short_pretty}} {{time}}|{other}>"

    def command(self, verb: str, clip_id: str) -> str:
        """A command as it is typed."""
        return f"`/animate {verb} {clip_id}`"

    def person(self, person_id: str) -> str:
        """Somebody, who is told by a sound."""
        return f"<@{person_id.rpartition('.')[2]}>"


SLACK = Slack()
plain = SLACK.plain


def escaped(text: str) -> str:
    """Text of our own that may hold what Slack reads as its own signs."""
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text


def typed(text: str) -> str:
    """What somebody typed, out of what Slack made of it."""

    def shown(match: re.Match[str]) -> str:
        sign, what, label = match.groups()
        if sign in {"@", "#", "!"}:
            return sign.replace("!", "@") + (label or what)
        return what

    said = _TOKEN.sub(shown, text)
    for sign, escape in reversed(_ESCAPES.items()):
        said = said.replace(escape, sign)
    return " ".join(said.split())


def first_address(text: str) -> tuple[str | None, str]:
    """The first address in a message, and the rest of it."""
    found = _ADDRESS.search(text)
    if found is None:
        return None, text
    address = found[1].replace("&amp;", "&")
    return address, text[: found.start()] + text[found.end() :]
