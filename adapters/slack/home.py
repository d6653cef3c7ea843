"""App Home: what is left, what runs, the latest clips, and help."""

from collections.abc import Sequence

from adapters.slack.blocks import FOR_CLIP, Block, aside, label, row, section
from adapters.slack.commands import HELP, usage
from adapters.slack.desk import Desk
from adapters.slack.people import Spot
from adapters.slack.text import SLACK
from bot.languages import Say
from bot.models import Entry
from bot.service import RenderService
from bot.wording import messages

MOST_SHOWN = 8


async def publish(desk: Desk, service: RenderService, spot: Spot) -> None:
    """Show somebody their page."""
    say = await desk.people.say(spot)
    entries = await service.history(spot.person(), limit=40)
    allowance = await service.allowance(spot.person(), spot.place())
    blocks = [
        _header(say("Left today")),
        section(messages.quota(allowance, say, SLACK)),
        *_shelf(say("Under way"), entries, say, finished=False),
        *_shelf(say("Latest clips"), entries, say, finished=True),
        _header(say("Help")),
        section([say(line) for line in HELP]),
        *aside(usage(say)),
    ]
    client = await desk.wire.client(spot.workspace)
    view = {"type": "home", "blocks": blocks}
    await client.views_publish(user_id=spot.user, view=view)


def _shelf(
    title: str, entries: Sequence[Entry], say: Say, *, finished: bool
) -> list[Block]:
    some = [e for e in entries if bool(e.clip) is finished]
    if not finished:
        some = [e for e in some if not e.job.state.ended]
    made: list[Block] = []
    for entry in some[:MOST_SHOWN]:
        verbs = FOR_CLIP if finished else ("cancel",)
        made += [
            section([messages.listed(entry, say, SLACK)]),
            *row(entry.job.id, verbs, say),
        ]
    return [_header(title), *made] if made else []


def _header(text: str) -> Block:
    return {"type": "header", "text": label(text)}
