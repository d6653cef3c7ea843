"""What a service said, with any status, read as far as it can be."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.providers.faults import Said, read_error

LARGE = 1 << 20  # bytes of JSON that are better read in a thread
LEAST = 1e9  # no moment: Unix times are larger since 2001
LONGEST_KEPT = 30 * 86_400.0  # seconds; nobody asks for a clip for longer
LONGEST_AFTER = 3_600.0  # seconds; no service is believed beyond that


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said, with any status.

    Attributes:
        body: The JSON, else the text, else None.
        headers: By lower-case name.
    """

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def good(self) -> bool:
        """Whether the status says yes."""
        return 200 <= self.status < 300

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object; empty when it is anything else."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def sent_at(self) -> float | None:
        """Unix time in seconds by the service's own clock, if it says so."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (TypeError, ValueError, OverflowError):
            return None

    def until(self, moment: float | None) -> float | None:
        """Seconds from this answer to a moment by the service's own clock."""
        if moment is None or self.sent_at is None or moment <= self.sent_at:
            return None
        return min(moment - self.sent_at, LONGEST_KEPT)

    @property
    def after(self) -> float | None:
        """Seconds that the service asks us to wait, by either header it may use."""
        if millis := read_number(self.headers.get("openai-poll-after-ms")):
            return min(millis / 1_000, LONGEST_AFTER)
        return _delay(self.headers.get("retry-after"), self.headers.get("date"))

    def said(self) -> Said:
        """Its error, if it speaks of one."""
        return read_error(self.body)


async def parse(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """The JSON in a body, else its text, else None."""
    if len(body) < LARGE:
        return _parsed(body)
    return await asyncio.to_thread(_parsed, body)


def read_number(text: str | None) -> float | None:
    """A plain count of seconds, milliseconds or bytes; None for anything else."""
    if text is None or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return float(text[:16])


def number(value: object, *, least: float = 0.0, most: float = 1e10) -> float | None:
    """A number in JSON that can be meant; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if least <= value <= most else None  # never so for a NaN


def moment(value: object) -> float | None:
    """Unix time in seconds, however JSON says it: ISO, seconds or milliseconds."""
    if isinstance(value, str):
        told = read_number(value)
        return unix(value) if told is None else moment(told)
    if seconds := number(value, least=LEAST):
        return seconds
    millis = number(value, least=LEAST * 1_000, most=1e13)
    return millis / 1_000 if millis else None


def unix(text: str) -> float | None:
    """Unix time in seconds of an ISO moment, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")[:10_000] or None


def _delay(after: str | None, date: str | None) -> float | None:
    """Seconds in a `Retry-After`, which is a number or a date (RFC 9110, 10.2.3)."""
    seconds = read_number(after)
    if seconds is None and after and date:
        try:
            until, now = parsedate_to_datetime(after), parsedate_to_datetime(date)
            seconds = max(0.0, (until - now).total_seconds())
        except (TypeError, ValueError):
            return None
    return None if seconds is None else min(seconds, LONGEST_AFTER)
