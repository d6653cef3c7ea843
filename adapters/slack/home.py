"""App Home: what is left, what runs, the latest clips, and help."""

from collections.abc import Sequence

from adapters.slack.blocks import Block, aside, for_clip, label, row, section
from adapters.slack.desk import Desk
from adapters.slack.people import Spot
from adapters.slack.spoken import HELP, usage
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
    live = [e for e in entries if not e.job.state.ended]
    done = [e for e in entries if e.clip]
    blocks = [
        *_shelf(say("Left today"), messages.quota(allowance, say, SLACK)),
        *_under_way(live[:MOST_SHOWN], say),
        *_finished(done[:MOST_SHOWN], say, service),
        *_shelf(say("Help"), [say(line) for line in HELP]),
        *aside(usage(say)),
    ]
    client = await desk.wire.client(spot.workspace)
    view = {"type": "home", "blocks": blocks}
    await client.views_publish(user_id=spot.user, view=view)


def _under_way(entries: Sequence[Entry], say: Say) -> list[Block]:
    made: list[Block] = []
    for entry in entries:
        made.append(section([messages.listed(entry, say, SLACK)]))
        made += row(entry.job.id, ("cancel",), say)
    return [_header(say("Under way")), *made] if made else []


def _finished(
    entries: Sequence[Entry], say: Say, service: RenderService
) -> list[Block]:
    made: list[Block] = []
    for entry in entries:
        final = entry.clip is not None and service.has_final(entry.clip)
        made.append(section([messages.listed(entry, say, SLACK)]))
        made += for_clip(entry.job.id, say, final=final)
    return [_header(say("Latest clips")), *made] if made else []


def _shelf(title: str, lines: Sequence[str]) -> list[Block]:
    return [_header(title), section(lines)]


def _header(text: str) -> Block:
    return {"type": "header", "text": label(text)}
