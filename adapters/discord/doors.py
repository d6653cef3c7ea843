"""What commands, buttons and forms have in common: each order, once."""

from dataclasses import dataclass, replace

import discord

from adapters.discord import buttons, forms
from adapters.discord.desk import Desk, say_of
from adapters.discord.forms import Sent, Wish, Wishes
from adapters.discord.line import FAILED
from adapters.discord.people import asker, place_of, whence
from adapters.discord.pictures import Pictures, Upload, attached_to, first_picture
from adapters.discord.text import DISCORD, joined
from bot.errors import BotError, MissingError
from bot.mending import FAULTS, ClipFault
from bot.models import Ask, Job
from bot.service import RenderService
from bot.wording import messages

ONLY_YOURS = MissingError(
    "That clip is gone, or it is somebody else's.",
    hint="Only who asked for it, or a moderator, can do that.",
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Takes each kind of order, whichever door it came through."""

    client: discord.Client
    desk: Desk
    service: RenderService
    pictures: Pictures
    wishes: Wishes

    async def animate(
        self, interaction: discord.Interaction, wish: Wish, prompt: str
    ) -> None:
        """Bring a picture to life."""

        async def take() -> Job:
            picture, asked = wish.picture, whence(interaction)
            ask = Ask(
                prompt=prompt,
                seconds=wish.seconds,
                shape=wish.shape,
                tier=wish.tier,
                model=wish.model,
            )
            if picture:
                await self.service.afford(ask, **asked)
                still = await self.pictures.still(picture, asked["person"])
                ask = replace(ask, still=still)
            return await self.service.submit(ask, **asked)

        await self.desk.order(interaction, take, prompt)

    async def studio(self, interaction: discord.Interaction, wish: Wish) -> None:
        """Open the form in which a prompt is put together."""
        key = str(interaction.id)
        self.wishes.keep(key, wish)
        needed = not any(model.text_only for model in self.service.models())
        form = forms.studio(key, wish, say_of(interaction), needs_picture=needed)
        await self.desk.open_form(interaction, form)

    async def remix(
        self, interaction: discord.Interaction, clip_id: str, words: str
    ) -> None:
        """Change a clip."""

        async def take() -> Job:
            return await self.service.remix(clip_id, words, **whence(interaction))

        await self.desk.order(interaction, take, words)

    async def extend(
        self, interaction: discord.Interaction, clip_id: str, words: str, seconds: int
    ) -> None:
        """Make a clip longer."""

        async def take() -> Job:
            return await self.service.extend(
                clip_id, words, seconds, **whence(interaction)
            )

        await self.desk.order(interaction, take, words)

    async def again(self, interaction: discord.Interaction, job_id: str) -> None:
        """Order the same once more."""

        async def take() -> Job:
            return await self.service.again(job_id, **whence(interaction))

        await self.desk.order(interaction, take)

    async def final(self, interaction: discord.Interaction, clip_id: str) -> None:
        """Render a draft again by a better model."""

        async def take() -> Job:
            return await self.service.final(clip_id, **whence(interaction))

        await self.desk.order(interaction, take)

    async def ask_fault(self, interaction: discord.Interaction, clip_id: str) -> None:
        """Ask what is wrong with a clip."""
        say = say_of(interaction)
        text = joined(*messages.faults(say, DISCORD))
        view = buttons.for_faults(clip_id, say)
        await self.desk.say_now(interaction, text, view=view)

    async def propose(
        self, interaction: discord.Interaction, clip_id: str, fault: ClipFault
    ) -> None:
        """Show the words that would mend a clip, before anything is spent."""
        person, place = asker(interaction), place_of(interaction)
        try:
            mended = await self.service.mend(clip_id, fault, person=person, place=place)
        except BotError as error:
            await self.desk.say_lost(interaction, error, "")
            return
        form = forms.mended(clip_id, mended, say_of(interaction))
        await self.desk.open_form(interaction, form)

    async def remake(
        self, interaction: discord.Interaction, about: str, words: str
    ) -> None:
        """Render a clip again by other words."""
        clip_id, _, seconds = about.partition(":")

        async def take() -> Job:
            return await self.service.remake(
                clip_id, words, int(seconds), **whence(interaction)
            )

        await self.desk.order(interaction, take, words)

    async def pressed(
        self, interaction: discord.Interaction, verb: str, job_id: str
    ) -> None:
        """A button was pressed."""
        say = say_of(interaction)
        match verb:
            case "remix":
                await self.desk.open_form(interaction, forms.remix(job_id, say))
            case "extend":
                await self.desk.open_form(interaction, forms.extend(job_id, say))
            case "again":
                await self.again(interaction, job_id)
            case "final":
                await self.final(interaction, job_id)
            case "wrong":
                await self.ask_fault(interaction, job_id)
            case fault if fault in FAULTS:
                await self.propose(interaction, job_id, ClipFault(fault))
            case "cancel":
                await self.desk.do(
                    interaction, lambda: self.cancel(interaction, job_id)
                )
            case "delete":
                await self.ask_to_delete(interaction, job_id)
            case "erase":
                work = lambda: self.delete(interaction, job_id)  # noqa: E731
                await self.desk.whisper(interaction, work)
            case _:
                sorry = say("This button is from another version of the bot.")
                await self.desk.say_now(interaction, sorry)

    async def sent(self, interaction: discord.Interaction, form: Sent) -> None:
        """A form was sent."""
        match form.verb:
            case "studio":
                await self._composed(interaction, form)
            case "remix":
                await self.remix(interaction, form.about, form.text("words"))
            case "mend":
                await self.remake(interaction, form.about, form.text("words"))
            case "extend":
                seconds = int(form.text("seconds") or 0)
                words = form.text("words")
                await self.extend(interaction, form.about, words, seconds)

    async def cancel(self, interaction: discord.Interaction, job_id: str) -> str:
        """Stop a render; the card says so."""
        try:
            job = await self.service.cancel(job_id, person=asker(interaction))
        except MissingError:
            raise ONLY_YOURS from None
        self.desk.show(job)
        return ""

    async def ask_to_delete(
        self, interaction: discord.Interaction, clip_id: str
    ) -> None:
        """Make sure that somebody means it."""
        try:
            await self.service.clip(clip_id, person=asker(interaction))
        except MissingError:
            await self.desk.say_lost(interaction, ONLY_YOURS, "")
            return
        say = say_of(interaction)
        text = say("The clip, its files and its messages here will be gone.")
        view = buttons.row(clip_id, ("erase",), say)
        await self.desk.say_now(interaction, text, view=view)

    async def delete(self, interaction: discord.Interaction, clip_id: str) -> str:
        """Delete a clip, its files and the messages that show it."""
        person = asker(interaction)
        try:
            messages = await self.service.messages(clip_id, person=person)
            await self.service.delete(clip_id, person=person)
        except MissingError:
            raise ONLY_YOURS from None
        for found in messages:
            channel = self.client.get_partial_messageable(int(found.channel))
            try:
                await channel.get_partial_message(int(found.message)).delete()
            except FAILED:
                continue  # gone already, or where the bot may not go any more
        return say_of(interaction)("Deleted.")

    async def picture_of(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> Upload | None:
        """The picture in a message; says so when there is none."""
        if upload := first_picture(attached_to(message)):
            return upload
        say = say_of(interaction)
        await self.desk.say_now(
            interaction,
            say("There is no picture in that message.")
            + "\n"
            + say("Pick a message with an attached picture, or use /animate."),
        )
        return None

    async def clip_in(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> str | None:
        """The clip that a message names; says so when it names none."""
        place = place_of(interaction)
        if clip_id := await self.service.anchored(place, str(message.id)):
            return clip_id
        say = say_of(interaction)
        sorry = say("There is no clip of mine in that message.")
        await self.desk.say_now(interaction, sorry)
        return None

    async def _composed(self, interaction: discord.Interaction, form: Sent) -> None:
        prompt = form.parts().prompt()
        try:
            wish = self.wishes.take(form.about)
        except BotError as error:
            await self.desk.say_lost(interaction, error, prompt)
            return
        if uploads := form.files.get("picture"):
            wish = replace(wish, picture=uploads[0])
        await self.animate(interaction, wish, prompt)
