"""What `vivant doctor` finds; the chats look at their own end of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look saw; where it is not good, with the remedy.

    Attributes:
        name: What was looked at.
        good: Whether the bot can work as it is.
        detail: What was seen, and what to do about it.
        warns: Whether the owner should know about it although it is good.
    """

    name: str
    good: bool
    detail: str
    warns: bool = False


def well(name: str, detail: str) -> Finding:
    """All is as it should be."""
    return Finding(name, good=True, detail=detail)


def warning(name: str, detail: str) -> Finding:
    """The bot works; the owner should know this."""
    return Finding(name, good=True, detail=detail, warns=True)


def broken(name: str, detail: str) -> Finding:
    """The owner has to change something."""
    return Finding(name, good=False, detail=detail)


def nearest(word: str, known: Iterable[str], *, at_least: float = 0.75) -> str | None:
    """The known word that was probably meant; None when none is near.

    Args:
        word: What was typed.
        known: What could have been meant.
        at_least: How alike the two must be, from 0 to 1.
    """
    by_fold = {one.casefold(): one for one in known}
    found = get_close_matches(word.casefold(), by_fold, n=1, cutoff=at_least)
    return by_fold[found[0]] if found else None
