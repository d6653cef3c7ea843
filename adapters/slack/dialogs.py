"""Forms, opened and read: the studio, and those behind the buttons of a clip."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.slack import forms
from adapters.slack.blocks import Block, section
from adapters.slack.desk import Order, Take
from adapters.slack.doors import Doors, words_of
from adapters.slack.fields import About, Fields, field_of
from adapters.slack.people import Spot
from adapters.slack.wire import LOST
from bot.errors import BotError, OptionError, StateError
from bot.languages import ENGLISH, speaker
from bot.mending import ClipFault
from bot.models import Job, Person, Place
from bot.wording.cards import left_line

SLOW = StateError(forms.LOST, hint="Do it once more.")
STOPPED = StateError("I am being restarted.", hint="Send it again in a minute.")
CLOSING = 2.0  # seconds that are left for telling so


@dataclass(frozen=True, slots=True)
class Dialogs:
    """Opens forms, and takes the orders that come of them.

    Attributes:
        slow: Seconds that a form waits for its picture before it lets its person go.
    """

    doors: Doors
    slow: float = 2.0

    async def open_form(self, spot: Spot, trigger: str, view: Block) -> Block:
        """Show a form.

        Raises:
            StateError: Its moment is over.
        """
        client = await self.doors.desk.wire.hasty(spot.workspace)
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
        known = self.doors.desk.people.locale(spot)
        view = self._studio(about, known or ENGLISH, fields)
        shown = await self.open_form(spot, trigger, view)
        self.doors.desk.later(self._complete(spot, about, fields, shown))

    async def pressed(
        self, verb: str, spot: Spot, job_id: str, trigger: str, *, event: str = ""
    ) -> list[Block]:
        """A button was pressed; what to say to its person, if anything.

        Args:
            verb: Which.
            spot: By whom, and where.
            job_id: The job or clip that it is for.
            trigger: Opens a form.
            event: What tells an order from any other.

        Raises:
            BotError: It cannot be done.
        """
        say = speaker(self.doors.desk.people.locale(spot) or ENGLISH)
        about = About(channel=spot.channel, thread=spot.thread, clip=job_id)
        match verb:
            case "remix":
                await self.open_form(spot, trigger, forms.remix(about, say))
            case "extend":
                await self.open_form(spot, trigger, forms.extend(about, say))
            case "wrong":
                await self.open_form(spot, trigger, forms.wrong(about, say))
            case "again":
                await self.doors.again(spot, job_id, event)
            case "final":
                await self.doors.final(spot, job_id, event)
            case "cancel":
                await self.doors.cancel(spot, job_id)
            case "delete":
                await self.doors.delete(spot, job_id)
            case _:
                sorry = say("This button is from another version of the bot.")
                return [section([sorry])]
        return []

    async def sent(
        self, verb: str, spot: Spot, view: dict[str, Any]
    ) -> dict[str, Any] | None:
        """A form was sent; how to answer it, where it is not just closed."""
        about, fields = About.read(view["private_metadata"]), Fields.read(view)
        spot = replace(spot, channel=about.channel, thread=about.thread)
        say = speaker(self.doors.desk.people.locale(spot) or ENGLISH)
        try:
            if verb == "wrong":
                return await self._mended(spot, about, fields)
            return await self._ordered(verb, spot, view["id"], about, fields)
        except BotError as error:
            name = field_of(error, list(view["state"]["values"]))
            line = " ".join([say(error.sentence, **error.facts), say(error.hint)])
            return {"response_action": "errors", "errors": {name: line}}

    async def _ordered(
        self, verb: str, spot: Spot, view_id: str, about: About, fields: Fields
    ) -> Block | None:
        """Take the order in a form; how to answer when its picture is slow to come.

        Raises:
            BotError: It cannot be done.
        """
        order = Order(spot, f"view {view_id}", self._taker(verb, about, fields))
        work = asyncio.create_task(self.doors.desk.order(order))
        done, _ = await asyncio.wait([work], timeout=self.slow)
        if done:
            work.result()
            return None
        self.doors.desk.later(self._late(work, verb, spot, view_id, about, fields))
        say = speaker(self.doors.desk.people.locale(spot) or ENGLISH)
        return {"response_action": "update", "view": forms.waiting(say)}

    async def _mended(self, spot: Spot, about: About, fields: Fields) -> Block:
        """How to answer who said what is wrong with a clip: with what would mend it."""
        say = speaker(self.doors.desk.people.locale(spot) or ENGLISH)
        try:
            fault = ClipFault(fields.text("fault"))
        except ValueError:
            raise OptionError("Choose what is wrong with it.") from None
        mend = await self.doors.service.mend(
            about.clip, fault, person=spot.person(), place=spot.place()
        )
        view = forms.mended(about, mend, say)
        return {"response_action": "update", "view": view}

    def _taker(self, verb: str, about: About, fields: Fields) -> Take:
        async def take(person: Person, place: Place, event: str) -> Job:
            whence: dict[str, Any] = {"person": person, "place": place, "event": event}
            words = fields.text("words")
            if verb == "remix":
                return await self.doors.service.remix(about.clip, words, **whence)
            if verb == "mend":
                return await self.doors.service.remake(
                    about.clip, words, about.seconds, **whence
                )
            if verb == "extend":
                seconds = int(fields.text("seconds") or 0)
                return await self.doors.service.extend(
                    about.clip, words, seconds, **whence
                )
            if known := await self.doors.service.ordered(person, event):
                return known
            file = about.file or next(iter(fields.files), "")
            link = fields.text("link")
            ask = fields.ask()
            if file or link:
                await self.doors.service.afford(ask, person=person, place=place)
            if file:
                still = await self.doors.pictures.still(file, place.workspace, person)
                ask = replace(ask, still=still)
            elif link:
                still = await self.doors.service.still_from_link(link, person=person)
                ask = replace(ask, still=still)
            return await self.doors.service.submit(ask, **whence)

        return take

    async def _late(
        self,
        work: "asyncio.Task[Job]",
        verb: str,
        spot: Spot,
        view_id: str,
        about: About,
        fields: Fields,
    ) -> None:
        """Say in the form how a slow order went; its words are not lost."""
        try:
            await work
        except BotError as error:
            await self._refused(verb, spot, view_id, about, fields, error)
        except asyncio.CancelledError:  # we close, and its person was let go
            back = self._refused(verb, spot, view_id, about, fields, STOPPED)
            await asyncio.wait_for(back, CLOSING)
            raise
        else:
            say = await self.doors.desk.people.say(spot)
            view = forms.told(say, say("It is under way: see its card."))
            await self._change(spot, view_id, view)

    async def _refused(
        self,
        verb: str,
        spot: Spot,
        view_id: str,
        about: About,
        fields: Fields,
        error: BotError,
    ) -> None:
        """Give a form back with what was wrong; where it was closed, say that."""
        desk = self.doors.desk
        locale = await desk.people.tongue(spot)
        if verb == "studio":
            view = self._studio(about, locale, fields, trouble=error)
        else:
            say = speaker(locale)
            view = forms.again(verb, about, say, fields=fields, trouble=error)
        if not await self._change(spot, view_id, view) and spot.channel:
            await desk.whisper(spot, words_of(error, locale), key=f"view {view_id}")

    async def _complete(
        self, spot: Spot, about: About, fields: Fields, shown: dict[str, Any]
    ) -> None:
        locale = await self.doors.desk.people.tongue(spot)
        allowance = await self.doors.service.allowance(spot.person(), spot.place())
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
        models = [model.name for model in self.doors.service.models()]
        say = speaker(locale)
        return forms.studio(
            about, say, models=models, left=left, fields=fields, trouble=trouble
        )

    async def _change(
        self, spot: Spot, view_id: str, view: Block, *, hash_: str | None = None
    ) -> bool:
        """Show something else in a form; False where it was closed meanwhile."""
        client = await self.doors.desk.wire.hasty(spot.workspace)
        try:
            await client.views_update(view_id=view_id, view=view, hash=hash_)
        except (SlackApiError, *LOST):
            return False
        return True
