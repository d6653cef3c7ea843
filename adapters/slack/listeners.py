"""What Slack brings, taken apart and handed to the right door."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack import forms, home
from adapters.slack.anchors import thread_of
from adapters.slack.blocks import Block, fallback, section
from adapters.slack.commands import Commands
from adapters.slack.desk import BROKEN
from adapters.slack.dialogs import Dialogs
from adapters.slack.doors import Doors, words_of
from adapters.slack.fields import About
from adapters.slack.installs import Installs
from adapters.slack.people import Spot
from adapters.slack.pictures import first_picture
from adapters.slack.presses import Presses
from adapters.slack.replies import Replies
from adapters.slack.spoken import COMMAND, read
from adapters.slack.text import typed
from bot.errors import BotError
from bot.languages import ENGLISH, Say, speaker

log = logging.getLogger(__name__)

Json = dict[str, Any]
FORM = re.compile(r"vivant_(studio|remix|extend|wrong|mend)")
BUTTON = re.compile(r"vivant_[a-z]+")


@dataclass(frozen=True, slots=True)
class Listeners:
    """One method for each kind of thing that Slack brings."""

    doors: Doors
    dialogs: Dialogs
    installs: Installs
    commands: Commands
    replies: Replies
    presses: Presses = field(default_factory=Presses)

    def add_to(self, app: AsyncApp) -> None:
        """Let an app call us; Bolt asks its listeners one by one, in this order."""
        app.action(BUTTON)(self.button)
        app.event("message")(self.message)
        app.view(FORM)(self.form)
        app.command(COMMAND)(self.command)
        app.event("app_mention")(self.message)
        app.shortcut("animate_image")(self.animate_message)
        app.shortcut("remix_clip")(self.remix_message)
        app.event("app_home_opened")(self.home)
        app.event("tokens_revoked")(self.gone)
        app.event("app_uninstalled")(self.gone)

    async def command(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext
    ) -> None:
        """/animate, with whatever was typed."""
        spot = Spot.of(context, channel=body["channel_id"])
        text, trigger = str(body.get("text") or ""), str(body["trigger_id"])

        async def work() -> list[Block]:
            if said := read(text):
                event, url = f"command {trigger}", str(body["response_url"])
                return await self.commands.answer(said, spot, event=event, url=url)
            about = About(channel=spot.channel)
            await self.dialogs.studio(spot, trigger, about, typed(text))
            return []

        if blocks := await self._tried(work, spot):
            await ack(text=fallback(blocks), blocks=blocks, response_type="ephemeral")
        else:
            await ack()

    async def animate_message(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext
    ) -> None:
        """The menu of a message: its picture opens the studio."""
        spot = _of_message(context, body)
        upload = first_picture(body["message"].get("files") or [])

        async def work() -> list[Block]:
            if upload is None:
                say = self._say(spot)
                sorry = say("There is no picture in that message.")
                hint = say("Pick a message with a picture, or send /animate.")
                return [section([sorry, hint])]
            about = About(
                channel=spot.channel,
                thread=spot.thread,
                file=upload.id,
                name=upload.name,
            )
            await self.dialogs.studio(spot, str(body["trigger_id"]), about)
            return []

        await self._answered(ack, body, spot, work)

    async def remix_message(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext
    ) -> None:
        """The menu of a message: its clip opens the form for a remix."""
        spot = _of_message(context, body)
        root = spot.thread or str(body["message"]["ts"])

        async def work() -> list[Block]:
            service, place = self.doors.service, spot.place()
            for message in (str(body["message"]["ts"]), thread_of(root)):
                if clip_id := await service.anchored(place, message):
                    trigger = str(body["trigger_id"])
                    there = replace(spot, thread=root)
                    return await self.dialogs.pressed("remix", there, clip_id, trigger)
            return [
                section([self._say(spot)("There is no clip of mine in that message.")])
            ]

        await self._answered(ack, body, spot, work)

    async def form(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        """A form was sent."""
        verb = str(body["view"]["callback_id"]).removeprefix("vivant_")
        answer = await self.dialogs.sent(verb, Spot.of(context), body["view"])
        await (ack(**answer) if answer else ack())

    async def button(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext
    ) -> None:
        """A button was pressed."""
        action = body["actions"][0]
        verb = str(action["action_id"]).removeprefix("vivant_")
        job_id, _, thread = str(action.get("value") or "").partition(" ")
        trigger, event = str(body["trigger_id"]), self.presses.event(body)
        spot = await self._beside(context, body, job_id, thread)

        async def work() -> list[Block]:
            return await self.dialogs.pressed(verb, spot, job_id, trigger, event=event)

        await self._answered(ack, body, spot, work)

    async def message(self, event: Json, context: AsyncBoltContext) -> None:
        """A message, or a mention; what fails here is brought again."""
        spot = Spot.of(
            context, channel=str(event["channel"]), thread=event.get("thread_ts")
        )
        spot = replace(spot, user=str(event.get("user") or ""))
        await self.replies.read(event, spot, context.bot_user_id or "")

    async def home(self, event: Json, context: AsyncBoltContext) -> None:
        """Somebody opened our page."""
        if event.get("tab") == "home":
            desk = self.doors.desk
            desk.later(home.publish(desk, self.doors.service, Spot.of(context)))

    async def gone(self, body: Json, context: AsyncBoltContext) -> None:
        """A workspace has removed us, or taken our token away."""
        enterprise, team = context.enterprise_id, context.team_id
        if context.is_enterprise_install:
            team = None
        await self.installs.left(enterprise, team, at=float(body["event_time"]))

    async def _beside(
        self, context: AsyncBoltContext, body: Json, job_id: str, thread: str
    ) -> Spot:
        """Where what a button begins is reported: in the thread of its clip."""
        about = body.get("container") or {}
        spot = Spot.of(context, thread=about.get("thread_ts") or thread or None)
        if spot.channel and spot.thread is None:
            posted = await self.doors.service.posted(job_id, spot.place())
            root = next((ts for ts in posted if ts[:1].isdigit()), None)
            spot = replace(spot, thread=root)
        return spot

    async def _answered(
        self,
        ack: AsyncAck,
        body: Json,
        spot: Spot,
        work: Callable[[], Awaitable[list[Block]]],
    ) -> None:
        """Do what a button or a menu says; words go to who pressed it, alone."""
        blocks = await self._tried(work, spot)
        await ack()
        if not blocks:
            return
        desk = self.doors.desk
        if url := body.get("response_url"):
            desk.later(desk.respond(url, blocks))
        else:  # our page has no other place for words
            view = forms.told(self._say(spot), blocks[0]["text"]["text"])
            desk.later(self.dialogs.open_form(spot, str(body["trigger_id"]), view))

    async def _tried(
        self, work: Callable[[], Awaitable[list[Block]]], spot: Spot
    ) -> list[Block]:
        """What to say, also when it went wrong."""
        try:
            return await work()
        except BotError as error:
            return words_of(error, await self.doors.desk.people.tongue(spot))
        except Exception:
            log.exception("a listener broke in a way nobody foresaw")
            return words_of(BROKEN, self.doors.desk.people.locale(spot))

    def _say(self, spot: Spot) -> Say:
        return speaker(self.doors.desk.people.locale(spot) or ENGLISH)


def _of_message(context: AsyncBoltContext, body: Json) -> Spot:
    message = body["message"]
    return Spot.of(
        context, channel=str(body["channel"]["id"]), thread=message.get("thread_ts")
    )
