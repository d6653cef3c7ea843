"""What Discord answers when it will not do something."""

from typing import Any

KNOWN = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow-ups."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    160002: (400, "Cannot reply without permission to read message history"),
    160005: (400, "This thread is locked"),
}


class Refused(Exception):  # noqa: N818 - reads best in a test
    """A person cannot do that in the Discord client."""


class Problem(Exception):  # noqa: N818 - it is an answer, not a bug
    """An error answer of the API."""

    def __init__(
        self, code: int, *, status: int | None = None, errors: Any = None
    ) -> None:
        known = KNOWN.get(code, (400, f"Error {code}"))
        self.code = code
        self.status = status or known[0]
        self.text = known[1]
        self.errors = errors
        self.retry_after: float | None = None
        super().__init__(f"{self.status} {code} {self.text}")

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"message": self.text, "code": self.code}
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
        return body | ({"errors": self.errors} if self.errors else {})


def invalid(path: str, code: str, message: str) -> Problem:
    """50035 with its tree: where in the form, and why."""
    tree: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        tree = {part: tree}
    return Problem(50035, errors=tree)
