"""Cards on Slack, and how often they may be edited.

All edits of a workspace share one allowance of 50 a minute; the more renders there are,
the rarer each card is edited. Each state is shown in the end, mere progress if there is
room for it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from adapters.slack.blocks import Block, aside, fallback, for_clip, formed, row
from adapters.slack.faults import BUSY
from adapters.slack.text import SLACK
from adapters.slack.wire import LOST, Wire, code_of
from bot.drip import Drip
from bot.errors import DeliveryError
from bot.following import Cards as Kept
from bot.following import Drawing
from bot.languages import speaker
from bot.models import Clip, Entry, Job, State
from bot.service import RenderService
from bot.wording import messages

log = logging.getLogger(__name__)

GAP = 5.0  # seconds between two edits of a card
DRIP = 60 / 45  # seconds between two edits in a workspace; Slack allows 50 a minute,
BURST = 5  # and with as many at once they are 50


@dataclass(slots=True)
class Drawn:
    """A card. Satisfies `bot.following.Surface`.

    Attributes:
        channel: Where its message is.
        ts: Its message.
        note: A line about this card.
        link: Address of the message with the clip.
        thread: Where the clip is in this channel.
        state: The state it was last edited in.
    """

    wire: Wire
    budget: Drip
    channel: str
    ts: str
    now: Callable[[], float]
    has_final: Callable[[Clip], bool]
    note: str = ""
    link: str | None = None
    thread: str | None = None
    shown: str = ""
    state: State | None = None

    async def draw(self, entry: Entry) -> Drawing:
        """Edit the message where it changed."""
        job, last = entry.job, entry.job.state.ended
        final = entry.clip is not None and self.has_final(entry.clip)
        blocks = card_blocks(
            entry,
            now=self.now(),
            link=self.link,
            note=self.note,
            final=final,
            thread=self.thread,
        )
        if str(blocks) == self.shown:
            return Drawing.SHOWN
        if job.state is not self.state:
            await self.budget.wait()
        elif not self.budget.take():
            return Drawing.SHOWN  # it was mere progress
        try:
            at = job.place.workspace
            client = await (self.wire.client(at) if last else self.wire.hasty(at))
            await client.chat_update(
                channel=self.channel,
                ts=self.ts,
                text=fallback(blocks),
                blocks=blocks,
                parse="none",
                link_names=False,
            )
        except (SlackApiError, DeliveryError, *LOST) as error:
            log.info("the card of job %s: %s", job.id, error)
            said = code_of(error) if isinstance(error, SlackApiError) else ""
            return Drawing.LATER if not said or said in BUSY else Drawing.GONE
        self.shown, self.state = str(blocks), job.state
        return Drawing.SHOWN


def card_blocks(
    entry: Entry,
    *,
    now: float,
    link: str | None = None,
    note: str = "",
    final: bool = False,
    thread: str | None = None,
) -> list[Block]:
    """How far a job is, and what can be done with it or its clip.

    Args:
        entry: The job.
        now: Unix time in seconds.
        link: Address of the message with the clip.
        note: A line about this card.
        final: Whether there is a better model for it.
        thread: Where the clip is in this channel.
    """
    job = entry.job
    say = speaker(job.place.locale)
    if link:
        link = f"<{link}|{say('see the clip')}>"
    told = messages.card(entry, say, SLACK, now=now, link=link)
    if entry.clip and job.state.ended:
        buttons = for_clip(job.id, say, final=final, thread=thread)
    elif job.state.ended:
        buttons = row(job.id, ("again",), say)
    else:
        buttons = row(job.id, () if job.cancel else ("cancel",), say)
    return [*formed(told, mark=f"card {job.id}"), *aside([note]), *buttons]


class Cards:
    """Keeps every card up to date.

    Args:
        wire: How Slack is asked.
        service: The core.
        gap: Least seconds between two edits of a card.
        drip: Least seconds between two edits in a workspace.
        clock: Monotonic seconds.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        wire: Wire,
        service: RenderService,
        *,
        gap: float = GAP,
        drip: float = DRIP,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._wire = wire
        self._gap = gap
        self._drip = drip
        self._clock = clock
        self._now = now
        self._budgets: dict[str, Drip] = {}
        self._has_final = service.has_final
        self._kept: Kept[Drawn] = Kept(service, gap=self.pause, hurry=True)
        self.show = self._kept.show
        self.surface = self._kept.surface
        self.close = self._kept.close

    def pause(self, job: Job) -> float:
        """Seconds until a card may be edited again, by how many there are."""
        here = [j for j in self._kept.jobs() if j.place.key == job.place.key]
        return max(self._gap, self._drip * len(here))

    def open(
        self, job: Job, channel: str, ts: str, *, note: str = "", shown: str = ""
    ) -> None:
        """Show a job on a message from now on.

        Args:
            job: What is shown.
            channel: Where the message is.
            ts: The message.
            note: A line about it.
            shown: What it says already.
        """
        workspace = job.place.workspace
        budget = self._budgets.get(workspace)
        if budget is None:
            budget = Drip(self._drip, burst=BURST, clock=self._clock)
            self._budgets[workspace] = budget
        drawn = Drawn(
            self._wire,
            budget,
            channel,
            ts,
            self._now,
            self._has_final,
            note=note,
            shown=shown,
        )
        self._kept.open(job, drawn)

    def link(self, job_id: str, url: str, channel: str, ts: str) -> None:
        """Let the card lead to the message with the clip."""
        if drawn := self._kept.surface(job_id):
            drawn.link = url
            drawn.thread = ts if drawn.channel == channel and "." in ts else None
