"""How Slack says no, and what its own client does not let people do."""

from typing import Any

GENERAL = frozenset(
    {
        "account_inactive",
        "fatal_error",
        "invalid_arguments",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "ratelimited",
        "token_expired",
        "token_revoked",
        "unknown_method",
    }
)
# Documented outside the list of methods, or measured by others.
MEASURED = {
    "chat.postMessage": {"invalid_thread_ts"},
    "chat.postEphemeral": {"invalid_thread_ts"},
    "conversations.replies": {"not_in_channel"},
    "files.completeUploadExternal": {"invalid_thread_ts"},
}
OURS = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "missing_scope",
        "msg_too_long",
        "no_text",
        "unknown_method",
        "view_too_large",
    }
)  # whoever sees one of these has a bug


class Problem(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """An answer with `ok: false`."""

    def __init__(self, error: str, status: int = 200, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.more = more


class Refused(Exception):  # noqa: N818 - a person is refused, nothing is broken
    """Slack's client does not let a person do this."""


def invalid(error: str, messages: list[str]) -> Problem:
    """An answer that tells what is wrong with blocks or arguments."""
    about = {"messages": [f"[ERROR] {one}" for one in messages]}
    return Problem(error, errors=messages, response_metadata=about)
