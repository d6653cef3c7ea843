"""The fake Discord does what Discord does, to the unmodified client."""

import asyncio
import io
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from tests.fakes.discord import (
    Channel,
    FakeDiscord,
    Guild,
    Person,
    Refused,
    Sent,
    Upload,
    open_discord,
    payloads,
)
from tests.fakes.discord.conformance import DOCUMENT
from tests.fakes.pictures import encoded, quarters

Talk = discord.Interaction[Any]
Do = Callable[[Talk], Awaitable[Any]]
CAT = Upload("cat.png", encoded(quarters()))
RAN_OUT = 15 * 60 + 1


class Bare(discord.Client):
    """The smallest bot: it notes what it hears and does what a test says."""

    def __init__(self, **intents: bool) -> None:
        wanted = {"guilds": True, "guild_messages": True, "dm_messages": True}
        super().__init__(intents=discord.Intents(**wanted | intents))
        self._connection.guild_ready_timeout = 0.01
        self.tree: app_commands.CommandTree[Any] = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.talks: list[Talk] = []
        self.does: Do = defer

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(
        self, shard_id: int | None, *, initial: bool = False
    ) -> None:
        """Identify at once."""

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.append(message)

    async def on_interaction(self, talk: Talk) -> None:
        self.talks.append(talk)
        if talk.type is not discord.InteractionType.application_command:
            await self.does(talk)

    def to(self, channel: Channel) -> discord.PartialMessageable:
        """Where the bot posts, as one that knows only the id."""
        return self.get_partial_messageable(channel.id)


class Sharded(Bare, discord.AutoShardedClient):
    """The same on several shards."""


class Clock:
    """Time that moves by itself, and when told."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class World:
    """One guild, one person, one bot."""

    def __init__(self, fake: FakeDiscord, clock: Clock) -> None:
        self.discord, self.clock = fake, clock
        self.guild: Guild = fake.guild("Harbour")
        self.channel = self.guild.channel("general")
        self.ada: Person = fake.person("Ada", locale="de")
        self.guild.join(self.ada)
        self.bot = Bare()

    @asynccontextmanager
    async def online(self, bot: Bare | None = None) -> AsyncGenerator[Bare]:
        self.bot = bot or self.bot
        self.bot.tree.add_command(ask)
        self.bot.tree.add_command(look)
        self.bot.tree.add_command(Clips(name="clip"))
        running = asyncio.create_task(self.bot.start(self.discord.token))
        ready = asyncio.create_task(self.bot.wait_until_ready())
        await asyncio.wait([running, ready], return_when="FIRST_COMPLETED")
        try:
            if running.done():
                await running
            yield self.bot
        finally:
            await self.bot.close()
            ready.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def heard(self) -> discord.Message:
        """The next message that the bot hears."""
        bot = self.bot
        await self.discord.bell.until(lambda: bot.heard, 5, lambda: "nothing")
        return bot.heard.pop(0)

    async def asked(self, does: Do | None = None, **options: Any) -> Any:
        """Ada uses the command, and the bot does this."""
        self.bot.does = does or defer
        return await self.ada.slash(self.channel, "ask", **options)


async def defer(talk: Talk) -> None:
    await talk.response.defer()


@app_commands.command()
@app_commands.describe(size="how large")
@app_commands.choices(size=[app_commands.Choice(name="small", value="s")])
async def ask(
    talk: Talk,
    words: app_commands.Range[str, 1, 20] | None = None,
    picture: discord.Attachment | None = None,
    size: str = "s",
) -> None:
    """Ask for something."""
    talk.extras["picture"] = picture
    await talk.client.does(talk)


@app_commands.context_menu(name="Look")
async def look(talk: Talk, message: discord.Message) -> None:
    talk.extras["seen"] = message
    await talk.client.does(talk)


class Clips(app_commands.Group):
    """Clips."""

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    async def remix(self, talk: Talk, clip: str) -> None:
        """Remix a clip."""
        await talk.client.does(talk)

    @remix.autocomplete("clip")
    async def known(self, talk: Talk, so_far: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"a {so_far}", value="7")]


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    clock = Clock()
    async with open_discord(clock=clock, conform=True) as fake:
        monkeypatch.setattr(Route, "BASE", fake.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(fake.gateway_url))
        yield World(fake, clock)


async def code(doing: Awaitable[Any]) -> tuple[int, int]:
    """Status and code of the error that comes back."""
    with pytest.raises(discord.HTTPException) as caught:
        await doing
    return caught.value.status, caught.value.code


def file(size: int = 3) -> discord.File:
    return discord.File(io.BytesIO(b"x" * size), "clip.mp4")


def buttons(*labels: str, **more: Any) -> ui.View:
    view = ui.View(timeout=None)
    for label in labels:
        view.add_item(ui.Button(label=label, custom_id=f"id:{label}", **more))
    return view


async def test_a_bot_is_ready_in_no_time(world: World) -> None:
    start = time.perf_counter()
    async with world.online() as bot:
        assert time.perf_counter() - start < 1
        assert [guild.name for guild in bot.guilds] == ["Harbour"]
        assert bot.user is not None
        assert bot.user.id == world.discord.bot_user_id
        known = {one["name"] for one in world.discord.commands.listed()}
        assert known == {"ask", "Look", "clip"}


async def test_a_command_is_deferred_edited_and_followed_by_a_post(
    world: World,
) -> None:
    async def answer(talk: Talk) -> None:
        made = await talk.response.defer()
        assert made is not None
        assert made.message_id is not None
        await talk.edit_original_response(content="half way")
        picture = talk.extras["picture"]
        copy = discord.File(io.BytesIO(await picture.read()), "copy.png")
        await talk.channel.send("done", file=copy, view=buttons("Again"))  # type: ignore[union-attr]

    async with world.online():
        asked = await world.asked(answer, picture=CAT, words="hi")
        post = await world.channel.until(lambda m: m.content == "done")

        assert asked.kind == "defer"
        assert asked.original.content == "half way"
        assert (post.files, post.buttons) == ([("copy.png", CAT.data)], ["Again"])
        assert world.discord.token not in str(world.discord.log)


async def test_an_interaction_says_where_it_is(world: World) -> None:
    async with world.online() as bot:
        await world.asked(words="hi")
        [talk] = bot.talks
        assert (str(talk.locale), str(talk.guild_locale)) == ("de", "en-US")
        assert talk.filesize_limit == 10 * 1024 * 1024
        assert talk.is_guild_integration()
        assert talk.app_permissions.attach_files
        world.channel.deny("send_messages")
        await world.asked()
        permissions = bot.talks[1].app_permissions
        assert not permissions.send_messages
        assert not permissions.attach_files


async def test_it_is_too_late_after_three_seconds(world: World) -> None:
    found: list[Any] = []

    async def sleep(talk: Talk) -> None:
        world.clock.ahead += 3.1
        found.append(await code(defer(talk)))
        found.append(await code(talk.followup.send("hi")))

    async with world.online():
        asked = await world.asked(sleep)
        assert asked.kind is None
        await asked.settled(lambda _: len(found) == 2)
        assert found == [(404, 10062), (404, 10015)]


async def test_a_token_ends_after_fifteen_minutes(world: World) -> None:
    async with world.online() as bot:
        asked = await world.asked()
        world.clock.ahead += RAN_OUT
        [talk] = bot.talks
        assert await code(talk.edit_original_response(content="x")) == (401, 50027)
        assert await code(talk.followup.send("x")) == (401, 50027)
        message = bot.to(world.channel).get_partial_message(asked.original.id)
        await message.edit(content="by the bot's own token")
        assert asked.original.content == "by the bot's own token"


async def test_a_second_answer_is_refused(world: World) -> None:
    async with world.online() as bot:
        await world.asked()
        [talk] = bot.talks
        talk.response._response_type = None
        assert await code(talk.response.send_message("x")) == (400, 40060)


async def test_the_first_followup_fills_what_was_deferred(world: World) -> None:
    async with world.online() as bot:
        asked = await world.asked()
        [talk] = bot.talks
        await talk.followup.send("first", file=file())
        later = await talk.followup.send("second", ephemeral=True, wait=True)

        assert asked.original.content == "first"
        assert [m.content for m in asked.followups] == ["second"]
        assert [m.content for m in world.channel.messages] == ["first"]
        message = bot.to(world.channel).get_partial_message(later.id)
        assert await code(message.fetch()) == (404, 10008)
        await talk.delete_original_response()
        assert asked.original is None


async def test_where_only_a_person_has_the_app(world: World) -> None:
    """Channels are closed to the bot, and five followups are the most."""
    elsewhere = world.discord.guild("Elsewhere", bot_is_member=False)
    elsewhere.join(world.ada)
    world.channel = elsewhere.channel("general")
    async with world.online() as bot:
        asked = await world.asked()
        [talk] = bot.talks
        assert not talk.is_guild_integration()
        assert talk.is_user_integration()
        assert await code(bot.to(world.channel).send("x")) == (403, 50001)
        for number in range(6):
            await talk.followup.send(f"{number}")
        assert await code(talk.followup.send("x")) == (400, 40094)
        assert len(asked.followups) == 5
    stranger = world.discord.person("Cy", installed=False)
    elsewhere.join(stranger)
    with pytest.raises(Refused, match="installed"):
        await stranger.slash(world.channel, "ask")


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        ("view_channel", (403, 50001)),
        ("send_messages", (403, 50013)),
        ("attach_files", (403, 50013)),
        ("read_message_history", (400, 160002)),
    ],
)
async def test_permissions_are_asked(
    world: World, denied: str, expected: tuple[int, int]
) -> None:
    async with world.online() as bot:
        anchor = await world.ada.say(world.channel, "hi")
        world.channel.deny(denied)
        to = bot.to(world.channel)
        reply = to.get_partial_message(anchor.id).to_reference()
        assert await code(to.send("x", file=file(), reference=reply)) == expected


async def test_bodies_are_checked(world: World) -> None:
    async with world.online() as bot:
        to = bot.to(world.channel)
        assert await code(to.send("")) == (400, 50006)
        assert await code(to.send("x" * 2001)) == (400, 50035)
        assert await code(to.send(view=buttons("x" * 81))) == (400, 50035)
        embed = discord.Embed(title="x" * 257)
        assert await code(to.send(embed=embed)) == (400, 50035)
        assert await code(to.send(file=file(10 * 1024 * 1024 + 1))) == (413, 40005)
        raw = {"content": "x", "flags": 1 << 15}
        assert await code(_post(bot, world.channel, raw)) == (400, 50035)
        gone = {"content": "x", "message_reference": {"message_id": "1"}}
        assert await code(_post(bot, world.channel, gone)) == (400, 50035)
        gone["message_reference"] = {"message_id": "1", "fail_if_not_exists": False}
        assert (await _post(bot, world.channel, gone))["content"] == "x"


def _post(bot: Bare, channel: Channel, body: Any) -> Any:
    route = Route("POST", f"/channels/{channel.id}/messages")
    return bot.http.request(route, json=body)


async def test_places_that_are_closed(world: World) -> None:
    async with world.online() as bot:
        thread = world.channel.thread("a thread")
        to = bot.to(thread)
        post = await to.send("hi")
        thread.archive()
        assert await code(post.edit(content="x")) == (400, 50083)
        await to.send("this opens it again")
        assert not thread.archived
        thread.lock()
        assert await code(to.send("x")) == (400, 160005)
        thread.archive()
        assert await code(to.send("x")) == (400, 50083)
        thread.delete()
        assert await code(to.send("x")) == (404, 10003)
        world.channel.deny("send_messages_in_threads")
        other = world.channel.thread("another")
        assert await code(bot.to(other).send("x")) == (403, 50013)
        world.guild.kick_bot()
        assert await code(bot.to(world.channel).send("x")) == (403, 50001)


async def test_a_direct_message_may_be_unwelcome(world: World) -> None:
    async with world.online() as bot:
        person = await bot.fetch_user(world.ada.id)
        await person.send("hi")
        await world.ada.dm.until(lambda m: m.content == "hi")
        world.ada.blocks_dms = True
        assert await code(person.send("x")) == (403, 50007)


async def test_a_nonce_posts_once(world: World) -> None:
    async with world.online() as bot:
        body = {"content": "x", "nonce": "1", "enforce_nonce": True}
        first = await _post(bot, world.channel, body)
        assert (await _post(bot, world.channel, body))["id"] == first["id"]
        assert len(world.channel.messages) == 1


async def test_files_are_kept_as_listed(world: World) -> None:
    async with world.online() as bot:
        post = await bot.to(world.channel).send("x", files=[file(), file(4)])
        await post.edit(attachments=[post.attachments[1], file(5)])
        [sent] = world.channel.messages
        assert [len(data) for _, data in sent.files] == [4, 5]
        assert (sent.edits, sent.history) == (1, ["x"])
        await post.edit(content="y")
        assert len(sent.files) == 2


async def test_old_messages_are_seldom_edited(world: World) -> None:
    async with world.online() as bot:
        post = await bot.to(world.channel).send("x")
        world.clock.ahead += 3601
        for number in range(3):
            await post.edit(content=f"{number}")
        assert await code(post.edit(content="x")) == (429, 30046)


async def test_an_address_of_a_file_ends(world: World) -> None:
    sent = await world.ada.say(world.channel, files=[CAT])
    url = payloads.message(sent)["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert await answer.read() == CAT.data
        async with session.get(url.replace("ex=", "ex=f")) as answer:
            assert answer.status == 404
        world.clock.ahead += 25 * 3600
        async with session.get(url) as answer:
            assert answer.status == 404


async def test_what_a_bot_may_read_without_asking(world: World) -> None:
    """Nothing, but for five exceptions; a quoted message by the same rule."""
    async with world.online() as bot:
        to, say = bot.to(world.channel), world.ada.say
        mine = await to.send("regular")
        regular = world.discord.messages[mine.id]
        answer = (await world.asked()).original
        assert (await to.fetch_message(mine.id)).content == "regular"

        hers = await say(world.channel, "words", files=[CAT])
        heard = await world.heard()
        assert (heard.content, heard.attachments) == ("", [])
        assert (await to.fetch_message(hers.id)).content == ""
        for channel, how, content in (
            (world.ada.dm, {}, "words"),
            (world.channel, {"mention_bot": True}, "words"),
            (world.channel, {"reply_to": regular}, "words"),
            (world.channel, {"reply_to": regular, "ping": False}, ""),
            (world.channel, {"reply_to": answer}, ""),
        ):
            await say(channel, "words", **how)
            heard = await world.heard()
            assert heard.content.removeprefix(f"<@{bot.user.id}> ") == content, how  # type: ignore[union-attr]
        await say(world.channel, "more", reply_to=hers, mention_bot=True)
        quoted = (await world.heard()).reference
        assert quoted is not None
        assert isinstance(quoted.resolved, discord.Message)
        assert quoted.resolved.content == ""

        await world.ada.menu(world.channel, "Look", hers)
        seen = bot.talks[-1].extras["seen"]
        assert (seen.content, seen.attachments[0].filename) == ("words", "cat.png")


async def test_with_the_intent_everything_is_read(world: World) -> None:
    world.discord.privileged.add("MESSAGE_CONTENT")
    async with world.online(Bare(message_content=True)):
        await world.ada.say(world.channel, "words")
        assert (await world.heard()).content == "words"


async def test_an_intent_that_is_not_allowed_ends_the_bot(world: World) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with world.online(Bare(message_content=True)):
            pass


async def test_what_happens_while_the_line_is_cut_is_replayed(world: World) -> None:
    gateway = world.discord.gateway
    world.ada.patience = 0
    async with world.online():
        for breaks in (gateway.drop, gateway.cut, gateway.reconnect):
            gateway.pause()
            breaks()
            asked = await world.asked()
            gateway.open()
            await asked.settled(lambda a: a.kind == "defer")
        assert len(gateway.identifies) == 1
        assert len(gateway.resumes) == 3


async def test_a_lost_session_is_begun_anew(world: World) -> None:
    gateway = world.discord.gateway
    async with world.online():
        gateway.invalidate(resumable=True)
        await gateway.until(lambda: gateway.resumes)
        gateway.invalidate()
        await gateway.until(lambda: len(gateway.identifies) == 2)
        gateway.drop(4009)
        await gateway.until(lambda: len(gateway.identifies) == 3)
        assert (await world.asked()).kind == "defer"


async def test_shards_hear_of_their_own_guilds(world: World) -> None:
    world.discord.shards = 2
    other = world.discord.guild("Other")
    other.join(world.ada)
    there = other.channel("general")
    async with world.online(Sharded()) as bot:
        assert sorted(guild.shard_id for guild in bot.guilds) == [0, 1]
        await world.asked()
        await world.ada.slash(there, "ask")
        await world.ada.say(world.ada.dm, "hi")
        assert (await world.heard()).content == "hi"
        sent = [s.sent for s in world.discord.gateway.sessions]
        talks = [[e for _, e, _ in one].count("INTERACTION_CREATE") for one in sent]
        assert talks == [1, 1]


class Form(ui.Modal, title="A form"):
    words: ui.Label[Any] = ui.Label(
        text="Words", component=ui.TextInput(custom_id="w", max_length=9)
    )
    picture: ui.Label[Any] = ui.Label(
        text="Picture", component=ui.FileUpload(custom_id="p", required=False)
    )
    size: ui.Label[Any] = ui.Label(
        text="Size",
        component=ui.Select(
            custom_id="s", options=[discord.SelectOption(label="small", value="1")]
        ),
    )

    async def on_submit(self, talk: Talk) -> None:
        picture = self.picture.component.values[0]  # type: ignore[attr-defined]
        words = self.words.component.value  # type: ignore[attr-defined]
        size = self.size.component.values  # type: ignore[attr-defined]
        same = await picture.read() == CAT.data
        await talk.response.send_message(f"{words} {size} {same}", ephemeral=True)


async def test_a_form_takes_words_files_and_choices(world: World) -> None:
    async def quiet(talk: Talk) -> None:
        """The form answers by itself."""

    async def show(talk: Talk) -> None:
        talk.client.does = quiet
        await talk.response.send_modal(Form())

    async with world.online():
        asked = await world.asked(show)
        assert [one.type for one in asked.modal.fields] == ["text", "upload", "select"]
        filled = {"Words": "hi", "p": [CAT], "Size": ["small"]}
        for wrong in ({"Words": "x" * 10}, {"Size": ["huge"]}, {"Other": "x"}):
            with pytest.raises(Refused):
                await world.ada.submit(asked, filled | wrong)
        sent = await world.ada.submit(asked, filled)

        assert (sent.kind, sent.ephemeral) == ("message", True)
        assert sent.original is not None
        assert sent.original.content == "hi ['1'] True"


async def test_buttons_are_for_those_who_see_them(world: World) -> None:
    bob = world.discord.person("Bob")
    world.guild.join(bob)

    async def answer(talk: Talk) -> None:
        talk.client.does = update
        await talk.response.send_message("hi", view=buttons("Go"), ephemeral=True)

    async def update(talk: Talk) -> None:
        await talk.response.edit_message(
            content="gone", view=buttons("Go", disabled=True)
        )

    async with world.online():
        asked = await world.asked(answer)
        with pytest.raises(Refused, match="Bob does not see"):
            await bob.press(asked.original, "Go")
        with pytest.raises(Refused, match="No 'Stop'"):
            await world.ada.press(asked.original, "Stop")
        pressed = await world.ada.press(asked.original, "id:Go")
        assert pressed.kind == "update"
        assert asked.original.content == "gone"
        with pytest.raises(Refused, match="disabled"):
            await world.ada.press(asked.original, "Go")
        assert world.channel.messages == []


async def test_components_of_the_new_kind(world: World) -> None:
    """Files are shown by components, and not listed a second time."""
    view = ui.LayoutView(timeout=None)
    gallery: ui.MediaGallery[Any] = ui.MediaGallery(
        discord.MediaGalleryItem("attachment://cat.png")
    )
    row: ui.ActionRow[Any] = ui.ActionRow(
        ui.Select(
            custom_id="s", options=[discord.SelectOption(label="Size", value="1")]
        )
    )
    box = ui.Container(ui.TextDisplay("# Title"), gallery, ui.Separator(), row)
    view.add_item(box)
    async with world.online() as bot:
        cat = discord.File(io.BytesIO(CAT.data), "cat.png")
        post = await bot.to(world.channel).send(view=view, file=cat)
        [sent] = world.channel.messages

        assert (sent.text, sent.files) == ("# Title", [("cat.png", CAT.data)])
        assert post.attachments == []
        assert (await world.ada.pick(sent, "s", ["Size"])).kind == "update"
        assert bot.talks[0].data["values"] == ["1"]  # type: ignore[index,typeddict-item]
        view.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://no.png")))
        assert await code(bot.to(world.channel).send(view=view)) == (400, 50035)


async def test_only_those_are_pinged_whom_the_bot_allows(world: World) -> None:
    role = world.guild.role("Mods", mentionable=True)
    words = f"{world.ada.mention} <@&{role.id}> @everyone"
    async with world.online() as bot:
        to = bot.to(world.channel)
        anchor = await world.ada.say(world.channel, "hi")
        reply = to.get_partial_message(anchor.id).to_reference()
        only = discord.AllowedMentions(
            everyone=False, users=[discord.Object(world.ada.id)], roles=False
        )
        none = discord.AllowedMentions.none()
        for allowed, pinged in (
            (None, {world.ada.id, role.id}),
            (only, {world.ada.id}),
            (none, set()),
        ):
            post = await to.send(words, reference=reply, allowed_mentions=allowed)  # type: ignore[arg-type]
            assert _sent(world, post).mentions_pinged == pinged
        world.channel.allow("mention_everyone")
        assert "everyone" in _sent(world, await to.send(words)).mentions_pinged


def _sent(world: World, message: discord.Message) -> Sent:
    return world.discord.messages[message.id]


async def test_people_cannot_do_what_discord_does_not_offer(world: World) -> None:
    ada, here = world.ada, world.channel
    async with world.online():
        for name, options, why in (
            ("nothing", {}, "no command"),
            ("clip", {}, "Which subcommand"),
            ("ask", {"size": "huge"}, "does not offer"),
            ("ask", {"words": "x" * 21}, "within"),
            ("ask", {"picture": Upload("a.png", b"", size=10**9)}, "too large"),
            ("clip remix", {}, "Required"),
            ("clip remix", {"clip": 7}, "cannot be"),
        ):
            with pytest.raises(Refused, match=why):
                await ada.slash(here, name, **options)
        here.deny("send_messages", to=ada)
        with pytest.raises(Refused, match="may not write"):
            await ada.say(here, "hi")
        here.deny("use_application_commands", to=ada)
        with pytest.raises(Refused, match="may not use"):
            await ada.slash(here, "ask")


async def test_some_commands_are_for_some_members(world: World) -> None:
    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    async def admin(talk: Talk) -> None:
        """For those who manage the guild."""
        await talk.response.send_message("hi")

    world.bot.tree.add_command(admin)
    chief = world.discord.person("Chief")
    world.guild.join(chief, permissions={"manage_guild"})
    async with world.online():
        with pytest.raises(Refused, match="may not use"):
            await world.ada.slash(world.channel, "admin")
        asked = await chief.slash(world.channel, "admin")
        assert (asked.kind, asked.original.content) == ("message", "hi")  # type: ignore[union-attr]


async def test_private_places_have_their_own_kind_of_interaction(world: World) -> None:
    group = world.discord.group(world.ada, world.discord.person("Bob"))
    async with world.online() as bot:
        await world.ada.slash(world.ada.dm, "ask", words="hi")
        await world.ada.slash(group, "ask", picture=CAT)
        dm, grouped = bot.talks
        assert (dm.context.dm_channel, grouped.context.private_channel) == (True, True)
        assert grouped.is_user_integration()
        assert await code(bot.to(group).send("x")) == (403, 50001)
        await grouped.followup.send("filled")
        assert [m.content for m in group.messages] == ["filled"]


async def test_the_small_routes(world: World) -> None:
    async with world.online() as bot:
        to = bot.to(world.channel)
        await to.typing()
        post = await to.send("one", embed=_embed(), file=file())
        await to.send("two")
        await post.add_reaction("\N{HOURGLASS}")
        [sent, _] = world.channel.messages
        assert (sent.reactions, world.channel.typed) == (["\N{HOURGLASS}"], 1)
        await post.remove_reaction("\N{HOURGLASS}", bot.user)  # type: ignore[arg-type]
        assert [m.content async for m in to.history()] == ["two", "one"]
        assert [m.content async for m in to.history(after=post)] == ["two"]
        assert post.embeds[0].image.url == post.attachments[0].url
        await post.delete()
        assert sent.deleted
        assert (await bot.fetch_channel(world.channel.id)).id == world.channel.id
        assert (await bot.fetch_guild(world.guild.id)).name == "Harbour"
        assert [c.name for c in await bot.tree.fetch_commands()] == [
            one["name"] for one in world.discord.commands.listed()
        ]


def _embed() -> discord.Embed:
    made = discord.Embed(title="Card", description="words")
    return made.set_image(url="attachment://clip.mp4").add_field(name="a", value="b")


async def test_a_heartbeat_is_asked_for_and_answered(world: World) -> None:
    gateway = world.discord.gateway
    async with world.online() as bot:
        gateway.heartbeat_now()
        await gateway.until(lambda: gateway.heartbeats == 2)
        await gateway.until(lambda: bot.latency < 1)


async def test_typing_offers_choices(world: World) -> None:
    async def nothing(talk: Talk) -> None:
        """The tree answers."""

    async with world.online() as bot:
        bot.does = nothing
        found = await world.ada.complete(world.channel, "clip remix", clip="be")
        assert found == [("a be", "7")]


@pytest.mark.parametrize(
    ("fault", "posts"),
    [
        ({"status": 429, "retry_after": 0.01}, 1),
        ({"cut": "before"}, 0),
        ({"cut": "after"}, 1),
        ({"status": 503}, 0),
        ({"status": 429, "via": False}, 0),
    ],
)
async def test_faults_happen_as_scripted(
    world: World, fault: dict[str, Any], posts: int
) -> None:
    async with world.online() as bot:
        world.discord.fail("POST", r"/channels/\d+/messages$", **fault)
        failures = (discord.HTTPException, aiohttp.ClientError)
        if "cut" in fault or not posts:
            with pytest.raises(failures):
                await bot.to(world.channel).send("x")
        else:
            await bot.to(world.channel).send("x")
        assert len(world.channel.messages) == posts


async def test_an_answer_may_be_held_back(world: World) -> None:
    async with world.online() as bot:
        go = asyncio.Event()
        world.discord.fail("POST", r"/messages$", hold=go)
        posting = asyncio.create_task(bot.to(world.channel).send("x"))
        await world.channel.until(lambda m: m.content == "x")
        assert not posting.done()
        go.set()
        await posting


async def test_the_wrong_token_is_refused(world: World) -> None:
    world.discord.token = "another"
    async with Bare() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")
    assert world.discord.log[0].status == 401


async def test_what_is_not_modelled_is_told(world: World) -> None:
    async with world.online() as bot:
        assert (await code(bot.fetch_premium_sticker_packs()))[0] == 501
        [told] = world.discord.unexpected
        assert "sticker-packs" in told
        world.discord.unexpected.clear()


@pytest.mark.skipif(not DOCUMENT.exists(), reason="Discord's OpenAPI is not there")
async def test_a_payload_unlike_discords_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = payloads.user

    def broken(person: Person) -> Any:
        return {k: v for k, v in whole(person).items() if k != "public_flags"}

    async with world.online() as bot:
        assert world.discord.unexpected == []
        monkeypatch.setattr(payloads, "user", broken)
        await bot.to(world.channel).send("x")
        assert "public_flags" in world.discord.unexpected[0]
        world.discord.unexpected.clear()
        monkeypatch.setattr(payloads, "user", whole)
        odd = {"content": "x", "embeds": "no list"}
        await asyncio.gather(_post(bot, world.channel, odd), return_exceptions=True)
        assert "embeds" in world.discord.unexpected[0]
        world.discord.unexpected.clear()
