"""A person at a chat, whichever it is: what they do, and what they get to see.

The scenarios of `test_scenarios.py` speak to this port; behind it are the fake Discord
and the fake Slack, with the real clients.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.models import Job
from tests.fakes import harbour, office
from tests.fakes.discord_api import Sent
from tests.fakes.house import FakeHouse
from tests.fakes.slack_api import Message

M = TypeVar("M")


class Driver(Protocol[M]):
    """Ada at a chat, with Bob beside her; messages are the chat's own."""

    house: FakeHouse

    async def animate(
        self, words: str, *, picture: bool = False, **options: Any
    ) -> None:
        """Give the command, and send its form where there is one."""

    async def mention(self, words: str) -> None:
        """Mention the bot with a picture."""

    async def write(self, words: str) -> None:
        """Send the bot a picture in a direct message."""

    async def use_menu(self, words: str) -> None:
        """Animate the picture of somebody's message, by its menu."""

    async def reply(
        self, clip: M, words: str, *, by: str = "ada", picture: bool = False
    ) -> None:
        """Answer a clip."""

    async def press(self, clip: M, button: str, *, by: str = "ada") -> str:
        """Press a button of a clip; what the person alone was told, if anything."""

    async def complain(self, clip: M, fault: str) -> None:
        """Say what is wrong with a clip; the form with the mended words opens."""

    async def fill(self, **fields: str) -> None:
        """Send the form that is open."""

    async def tell(self, feature: str, *, by: str = "ada", **options: str) -> str:
        """Give a command of the feature table; what was answered."""

    async def clip(self, *, direct: bool = False) -> M:
        """The next clip to come, once every job has ended."""

    async def card(self, words: str, *, button: str = "") -> M:
        """The card that says this and has the button, there or to come."""

    async def jobs(self, who: str = "ada") -> list[Job]:
        """Somebody's jobs, the newest first."""

    async def restart(self) -> None:
        """Stop the bot's end of the line, and start it anew."""

    def words_of(self, message: M) -> str:
        """What people read."""

    def data_of(self, clip: M) -> bytes:
        """The file in a clip."""

    def is_gone(self, message: M) -> bool:
        """Whether somebody deleted it."""


class OnDiscord:
    """Discord. Satisfies `Driver`."""

    def __init__(self, there: harbour.Harbour) -> None:
        self.there, self.house = there, there.house
        self._who = {"ada": there.ada, "bob": there.bob}
        self._chief = there.discord.person("Chief")
        there.guild.join(self._chief, permissions={"manage_guild"})
        self._who["chief"] = self._chief

    async def animate(
        self, words: str, *, picture: bool = False, **options: Any
    ) -> None:
        if picture:
            options["picture"] = harbour.photo()
        await self.there.ada.slash(
            self.there.channel, "animate", prompt=words, **options
        )

    async def mention(self, words: str) -> None:
        files = [harbour.photo()]
        await self.there.ada.say(
            self.there.channel, words, files=files, mention_bot=True
        )

    async def write(self, words: str) -> None:
        await self.there.ada.say(self.there.ada.dm, words, files=[harbour.photo()])

    async def use_menu(self, words: str) -> None:
        there = self.there
        post = await there.bob.say(there.channel, "my cat", files=[harbour.photo()])
        asked = await there.ada.menu(there.channel, "Animate this picture", post)
        await there.ada.submit(asked, {"action": words})

    async def reply(
        self, clip: Sent, words: str, *, by: str = "ada", picture: bool = False
    ) -> None:
        files = [harbour.photo("red")] if picture else []
        await self._who[by].say(clip.channel, words, reply_to=clip, files=files)

    async def press(self, clip: Sent, button: str, *, by: str = "ada") -> str:
        who = self._who[by]
        self._open = asked = await who.press(clip, button)
        if button == "Delete" and asked.original:
            if asked.original.buttons:
                asked = await who.press(asked.original, "Delete it for good")
            told = await asked.settled(lambda a: a.original and a.original.content)
            return str(told)
        if by != "ada":
            await asked.says("")
        return " ".join(m.content for m in asked.followups)

    async def complain(self, clip: Sent, fault: str) -> None:
        asked = await self.there.ada.press(clip, "Not right?")
        assert asked.original is not None
        self._open = await self.there.ada.press(asked.original, fault)

    async def fill(self, **fields: str) -> None:
        given: dict[str, Any] = dict(fields)
        if "seconds" in given:
            given["seconds"] = [given["seconds"]]
        await self.there.ada.submit(self._open, given)

    async def tell(self, feature: str, *, by: str = "ada", **options: str) -> str:
        given: dict[str, Any] = dict(options)
        if "member" in given:
            given["member"] = self._who[given["member"]]
        if "seconds" in given:
            given["seconds"] = int(given["seconds"])
        asked = await self._who[by].slash(self.there.channel, feature, **given)
        assert asked.ephemeral or feature in {"clip remix", "clip extend", "clip again"}
        if feature == "clip delete" and asked.original:
            asked = await self._who[by].press(asked.original, "Delete it for good")
        said = await asked.settled(lambda a: a.original and a.original.content)
        return str(said)

    async def clip(self, *, direct: bool = False) -> Sent:
        return await self.there.next_clip(self.there.ada.dm if direct else None)

    async def card(self, words: str, *, button: str = "") -> Sent:
        return await self.there.channel.until(
            lambda m: (
                words in m.content
                and not m.files
                and (not button or button in m.buttons)
            )
        )

    async def jobs(self, who: str = "ada") -> list[Job]:
        return await self.there.jobs(self._who[who])

    async def restart(self) -> None:
        await self.there.disconnect()
        await self.there.connect()

    def words_of(self, message: Sent) -> str:
        return message.content

    def data_of(self, clip: Sent) -> bytes:
        return clip.files[0][1]

    def is_gone(self, message: Sent) -> bool:
        return message.deleted


class OnSlack:
    """Slack, over a socket or over HTTP. Satisfies `Driver`."""

    def __init__(self, there: office.Office) -> None:
        self.there, self.house = there, there.house
        chief = there.team.person("Chief", admin=True)
        self._who = {"ada": there.ada, "bob": there.bob, "chief": chief}

    async def animate(
        self, words: str, *, picture: bool = False, **options: Any
    ) -> None:
        given: dict[str, Any] = {name: str(value) for name, value in options.items()}
        if picture:
            given["picture"] = office.photo()
        await self.there.order(words, **given)

    async def mention(self, words: str) -> None:
        files = [office.photo()]
        await self.there.ada.say(self.there.channel, words, files=files, mention=True)

    async def write(self, words: str) -> None:
        await self.there.ada.say(self.there.ada.dm, words, files=[office.photo()])

    async def use_menu(self, words: str) -> None:
        there = self.there
        post = await there.bob.say(there.channel, "my cat", files=[office.photo()])
        await there.ada.shortcut(post.message, "Animate this image")
        await there.ada.submit(await there.ada.modal(), {"action": words})

    async def reply(
        self, clip: Message, words: str, *, by: str = "ada", picture: bool = False
    ) -> None:
        files = [office.photo("red")] if picture else []
        await self._who[by].say(clip.channel, words, thread=clip, files=files)

    async def press(self, clip: Message, button: str, *, by: str = "ada") -> str:
        """The buttons of a clip are on its card."""
        card = clip
        if clip.uploads:
            name = clip.uploads[0].name
            clip_id = name.removeprefix("vivant-").removesuffix(".mp4")
            card = await self.there.card("", button=button, about=clip_id)
        pressed = await self._who[by].press(card, button)
        if by != "ada":
            await pressed.says("")
        return " ".join(m.words for m in pressed.replies)

    async def complain(self, clip: Message, fault: str) -> None:
        await self.press(clip, "Not right?")
        view = await self.there.ada.modal()
        await self.there.ada.submit(view, {"fault": fault})

    async def fill(self, **fields: str) -> None:
        view = await self.there.ada.modal()
        await self.there.ada.submit(view, fields)

    async def tell(self, feature: str, *, by: str = "ada", **options: str) -> str:
        given = dict(options)
        if "member" in given:
            given["member"] = self._who[given["member"]].mention
        words = feature.removeprefix("clip ").replace("animate-admin", "admin")
        text = " ".join([words, *given.values()])
        asked = await self._who[by].slash(self.there.channel, "/animate", text)
        assert all(m.ephemeral for m in asked.replies)
        return " ".join(m.words for m in asked.replies)

    async def clip(self, *, direct: bool = False) -> Message:
        return await self.there.next_clip(self.there.ada.dm if direct else None)

    async def card(self, words: str, *, button: str = "") -> Message:
        return await self.there.card(words, button=button)

    async def jobs(self, who: str = "ada") -> list[Job]:
        return await self.there.jobs(self._who[who])

    async def restart(self) -> None:
        await self.there.disconnect()
        await self.there.connect()

    def words_of(self, message: Message) -> str:
        return message.words

    def data_of(self, clip: Message) -> bytes:
        return clip.uploads[0].data

    def is_gone(self, message: Message) -> bool:
        return message.deleted


@asynccontextmanager
async def _discord(folder: Path, **how: Any) -> AsyncGenerator[OnDiscord]:
    async with harbour.open_harbour(folder, **how) as there:
        yield OnDiscord(there)


@asynccontextmanager
async def _slack(folder: Path, transport: str, **how: Any) -> AsyncGenerator[OnSlack]:
    async with office.open_office(folder, transport=transport, **how) as there:
        yield OnSlack(there)


Chat = Callable[..., AbstractAsyncContextManager[Driver[Any]]]

CHATS: dict[str, Chat] = {
    "discord": _discord,
    "slack-socket": lambda folder, **how: _slack(folder, "socket", **how),
    "slack-http": lambda folder, **how: _slack(folder, "http", **how),
}
