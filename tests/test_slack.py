"""What only Slack has: its forms, its threads, its events that come more than once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.models import Op
from tests.fakes.office import open_office, photo
from tests.fakes.world import FakeProvider

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])


async def test_the_studio_asks_for_the_parts_and_says_what_is_left(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        await office.ada.slash(office.channel, "/animate", "steam &amp; rain")
        view = await office.ada.modal()
        await office.slack.bell.until(lambda: "daily limit" in view.words, 5, str)
        action = view.find("action")
        assert action is not None
        assert action.initial == "steam & rain"

        shot = ["dolly in", "pan left"]
        await office.ada.submit(
            view,
            {
                "picture": photo(),
                "shot": shot,
                "mood": "snow",
                "sound": "distant waves",
                "keep": "her face",
                "seconds": "8",
                "shape": "square",
                "quality": "final",
            },
        )
        await office.next_clip()

        [job] = await office.jobs()
        assert job.request.prompt == (
            "Shot: dolly in, pan left\nAction: steam & rain\nLighting: snow\n"
            "Audio: distant waves\nKeep: her face"
        )
        assert (job.request.seconds, job.request.tier) == (8, "final")


async def test_the_form_is_shown_before_anything_is_looked_up(tmp_path: Path) -> None:
    """Its moment is short, and the disk may be busy."""
    async with open_office(tmp_path) as office, office.house.busy():
        await office.ada.slash(office.channel, "/animate", "pan left")
        await office.ada.modal()


async def test_an_image_in_a_thread_is_animated_in_that_thread(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        root = (await office.bob.say(office.channel, "look")).message
        post = await office.bob.say(office.channel, "", files=[photo()], thread=root)
        await office.ada.shortcut(post.message, "Animate this image")
        view = await office.ada.modal()
        assert "photo.png" in view.words
        await office.ada.submit(view, {"action": "dolly in"})
        clip = await office.next_clip()

        assert root is not None
        assert clip.thread_ts == root.ts
        assert (await office.card("Done")).thread_ts == root.ts


async def test_the_menu_of_a_clip_opens_the_remix(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        clip = await office.clip()
        await office.ada.shortcut(clip, "Remix this clip")
        await office.ada.submit(await office.ada.modal(), {"words": "add rain"})
        remix = await office.next_clip()

        assert remix.thread_ts == clip.ts


async def test_two_quick_presses_are_one_order(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        card = await office.card("Done", button="Again")
        await asyncio.gather(*(office.ada.press(card, "Again") for _ in range(3)))
        await office.next_clip()
        assert len(await office.jobs()) == 2

        office.clock.move(5)
        await office.ada.press(card, "Again")
        await office.next_clip()
        assert len(await office.jobs()) == 3


async def test_a_menu_on_words_alone_says_what_to_do(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        post = (await office.bob.say(office.channel, "no picture")).message
        asked = await office.ada.shortcut(post, "Animate this image")
        await asked.says("There is no picture in that message.")
        asked = await office.ada.shortcut(post, "Remix this clip")
        told = await asked.says("There is no clip of mine")
        assert told.ephemeral


async def test_an_answer_in_a_thread_changes_its_latest_clip(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        clip = await office.clip()
        await office.ada.say(office.channel, "add rain", thread=clip)
        await office.next_clip()
        await office.bob.say(office.channel, "slower", thread=clip, broadcast=True)
        await office.next_clip()

        [last] = await office.jobs(office.bob)
        [rain, _] = await office.jobs()
        assert last.request.source
        assert last.request.source.clip_id == rain.id


async def test_an_answer_under_the_card_counts_too(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        card = await office.card("Done")
        await office.ada.say(office.channel, "add rain", thread=card)
        await office.next_clip()

        assert [job.request.op for job in await office.jobs()] == [Op.REMIX, Op.CREATE]


async def test_a_thread_that_people_began_stays_theirs(tmp_path: Path) -> None:
    """Neither while something is made there nor after it are their words orders."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        root = (await office.bob.say(office.channel, "prod is down")).message
        await office.ada.say(
            office.channel, "pan left", files=[photo()], mention=True, thread=root
        )
        await office.card("Rendering")
        await office.bob.say(office.channel, "rolled back the deploy", thread=root)
        provider.looks = 0
        clip = await office.next_clip()
        await office.bob.say(office.channel, "all good now", thread=root)
        assert "Mention me in this thread" in clip.words
        assert (await office.jobs(office.bob), office.bob.whispers) == ([], [])

        await office.bob.say(office.channel, "add rain", thread=root, mention=True)
        await office.next_clip()
        [remix] = await office.jobs(office.bob)
        assert remix.request.op is Op.REMIX
        await office.ada.say(office.channel, "thanks, Bob", thread=root)
        assert len(await office.jobs()) == 1


async def test_whose_clip_it_is_answers_it_in_a_thread_that_people_began(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        root = (await office.bob.say(office.channel, "look at this")).message
        await office.ada.say(
            office.channel, "pan left", files=[photo()], mention=True, thread=root
        )
        await office.next_clip()
        await office.ada.say(office.channel, "slower", thread=root)
        await office.next_clip()

        [remix, _] = await office.jobs()
        assert remix.request.op is Op.REMIX


async def test_a_thread_that_began_with_an_order_takes_answers(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        asked: dict[str, Any] = {"files": [photo()], "mention": True}
        root = (await office.ada.say(office.channel, "pan left", **asked)).message
        await office.next_clip()
        await office.ada.say(office.channel, "pan right", thread=root, **asked)
        await office.next_clip()
        await office.bob.say(office.channel, "add rain", thread=root)
        await office.next_clip()

        [remix] = await office.jobs(office.bob)
        assert remix.request.op is Op.REMIX


async def test_an_answer_that_comes_too_early_is_told_so(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        card = await office.card("Rendering")
        await office.ada.say(office.channel, "slower", thread=card)

        told = await office.ada.whispered("still being made")
        assert told.thread_ts == card.ts
        assert len(await office.jobs()) == 1


async def test_a_clip_whose_own_event_was_lost_is_found_by_its_thread(
    tmp_path: Path,
) -> None:
    """Slack is asked which file the first message of the thread has."""
    async with open_office(tmp_path) as office:
        clip = await office.clip()
        await office.house.store.rows("DELETE FROM anchors")
        await office.ada.say(office.channel, "add rain", thread=clip)
        await office.next_clip()

        assert [job.request.op for job in await office.jobs()] == [Op.REMIX, Op.CREATE]


async def test_what_is_not_for_the_bot_is_left_alone(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        post = await office.bob.say(office.channel, "look", files=[photo()])
        await office.ada.say(office.channel, "nice", thread=post.message)
        clip = await office.clip()
        said = await office.ada.say(office.channel, "hm", thread=post.message)
        assert said.message is not None
        await office.ada.edit(said.message, "hmm")
        await office.ada.delete(said.message)

        assert len(await office.jobs()) == 1
        assert await office.jobs(office.bob) == []
        assert office.channel.replies(clip.ts) == []


async def test_a_mention_without_a_picture_is_helped_once(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        said = await office.ada.say(office.channel, "hello", mention=True)
        await office.ada.whispered("mention me with a picture")
        await office.slack.redeliver(said, times=3)

        helped = [m for m in office.ada.whispers if "mention me" in m.words]
        assert len(helped) == 1
        assert await office.jobs() == []


async def test_a_link_in_a_mention_is_an_order(tmp_path: Path) -> None:
    """It is fetched as any stranger's link, so one to this machine is refused."""
    async with open_office(tmp_path) as office:
        await office.ada.say(
            office.channel, "pan left http://127.0.0.1:1/cat.png", mention=True
        )
        await office.ada.whispered("link")
        assert await office.jobs() == []


@pytest.mark.parametrize("mention_first", [True, False])
@TRANSPORTS
async def test_a_mention_that_comes_often_is_one_order(
    tmp_path: Path,
    transport: str,
    mention_first: bool,  # noqa: FBT001 - a parameter
) -> None:
    """As mention and as message, each four times, in either order, after a restart."""
    async with open_office(tmp_path, transport=transport) as office:
        office.slack.copies = 4
        said = await office.ada.say(
            office.channel,
            "pan left",
            files=[photo()],
            mention=True,
            mention_first=mention_first,
        )
        await office.next_clip()
        office.clock.move(400)
        await office.disconnect()
        await office.connect()
        await office.slack.redeliver(said, times=3)
        await office.idle()

        assert len(await office.jobs()) == 1
        assert len([m for m in office.channel.messages if m.by_bot]) == 2


async def test_the_mention_may_come_much_later_than_the_message(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        release = office.slack.hold("app_mention")
        said = await office.ada.say(
            office.channel, "pan left", files=[photo()], mention=True, wait=False
        )
        await office.next_clip()
        release()
        await said.settled()

        assert len(await office.jobs()) == 1


async def test_the_low_profile_remixes_by_mention(tmp_path: Path) -> None:
    """It does not hear what is said in channels, not even its own uploads."""
    async with open_office(tmp_path, low=True) as office:
        await office.ada.say(office.channel, "pan left", files=[photo()], mention=True)
        clip = await office.next_clip()
        unheard = await office.ada.say(office.channel, "slower", thread=clip)
        assert unheard.attempts == 0
        await office.ada.say(office.channel, "add rain", thread=clip, mention=True)
        await office.next_clip()

        prompts = [job.request.prompt for job in await office.jobs()]
        assert prompts == ["add rain", "pan left"]


async def test_a_known_word_is_a_command_only_where_the_rest_fits(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        await office.ada.slash(office.channel, "/animate", "show me the waves")
        view = await office.ada.modal()
        action = view.find("action")

        assert action is not None
        assert action.initial == "show me the waves"
        helped = await office.ada.slash(office.channel, "/animate", "help")
        await helped.says("/animate quota")


async def test_cancel_without_a_name_stops_the_latest(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        asked = await office.ada.slash(office.channel, "/animate", "cancel")
        await asked.says("nothing under way")
        await office.order()
        await office.card("Rendering")
        await office.ada.slash(office.channel, "/animate", "cancel")
        await office.card("Stopped")
        await office.idle()

        assert await office.house.ledger() == [("returned", 4)]


async def test_only_admins_use_the_admin_words(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        for words in ("admin usage", f"admin quota {office.ada.mention} 500"):
            asked = await office.ada.slash(office.channel, "/animate", words)
            told = await asked.says("Only an admin of the workspace")
            assert office.asker().key in told.words.replace("\u200b", "")


async def test_the_home_page_shows_quota_clips_and_what_runs(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        await office.ada.opens_home()
        home = await office.slack.bell.until(
            lambda: office.slack.home(office.ada), 5, str
        )
        assert "Latest clips" in home.words
        assert "pan left" in home.words
        assert "/animate quota" in home.words

        await office.ada.press(home, "Again")
        await office.next_clip(office.ada.dm)
        assert len(await office.jobs()) == 2


async def test_the_home_page_stops_what_runs(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        await office.card("Rendering")
        await office.ada.opens_home()
        home = await office.slack.bell.until(
            lambda: office.slack.home(office.ada), 5, str
        )
        assert "Under way" in home.words
        await office.ada.press(home, "Cancel")
        await office.card("Stopped")

        office.channel.bot_member = True
        await office.ada.press(home, "Cancel")
        told = await office.ada.modal()
        assert "ended already" in told.words


async def test_a_person_is_spoken_to_in_their_language(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        office.ada.locale, office.bob.locale = "de-DE", "ja-JP"
        asked = await office.bob.slash(office.channel, "/animate", "quota")
        await asked.says("上限なし")
        await office.ada.slash(office.channel, "/animate")
        view = await office.ada.modal()
        await office.slack.bell.until(lambda: "Bild" in view.words, 5, str)
        await office.ada.submit(view, {"picture": photo()})
        await office.next_clip()

        card = await office.card("", button="Nochmal")
        assert card.buttons == [
            *("Remix", "Nochmal", "Verlängern", "Stimmt was nicht?", "Löschen")
        ]


async def test_words_do_no_harm(tmp_path: Path) -> None:
    """Nobody is pinged, nothing is marked up, nothing hides."""
    nasty = "<!channel> <@U0000000A7> *b* _i_ `c` \u202e <https://evil.example|bank>"
    async with open_office(tmp_path) as office:
        clip = await office.clip("x", action=nasty)

        assert clip.pinged == {office.ada.id}
        card = await office.card("Done")
        assert card.pinged == set()
        assert "\u202e" not in clip.words
        assert "<https" not in clip.text
