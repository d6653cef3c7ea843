"""What people can do, the same on every chat, with the real clients.

Every feature of the table has a scenario here, and every scenario runs on every chat.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.errors import Fault, ProviderError
from bot.features import FEATURES
from bot.models import Op, State, Tier
from tests.fakes.drivers import CHATS, Chat
from tests.fakes.house import PLENTY
from tests.fakes.world import FakeProvider

# Features without a scenario for every chat, each with a reason.
ALONE: dict[str, str] = {}

Scenario = TypeVar("Scenario", bound=Callable[..., Any])
COVERED: set[str] = set()


def covers(*features: str) -> Callable[[Scenario], Scenario]:
    """Say what a scenario shows, and run it on every chat."""
    COVERED.update(features)

    def made(scenario: Scenario) -> Scenario:
        chats = pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)
        marked: Scenario = chats(scenario)
        return marked

    return made


@covers("animate", "clip remix", "clip extend", "clip again")
async def test_a_photo_becomes_a_clip_a_remix_and_an_extension(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left", picture=True)
        clip = await ada.clip()
        assert ada.data_of(clip)[4:8] == b"ftyp"
        for word in ("pan left", "one", "seed", "4 clip-seconds", "AI-generated"):
            assert word in ada.words_of(clip)
        await ada.card("Done")

        await ada.reply(clip, "slower, and add snow")
        remix = await ada.clip()
        assert "slower, and add snow" in ada.words_of(remix)
        await ada.restart()

        await ada.press(remix, "Again")
        again = await ada.clip()
        await ada.press(again, "Extend")
        await ada.fill(seconds="4", words="pull back")
        await ada.clip()

        jobs = await ada.jobs()
        ops = [Op.EXTEND, Op.REMIX, Op.REMIX, Op.CREATE]
        assert [job.request.op for job in jobs] == ops
        assert jobs[0].request.seconds == 8
        charged = [("charged", 4)] * 3 + [("charged", 8)]
        assert await ada.house.ledger() == charged


@covers("animate")
async def test_a_picture_comes_by_every_door(tmp_path: Path, chat: Chat) -> None:
    async with chat(tmp_path) as ada:
        await ada.mention("orbit right")
        await ada.clip()
        await ada.use_menu("dolly in")
        await ada.clip()
        await ada.write("tilt up")
        clip = await ada.clip(direct=True)
        await ada.reply(clip, "slower")
        await ada.clip(direct=True)

        jobs = await ada.jobs()
        prompts = [job.request.prompt for job in jobs]
        assert prompts == ["slower", "tilt up", "dolly in", "orbit right"]
        assert all(job.request.still for job in jobs[1:])


@covers("clip remix")
async def test_somebody_else_may_remix_what_they_see_with_their_own_quota(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left")
        clip = await ada.clip()

        await ada.reply(clip, "add rain", by="bob")
        await ada.clip()

        [job] = await ada.jobs("bob")
        assert (job.request.op, job.request.prompt) == (Op.REMIX, "add rain")


@covers("clip remix")
async def test_a_reply_with_a_picture_starts_from_the_picture(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left")
        clip = await ada.clip()

        await ada.reply(clip, "the same", picture=True)
        await ada.clip()

        assert [job.request.op for job in await ada.jobs()] == [Op.CREATE] * 2


@covers("clip remix")
async def test_the_button_remixes_just_that_clip(tmp_path: Path, chat: Chat) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left")
        first = await ada.clip()
        await ada.reply(first, "add rain")
        await ada.clip()

        await ada.press(first, "Remix")
        await ada.fill(words="add fog")
        await ada.clip()

        newest, _, oldest = await ada.jobs()
        assert newest.request.source
        assert newest.request.source.clip_id == oldest.id


@covers("clip remix", "clip extend", "clip again", "clip resend")
async def test_clips_are_changed_and_sent_again_by_command(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left")
        await ada.clip()
        [job] = await ada.jobs()

        await ada.tell("clip remix", clip=job.id, prompt="add fog")
        await ada.clip()
        await ada.tell("clip extend", clip=job.id, seconds="4", prompt="pull back")
        await ada.clip()
        await ada.tell("clip again", clip=job.id)
        await ada.clip()
        await ada.tell("clip resend", clip=job.id)
        sent = await ada.clip()

        assert "pan left" in ada.words_of(sent)
        ops = [Op.CREATE, Op.EXTEND, Op.REMIX, Op.CREATE]
        assert [job.request.op for job in await ada.jobs()] == ops


@covers("animate")
async def test_a_draft_becomes_a_final_where_there_is_a_better_model(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path, provider=FakeProvider(tmp_path, better=True)) as ada:
        await ada.animate("pan left")
        clip = await ada.clip()
        await ada.restart()
        await ada.press(clip, "Final")
        await ada.clip()

        newest, _ = await ada.jobs()
        assert (newest.request.tier, newest.request.model) == (Tier.FINAL, "two")


@covers("animate")
async def test_what_is_not_right_is_mended_in_words_before_anything_is_spent(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("handheld push in", picture=True, seconds=8)
        clip = await ada.clip()
        await ada.complain(clip, "It jitters")
        assert len(await ada.jobs()) == 1
        await ada.restart()
        await ada.fill(words="a calm push in")
        await ada.clip()

        newest, first = await ada.jobs()
        assert (newest.request.prompt, newest.request.seconds) == ("a calm push in", 4)
        assert newest.request.still == first.request.still


@covers("quota", "clip list", "clip show", "clip tree")
async def test_looking_is_for_their_person_alone(tmp_path: Path, chat: Chat) -> None:
    async with chat(tmp_path) as ada:
        assert "no clips yet" in await ada.tell("clip list")
        await ada.animate("pan left")
        await ada.clip()
        [job] = await ada.jobs()

        assert "resets" in await ada.tell("quota") or "T" in await ada.tell("quota")
        assert job.id in await ada.tell("clip list")
        assert "pan left" in await ada.tell("clip show", clip=job.id)
        assert job.id in await ada.tell("clip tree", clip=job.id)
        said = await ada.tell("clip show", by="bob", clip=job.id)
        assert "no such clip" in said


@covers("clip cancel")
async def test_cancelling_is_for_its_person_and_gives_back(
    tmp_path: Path, chat: Chat
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9)
    async with chat(tmp_path, provider=provider) as ada:
        await ada.animate("pan left")
        card = await ada.card("Rendering")
        said = await ada.press(card, "Cancel", by="bob")
        assert "somebody else's" in said

        await ada.press(card, "Cancel")
        await ada.card("Stopped")
        await ada.animate("pan right")
        await ada.card("Rendering")
        [job, _] = await ada.jobs()
        await ada.tell("clip cancel", clip=job.id)

        assert await ended(ada) == [State.CANCELLED] * 2
        assert await ada.house.ledger() == [("returned", 4)] * 2


@covers("clip cancel", "quota")
async def test_stopping_what_may_be_billed_counts_and_has_an_end(
    tmp_path: Path, chat: Chat
) -> None:
    provider = FakeProvider(tmp_path, looks=10**9, micros=400_000, stops=False)
    async with chat(tmp_path, provider=provider) as ada:
        settings = ada.house.service._settings
        caps = replace(PLENTY, person_day=60, cancels_per_hour=1)
        ada.house.service._settings = replace(settings, caps=caps)
        await ada.animate("pan left")
        await ada.press(await ada.card("Rendering"), "Cancel")
        stopped = await ada.card("Stopped")
        assert "so its 4 clip-seconds count" in ada.words_of(stopped)
        told = await ada.tell("quota")
        assert "56 of 60 clip-seconds left" in told
        assert "4 of those taken may have been billed" in told

        await ada.animate("pan right")
        await ada.card("Rendering")
        [job, _] = await ada.jobs()
        said = await ada.tell("clip cancel", clip=job.id)

        assert "You can stop one again in 60 min." in said
        provider.looks = 0
        await ada.clip()


@covers("clip delete")
async def test_only_its_person_or_who_looks_after_the_place_deletes_a_clip(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        await ada.animate("pan left")
        first = await ada.clip()
        said = await ada.press(first, "Delete", by="bob")
        assert "somebody else's" in said
        assert not ada.is_gone(first)

        await ada.tell("clip delete", by="chief", clip=(await ada.jobs())[0].id)
        assert await ada.jobs() == []
        await gone(ada, first)


@covers("animate-admin quota", "animate-admin usage")
async def test_an_admin_gives_a_member_their_own_number_here(
    tmp_path: Path, chat: Chat
) -> None:
    async with chat(tmp_path) as ada:
        said = await ada.tell(
            "animate-admin quota", by="chief", member="ada", units="7"
        )
        assert "7 clip-seconds" in said
        assert "of 7" in await ada.tell("quota")
        await ada.animate("pan left")
        await ada.clip()
        assert "1 renders" in await ada.tell("animate-admin usage", by="chief")


@covers("animate")
async def test_bad_news_reach_their_person_with_a_button(
    tmp_path: Path, chat: Chat
) -> None:
    trouble = ProviderError(Fault.REFUSED_OUTPUT, "The result was refused.")
    provider = FakeProvider(tmp_path, fails=trouble)
    async with chat(tmp_path, provider=provider) as ada:
        await ada.animate("pan left")
        await ada.card("The result was refused.")
        assert await ended(ada) == [State.FAILED]
        assert await ada.house.ledger() == [("returned", 4)]

        provider.fails = None
        card = await ada.card("refused", button="Again")
        await ada.press(card, "Again")
        await ada.clip()


def test_every_feature_has_a_scenario_on_every_chat() -> None:
    missing = {f.name for f in FEATURES} - COVERED - set(ALONE)
    assert not missing, f"No scenario shows {sorted(missing)}"
    assert not set(ALONE) & COVERED
    assert {re.sub("-.*", "", name) for name in CHATS} == {"discord", "slack"}


async def ended(ada: Any) -> list[State]:
    """How Ada's jobs ended, the newest first."""
    await ada.there.idle()
    return [job.state for job in await ada.jobs()]


async def gone(ada: Any, message: Any) -> None:
    """Wait until a message is deleted."""
    world = ada.there.slack if hasattr(ada.there, "slack") else ada.there.discord
    await world.bell.until(lambda: ada.is_gone(message), 5, lambda: str(message))
