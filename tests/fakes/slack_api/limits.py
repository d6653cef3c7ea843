"""Slack's own limits on how often something may be called."""

from collections import deque
from typing import TYPE_CHECKING

from tests.fakes.slack_api.methods import PER_MINUTE, Method

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call
    from tests.fakes.slack_api.places import Channel

BURST = 20  # posts into one channel, before it is one a second


class Limits:
    """Counts calls by the fake's clock.

    Attributes:
        active: Whether anybody is held to the tiers.
    """

    def __init__(self) -> None:
        self.active = True
        self._calls: dict[tuple[str, object], deque[float]] = {}
        self._posts: dict[object, tuple[float, float]] = {}

    def tier(self, call: "Call", method: Method) -> float:
        """Seconds to wait by the method's tier; 0 if it may go on."""
        most = PER_MINUTE.get(method.tier)
        if not self.active or most is None:
            return 0
        now = call.slack.clock()
        owner = call.token.install if call.token else None
        times = self._calls.setdefault((method.name, owner), deque())
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= most:
            return max(times[0] + 60 - now, 1)
        times.append(now)
        return 0

    def post(self, channel: "Channel", now: float) -> float:
        """Seconds to wait until something may be posted there."""
        if not self.active:
            return 0
        left, at = self._posts.get(channel, (float(BURST), now))
        left = min(BURST, left + max(now - at, 0))
        self._posts[channel] = (left - (left >= 1), now)
        return 0 if left >= 1 else 1
