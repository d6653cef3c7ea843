"""What is said after /animate, answered in the acknowledgement."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from adapters.slack.blocks import (
    Block,
    aside,
    error_blocks,
    for_clip,
    formed,
    section,
)
from adapters.slack.doors import Doors
from adapters.slack.people import Spot
from adapters.slack.spoken import HELP, Said, usage
from adapters.slack.text import SLACK, typed
from bot import checking
from bot.errors import BotError, MissingError, StateError
from bot.languages import Say
from bot.wording import messages

MOST_LISTED = 15  # clips in a list

Handler = Callable[["Call"], Awaitable[list[Block]]]


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it came.

    Attributes:
        event: What tells it from any other of this person.
        url: Where it may be answered later.
    """

    said: Said
    spot: Spot
    say: Say
    event: str
    url: str

    @property
    def clip(self) -> str:
        """The clip that is named."""
        return self.said["clip"]


class Commands:
    """Answers what is said after /animate."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._service = doors.service
        self._handlers: dict[str, Handler] = {
            "clip remix": self._remix,
            "clip extend": self._extend,
            "clip again": self._again,
            "clip show": self._show,
            "clip list": self._list,
            "clip tree": self._tree,
            "clip cancel": self._cancel,
            "clip resend": self._resend,
            "clip delete": self._delete,
            "quota": self._quota,
            "animate-admin quota": self._give,
            "animate-admin usage": self._usage,
            "help": self._help,
        }

    async def answer(
        self, said: Said, spot: Spot, *, event: str, url: str
    ) -> list[Block]:
        """Do what was said, and answer.

        Raises:
            BotError: It cannot be done.
        """
        say = await self._doors.desk.people.say(spot)
        return await self._handlers[said.name](Call(said, spot, say, event, url))

    async def _remix(self, call: Call) -> list[Block]:
        words = typed(call.said["words"])
        await self._doors.remix(call.spot, call.clip, words, call.event)
        return _under_way(call)

    async def _extend(self, call: Call) -> list[Block]:
        seconds = int(call.said["seconds"] or 4)
        words = typed(call.said["words"])
        await self._doors.extend(call.spot, call.clip, words, seconds, call.event)
        return _under_way(call)

    async def _again(self, call: Call) -> list[Block]:
        await self._doors.again(call.spot, call.clip, call.event)
        return _under_way(call)

    async def _show(self, call: Call) -> list[Block]:
        person = call.spot.person()
        entry = await self._service.entry(call.clip, person=person)
        links = None
        if entry.clip:
            place = entry.job.place
            chat = self._doors.desk.chat
            links = [
                await chat.permalink(entry.job, place.channel, message)
                for message in await self._service.posted(call.clip, place)
                if message[:1].isdigit()
            ]
        told = messages.shown(entry, call.say, SLACK, links=links or ())
        if entry.clip is None:
            return formed(told)
        final = self._service.has_final(entry.clip)
        return [*formed(told), *for_clip(call.clip, call.say, final=final)]

    async def _list(self, call: Call) -> list[Block]:
        person = call.spot.person()
        entries = await self._service.history(person, limit=MOST_LISTED)
        if not entries:
            return [section([call.say("You have no clips yet: /animate makes one.")])]
        return [section([messages.listed(e, call.say, SLACK) for e in entries])]

    async def _tree(self, call: Call) -> list[Block]:
        person = call.spot.person()
        line = await self._service.lineage(call.clip, person=person)
        return [section(messages.tree(line, SLACK))]

    async def _cancel(self, call: Call) -> list[Block]:
        """The named render, else the latest that has not ended."""
        job_id = call.clip
        if not job_id:
            entries = await self._service.history(call.spot.person())
            live = [e.job.id for e in entries if not e.job.state.ended]
            if not live:
                raise MissingError(
                    "You have nothing under way.",
                    hint="/animate list shows your clips.",
                )
            job_id = live[0]
        await self._doors.cancel(call.spot, job_id)
        return [section([call.say("Stopping")])]

    async def _resend(self, call: Call) -> list[Block]:
        await self._service.clip(call.clip, person=call.spot.person())
        self._doors.desk.later(self._send_again(call))
        return [section([call.say("Posting it here.")])]

    async def _send_again(self, call: Call) -> None:
        spot = call.spot
        place = spot.place(await self._doors.desk.people.tongue(spot))
        try:
            await self._service.resend(
                call.clip, person=spot.person(), place=place, event=call.event
            )
        except BotError as error:
            await self._doors.desk.respond(call.url, error_blocks(error, call.say))

    async def _delete(self, call: Call) -> list[Block]:
        await self._doors.delete(call.spot, call.clip)
        return [section([call.say("Deleted.")])]

    async def _quota(self, call: Call) -> list[Block]:
        spot = call.spot
        allowance = await self._service.allowance(spot.person(), spot.place())
        return [section(messages.quota(allowance, call.say, SLACK))]

    async def _give(self, call: Call) -> list[Block]:
        """Give a member their own number in this workspace."""
        await self._check_admin(call)
        number = checking.units(call.said["units"])
        whose = replace(call.spot, user=call.said["who"]).person()
        await self._service.set_units(whose.key, number, place=call.spot.place())
        return [section([messages.given(whose.id, number, call.say, SLACK)])]

    async def _usage(self, call: Call) -> list[Block]:
        """Who used how much in this workspace today."""
        await self._check_admin(call)
        used = await self._service.usage_of(call.spot.place())
        return [section(messages.usage(used, call.say, SLACK))]

    async def _check_admin(self, call: Call) -> None:
        """Raises StateError for somebody who may not."""
        person = await self._doors.desk.people.as_moderator(call.spot)
        place = call.spot.place()
        if not self._service.may_manage(person, place):
            raise StateError(
                "Only an admin of the workspace can do that, and you are {person}.",
                hint="Whoever runs this bot may add that name to VIVANT_ADMINS.",
                person=person.key,
            )

    async def _help(self, call: Call) -> list[Block]:
        return [section([call.say(line) for line in HELP]), *aside(usage(call.say))]


def _under_way(call: Call) -> list[Block]:
    return [section([call.say("It is under way: see its card.")])]
