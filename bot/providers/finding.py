"""Which of the renders that a service lists is the one of a lost order.

Moments are compared on the service's own clock: ours may be hours off. The `Date` of
its answer says what it is now over there, and the job how long ago its order left.
"""

from collections.abc import Iterable
from typing import NamedTuple

from bot.errors import Fault, ProviderError
from bot.models import Snapshot
from bot.providers.answers import Answer
from bot.providers.cloud import is_ref
from bot.providers.faults import told

SKEW = 120.0  # seconds that the clocks of one service's machines may differ
DAY = 86_400.0  # seconds that ours may differ from a service's that tells no time


class Listed(NamedTuple):
    """A render in a service's list.

    Attributes:
        ref: Its id.
        same: Whether it is of the same order; None where the list does not say.
        made: Unix time in seconds when it was ordered, if the list says so.
    """

    ref: object
    same: bool | None
    made: float | None


def earliest(answer: Answer, waited: float, now: float) -> float:
    """The earliest moment by the service's clock at which an order can have come.

    Args:
        answer: The list.
        waited: Seconds since the order left.
        now: Unix time in seconds by our own clock.
    """
    if answer.sent_at is not None:
        return answer.sent_at - waited - SKEW
    return now - waited - DAY


def the_one(
    listed: Iterable[Listed], *, taken: frozenset[str], since: float, title: str
) -> Snapshot | None:
    """The only render that fits; None when there is none that could be the order.

    Two orders of the same words look alike, so of several none is taken: it might be
    another person's. A render since the order that does not fit and is none of ours
    may be it all the same: a service may list another name for the model, round a
    size or shorten a prompt.

    Args:
        listed: All that the service lists of that time.
        taken: Ids that our jobs own.
        since: The earliest moment at which the order can have come.
        title: The service as a person knows it.

    Raises:
        ProviderError: `Fault.LOST`: several fit, or nobody can tell.
    """
    fits: set[str] = set()
    unexplained = False
    for one in listed:
        known = is_ref(one.ref)
        if known and str(one.ref) in taken:
            continue
        if one.made is not None and one.made < since:
            # A clock that is set to another time zone makes ours look like an old one.
            unexplained |= one.same is True and one.made > since - DAY
        elif one.same and known:
            fits.add(str(one.ref))
        else:
            unexplained = True
    if len(fits) > 1 or (unexplained and not fits):
        raise unsure(title)
    return Snapshot(ref=fits.pop()) if fits else None


def unsure(title: str) -> ProviderError:
    """The list was seen, and does not tell."""
    error = told(Fault.LOST, title)
    error.billed = True
    return error
