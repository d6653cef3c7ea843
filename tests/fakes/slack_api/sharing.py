"""Slack shares an upload some time after the app has been answered."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes.slack_api import posting
from tests.fakes.slack_api.delivery import Delivered, Delivery
from tests.fakes.slack_api.things import Json

if TYPE_CHECKING:
    from tests.fakes.slack_api.calls import Call
    from tests.fakes.slack_api.files import SlackFile
    from tests.fakes.slack_api.places import Channel
    from tests.fakes.slack_api.world import FakeSlack

Act = Callable[[], list[Delivery]]


class Sharing:
    """When files that the app has uploaded appear in channels.

    Attributes:
        order: "after" the answer, "before" it (its event is acknowledged by then),
            or "held" until `release`.
    """

    def __init__(self, slack: "FakeSlack") -> None:
        self.slack = slack
        self.order = "after"
        self._held: list[Act] = []

    @property
    def waiting(self) -> int:
        """How many uploads are held back."""
        return len(self._held)

    async def begin(self, call: "Call", act: Act) -> None:
        """Share, now or later."""
        if self.order == "before":
            await Delivered(self.slack, act()).settled()
        elif self.order == "after":
            call.later.append(act)
        else:
            self._held.append(act)
            self.slack.bell.ring()

    async def until(self, count: int, patience: float = 5) -> None:
        """Wait until so many uploads are held back."""

        def look() -> bool:
            return self.waiting >= count

        await self.slack.bell.until(look, patience, lambda: f"{self.waiting} wait")

    def release(self) -> Delivered:
        """Share all that is held back."""
        parts = [part for act in self._held for part in act()]
        self._held.clear()
        return Delivered(self.slack, parts)


def share(
    call: "Call", files: "list[SlackFile]", channels: "list[Channel]", draft: Json
) -> Act:
    """What will happen: one message in each channel."""
    slack, install = call.slack, call.install
    blocks = call.json("blocks", "invalid_blocks")
    made = posting.draft_of(slack, draft, blocks)
    thread: Any = call.text("thread_ts")

    def act() -> list[Delivery]:
        parts: list[Delivery] = []
        for one in files:
            one.ready = True
        for channel in channels:
            message = posting.new(channel, install, made)
            message.uploads = list(files)
            posting.place(message, thread)
            parts += posting.publish(message)
        slack.bell.ring()
        return parts

    return act
