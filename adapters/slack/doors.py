"""What commands, buttons and forms have in common: each order, once."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack import forms
from adapters.slack.blocks import Block, error_blocks, section
from adapters.slack.desk import Desk, Order, Take
from adapters.slack.forms import About, Fields
from adapters.slack.people import Spot
from adapters.slack.pictures import Pictures, Upload
from adapters.slack.posts import LOST
from adapters.slack.text import SLACK
from bot.errors import BotError, MissingError, StateError
from bot.languages import ENGLISH, Say, speaker
from bot.mending import ClipFault
from bot.models import Job, Person, Place
from bot.service import RenderService
from bot.wording.cards import left_line

ONLY_YOURS = MissingError(
    "That clip is gone, or it is somebody else's.",
    hint="Only who asked for it, or an admin of the workspace, can do that.",
)
SLOW = StateError(forms.LOST, hint="Do it once more.")
TRIGGERS = frozenset(
    {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"}
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Takes each kind of order, whichever door it came through.

    Attributes:
        slow: Seconds that a form waits for its picture before it lets its person go.
    """

    desk: Desk
    service: RenderService
    pictures: Pictures
    slow: float = 2.0

    async def open_form(self, spot: Spot, trigger: str, view: Block) -> Block:
        """Show a form.

        Raises:
            StateError: Its moment is over.
        """
        client = await self.desk.wire.hasty(spot.workspace)
        try:
            answer = await client.views_open(trigger_id=trigger, view=view)
        except (SlackApiError, *LOST) as error:
            raise SLOW from error
        return dict(answer["view"])

    async def studio(
        self,
        spot: Spot,
        trigger: str,
        about: About,
        words: str = "",
    ) -> None:
        """Open the form in which a prompt is put together.

        It is shown before anything is looked up, since its moment is short; what the
        person has left, and their language, are put in as soon as they are known.
        """
        fields = Fields(texts={"action": words})
        known = self.desk.people.locale(spot)
        view = self._studio(about, known or ENGLISH, fields)
        shown = await self.open_form(spot, trigger, view)
        self.desk.later(self._complete(spot, about, fields, shown))

    async def _complete(
        self, spot: Spot, about: About, fields: Fields, shown: dict[str, Any]
    ) -> None:
        locale = await self.desk.people.tongue(spot)
        allowance = await self.service.allowance(spot.person(), spot.place())
        left = left_line(allowance, speaker(locale))
        view = self._studio(about, locale, fields, left=left)
        await self._change(spot, shown["id"], view, hash_=shown.get("hash"))

    def _studio(
        self,
        about: About,
        locale: str,
        fields: Fields,
        *,
        left: str = "",
        trouble: BotError | None = None,
    ) -> Block:
        models = [model.name for model in self.service.models()]
        say = speaker(locale)
        return forms.studio(
            about, say, models=models, left=left, fields=fields, trouble=trouble
        )

    async def sent(
        self, verb: str, spot: Spot, view: dict[str, Any]
    ) -> dict[str, Any] | None:
        """A form was sent; how to answer it, where it is not just closed."""
        about, fields = About.read(view["private_metadata"]), Fields.read(view)
        spot = replace(spot, channel=about.channel, thread=about.thread)
        if verb == "wrong":
            return await self._mended(spot, about, fields)
        order = Order(spot, f"view {view['id']}", self._taker(verb, about, fields))
        work = asyncio.create_task(self.desk.order(order))
        done, _ = await asyncio.wait([work], timeout=self.slow)
        say = speaker(self.desk.people.locale(spot) or ENGLISH)
        if not done:
            self.desk.later(self._late(work, spot, view["id"], about, fields))
            return {"response_action": "update", "view": forms.waiting(say)}
        try:
            work.result()
        except BotError as error:
            name = forms.field_of(error, list(view["state"]["values"]))
            line = " ".join([say(error.sentence, **error.facts), say(error.hint)])
            return {"response_action": "errors", "errors": {name: line[:150]}}
        return None

    async def _late(
        self,
        work: "asyncio.Task[Job]",
        spot: Spot,
        view_id: str,
        about: About,
        fields: Fields,
    ) -> None:
        """Say in the form how a slow order went; its words are not lost."""
        say = await self.desk.people.say(spot)
        try:
            await work
        except BotError as error:
            locale = await self.desk.people.tongue(spot)
            view = self._studio(about, locale, fields, trouble=error)
        else:
            view = forms.told(say, say("It is under way: see its card."))
        await self._change(spot, view_id, view)

    async def _change(
        self, spot: Spot, view_id: str, view: Block, *, hash_: str | None = None
    ) -> None:
        """Show something else in a form; one that was closed meanwhile stays closed."""
        client = await self.desk.wire.hasty(spot.workspace)
        try:
            await client.views_update(view_id=view_id, view=view, hash=hash_)
        except (SlackApiError, *LOST):
            return

    def _taker(self, verb: str, about: About, fields: Fields) -> Take:
        async def take(person: Person, place: Place, event: str) -> Job:
            whence: dict[str, Any] = {"person": person, "place": place, "event": event}
            words = fields.text("words")
            if verb == "remix":
                return await self.service.remix(about.clip, words, **whence)
            if verb == "mend":
                return await self.service.remake(
                    about.clip, words, about.seconds, **whence
                )
            if verb == "extend":
                seconds = int(fields.text("seconds") or 0)
                return await self.service.extend(about.clip, words, seconds, **whence)
            if known := await self.service.ordered(person, event):
                return known
            file = about.file or next(iter(fields.files), "")
            link = fields.text("link")
            ask = fields.ask()
            if file:
                still = await self.pictures.still(file, place.workspace)
                ask = replace(ask, still=still)
            elif link:
                ask = replace(ask, still=await self.service.still_from_link(link))
            return await self.service.submit(ask, **whence)

        return take

    async def pressed(
        self, verb: str, spot: Spot, job_id: str, trigger: str
    ) -> list[Block]:
        """A button was pressed; what to say to its person, if anything.

        Raises:
            BotError: It cannot be done.
        """
        say = speaker(self.desk.people.locale(spot) or ENGLISH)
        about = About(channel=spot.channel, thread=spot.thread, clip=job_id)
        match verb:
            case "remix":
                await self.open_form(spot, trigger, forms.remix(about, say))
            case "extend":
                await self.open_form(spot, trigger, forms.extend(about, say))
            case "wrong":
                await self.open_form(spot, trigger, forms.wrong(about, say))
            case "again":
                await self.again(spot, job_id, f"action {trigger}")
            case "final":
                await self.final(spot, job_id, f"action {trigger}")
            case "cancel":
                await self.cancel(spot, job_id)
            case "delete":
                await self.delete(spot, job_id)
            case _:
                sorry = say("This button is from another version of the bot.")
                return [section([sorry])]
        return []

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

    async def _mended(self, spot: Spot, about: About, fields: Fields) -> Block:
        """How to answer who said what is wrong with a clip: with what would mend it."""
        say = speaker(self.desk.people.locale(spot) or ENGLISH)
        fault = ClipFault(fields.text("fault"))
        mend = await self.service.mend(
            about.clip, fault, person=spot.person(), place=spot.place()
        )
        view = forms.mended(about, mend, say)
        return {"response_action": "update", "view": view}

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
            if upload:
                still = await self.pictures.still(upload.id, place.workspace)
            else:
                still = await self.service.still_from_link(link)
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
        noted = await self.service.recall(f"slack upload {job.id}") or ""
        if file_id := noted.partition(" ")[0]:
            try:
                await client.files_delete(file=file_id)
            except (SlackApiError, *LOST):
                pass
        if job.card:
            shown = [*shown, tuple(job.card.split(":", 1))]  # type: ignore[list-item]
        for channel, ts in shown:
            if ts[:1].isdigit():
                try:
                    await client.chat_delete(channel=channel, ts=ts)
                except (SlackApiError, *LOST):
                    continue  # gone already, or where the bot may not go any more


def words_of(error: BotError, locale: str | None) -> list[Block]:
    """What went wrong, for its person."""
    return error_blocks(error, speaker(locale or ENGLISH))


def said(say: Say, *lines: str) -> list[Block]:
    """Plain lines as a message."""
    return [section([SLACK.plain(say(line), most=600) for line in lines])]
