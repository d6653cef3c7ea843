"""Addresses of clips that nobody can guess and that end by themselves."""

import hashlib
import hmac
import re
import secrets

LASTS = 7 * 86_400  # seconds
UNTIL = re.compile(r"[0-9]{1,12}")


def new_key() -> str:
    """A secret of 256 bits."""
    return secrets.token_hex(32)


def sign(key: str, clip_id: str, until: int) -> str:
    """What shows that we gave out the address of this clip until this moment."""
    said = f"{clip_id}.{until}".encode()
    return hmac.new(bytes.fromhex(key), said, hashlib.sha256).hexdigest()[:32]


def is_good(key: str, clip_id: str, until: str, signed: str, *, now: float) -> bool:
    """Whether we gave this address out and its time is not over."""
    if not UNTIL.fullmatch(until) or int(until) < now or not signed.isascii():
        return False
    return hmac.compare_digest(sign(key, clip_id, int(until)), signed)
