"""What the bot logs: its own lines whole, those of libraries short and seldom.

Libraries write down whole answers, addresses with secrets in them and a traceback for
every broken line. None of that helps the owner, and all of it lets strangers fill a
disk.
"""

import logging
import re
import time
from collections.abc import Callable

from bot.fence import brief

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
OURS = ("adapters", "bot", "root")
BOLT = "adapters.slack.bolt"  # the name under which Slack's libraries log
SPACING = 60.0  # seconds between two lines of a library that say the same
LONGEST = 300  # characters of a library's line
MOST = 1_000  # different lines that are remembered
ADDRESS = re.compile(r"\b((?:https?|wss?)://)(?:[^\s/@]*@)?([^\s/?#'\"]*)[^\s'\"]*")
ANSWER = re.compile(r"The server responded with:.*|body: .*", re.DOTALL)


def set_up(*, verbose: bool) -> None:
    """Log to standard error; with `verbose` also what the bot does."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        handler.addFilter(Foreign())
    for name in ("aiohttp", "discord", "httpcore", "httpx", "slack_bolt", "slack_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Foreign(logging.Filter):
    """Shortens what libraries log, and lets the same line through once a minute.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[object, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log a line; it may be another one afterwards."""
        if record.name != BOLT and record.name.partition(".")[0] in OURS:
            return True
        error = record.exc_info[1] if record.exc_info else None
        kind = brief(error) if error else ""
        if self._is_repeated((record.name, record.lineno, record.levelno, kind)):
            return False
        text = ADDRESS.sub(r"\1\2/…", ANSWER.sub("…", _first_line(record)))[:LONGEST]
        record.msg, record.args = f"{text} ({kind})" if kind else text, ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True

    def _is_repeated(self, line: tuple[object, ...]) -> bool:
        now = self._clock()
        if now - self._said.get(line, -SPACING) < SPACING:
            return True
        if len(self._said) >= MOST:
            self._said.clear()
        self._said[line] = now
        return False


def _first_line(record: logging.LogRecord) -> str:
    try:
        return record.getMessage().strip().partition("\n")[0]
    except (TypeError, ValueError):
        return str(record.msg).partition("\n")[0]
