"""Cards and clips on Slack: posted once, wherever they may be, and never lost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.cards import GAP
from bot.models import State
from tests.fakes.office import Office, open_office, photo
from tests.fakes.world import FakeProvider

POSTED = [
    "chat.postMessage",
    "files.completeUploadExternal",
]


def once(office: Office) -> None:
    """There is one card and one clip."""
    mine = [m for m in office.channel.messages if m.by_bot]
    assert len([m for m in mine if m.uploads]) == 1
    assert len([m for m in mine if not m.uploads]) == 1


@pytest.mark.parametrize("method", POSTED)
@pytest.mark.parametrize(
    "fault", [{"cut": "before"}, {"cut": "after"}, {"status": 500}, {"status": 429}]
)
async def test_one_fault_posts_neither_twice_nor_never(
    tmp_path: Path, method: str, fault: dict[str, object]
) -> None:
    async with open_office(tmp_path) as office:
        office.slack.fail(method, **fault)
        await office.order()
        await office.next_clip()

        await office.card("Done")
        once(office)


@pytest.mark.parametrize("threaded", [False, True])
async def test_a_post_that_nobody_tells_of_is_looked_for(
    tmp_path: Path,
    threaded: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Its answer was lost, and its event does not come either."""
    async with open_office(tmp_path) as office:
        root = (await office.ada.say(office.channel, "look")).message
        office.slack.hold("message")
        office.slack.fail("chat.postMessage", cut="after")
        await office.ada.say(
            office.channel,
            "pan left",
            files=[photo()],
            mention=True,
            thread=root if threaded else None,
        )
        await office.next_clip()

        card = await office.card("Done")
        assert bool(card.thread_ts) is threaded
        once(office)


async def test_a_post_that_was_begun_before_a_kill_is_not_made_again(
    tmp_path: Path,
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        card = await office.card("Rendering")
        [job] = await office.jobs()
        key = f"slack post {office.channel.id} card {job.id}"
        await office.house.service.note(key, "")
        await office.house.store.rows("UPDATE jobs SET card = NULL")
        await office.disconnect()
        await office.connect()
        provider.looks = 0
        await office.next_clip()

        assert await office.card("Done") is card
        once(office)


@pytest.mark.parametrize("order", ["after", "before", "held"])
@pytest.mark.parametrize("low", [False, True])
async def test_the_message_of_a_clip_is_learned_whenever_it_comes(
    tmp_path: Path,
    order: str,
    low: bool,  # noqa: FBT001 - a parameter
) -> None:
    """By our own event, or by asking for the file, where no event comes."""
    async with open_office(tmp_path, low=low) as office:
        office.slack.sharing.order = order
        await office.order()
        if order == "held":
            await office.slack.sharing.until(1)
            office.slack.sharing.release()
        clip = await office.next_clip()

        await office.ada.say(office.channel, "slower", thread=clip, mention=True)
        office.slack.sharing.order = "after"
        await office.next_clip()
        assert len(await office.jobs()) == 2


async def test_a_clip_whose_answer_was_lost_and_that_is_shared_late_comes_once(
    tmp_path: Path,
) -> None:
    """Slack has taken it: its name tells, before any message does."""
    async with open_office(tmp_path) as office:
        office.slack.sharing.order = "held"
        office.slack.fail("files.completeUploadExternal", cut="after")
        await office.order()
        await office.idle()
        [job] = await office.jobs()
        assert await office.parts.chat.find(job, job.id) is not None
        assert len(office.slack.calls("files.completeUploadExternal")) == 1

        office.slack.sharing.release()
        clip = await office.next_clip()
        await office.ada.say(office.channel, "add rain", thread=clip)
        await office.slack.sharing.until(1)


async def test_a_bot_that_was_killed_after_sharing_does_not_share_again(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        await office.order()
        clip = await office.next_clip()
        [job] = await office.jobs()

        assert await office.parts.chat.find(job, job.id) == clip.ts


async def test_a_bot_that_was_killed_before_sharing_shares(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.order()
        await office.next_clip()
        [job] = await office.jobs()
        await office.house.service.note(f"slack upload {job.id}", "F0 C0")

        assert await office.parts.chat.find(job, job.id) is None


async def test_a_card_from_before_a_restart_goes_on(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        card = await office.card("Rendering")
        await office.disconnect()
        await office.connect()
        provider.looks = 0
        await office.next_clip()

        assert await office.card("Done") is card
        once(office)


@pytest.mark.parametrize(
    "close",
    ["kick", "archive", "read_only", "lock"],
)
async def test_a_channel_that_closes_mid_render_loses_nothing(
    tmp_path: Path, close: str
) -> None:
    """The clip comes to its person alone, and says why."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        root = (await office.ada.say(office.channel, "look")).message
        assert root is not None
        await office.ada.say(
            office.channel, "pan left", files=[photo()], mention=True, thread=root
        )
        await office.card("Rendering")
        match close:
            case "kick":
                office.channel.kick_bot()
            case "archive":
                office.channel.archived = True
            case "read_only":
                office.channel.read_only = True
            case "lock":
                office.channel.lock(root)
        provider.looks = 0
        clip = await office.next_clip(office.ada.dm)

        assert "I" in clip.words
        [job] = await office.jobs()
        assert job.state is State.DONE
        assert await office.house.ledger() == [("charged", 4)]


async def test_where_the_bot_is_not_everything_comes_directly(tmp_path: Path) -> None:
    """A private channel without the bot: the card says how to bring it there."""
    async with open_office(tmp_path) as office:
        secret = office.team.channel("secret", private=True, bot_member=False)
        await office.ada.slash(secret, "/animate", "pan left")
        await office.ada.submit(await office.ada.modal(), {})
        clip = await office.next_clip(office.ada.dm)

        card = await office.card("/invite", channel=office.ada.dm)
        assert "/invite" in clip.words
        assert secret.messages == []
        await office.ada.say(office.ada.dm, "add rain", thread=clip)
        await office.next_clip(office.ada.dm)
        assert card.channel is office.ada.dm


async def test_in_a_public_channel_the_card_is_seen_and_the_clip_comes_directly(
    tmp_path: Path,
) -> None:
    """Without being in it the bot may post words there, but no file."""
    async with open_office(tmp_path) as office:
        open_to_all = office.team.channel("random", bot_member=False)
        await office.ada.slash(open_to_all, "/animate", "pan left")
        await office.ada.submit(await office.ada.modal(), {})
        clip = await office.next_clip(office.ada.dm)

        await office.card("Done", channel=open_to_all)
        assert "/invite" in clip.words


@pytest.mark.parametrize(
    ("full", "said"),
    [("storage_full", "no room left for files"), ("uploads_off", "allows no files")],
)
async def test_where_no_file_may_go_the_clip_is_kept_and_a_link_is_given(
    tmp_path: Path, full: str, said: str
) -> None:
    async with open_office(tmp_path) as office:
        setattr(office.team, full, True)
        await office.order()
        await office.idle()
        [job] = await office.jobs()
        trouble = await office.house.service.trouble(job.id)
        assert trouble is not None
        assert said in trouble
        card = await office.card("could not be posted")
        assert said in card.words
        assert f"/animate resend {job.id}" in card.words

        setattr(office.team, full, False)
        asked = await office.ada.slash(office.channel, "/animate", f"show {job.id}")
        await asked.says(said)
        await office.ada.slash(office.channel, "/animate", f"resend {job.id}")
        await office.next_clip()


async def test_where_no_file_may_go_a_link_does(tmp_path: Path) -> None:
    async with open_office(tmp_path, transport="http") as office:
        office.house.service._settings = office.settings
        office.team.storage_full = True
        await office.order()
        told = await office.card("no room left for files")

        assert f"{office.url}/shared/" in told.words
        assert "here is your clip" in told.words


async def test_somebody_who_is_gone_costs_nothing_but_the_post(tmp_path: Path) -> None:
    """Neither the channel nor they can be written to: the clip is kept."""
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        await office.card("Rendering")
        office.channel.kick_bot()
        office.channel.kind = "group"
        office.slack.fail("conversations.open", error="user_disabled", times=9)
        provider.looks = 0
        await office.idle()

        [job] = await office.jobs()
        trouble = await office.house.service.trouble(job.id)
        assert trouble == "I may not write to you."
        entry = await office.house.service.entry(job.id, person=office.asker())
        assert entry.clip is not None


async def test_a_clip_that_was_sent_again_has_its_buttons_in_its_thread(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        await office.order()
        await office.next_clip()
        [job] = await office.jobs()
        await office.ada.slash(office.channel, "/animate", f"resend {job.id}")
        clip = await office.next_clip()

        card = await office.card("What to do", button="Remix")
        assert card.thread_ts == clip.ts


async def test_what_is_deleted_is_gone_wherever_it_was_sent(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        await office.clip()
        [job] = await office.jobs()
        await office.ada.slash(office.channel, "/animate", f"resend {job.id}")
        await office.next_clip()
        await asyncio.gather(*office.parts.desk._tasks)
        await office.ada.slash(office.channel, "/animate", f"delete {job.id}")

        def empty() -> bool:
            return not [m for m in office.channel.messages if m.by_bot]

        await office.slack.bell.until(empty, 5, office.channel.dump)
        assert all(file.deleted for file in office.slack.files.values())


@pytest.mark.parametrize("how", ["expire_token", "revoke_token"])
async def test_a_token_that_ends_mid_render_loses_nothing(
    tmp_path: Path, how: str
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with open_office(tmp_path, provider=provider) as office:
        await office.order()
        await office.card("Rendering")
        getattr(office.slack, how)()
        provider.looks = 0
        await office.idle()

        [job] = await office.jobs()
        trouble = await office.house.service.trouble(job.id)
        assert trouble is not None
        assert "not installed in that workspace any more" in trouble
        entry = await office.house.service.entry(job.id, person=office.asker())
        assert entry.clip is not None


async def test_the_card_tells_how_far_it_is_and_leads_to_the_clip(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        clip = await office.clip(seconds="8")
        card = await office.card("Done")

        assert "8 s" in card.words
        assert clip.ts.replace(".", "") in str(card.blocks)
        assert not card.edited


@pytest.mark.parametrize("method", POSTED)
async def test_a_workspace_that_is_posted_to_too_often_gets_it_later(
    tmp_path: Path, method: str
) -> None:
    """Slack has two spellings: this one comes with status 200."""
    async with open_office(tmp_path) as office:
        office.slack.fail(method, error="rate_limited")
        await office.order()
        await office.next_clip()

        await office.card("Done")
        once(office)


async def test_edits_are_dropped_while_slack_is_busy_but_never_the_last(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        office.slack.fail("chat.update", status=429, retry_after=0, times=2)
        await office.order()
        await office.next_clip()

        await office.card("Done")


async def test_many_orders_at_once_are_all_carried_out_within_the_allowance(
    tmp_path: Path,
) -> None:
    """Slack's own limits are on: a call too many would be answered with 429."""
    async with open_office(tmp_path, pace={"gap": GAP, "drip": 0.05}) as office:
        for number in range(8):
            await office.order(f"pan left {number}")
        await office.idle(8)

        def all_done() -> bool:
            done = [m for m in office.channel.messages if "Done" in m.words]
            return len(done) == 8

        await office.slack.bell.until(all_done, 5, office.channel.dump)

        clips = [m for m in office.channel.messages if m.by_bot and m.uploads]
        assert len(clips) == 8
        assert len(office.slack.calls("chat.update")) <= 50


async def test_every_card_says_that_it_renders_however_many_there_are(
    tmp_path: Path,
) -> None:
    """The allowance is dry by then: some say so later than others."""
    provider = FakeProvider(tmp_path, looks=10**9)
    pace = {"gap": 0.03, "drip": 0.03}
    async with open_office(tmp_path, provider=provider, pace=pace) as office:
        asked: dict[str, Any] = {"files": [photo()], "mention": True}
        say = office.ada.say
        await asyncio.gather(*(say(office.channel, "pan", **asked) for _ in range(15)))

        def all_render() -> bool:
            cards = [m for m in office.channel.messages if m.by_bot]
            return len([m for m in cards if "Rendering" in m.words]) == 15

        await office.slack.bell.until(all_render, 5, office.channel.dump)


async def test_no_token_and_no_prompt_reaches_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with open_office(tmp_path) as office:
        office.slack.fail("chat.update", status=500)
        await office.clip("a very private prompt")
        secrets = [office.slack.bot_token, office.slack.signing_secret]
    ours = [r for r in caplog.records if r.name.startswith(("adapters", "bot"))]
    said = "\n".join(r.getMessage() for r in ours if r.name != "adapters.slack.bolt")
    for secret in (*secrets, "a very private prompt"):
        assert secret not in said
