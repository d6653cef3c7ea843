"""What services say of the end of their models: in a list, in a header, in a refusal.

Dates and names come from outside. A date is read or left out; a name is shown only if
it looks like a model's, so that no link and nobody's sentence gets through.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# OpenAI's list of models (2026-10) and OpenRouter's; a date, or null.
DAYS = ("shutdown_date", "expiration_date")
GOES = "{model} goes away on {day}."
DEPRECATED = "{model} is deprecated."
USE = " Use {instead}."
_MODEL = re.compile(
    r"[A-Za-z0-9][\w.:+-]{0,60}(?:/[A-Za-z0-9][\w.:+-]{0,60}){0,3}", re.ASCII
)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?::\d+)?(?:/|$)", re.ASCII)
_MOMENT = re.compile(r"@(-?\d{1,12})(?:\s*;.*)?")  # a Date of RFC 9651, in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """That a model is going away, as its service says.

    Attributes:
        day: ISO date from which it is gone; None where that is not said.
        instead: The model that the service names in its place.
    """

    day: str | None = None
    instead: str | None = None

    def note(self, model: str) -> str:
        """A sentence for whoever orders it."""
        said = GOES.format(model=model, day=self.day) if self.day else None
        use = USE.format(instead=self.instead) if self.instead else ""
        return (said or DEPRECATED.format(model=model)) + use


def in_list(item: Mapping[str, Any]) -> Retirement | None:
    """What a service's list says of a model; None too for an id that is no name."""
    days = (iso_day(item.get(name)) for name in DAYS)
    day = next((day for day in days if day), None)
    if day is None or model_name(item.get("id")) is None:
        return None
    return Retirement(day=day, instead=model_name(item.get("replacement")))


def in_headers(headers: Mapping[str, str]) -> Retirement | None:
    """What the headers of an answer say of what was asked.

    `Sunset` is an HTTP date (RFC 8594), `Deprecation` a structured date (RFC 9745);
    drafts of the latter had an HTTP date or `true`.

    Args:
        headers: By lower-case name.
    """
    sunset = headers.get("sunset")
    day = http_day(sunset) or iso_day(sunset)
    said = headers.get("deprecation", "").strip()
    deprecated = said.lower() == "true" or _day_of(said) or http_day(said)
    return Retirement(day=day) if day or deprecated else None


def in_refusal(body: object) -> Retirement | None:
    """What a 410 says comes in the place of the model that is gone."""
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    places = (body, error if isinstance(error, Mapping) else {})
    names = (model_name(place.get("replacement")) for place in places)
    instead = next((name for name in names if name), None)
    return Retirement(instead=instead) if instead else None


def model_name(said: object) -> str | None:
    """A model's name that may be shown; None for anything else."""
    if not isinstance(said, str) or not _MODEL.fullmatch(said):
        return None
    return None if _HOST.match(said) or ".." in said else said


def iso_day(said: object) -> str | None:
    """The day in an ISO date or moment; None for anything else."""
    if not isinstance(said, str):
        return None
    try:
        return date.fromisoformat(said[:10]).isoformat()
    except ValueError:
        return None


def http_day(said: str | None) -> str | None:
    """The day in UTC of an HTTP date; None for anything else."""
    try:
        return parsedate_to_datetime(said or "").astimezone(UTC).date().isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _day_of(said: str) -> str | None:
    found = _MOMENT.fullmatch(said)
    if found is None:
        return None
    try:
        return datetime.fromtimestamp(int(found[1]), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None
