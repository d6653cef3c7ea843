"""How a clip gets to its person on Discord, whatever is closed, lost or too large."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.models import State
from tests.fakes.discord_api import Channel
from tests.fakes.harbour import Harbour, open_harbour
from tests.fakes.world import FakeProvider, noisy_clip


@pytest.mark.parametrize("denied", ["send_messages", "attach_files", "view_channel"])
async def test_where_the_bot_may_not_post_the_answer_carries_the_clip(
    tmp_path: Path, denied: str
) -> None:
    """It is known from the permissions, so nothing forbidden is even tried."""
    async with open_harbour(tmp_path) as harbour:
        channel = harbour.guild.channel("closed", deny={denied})
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.settled(lambda a: any(m.files for m in a.followups))

        assert asked.original is not None
        assert not any(entry.status in (401, 403) for entry in harbour.discord.log)


async def test_after_the_answers_time_the_clip_comes_as_a_direct_message(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        channel = harbour.guild.channel("closed", deny={"send_messages"})
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.clock.move(14 * 60 + 1)
        provider.looks = 0

        clip = await harbour.next_clip(harbour.ada.dm)

        await harbour.ada.say(harbour.ada.dm, "slower", reply_to=clip)
        await harbour.next_clip(harbour.ada.dm)
        assert len(await harbour.jobs()) == 2


async def test_what_cannot_be_posted_at_all_is_kept_and_sent_again(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        harbour.ada.blocks_dms = True
        channel = harbour.guild.channel("closed", deny={"send_messages"})
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.clock.move(14 * 60 + 1)
        provider.looks = 0
        await harbour.idle()
        [job] = await harbour.jobs()
        assert job.state is State.DONE
        asked = await harbour.ada.slash(harbour.channel, "clip show", clip=job.id)
        told = await asked.says("not be posted")
        assert f"/clip resend clip:{job.id}" in told.content

        asked = await harbour.ada.slash(harbour.channel, "clip resend", clip=job.id)

        await asked.says("Posted")
        clip = await harbour.next_clip()
        assert clip.files


async def test_a_user_who_brought_the_bot_along_gets_the_clip_as_an_answer(
    tmp_path: Path,
) -> None:
    """In a server that does not have the bot."""
    async with open_harbour(tmp_path) as harbour:
        elsewhere = harbour.discord.guild("Elsewhere", bot_is_member=False)
        elsewhere.join(harbour.ada)
        channel = elsewhere.channel("general")
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.settled(lambda a: any(m.files for m in a.followups))

        [clip] = [m for m in asked.followups if m.files]
        asked = await harbour.ada.press(clip, "Again")
        await asked.settled(lambda a: any(m.files for m in a.followups))


def foreign(harbour: Harbour) -> Channel:
    """A channel of a server that does not have the bot."""
    elsewhere = harbour.discord.guild("Elsewhere", bot_is_member=False)
    elsewhere.join(harbour.ada)
    return elsewhere.channel("general")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (r"/webhooks/\d+/[^/]+$", {"cut": "after"}),
        ("/callback", {"cut": "before", "times": 6}),
    ],
)
async def test_a_clip_that_is_an_answer_comes_once_whatever_breaks(
    tmp_path: Path, path: str, fault: dict[str, Any]
) -> None:
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(method="POST", path=path, **fault)
        asked = await harbour.ada.slash(foreign(harbour), "animate", prompt="pan left")
        await asked.says("Done")
        await harbour.idle()

        assert [bool(m.files) for m in asked.followups] == [True]
        assert harbour.ada.dm.messages == []


async def test_a_card_that_shows_nothing_yet_is_not_taken_for_the_clip(
    tmp_path: Path,
) -> None:
    """The first message after "thinking" takes its place, and the next edit that."""
    async with open_harbour(tmp_path) as harbour:
        harbour.parts.chat.cards._kept._gap = lambda _: 60.0
        harbour.discord.fail(
            method="PATCH", path="/@original", status=429, retry_after=0.01, via=False
        )
        asked = await harbour.ada.slash(foreign(harbour), "animate", prompt="pan left")
        await harbour.idle()

        assert asked.original is not None
        assert asked.original.content == "Sending"
        assert [bool(m.files) for m in asked.followups] == [True]


async def test_a_clip_that_is_sent_again_as_an_answer_is_for_everyone(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.clip()
        [job] = await harbour.jobs()

        asked = await harbour.ada.slash(foreign(harbour), "clip resend", clip=job.id)

        assert (await asked.says("Posted")).ephemeral
        [clip] = asked.followups
        assert clip.files
        assert not clip.ephemeral


async def goes(harbour: Harbour, channel: Channel, how: str) -> None:
    """Close a channel while a render is under way."""
    match how:
        case "deleted":
            channel.delete()
        case "kicked":
            harbour.guild.kick_bot()
        case "denied":
            channel.deny("send_messages")
        case "archived":
            channel.archive()  # type: ignore[attr-defined]
        case "locked":
            channel.archive()  # type: ignore[attr-defined]
            channel.lock()  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["deleted", "kicked", "denied", "archived", "locked"])
async def test_a_channel_that_closes_mid_render_loses_nothing(
    tmp_path: Path, how: str
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        channel = harbour.guild.channel("busy")
        if how in {"archived", "locked"}:
            channel = channel.thread("a thread")
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        await goes(harbour, channel, how)
        provider.looks = 0

        await harbour.idle()

        [job] = await harbour.jobs()
        assert job.state is State.DONE
        found = [*asked.followups, *harbour.ada.dm.messages, *channel.messages]
        assert len({m.id for m in found if m.files}) == 1


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (400, 50045)])
async def test_what_is_too_large_is_made_smaller_and_says_so(
    tmp_path: Path, status: int, code: int
) -> None:
    """The limit that was learned is used at once the next time."""
    whole = noisy_clip(tmp_path / "noise.mp4", 160, 90)
    provider = FakeProvider(tmp_path, clip=whole)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        posts = r"/channels/\d+/messages$"
        harbour.discord.fail(method="POST", path=posts, status=status, code=code)
        first = await harbour.clip()
        second = await harbour.clip()

        tried = [c for c in harbour.discord.log if c.files]
        assert [call.status for call in tried] == [status, 200, 200]
        for clip in (first, second):
            assert "smaller" in clip.content
            assert "pan left" in clip.content
            [(_, data)] = clip.files
            assert data[4:8] == b"ftyp"
            assert len(data) < whole.stat().st_size / 2


async def test_the_limit_of_a_server_is_known_beforehand(tmp_path: Path) -> None:
    """With an address of its own, the message leads to the whole clip."""
    provider = FakeProvider(tmp_path, clip=noisy_clip(tmp_path / "noise.mp4", 160, 90))
    async with open_harbour(tmp_path, provider=provider) as harbour:
        harbour.house.service._settings = replace(
            harbour.house.service._settings, public_url="https://clips.example"
        )
        harbour.parts.chat.limits.learned[f"workspace {harbour.guild.id}"] = 20_000
        clip = await harbour.clip()

        tried = [c for c in harbour.discord.log if c.files]
        assert len(tried) == 1
        assert len(clip.files[0][1]) <= 20_000
        assert "https://clips.example/shared/" in clip.content


async def test_words_arrive_where_no_file_does(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        posts = r"/channels/\d+/messages$"
        harbour.discord.fail(
            method="POST", path=posts, status=413, code=40005, times=10, files=True
        )
        await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        told = await harbour.channel.until(lambda m: "too large" in m.content)
        await harbour.idle()

        assert "pan left" in told.content
        [job] = await harbour.jobs()
        assert job.state is State.DONE


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("forbidden", ["", "read_message_history"])
async def test_a_line_that_breaks_while_posting_posts_once(
    tmp_path: Path, cut: str, forbidden: str
) -> None:
    """Discord knows a repeated post by its nonce, where we cannot look for it."""
    async with open_harbour(tmp_path) as harbour:
        if forbidden:
            harbour.channel.deny(forbidden)
        harbour.discord.fail(method="POST", path=r"/channels/\d+/messages$", cut=cut)
        await harbour.clip()

        assert len([m for m in harbour.channel.messages if m.files]) == 1


async def test_a_bot_that_was_killed_after_posting_does_not_post_again(
    tmp_path: Path,
) -> None:
    """It looks through the channel for its own message of that job."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        for _ in range(120):
            await harbour.bob.say(harbour.channel, "chatter")
        provider.looks = 0
        clip = await harbour.next_clip()
        [job] = await harbour.jobs()

        found = await harbour.parts.chat.find(job, job.id)

        assert found == str(clip.id)


async def test_a_card_from_before_a_restart_goes_on(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        await harbour.disconnect()
        await harbour.connect()
        provider.looks = 0

        await harbour.next_clip()

        await asked.says("Done")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prompt": "pan left", "seconds": 5}, "4, 8 or 12"),
        ({"prompt": "pan left", "model": "sora-2"}, "no model"),
    ],
)
async def test_what_cannot_be_done_is_said_to_its_person_alone(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    async with open_harbour(tmp_path) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", **options)
        await asked.says(said)

        assert all(message.ephemeral for message in asked.followups)
        assert asked.original is None
        assert harbour.channel.messages == []
        assert await harbour.house.ledger() == []


async def test_edits_are_dropped_while_discord_is_busy(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        for via in (True, False):
            harbour.discord.fail(
                method="PATCH",
                path=r"/messages/@original",
                status=429,
                retry_after=0.01,
                via=via,
            )
            asked = await harbour.ada.slash(
                harbour.channel, "animate", prompt="pan left"
            )
            await harbour.next_clip()
            await asked.says("Done")


async def test_words_do_no_harm(tmp_path: Path) -> None:
    """Nobody is pinged, nothing is marked up, nothing hides."""
    nasty = "@everyone <@&1> [x](https://evil.example) `a` **b** \u202e <t:0:R>"
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip(nasty)

        assert clip.mentions_pinged == {harbour.ada.id}
        [post] = [c for c in harbour.discord.log if c.method == "POST" and c.files]
        may_ping = post.json["allowed_mentions"]
        assert may_ping["parse"] == []
        assert may_ping["users"] == [harbour.ada.id]
        line = clip.content.splitlines()[1]
        assert "\u202e" not in line
        for raw in ("<@&1>", "[x](", "`a`", "**b**", "<t:0"):
            assert raw not in re.sub(r"\\.", "", line)


async def test_many_orders_at_once_are_all_carried_out(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        await asyncio.gather(
            *(
                harbour.ada.slash(harbour.channel, "animate", prompt=f"pan {n}")
                for n in range(10)
            )
        )
        await harbour.idle()

        assert len([m for m in harbour.channel.messages if m.files]) == 10


async def test_a_reply_to_an_answer_arrives_empty_and_is_explained(
    tmp_path: Path,
) -> None:
    """Where the clip had to be an answer, only the button remixes."""
    async with open_harbour(tmp_path) as harbour:
        channel = harbour.guild.channel("no files", deny={"attach_files"})
        asked = await harbour.ada.slash(channel, "animate", prompt="pan left")
        await asked.settled(lambda a: any(m.files for m in a.followups))
        [clip] = [m for m in asked.followups if m.files]
        await harbour.idle()

        await harbour.ada.say(channel, "slower", reply_to=clip)

        hint = await channel.until(lambda m: "not what you wrote" in m.content)
        asked = await harbour.ada.press(hint, "Remix")
        assert asked.kind == "modal"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, 10003),
        (403, 50001),
        (403, 50013),
        (400, 50083),
        (400, 160005),
        (400, 20016),
        (403, 0),
    ],
)
async def test_whatever_closes_the_channel_the_answer_is_tried_next(
    tmp_path: Path, status: int, code: int
) -> None:
    """And it says why the clip comes that way."""
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(
            method="POST", path=r"/channels/\d+/messages$", status=status, code=code
        )
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.settled(lambda a: any(m.files for m in a.followups))

        [clip] = [m for m in asked.followups if m.files]
        why = clip.content.splitlines()[-2]
        assert re.search("channel|thread", why)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, 50027), (404, 10015), (404, 10062), (400, 40094), (404, 10008)],
)
async def test_when_the_answer_is_closed_too_a_direct_message_is_left(
    tmp_path: Path, status: int, code: int
) -> None:
    async with open_harbour(tmp_path) as harbour:
        channel = harbour.guild.channel("closed", deny={"send_messages"})
        harbour.discord.fail(
            method="POST", path=r"/webhooks/\d+/[^/]+$", status=status, code=code
        )
        await harbour.ada.slash(channel, "animate", prompt="pan left")

        clip = await harbour.next_clip(harbour.ada.dm)

        assert clip.mentions_pinged == set()


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, 10008), (401, 50027), (429, 30046), (403, 50001), (400, 50035), (500, 0)],
)
async def test_a_card_that_cannot_be_edited_stops_nothing(
    tmp_path: Path, status: int, code: int
) -> None:
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(
            method="PATCH",
            path=r"/messages/@original",
            status=status,
            code=code,
            via=False,
        )

        clip = await harbour.clip()

        assert clip.files


async def test_a_card_that_was_deleted_is_left_alone(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        card = await asked.says("Rendering")
        card.deleted = True
        provider.looks = 0
        await harbour.next_clip()

        assert [c.status for c in harbour.discord.log].count(404) == 1


async def test_a_card_is_left_alone_once_it_is_old(tmp_path: Path) -> None:
    """Discord takes edits of old messages as abuse."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.clock.move(56 * 60)
        provider.looks = 0
        await harbour.next_clip()

        assert asked.original is not None
        assert "Done" not in asked.original.content
        assert not [c for c in harbour.discord.log if c.status == 429]


async def test_after_a_quarter_of_an_hour_the_card_is_edited_as_a_message(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        asked = await harbour.ada.slash(harbour.channel, "animate", prompt="pan left")
        await asked.says("Rendering")
        harbour.clock.move(14 * 60 + 1)
        provider.looks = 0

        await harbour.next_clip()

        await asked.says("Done")
        edits = [c for c in harbour.discord.log if c.method == "PATCH"]
        assert re.fullmatch(r"/channels/\d+/messages/\d+", edits[-1].path)


async def test_no_token_and_no_prompt_reaches_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="adapters")
    caplog.set_level("INFO", logger="bot")
    async with open_harbour(tmp_path) as harbour:
        harbour.discord.fail(
            method="POST", path=r"/channels/\d+/messages$", status=403, code=50013
        )
        asked = await harbour.ada.slash(
            harbour.channel, "animate", prompt="a canary sings"
        )
        await asked.settled(lambda a: any(m.files for m in a.followups))
        await harbour.idle()

        for secret in (harbour.discord.token, asked.token, "canary"):
            assert secret not in caplog.text
