"""Messages as Slack builds them: blocks of text and buttons.

Limits are from docs.slack.dev/reference/block-kit (2026-11).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.slack.text import SLACK
from bot.errors import BotError
from bot.features import BUTTONS
from bot.languages import Say
from bot.wording import messages
from bot.wording.markup import Told

Block = dict[str, Any]

MOST_TEXT = 3_000  # characters of a section
MOST_ASIDE = 2_000  # characters of a context's text
STYLES = {"remix": "primary", "cancel": "danger", "delete": "danger"}
SURE = "The clip, its files and its messages here will be gone."


def section(lines: Iterable[str], *, mark: str = "") -> Block:
    """Lines of text.

    Args:
        lines: In Slack's markup; empty ones are left out.
        mark: What the message is found by again.
    """
    text = "\n".join(line for line in lines if line)
    made = {"type": "section", "text": _text(text, MOST_TEXT)}
    return made | ({"block_id": mark} if mark else {})


def aside(lines: Iterable[str]) -> list[Block]:
    """Lines in small print, if there are any."""
    text = "\n".join(line for line in lines if line)
    elements = [_text(text, MOST_ASIDE)]
    return [{"type": "context", "elements": elements}] if text else []


def formed(told: Told, *, mark: str = "") -> list[Block]:
    """A message as Slack shows it."""
    return [section(told.lines, mark=mark), *aside(told.small)]


def row(job_id: str, verbs: Sequence[str], say: Say) -> list[Block]:
    """Buttons in a row, if there are any; they work as long as their message exists."""
    made = [button(verb, job_id, say) for verb in verbs]
    return [{"type": "actions", "elements": made}] if made else []


def for_clip(
    job_id: str, say: Say, *, final: bool, thread: str | None = None
) -> list[Block]:
    """What can be done with a finished clip.

    Args:
        job_id: The clip's id.
        say: The language.
        final: Whether there is a better model for it.
        thread: Where it is in this channel, if that is known.
    """
    better = ("final",) if final else ()
    about = f"{job_id} {thread}" if thread else job_id
    return row(about, ("remix", "again", *better, "extend", "wrong", "delete"), say)


def button(verb: str, job_id: str, say: Say) -> Block:
    """What can be done with a job."""
    label = {"type": "plain_text", "text": say(BUTTONS[verb]), "emoji": False}
    made: Block = {
        "type": "button",
        "action_id": f"vivant_{verb}",
        "value": job_id,
        "text": label,
    }
    if verb in STYLES:
        made["style"] = STYLES[verb]
    if verb == "delete":
        made["confirm"] = _confirm(say)
    return made


def error_blocks(error: BotError, say: Say) -> list[Block]:
    """What went wrong, and what to do next."""
    return [section(messages.trouble(error, say, SLACK))]


def fallback(blocks: Sequence[Block]) -> str:
    """A message in a line, for a notification and a screen reader."""
    first = next(b["text"]["text"] for b in blocks if b["type"] == "section")
    return str(first.splitlines()[0])[:MOST_TEXT]


def label(text: str) -> Block:
    """Words without any markup."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _confirm(say: Say) -> Block:
    return {
        "title": label(say(BUTTONS["delete"])),
        "text": label(say(SURE)),
        "confirm": label(say(BUTTONS["erase"])),
        "deny": label(say("Keep it")),
        "style": "danger",
    }


def _text(text: str, most: int) -> Block:
    if len(text) > most:
        text = text[: most - 1] + "…"
    return {"type": "mrkdwn", "text": text, "verbatim": True}
