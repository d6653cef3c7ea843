"""What commands, buttons and forms have in common: each order, once."""

from dataclasses import dataclass, replace
from functools import partial

from slack_sdk.errors import SlackApiError

from adapters.slack.blocks import Block, error_blocks, section
from adapters.slack.desk import Desk, Order
from adapters.slack.fields import Fields
from adapters.slack.people import Spot
from adapters.slack.pictures import Pictures, Upload
from adapters.slack.text import SLACK
from adapters.slack.wire import LOST
from bot.errors import BotError, MissingError, StateError
from bot.languages import ENGLISH, Say, speaker
from bot.models import Job, Person, Place
from bot.service import RenderService

ONLY_YOURS = MissingError(
    "That clip is gone, or it is somebody else's.",
    hint="Only who asked for it, or an admin of the workspace, can do that.",
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Takes each kind of order, whichever door it came through."""

    desk: Desk
    service: RenderService
    pictures: Pictures

    async def again(self, spot: Spot, job_id: str, event: str) -> Job:
        """Order the same once more."""

        async def take(person: Person, place: Place, event: str) -> Job:
            return await self.service.again(
                job_id, person=person, place=place, event=event
            )

        return await self.desk.order(Order(spot, event, take))

    async def final(self, spot: Spot, clip_id: str, event: str) -> Job:
        """Order the same as a final."""

        async def take(person: Person, place: Place, event: str) -> Job:
            return await self.service.final(
                clip_id, person=person, place=place, event=event
            )

        return await self.desk.order(Order(spot, event, take))

    async def remix(self, spot: Spot, clip_id: str, words: str, event: str) -> Job:
        """Change a clip by what somebody said about it.

        Raises:
            StateError: It is still being made.
        """

        async def take(person: Person, place: Place, event: str) -> Job:
            try:
                return await self.service.remix(
                    clip_id, words, person=person, place=place, event=event
                )
            except MissingError:
                if await self.service.is_under_way(clip_id):
                    raise StateError(
                        "That clip is still being made.",
                        hint="Answer again once it is there.",
                    ) from None
                raise

        return await self.desk.order(Order(spot, event, take))

    async def extend(
        self, spot: Spot, clip_id: str, words: str, seconds: int, event: str
    ) -> Job:
        """Make a clip longer."""

        async def take(person: Person, place: Place, event: str) -> Job:
            return await self.service.extend(
                clip_id, words, seconds, person=person, place=place, event=event
            )

        return await self.desk.order(Order(spot, event, take))

    async def animate(
        self, spot: Spot, words: str, event: str, *, upload: Upload | None, link: str
    ) -> Job:
        """Bring a picture from a message to life."""

        async def take(person: Person, place: Place, event: str) -> Job:
            if known := await self.service.ordered(person, event):
                return known
            ask = Fields(texts={"action": words}).ask()
            await self.service.afford(ask, person=person, place=place)
            if upload:
                still = await self.pictures.still(upload.id, place.workspace, person)
            else:
                still = await self.service.still_from_link(link, person=person)
            return await self.service.submit(
                replace(ask, still=still), person=person, place=place, event=event
            )

        return await self.desk.order(Order(spot, event, take))

    async def cancel(self, spot: Spot, job_id: str) -> Job:
        """Stop a render; its card says so."""
        try:
            try:
                job = await self.service.cancel(job_id, person=spot.person())
            except MissingError:
                person = await self.desk.people.as_moderator(spot)
                job = await self.service.cancel(job_id, person=person)
        except MissingError:
            raise ONLY_YOURS from None
        self.desk.later(self.desk.chat.show(job))
        return job

    async def delete(self, spot: Spot, clip_id: str) -> None:
        """Delete a clip, its files and the messages that show it."""
        person = spot.person()
        try:
            try:
                messages = await self.service.messages(clip_id, person=person)
            except MissingError:
                person = await self.desk.people.as_moderator(spot)
                messages = await self.service.messages(clip_id, person=person)
            job = await self.service.job(clip_id, person=person)
            await self.service.delete(clip_id, person=person)
        except MissingError:
            raise ONLY_YOURS from None
        shown = [(m.channel, m.message) for m in messages if m.chat == job.place.chat]
        self.desk.later(self._take_away(job, shown))

    async def _take_away(self, job: Job, shown: list[tuple[str, str]]) -> None:
        """Delete what Slack has of a clip."""
        client = await self.desk.wire.client(job.place.workspace)
        if job.card:
            shown = [*shown, tuple(job.card.split(":", 1))]  # type: ignore[list-item]
        chat = self.desk.chat
        shown = [*await chat.controls(shown), *shown]  # answers before roots
        calls = [partial(client.files_delete, file=f) for f in await chat.files(job.id)]
        for channel, ts in shown:
            if ts[:1].isdigit():
                calls.append(partial(client.chat_delete, channel=channel, ts=ts))
        for call in calls:
            try:
                await call()
            except (SlackApiError, *LOST):
                continue  # gone already, or where the bot may not go any more


def words_of(error: BotError, locale: str | None) -> list[Block]:
    """What went wrong, for its person."""
    return error_blocks(error, speaker(locale or ENGLISH))


def said(say: Say, *lines: str) -> list[Block]:
    """Plain lines as a message."""
    return [section([SLACK.plain(say(line), most=600) for line in lines])]
