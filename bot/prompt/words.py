"""How the tables of words are written."""

import re


def any_of(words: str) -> re.Pattern[str]:
    """A pattern for alternatives that begin where a word begins, in any case."""
    return re.compile(rf"\b(?:{words})", re.IGNORECASE)
