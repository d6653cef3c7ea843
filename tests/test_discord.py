"""A member's way through Discord: every door, the card, the clip, the remix."""

from pathlib import Path
from typing import Any

import pytest

from bot.models import Op
from tests.fakes.discord_api import Upload
from tests.fakes.harbour import open_harbour, photo


async def test_a_photo_becomes_a_clip_a_remix_and_an_extension(tmp_path: Path) -> None:
    """The whole way, over a restart, with the unmodified client."""
    async with open_harbour(tmp_path, conform=True) as harbour:
        asked = await harbour.ada.slash(
            harbour.channel, "animate", picture=photo(), prompt="pan left"
        )
        clip = await harbour.next_clip()
        await asked.says("Done")
        assert clip.files[0][1][4:8] == b"ftyp"
        assert clip.mentions_pinged == {harbour.ada.id}

        await harbour.ada.say(harbour.channel, "slower, and add snow", reply_to=clip)
        remix = await harbour.next_clip()
        assert "slower, and add snow" in remix.content
        await harbour.disconnect()
        await harbour.connect()

        await harbour.ada.press(remix, "Again")
        again = await harbour.next_clip()
        asked = await harbour.ada.press(again, "Extend")
        await harbour.ada.submit(asked, {"seconds": ["4"], "words": "pull back"})
        await harbour.next_clip()

        jobs = await harbour.jobs()
        assert [job.request.op for job in jobs] == [
            Op.EXTEND,
            Op.REMIX,
            Op.REMIX,
            Op.CREATE,
        ]
        assert jobs[0].request.seconds == 8
        assert await harbour.house.ledger() == [("charged", 4)] * 3 + [("charged", 8)]


async def test_no_words_open_the_studio(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", picture=photo())
        assert asked.kind == "modal"

        await harbour.ada.submit(
            asked,
            {"shot": ["dolly in"], "action": "steam rises", "mood": "snow", "keep": ""},
        )
        await harbour.next_clip()

        [job] = await harbour.jobs()
        said = "Shot: dolly in\nAction: steam rises\nLighting: snow"
        assert job.request.prompt == said
        assert job.request.still is not None


async def test_a_form_takes_the_picture_itself(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate")
        await harbour.ada.submit(asked, {"picture": [photo()], "action": "pan left"})
        await harbour.next_clip()

        [job] = await harbour.jobs()
        assert (job.request.prompt, job.request.still is None) == ("pan left", False)


async def test_a_menu_on_words_alone_says_what_to_do(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        post = await harbour.bob.say(harbour.channel, "no picture")
        asked = await harbour.ada.menu(harbour.channel, "Animate this picture", post)

        assert asked.ephemeral
        assert asked.original is not None
        assert "use /animate" in asked.original.content


async def test_a_mention_with_a_picture_is_an_order(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        post = await harbour.ada.say(
            harbour.channel, "orbit right", files=[photo()], mention_bot=True
        )
        clip = await harbour.next_clip()

        [job] = await harbour.jobs()
        assert job.request.prompt == "orbit right"
        card = await harbour.channel.until(lambda m: m.reference == post.id)
        assert card is not clip


async def test_a_picture_in_a_direct_message_is_an_order(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.ada.say(harbour.ada.dm, "orbit right", files=[photo()])
        clip = await harbour.next_clip(harbour.ada.dm)

        await harbour.ada.say(harbour.ada.dm, "slower", reply_to=clip, ping=False)
        await harbour.next_clip(harbour.ada.dm)

        jobs = await harbour.jobs()
        assert [job.request.op for job in jobs] == [Op.REMIX, Op.CREATE]
        # What everyone in a place may use together is nobody else's business here.
        assert {job.place.workspace for job in jobs} == {f"private-{harbour.ada.dm.id}"}


@pytest.mark.parametrize(
    "fault",
    [
        {"cut": "before"},
        {"status": 429, "retry_after": 0.01, "via": False},
        {"status": 403, "code": 50013},
    ],
)
async def test_an_order_in_a_message_does_not_depend_on_typing(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        harbour.discord.fail(method="POST", path="/typing", **fault)
        await harbour.ada.say(harbour.channel, "add snow", reply_to=clip)

        assert "add snow" in (await harbour.next_clip()).content


async def test_a_mention_where_the_bot_may_not_speak_is_answered_directly(
    tmp_path: Path,
) -> None:
    """Help, refusals, the card and the clip."""
    async with open_harbour(tmp_path) as harbour:
        channel = harbour.guild.channel("closed", deny={"send_messages"})
        await harbour.ada.say(channel, "hello", mention_bot=True)
        await harbour.ada.dm.until(lambda m: "/animate" in m.content)

        await harbour.ada.say(channel, "orbit", files=[photo()], mention_bot=True)
        await harbour.next_clip(harbour.ada.dm)

        await harbour.ada.dm.until(lambda m: "Done" in m.content)


async def test_a_mention_without_a_picture_is_helped(tmp_path: Path) -> None:
    """Also when the line breaks."""
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(method="POST", path="/messages$", cut="before")
        await harbour.ada.say(harbour.channel, "hello", mention_bot=True)

        help = await harbour.channel.until(lambda m: "/animate" in m.content)  # noqa: A001
        assert await harbour.jobs() == []
        assert help.mentions_pinged == set()


async def test_what_is_not_for_the_bot_is_left_alone(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        post = await harbour.bob.say(harbour.channel, "look", files=[photo()])
        await harbour.ada.say(harbour.channel, "nice", reply_to=post)
        await harbour.clip()

        assert len(await harbour.jobs()) == 1


async def test_a_silent_reply_is_explained_once(tmp_path: Path) -> None:
    """The bot sees that there was a reply, not its words; it offers the button.

    One that did not arrive does not count.
    """
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        harbour.discord.fail(
            method="POST", path="/messages$", status=429, retry_after=0.01, via=False
        )
        await harbour.ada.say(harbour.channel, "slower", reply_to=clip, ping=False)
        await harbour.discord.gateway.until(
            lambda: any(call.status == 429 for call in harbour.discord.log)
        )
        await harbour.ada.say(harbour.channel, "slower", reply_to=clip, ping=False)
        hint = await harbour.channel.until(lambda m: "not what you wrote" in m.content)
        noted = "SELECT 1 FROM notes WHERE key LIKE 'once:hint%'"
        while not await harbour.house.store.rows(noted):
            pass
        harbour.clock.move(600)  # Discord has forgotten that it was said
        await harbour.ada.say(harbour.channel, "slower", reply_to=clip, ping=False)
        await harbour.ada.say(harbour.channel, "slower", reply_to=clip)
        await harbour.next_clip()

        hints = [m for m in harbour.channel.messages if "not what" in m.content]
        assert hints == [hint]
        asked = await harbour.ada.press(hint, "Remix")
        assert asked.kind == "modal"


async def test_with_the_intent_silent_replies_are_read(tmp_path: Path) -> None:
    async with open_harbour(
        tmp_path, online=False, discord_message_content=True
    ) as harbour:
        harbour.discord.privileged = {"MESSAGE_CONTENT"}
        await harbour.connect()
        clip = await harbour.clip()

        await harbour.ada.say(harbour.channel, "slower", reply_to=clip, ping=False)
        remix = await harbour.next_clip()

        assert remix is not clip
        await harbour.disconnect()


async def test_the_menu_and_the_command_remix_too(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        asked = await harbour.ada.menu(harbour.channel, "Remix this clip", clip)
        await harbour.ada.submit(asked, {"words": "add rain"})
        await harbour.next_clip()
        choices = await harbour.ada.complete(
            harbour.channel, "clip remix", clip="pan l"
        )
        [(name, value)] = choices
        await harbour.ada.slash(
            harbour.channel, "clip remix", clip=value, prompt="add fog"
        )
        await harbour.next_clip()

        assert name.startswith("pan left")
        prompts = [job.request.prompt for job in await harbour.jobs()]
        assert prompts == ["add fog", "add rain", "pan left"]


async def test_the_card_tells_how_far_it_is_and_leads_to_the_clip(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(
            harbour.channel, "animate", picture=photo(), prompt="pan left", seconds=8
        )
        clip = await harbour.next_clip()

        await asked.says("Done")
        assert asked.kind == "defer"
        assert not asked.ephemeral
        assert asked.original is not None
        assert str(clip.id) in asked.original.content
        assert "8 s" in asked.original.content
        assert asked.original.buttons == []


async def test_the_clip_says_what_it_is(tmp_path: Path) -> None:
    """An ordinary message that plays inline: prompt, model, seed, cost, and rest."""
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip("pan left")

        [(name, data)] = clip.files
        assert name.endswith(".mp4")
        assert data[4:8] == b"ftyp"
        for word in ("pan left", "one", "seed", "4 clip-seconds", "AI-generated"):
            assert word in clip.content
        assert clip.buttons == ["Remix", "Again", "Extend", "Not right?", "Delete"]
        assert clip.flags == 0


async def test_a_person_is_spoken_to_in_their_language(tmp_path: Path) -> None:
    """Commands, buttons, the card and refusals; what nobody translated is English."""
    async with open_harbour(tmp_path) as harbour:
        harbour.ada.locale, harbour.bob.locale = "de", "ja"
        await (await harbour.ada.slash(harbour.channel, "quota")).says("Tageslimit")
        await (await harbour.bob.slash(harbour.channel, "quota")).says("上限なし")
        asked = await harbour.ada.slash(
            harbour.channel, "animate", picture=photo(), prompt="pan left", seconds=5
        )
        await asked.says("macht Clips von 4, 8")

        clip = await harbour.clip()
        own = ["Remix", "Nochmal", "Verlängern", "Stimmt was nicht?", "Löschen"]
        assert clip.buttons == own
        texts = {
            command["name"]: command.get("description_localizations")
            or command["name_localizations"]
            for command in harbour.discord.commands
        }
        assert texts["animate"]["de"] == "Ein Bild zum Leben erwecken"
        assert texts["Animate this picture"]["ja"] == "この画像を動かす"


async def test_quota_list_show_and_tree_are_for_their_person_alone(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.clip("pan left")
        [job] = await harbour.jobs()
        looks: list[tuple[str, dict[str, str], str]] = [
            ("quota", {}, "resets"),
            ("clip list", {}, job.id),
            ("clip show", {"clip": job.id}, "pan left"),
            ("clip tree", {"clip": job.id}, job.id),
        ]
        for name, options, said in looks:
            asked = await harbour.ada.slash(harbour.channel, name, **options)
            await asked.says(said)
            assert asked.ephemeral
        asked = await harbour.bob.slash(harbour.channel, "clip show", clip=job.id)
        await asked.says("no such clip")


async def test_deleting_asks_first_and_takes_the_messages_away(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        asked = await harbour.ada.press(clip, "Delete")
        assert asked.ephemeral
        assert asked.original is not None

        asked = await harbour.ada.press(asked.original, "Delete it for good")
        await asked.says("Deleted")

        assert clip.deleted
        assert await harbour.jobs() == []


async def test_a_picture_may_be_any_file_that_is_one(tmp_path: Path) -> None:
    """Name and type are the uploader's claims; the bytes decide."""
    async with open_harbour(tmp_path) as harbour:
        odd = Upload("photo.txt", photo().data, content_type="text/plain")
        await harbour.ada.slash(
            harbour.channel, "animate", picture=odd, prompt="pan left"
        )
        await harbour.next_clip()
