"""Whether a call is from the service that it claims to be from. None never raises.

Standard Webhooks (OpenAI, Replicate), OpenRouter's HMAC and fal's Ed25519 differ in
their headers and in what is signed; the order of the checks is the same: size, headers,
clock, signature over the raw bytes. Only then is anything parsed, and even then a call
only wakes a job, once: what it says is never believed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

TOLERANCE = 300.0  # seconds, both ways; as Standard Webhooks, OpenRouter and fal say
MOST_BODY = 1 << 20  # bytes
MOST_SIGNATURES = 8  # a secret that is being changed has two
_STAMP = re.compile(r"[0-9]{1,12}")
_ID = re.compile(r"[!-\-/-~]{1,200}")  # printable ASCII without a dot: see `standard`
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_HEX_128 = re.compile(r"[0-9a-fA-F]{128}")


class Call(NamedTuple):
    """A call that was verified.

    Attributes:
        key: The service's own name for it; the same call again has the same.
        ref: The service's id of the render that it speaks of.
    """

    key: str
    ref: str


def standard(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret: str,
    now: float,
) -> str | None:
    """The id of a call that is signed as Standard Webhooks say; None when it is not.

    The signed text is `id.timestamp.body`: an id with a dot could move the borders,
    so none is taken.

    Args:
        headers: Of the call, in any case.
        body: Its raw bytes.
        secret: `whsec_` and the key in base64.
        now: Unix time in seconds.
    """
    told = _lower(headers)
    name, stamp = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    if not _ID.fullmatch(name) or not _is_fresh(stamp, now) or not _is_small(body):
        return None
    key = read_secret(secret)
    if key is None:
        return None
    text = f"{name}.{stamp}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, text, "sha256"))
    offered = told.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    for one in offered:
        version, _, signature = one.partition(",")
        if version == "v1" and _same(signature, wanted):
            return name
    return None


def openrouter(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret: str,
    now: float,
) -> str | None:
    """The key of a call that OpenRouter signed: HMAC-SHA256 over `timestamp,body`."""
    told = _lower(headers)
    pairs = (
        part.strip().partition("=")
        for part in told.get("x-openrouter-signature", "").split(",")[:MOST_SIGNATURES]
    )
    fields = {name: value for name, _, value in pairs}
    stamp, signature = fields.get("t", ""), fields.get("v1", "")
    if not _is_fresh(stamp, now) or not _HEX.fullmatch(signature) or not secret:
        return None
    if not _is_small(body):
        return None
    digest = hmac.new(secret.encode(), f"{stamp},".encode() + body, hashlib.sha256)
    if not hmac.compare_digest(digest.hexdigest(), signature.lower()):
        return None
    key = told.get("x-openrouter-idempotency-key", "")
    return key if _ID.fullmatch(key) else f"{stamp} {signature.lower()}"


def fal(
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Iterable[bytes],
    now: float,
) -> str | None:
    """The request's id of a call that fal signed, by any of its public keys.

    Signed is `request id, user id, timestamp, SHA-256 of the body in hex`, a line each.
    """
    told = _lower(headers)
    name = told.get("x-fal-webhook-request-id", "")
    user = told.get("x-fal-webhook-user-id", "")
    stamp = told.get("x-fal-webhook-timestamp", "")
    signature = told.get("x-fal-webhook-signature", "")
    if not _ID.fullmatch(name) or len(user) > 200 or not user.isprintable():
        return None
    if not _is_fresh(stamp, now) or not _HEX_128.fullmatch(signature):
        return None
    if not _is_small(body):
        return None
    text = "\n".join([name, user, stamp, hashlib.sha256(body).hexdigest()]).encode()
    for key in keys:
        try:
            VerifyKey(key).verify(text, bytes.fromhex(signature))
        except (CryptoError, ValueError, TypeError):
            continue
        return name
    return None


def read_keys(key_set: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - JSON
    """The Ed25519 keys in a JSON Web Key Set; what is none is passed over."""
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    found: list[bytes] = []
    for key in listed[:20] if isinstance(listed, list) else []:
        if not isinstance(key, dict) or key.get("crv", "Ed25519") != "Ed25519":
            continue
        try:
            text = str(key.get("x", ""))
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            continue
        if len(raw) == 32:
            found.append(raw)
    return tuple(found)


def read_body(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a call that was verified; empty when it is anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _is_small(body: bytes) -> bool:
    return len(body) <= MOST_BODY


def _is_fresh(stamp: str, now: float) -> bool:
    return bool(_STAMP.fullmatch(stamp)) and abs(now - int(stamp)) <= TOLERANCE


def read_secret(secret: str) -> bytes | None:
    """The bytes of a secret of Standard Webhooks; None when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key or None


def _same(offered: str, wanted: bytes) -> bool:
    return offered.isascii() and hmac.compare_digest(offered.encode(), wanted)
