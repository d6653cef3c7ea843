"""Which of the renders that a service lists is the one of a lost order."""

from collections.abc import Iterable

from bot.errors import Fault
from bot.models import Snapshot
from bot.providers.cloud import is_ref
from bot.providers.faults import told


def the_one(
    listed: Iterable[tuple[object, bool | None]], *, taken: frozenset[str], title: str
) -> Snapshot | None:
    """The only render that fits; None when surely none does.

    Two orders of the same words look alike, so of several none is taken: it might be
    another person's.

    Args:
        listed: Each one's id and whether it fits; None where nobody can tell.
        taken: Ids that other jobs own.
        title: The service as a person knows it.

    Raises:
        ProviderError: `Fault.LOST`: several fit, or nobody can tell.
    """
    fits: set[str] = set()
    unsure = False
    for ref, same in listed:
        if isinstance(ref, str) and is_ref(ref):
            if ref not in taken and same:
                fits.add(ref)
            unsure |= ref not in taken and same is None
        else:
            unsure |= same is not False
    if len(fits) > 1 or (unsure and not fits):
        raise told(Fault.LOST, title)
    return Snapshot(ref=fits.pop()) if fits else None
