"""What `vivant doctor` finds; the chats look at their own end of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look saw; where it is not good, with the remedy."""

    name: str
    good: bool
    detail: str
