"""Whether a call over HTTP is Slack's: its signature, and its age.

The SDK's own check raises on a timestamp or a signature that is no number or no ASCII;
here whatever is odd is simply not Slack's.
"""

import hashlib
import hmac
from collections.abc import Mapping

WINDOW = 300  # seconds that a call may be old


def is_slacks(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float
) -> bool:
    """Whether Slack signed a request just now.

    Args:
        secret: What it signs with; an empty one signs nothing.
        headers: Of the request.
        body: As it came.
        now: Unix time in seconds.
    """
    at = headers.get("X-Slack-Request-Timestamp", "")
    given = headers.get("X-Slack-Signature", "")
    plain = at.isascii() and at.isdigit() and len(at) <= 12 and given.isascii()
    if not secret or not plain or abs(now - int(at)) > WINDOW:
        return False
    signed = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    return hmac.compare_digest(f"v0={signed.hexdigest()}", given)
