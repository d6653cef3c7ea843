"""What people send that is no good: one clear sentence, to them alone, for nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord import text
from adapters.discord.pictures import Pictures
from adapters.discord.pictures import Upload as Uploaded
from bot.config import Settings
from bot.errors import StillError
from bot.languages import say
from bot.wording.markup import MOST_QUOTED
from tests.fakes import pictures
from tests.fakes.discord_api import Upload
from tests.fakes.harbour import open_harbour, photo
from tests.fakes.house import ANN, PLENTY, open_fake_house

PDF = b"%PDF-1.7 no picture"
BAD = {
    "no picture": (Upload("notes.pdf", PDF, "application/pdf"), "not a picture"),
    "a lying name": (Upload("cat.png", PDF, "image/png"), "not a picture"),
    "too large by its own word": (
        Upload("big.png", photo().data, size=26 << 20),
        "more than 25 MB",
    ),
    "too many pixels": (Upload("bomb.png", pictures.bomb()), "pixels"),
    "nothing": (Upload("empty.png", b""), "empty"),
    "half a picture": (Upload("half.png", photo().data[:60]), "damaged"),
}


async def test_a_bad_picture_is_refused_in_words(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        for upload, said in BAD.values():
            asked = await harbour.ada.slash(
                harbour.channel, "animate", picture=upload, prompt="pan left"
            )
            answer = await asked.says(said)
            assert answer.ephemeral

        assert harbour.channel.messages == []
        assert await harbour.house.ledger() == []


async def test_words_in_a_form_that_is_refused_are_given_back_whole(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        upload, said = BAD["no picture"]
        for words in ("the tram rings", "the tram rings, " * 60 + "and stops"):
            asked = await harbour.ada.slash(harbour.channel, "animate")
            filled = {"picture": [upload], "action": words}
            asked = await harbour.ada.submit(asked, filled)

            answer = await asked.says(said)
            assert answer.only_for is harbour.ada
            assert "> the tram rings" in answer.content
            whole = "".join(data.decode() for _, data in answer.files)
            assert (words in whole) is (len(words) > MOST_QUOTED)


@pytest.mark.parametrize("clip", ["foo bar", "x" * 200, "nonesuch22"])
async def test_what_is_no_clip_cannot_be_deleted(tmp_path: Path, clip: str) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "clip delete", clip=clip)

        assert (await asked.says("gone, or it is somebody else's")).ephemeral


async def test_an_animated_picture_gives_its_first_frame(tmp_path: Path) -> None:
    moving = Upload("moving.gif", pictures.animated("GIF"))
    async with open_harbour(tmp_path) as harbour:
        await harbour.ada.slash(
            harbour.channel, "animate", picture=moving, prompt="pan left"
        )

        await harbour.next_clip()


async def test_a_bad_picture_in_a_message_is_answered_there(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.ada.say(
            harbour.channel,
            "pan left",
            files=[BAD["no picture"][0]],
            mention_bot=True,
        )

        await harbour.channel.until(lambda m: "not a picture" in m.content)
        assert await harbour.house.ledger() == []


async def test_a_link_of_discord_that_has_expired_is_said(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", picture=photo())
        harbour.clock.move(25 * 3_600)

        asked = await harbour.ada.submit(asked, {"action": "pan left"})

        await asked.says("does not have that picture any more")


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "http://169.254.169.254/a.png",
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
    ],
)
async def test_only_files_of_discord_are_fetched(tmp_path: Path, url: str) -> None:
    """Look-alikes of its hosts, and addresses of our own network, are refused."""
    async with open_fake_house(tmp_path) as house:
        fetched = Pictures(Settings(), house.service)

        with pytest.raises(StillError, match="does not lie with Discord"):
            await fetched.still(Uploaded("a.png", 10, url, "image/png"), ANN)


async def test_a_form_from_before_a_restart_gives_the_words_back(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", picture=photo())
        await harbour.disconnect()
        await harbour.connect()

        words = "the tram rings" * 60
        asked = await harbour.ada.submit(asked, {"action": words})

        answer = await asked.says("restarted")
        assert "the tram rings" in answer.content
        assert words in answer.files[0][1].decode()


async def test_a_remix_form_from_before_a_restart_still_works(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        asked = await harbour.ada.press(clip, "Remix")
        await harbour.disconnect()
        await harbour.connect()

        await harbour.ada.submit(asked, {"words": "add rain"})

        assert "add rain" in (await harbour.next_clip()).content


async def test_a_quota_that_is_used_up_is_said_before_anything(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        chief = harbour.discord.person("Chief")
        harbour.guild.join(chief, permissions={"manage_guild"})
        asked = await chief.slash(
            harbour.channel, "animate-admin quota", member=harbour.ada, units="5"
        )
        await asked.says("5 clip-seconds")
        await harbour.clip()

        asked = await harbour.ada.slash(
            harbour.channel, "animate", picture=photo(), prompt="pan left"
        )

        assert (await asked.says("1 of 5 left today")).ephemeral
        assert await harbour.house.ledger() == [("charged", 4)]


async def test_a_role_that_raises_a_cap_is_one_role_when_named_by_its_id(
    tmp_path: Path,
) -> None:
    """Anybody may give a role of their own server any name."""
    async with open_harbour(tmp_path) as harbour:
        patron = harbour.guild.role("Patron")
        harbour.guild.members[harbour.ada.id].roles.append(patron)
        other = harbour.discord.guild("Bob's")
        other.join(harbour.bob)
        false = other.role(str(patron.id))
        other.members[harbour.bob.id].roles.append(false)
        caps = replace(PLENTY, person_day=10, roles={str(patron.id): 300})
        settings = harbour.house.service._settings
        harbour.house.service._settings = replace(settings, caps=caps)
        await harbour.disconnect()
        await harbour.connect()

        asked = await harbour.ada.slash(harbour.channel, "quota")
        await asked.says("300 of 300")
        asked = await harbour.bob.slash(other.channel("general"), "quota")
        await asked.says("10 of 10")


async def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        chief = harbour.discord.person("Chief")
        harbour.guild.join(chief, permissions={"manage_guild"})
        asked = await chief.slash(
            harbour.channel, "animate-admin quota", member=harbour.ada, units="many"
        )

        await asked.says("is no number of clip-seconds")


async def test_where_no_answer_under_a_message_is_allowed_it_stands_alone(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        channel = harbour.guild.channel("short", deny={"read_message_history"})
        await harbour.ada.say(channel, "pan left", files=[photo()], mention_bot=True)
        await harbour.next_clip(channel)

        card = await channel.until(lambda m: "Done" in m.content)
        assert card.reference is None


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("@everyone", r"\@everyone"),
        ("<@1> <@&2> <#3>", r"\<\@1\> \<\@&2\> \<#3\>"),
        ("a\u202eb\u200bc", "abc"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 2),
        ("```x```", r"\`\`\`x\`\`\`"),
        ("# one\n# two", r"\# one # two"),
        ("- see https://x.example", r"\- see https:\//x.example"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_words_are_shown_as_they_were_typed_and_do_nothing(
    words: str, shown: str
) -> None:
    assert text.plain(words) == shown


def test_long_words_are_cut_and_a_message_always_fits() -> None:
    assert len(text.plain("x" * 5_000)) == MOST_QUOTED + 1
    assert len(text.joined(*["*" * 900] * 5)) == text.MOST
    assert text.quoted("  \n ") == ""


def test_a_sentence_without_a_translation_is_said_in_english() -> None:
    assert say("No such sentence {n}", "de", n=1) == "No such sentence 1"
