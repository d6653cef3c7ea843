"""How patient a job is, and when to look at its render again.

Pure but for some jitter: durations in, seconds out. A model's own history says how
likely a render is to end in the next second (its hazard), and looks are the closer the
likelier that is: with pauses of one over its root, no other looks of the same number
notice an end sooner on average. A provider's progress says it too; where there is
neither, pauses grow with the time that has passed, so that the delay stays a small
share of it. A service that calls when a render has ended is only looked at as a net.
"""

import math
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

ENOUGH = 3  # renders from which a history says something
LATE = 1.05  # of the time by which 95 of 100 renders have ended
NARROWEST, WIDEST = 0.03, 1.0  # of the logarithm of durations
QUICKEST = 0.01  # seconds; a render that took less is a mistake
MOST_GROWN = 64  # tries after which a pause grows no longer
STEPS = 12  # of a look's pause that are added up, for each spread of the history
SURE = 1.645  # standard deviations below which 95 of 100 lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How closely is looked; all in seconds but where it says otherwise.

    Attributes:
        first: Before the first look: a refusal often comes at once.
        close: Between looks while the end is near, at the least.
        worth: Of a clip's delay that one look is worth.
        share: Of the time that has passed, where nothing else is known.
        growth: Of the pauses, once a render takes longer than any before.
        longest: The longest pause while a render may end.
        net: Of the time by which most renders have ended: the look at a service that
            calls.
        unknown: When that look is due where there is no history.
    """

    first: float = 2.0
    close: float = 0.7
    worth: float = 0.1
    share: float = 0.1
    growth: float = 1.3
    longest: float = 20.0
    net: float = 1.5
    unknown: float = 60.0

    def pause(
        self,
        passed: float,
        *,
        history: Sequence[float] = (),
        progress: float | None = None,
        called: bool = False,
        dice: float = 0.5,
    ) -> float:
        """Seconds until the next look.

        Args:
            passed: Seconds since the order was accepted.
            history: How long this model's latest renders took, in any order.
            progress: 0 to 1, as the provider says.
            called: Whether the service is trusted to call when the render has ended.
            dice: 0 to 1, for jitter: jobs that began together drift apart.
        """
        known = _Spread.of(history)
        moves = progress is not None and 0 < progress < 1 and passed > self.first
        jitter = 0.9 + 0.2 * dice
        if called:
            return self._net(passed, known) * jitter
        if known and moves:
            pause = self._by_both(passed, known, progress or 0.0)
        elif known:
            pause = self._by_history(passed, known)
        elif moves:
            pause = self._by_progress(passed, progress or 0.0)
        else:
            pause = max(self.first, passed * self.share)
        longest = max(self.longest, known.begin - passed) if known else self.longest
        return min(longest, pause) * jitter

    def _net(self, passed: float, known: "_Spread | None") -> float:
        """One look long after most renders have ended, then ever more seldom."""
        due = known.end * self.net if known else self.unknown
        return due - passed if passed < due * 0.95 else max(self.close, passed * 0.5)

    def _by_history(self, passed: float, known: "_Spread") -> float:
        """As it grows likelier to end; before a long wait, one for what is refused."""
        if passed < self.first < known.begin / 10:
            return self.first
        late = known.end * LATE
        if passed >= late:
            least = max(self.close, known.pause_at(late, self.worth))
            return max(least, (passed - late) * (self.growth - 1))
        pause = known.until_due(passed, self.worth)
        return max(self.close, min(pause, late - passed))

    def _by_progress(self, passed: float, progress: float) -> float:
        """Most of the time that is left, so that the last looks are close."""
        left = passed * (1 - progress) / progress
        return max(self.close, left * 0.7)

    def _by_both(self, passed: float, known: "_Spread", progress: float) -> float:
        """What the provider says, within what the model was ever seen to take.

        Progress may jump to the half at once, or stand at 99 of 100 for a minute.
        """
        pause = self._by_progress(passed, progress)
        if passed < known.begin:
            return max(pause, (known.begin - passed) / 2)
        late = known.end * LATE
        return min(pause, late - passed + self.close) if passed < late else pause


@dataclass(frozen=True, slots=True)
class _Spread:
    """How the durations of a model's renders lie: evenly on a logarithmic scale.

    Attributes:
        middle: Mean of their logarithms.
        width: Standard deviation of those.
    """

    middle: float
    width: float

    @classmethod
    def of(cls, history: Sequence[float]) -> "_Spread | None":
        """Of a history; None where it is too short to say anything."""
        logs = [math.log(took) for took in history if took > QUICKEST]
        if len(logs) < ENOUGH:
            return None
        width = min(WIDEST, max(NARROWEST, statistics.stdev(logs)))
        return cls(statistics.fmean(logs), width)

    @property
    def begin(self) -> float:
        """Before which 5 of 100 renders have ended."""
        return math.exp(self.middle - SURE * self.width)

    @property
    def end(self) -> float:
        """Before which 95 of 100 have."""
        return math.exp(self.middle + SURE * self.width)

    def until_due(self, passed: float, worth: float) -> float:
        """Seconds until a look is due: the pause changes meanwhile, so add up parts."""
        step = math.exp(self.middle) * self.width / STEPS
        due, at = 0.0, passed
        while due < 1 and at < self.end * LATE:
            due += step / self.pause_at(at + step / 2, worth)
            at += step
        return at - passed

    def pause_at(self, at: float, worth: float) -> float:
        """Seconds between looks at a time: `sqrt(2 * worth / hazard)`."""
        return math.sqrt(2 * worth / max(self._hazard(at), 1e-12))

    def _hazard(self, at: float) -> float:
        """How many of the renders that have not ended by then do, in a second."""
        off = (math.log(at) - self.middle) / self.width
        left = math.erfc(off / math.sqrt(2)) / 2
        bell = math.exp(-off * off / 2) / math.sqrt(2 * math.pi)
        return bell / (at * self.width * max(left, 1e-9))


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
        for tried in count(1):
            yield self.pause(tried, longest)

    def pause(self, tried: int, longest: float | None = None) -> float:
        """The pause after so many tries, with some jitter.

        Args:
            tried: How many there were; 1 is the first.
            longest: The longest pause, where it is not the usual.
        """
        most = self.longest if longest is None else longest
        grown = self.first * self.growth ** min(tried - 1, MOST_GROWN)
        return (min(grown, most) if tried > 1 else grown) * random.uniform(0.8, 1.2)
