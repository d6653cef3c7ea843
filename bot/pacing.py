"""How patient a job is, and when to look at its render again.

Pure but for some jitter: durations in, seconds out. A model's own history says when its
renders end; a provider's progress says it where there is no history; and where there is
neither, the pauses grow with the time that has passed, so that the delay stays a small
share of it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ENOUGH = 3  # renders from which a history says something
EARLY = 0.95  # of the earliest end that was seen: looking begins a little before it
LATE = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How closely is looked; all in seconds but where it says otherwise.

    Attributes:
        first: Before the first look: a refusal often comes at once.
        close: Between looks while the end is near.
        share: Of the time that has passed, where nothing else is known.
        growth: Of the pauses, once a render takes longer than any before.
        longest: The longest pause.
    """

    first: float = 2.0
    close: float = 0.7
    share: float = 0.1
    growth: float = 1.3
    longest: float = 20.0

    def pause(
        self,
        passed: float,
        *,
        history: Sequence[float] = (),
        progress: float | None = None,
        dice: float = 0.5,
    ) -> float:
        """Seconds until the next look.

        Args:
            passed: Seconds since the order was accepted.
            history: How long this model's latest renders took, in any order.
            progress: 0 to 1, as the provider says.
            dice: 0 to 1, for jitter: jobs that began together drift apart.
        """
        if len(history) >= ENOUGH:
            pause = self._by_history(passed, sorted(history))
        elif progress is not None and 0 < progress < 1 and passed > self.first:
            pause = self._by_progress(passed, progress)
        else:
            pause = max(self.first, passed * self.share)
        return min(self.longest, pause) * (0.9 + 0.2 * dice)

    def _by_history(self, passed: float, ends: Sequence[float]) -> float:
        """A look at once and one half-way; close looks where others have ended."""
        begin = _share(ends, 0.05) * EARLY
        end = _share(ends, 0.95) * LATE
        if passed < self.first < begin / 2:
            return self.first
        if passed < begin / 2:
            return max(self.close, begin / 2 - passed)
        if passed < begin:
            return max(self.close, begin - passed)
        if passed < end:
            return self.close
        return max(self.close, (passed - end) * (self.growth - 1))

    def _by_progress(self, passed: float, progress: float) -> float:
        """Most of the time that is left, so that the last looks are close."""
        left = passed * (1 - progress) / progress
        return max(self.close, left * 0.7)


def _share(ends: Sequence[float], share: float) -> float:
    """The duration that this share of the renders did not exceed."""
    place = share * (len(ends) - 1)
    low = int(place)
    high = min(low + 1, len(ends) - 1)
    return ends[low] + (ends[high] - ends[low]) * (place - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a job is; all in seconds.

    Attributes:
        first: Pause before the second look at a render.
        growth: How much longer each pause is than the one before.
        longest: The longest pause.
        deadline: After this long a render is given up.
        tries: How often a step is tried when what failed may pass.
        settle: How long a lost order may take to show up in the provider's list.
        silent: After this long without an answer the card says so.
        gone: How long a provider may know nothing of a render before it is believed.
        grace: After a restart a render is watched this long at least.
        tell: After this long without its file the card says that a clip is made.
        fetch: How long a finished clip is asked for, where nobody says when it ends.
        fetch_longest: The longest pause between two tries to fetch it.
        outage: How long a chat may be away before a result is only kept for later.
        looks: How closely a render is watched; None takes the pauses above.
    """

    first: float = 1.0
    growth: float = 1.5
    longest: float = 10.0
    deadline: float = 3_600.0
    tries: int = 5
    settle: float = 60.0
    silent: float = 120.0
    gone: float = 600.0
    grace: float = 600.0
    tell: float = 10.0
    fetch: float = 6 * 3_600.0
    fetch_longest: float = 300.0
    outage: float = 3_600.0
    looks: Pacing | None = None

    def pauses(self, longest: float | None = None) -> Iterator[float]:
        """Ever longer pauses, with some jitter.

        Args:
            longest: The longest pause, where it is not the usual.
        """
        pause, most = self.first, self.longest if longest is None else longest
        while True:
            yield pause * random.uniform(0.8, 1.2)
            pause = min(pause * self.growth, most)
