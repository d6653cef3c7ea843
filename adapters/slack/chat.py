"""Slack as the core's chat: the card, the clip, the bad news."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.anchors import Anchors
from adapters.slack.blocks import Block, aside, for_clip, row, section
from adapters.slack.cards import Cards, card_blocks
from adapters.slack.faults import ClosedError, FullError, trouble
from adapters.slack.installs import Installs
from adapters.slack.people import CHAT
from adapters.slack.posts import Posts, Target
from adapters.slack.text import SLACK
from adapters.slack.uploads import Uploads
from adapters.slack.wire import LOST, Wire
from bot.errors import BotError, DeliveryError
from bot.languages import speaker
from bot.models import Clip, Job, Person, State
from bot.service import RenderService
from bot.wording import messages

log = logging.getLogger(__name__)


class Posted(NamedTuple):
    """Where a message is.

    Attributes:
        ts: Its timestamp; None when it may be there and cannot be found.
        note: Why it is not where it was meant to be.
    """

    channel: str
    ts: str | None
    note: str = ""


class SlackChat:
    """Posts what became of jobs. Satisfies `Chat`.

    Args:
        wire: How Slack is asked.
        installs: Who we are in each workspace.
        service: The core.
        cards: Those that are kept up to date.
        posts: Posts messages once.
        uploads: Brings clips into channels.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        wire: Wire,
        installs: Installs,
        service: RenderService,
        *,
        cards: Cards,
        posts: Posts,
        uploads: Uploads,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cards = cards
        self.posts = posts
        self._wire = wire
        self._installs = installs
        self._service = service
        self._uploads = uploads
        self.files = uploads.files
        self._anchors = Anchors(service)
        self._now = now
        self._opening: dict[str, asyncio.Task[None]] = {}

    async def show(self, job: Job) -> None:
        """Bring the job's card up to date; one that it does not have yet is posted."""
        if self.cards.surface(job.id) is None and not job.state.ended:
            if job.card:
                channel, _, ts = job.card.partition(":")
                self.cards.open(job, channel, ts)
            elif job.id not in self._opening:
                task = asyncio.create_task(self._open(job), name=f"open {job.id}")
                self._opening[job.id] = task
        self.cards.show(job)

    async def catch_up(self) -> None:
        """Bring the cards to their end that a restart has left behind."""
        for job in await self._service.unshown(CHAT):
            if not job.card or self.cards.surface(job.id):
                continue
            place = job.place
            posted = await self._service.posted(job.id, place)
            links = [
                (ts, await self.permalink(job, place.channel, ts))
                for ts in posted[:1]
                if ts[:1].isdigit()
            ]
            self.cards.open(job, *job.card.split(":", 1))
            for ts, link in links:
                self.cards.link(job.id, link, place.channel, place.thread or ts)

    async def find(self, job: Job, key: str) -> str | None:
        """Look for the file that was shared just before we were stopped."""
        if job.end is not None:
            return None  # words are looked for when they are posted
        client = await self._client(job)
        found = await self._uploads.find(client, key)
        if found is None:
            return None
        channel, ts = found
        await self._anchors.found(job, channel, ts)
        return ts

    async def deliver(self, job: Job, clip: Clip, file: Path, key: str) -> str:
        """Share a clip where it was asked for, else with its person alone."""
        client = await self._client(job)
        say = speaker(job.place.locale)
        here = Target(job.place.channel, job.place.thread)
        try:
            channel, ts = here.channel, await self._share(job, clip, file, key, here)
        except ClosedError as closed:
            log.info("job %s: %s", job.id, closed.sentence)
            direct = await self.direct(client, job.person)
            if direct.channel == here.channel:
                raise
            told = [say(closed.sentence), say(closed.hint)]
            channel = direct.channel
            ts = await self._share(job, clip, file, key, direct, notes=told)
        await self._anchors.found(job, channel, ts)
        link = await self.permalink(job, channel, ts)
        self.cards.link(job.id, link, channel, job.place.thread or ts)
        if key != job.id:
            await self._controls(client, clip, channel, ts, thread=job.place.thread)
        return ts

    async def report(self, job: Job, key: str) -> str:
        """Tell why there is no clip. What somebody stopped is told by its card."""
        if opening := self._opening.get(job.id):
            await asyncio.wait([opening])
        surface = self.cards.surface(job.id)
        card = surface.ts if surface else job.card or key
        if job.end is State.CANCELLED:
            return card
        say = speaker(job.place.locale)
        who = SLACK.person(job.person.id)
        first, *rest = messages.ended(job, say, SLACK)
        blocks = [section([f"{who} {first}", *rest], mark=f"report {job.id}")]
        blocks += row(job.id, ("again",), say)
        thread = job.place.thread
        if thread is None and surface and surface.channel == job.place.channel:
            thread = surface.ts
        target = Target(job.place.channel, thread)
        posted = await self.post_or_direct(job, target, blocks)
        return posted.ts or card

    async def post_or_direct(
        self, job: Job, target: Target, blocks: list[Block]
    ) -> Posted:
        """Post where it was asked for, else to its person.

        Raises:
            DeliveryError: Neither is possible.
        """
        client = await self._client(job)
        try:
            return Posted(target.channel, await self.posts.once(client, target, blocks))
        except (SlackApiError, *LOST) as error:
            problem = trouble(error)
            if not isinstance(problem, ClosedError):
                raise problem from error
        direct = await self.direct(client, job.person)
        if direct.channel == target.channel:
            raise problem
        say = speaker(job.place.locale)
        note = f"<#{target.channel}>: {say(problem.sentence)} {say(problem.hint)}"
        try:
            ts = await self.posts.once(client, direct, [*blocks, *aside([note])])
        except (SlackApiError, *LOST) as error:
            raise trouble(error) from error
        return Posted(direct.channel, ts, note)

    async def direct(self, client: AsyncWebClient, person: Person) -> Target:
        """The direct messages with somebody.

        Raises:
            DeliveryError: They cannot be written to.
        """
        user = person.id.rpartition(".")[2]
        try:
            answer = await client.conversations_open(users=[user])
        except (SlackApiError, *LOST) as error:
            raise DeliveryError("I may not write to you.") from error
        return Target(str(answer["channel"]["id"]))

    async def permalink(self, job: Job, channel: str, ts: str) -> str:
        """The address of a message; of the channel where its timestamp is not known."""
        try:
            me = await self._installs.identity(job.place.workspace)
        except (SlackApiError, *LOST):
            me = None
        url = me.url if me else ""
        where = f"{url}archives/{channel}" if url else ""
        return f"{where}/p{ts.replace('.', '')}" if where and "." in ts else where

    async def controls(self, shown: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Where the buttons are that belong to messages with clips sent again."""
        noted = [
            (channel, await self.posts.posted(channel, f"controls {ts}"))
            for channel, ts in shown
        ]
        return [(channel, ts) for channel, ts in noted if ts]

    async def close(self) -> None:
        """Leave everything as it is."""
        for task in self._opening.values():
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        await self.cards.close()

    async def _client(self, job: Job) -> AsyncWebClient:
        return await self._wire.client(job.place.workspace)

    async def _open(self, job: Job) -> None:
        """Post a job's card, and keep it up to date."""
        try:
            entry = await self._service.entry(job.id, person=job.person)
            blocks = card_blocks(entry, now=self._now())
            target = Target(job.place.channel, job.place.thread)
            channel, ts, note = await self.post_or_direct(entry.job, target, blocks)
            if ts is not None:
                await self._service.note_card(job.id, f"{channel}:{ts}")
                shown = "" if note else str(blocks)
                self.cards.open(entry.job, channel, ts, note=note, shown=shown)
                await self._anchors.claim(job, channel, ts)
                latest = await self._service.entry(job.id, person=job.person)
                self.cards.show(latest.job)
        except BotError as error:
            log.info("job %s has no card: %s", job.id, error)
        except Exception:
            log.exception("the card of job %s broke in a way nobody foresaw", job.id)
        finally:
            self._opening.pop(job.id, None)

    async def _share(
        self,
        job: Job,
        clip: Clip,
        file: Path,
        key: str,
        target: Target,
        *,
        notes: list[str] | None = None,
    ) -> str:
        """Bring a clip into a channel; its address alone where no file may go.

        Raises:
            ClosedError: Nothing can be posted there.
            DeliveryError: Slack did not take it.
        """
        client = await self._client(job)
        comment = await self._comment(job, clip, notes or [])
        try:
            return await self._uploads.send(
                client, target, file, key=key, clip=clip.id, comment=comment
            )
        except FullError as full:
            link = await self._service.link_to(clip)
            if link is None:
                raise
            say = speaker(job.place.locale)
            whole = say("The whole clip: {link}", link=link)
            lines = [comment, f"{say(full.sentence)} {whole}"]
            blocks = [section(lines, mark=f"clip {key}")]
            try:
                return await self.posts.once(client, target, blocks) or key
            except (SlackApiError, *LOST) as error:
                raise trouble(error) from error

    async def _comment(self, job: Job, clip: Clip, notes: list[str]) -> str:
        say = speaker(job.place.locale)
        allowance = await self._service.allowance(job.person, job.place)
        hint = say("AI-generated · Answer in this thread to change the clip.")
        root = job.place.thread
        if root and await self._service.anchored(job.place, root) is None:
            hint = say("AI-generated · Mention me in this thread to change the clip.")
        told = messages.caption(clip, allowance, say, SLACK, notes=[*notes, hint])
        small = (f"_{line}_" for line in told.small if line)
        return "\n".join(line for line in (*told.lines, *small) if line)

    async def _controls(
        self,
        client: AsyncWebClient,
        clip: Clip,
        channel: str,
        ts: str,
        *,
        thread: str | None,
    ) -> None:
        """Put the buttons of a clip that was sent again into its thread."""
        if "." not in ts:
            return
        say = speaker(clip.place.locale)
        line = section([say("What to do with this clip?")], mark=f"controls {ts}")
        buttons = for_clip(clip.id, say, final=self._service.has_final(clip))
        try:
            target = Target(channel, thread or ts)
            await self.posts.once(client, target, [line, *buttons])
        except (SlackApiError, *LOST) as error:
            log.info("clip %s: no buttons: %s", clip.id, error)
