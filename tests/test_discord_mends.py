"""What a finished clip may become on Discord: a final, or the same by better words."""

from pathlib import Path

import pytest

from bot.languages import say
from bot.mending import FAULTS
from bot.models import Op, Tier
from tests.fakes.discord_api.interactions import Asked
from tests.fakes.discord_api.messages import Sent
from tests.fakes.discord_api.people import Person
from tests.fakes.harbour import Harbour, open_harbour
from tests.fakes.world import FakeProvider

LABELS = [told.label for told in FAULTS.values()]


def words_of(asked: Asked) -> str:
    """The words that stand in a form when it is opened."""
    assert asked.modal is not None
    [_, field] = asked.modal["components"]
    return str(field["component"].get("value", ""))


def notes_of(asked: Asked) -> str:
    """What a form says of them."""
    assert asked.modal is not None
    return str(asked.modal["components"][0]["content"])


async def complain(person: Person, clip: Sent, fault: str) -> Asked:
    """Press "Not right?" and then a fault; the form that opens."""
    asked = await person.press(clip, "Not right?")
    assert asked.ephemeral
    assert asked.original is not None
    return await person.press(asked.original, fault)


async def restart(harbour: Harbour) -> None:
    await harbour.disconnect()
    await harbour.connect()


async def test_a_draft_becomes_a_final_after_a_restart(tmp_path: Path) -> None:
    """By whoever sees it, on their own quota; a final has no such button."""
    provider = FakeProvider(tmp_path, better=True)
    async with open_harbour(tmp_path, provider=provider, conform=True) as harbour:
        clip = await harbour.clip("pan left", seconds=8)
        assert clip.buttons == [
            *("Remix", "Again", "Final", "Extend", "Not right?", "Delete")
        ]
        await restart(harbour)

        await harbour.bob.press(clip, "Final")
        final = await harbour.next_clip()

        assert "Final" not in final.buttons
        [job] = await harbour.jobs(harbour.bob)
        assert (job.request.tier, job.request.model) == (Tier.FINAL, "two")
        assert (job.request.prompt, job.request.seconds) == ("pan left", 8)
        assert await harbour.house.ledger() == [("charged", 8), ("charged", 8)]


async def test_a_final_that_is_no_more_to_be_had_is_explained(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, better=True)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        clip = await harbour.clip()
        provider.better = False

        asked = await harbour.ada.press(clip, "Final")

        answer = await asked.says("No better model")
        assert answer.only_for is harbour.ada
        assert len(await harbour.jobs()) == 1


async def test_a_clip_that_is_not_right_is_made_again_by_mended_words(
    tmp_path: Path,
) -> None:
    """Each step after a restart; nothing is spent before the words are sent."""
    async with open_harbour(tmp_path, conform=True) as harbour:
        clip = await harbour.clip("handheld push in", seconds=8)
        asked = await harbour.ada.press(clip, "Not right?")
        assert asked.ephemeral
        assert asked.original is not None
        assert asked.original.buttons == LABELS
        assert all(told.help in asked.original.content for told in FAULTS.values())
        await restart(harbour)

        form = await harbour.ada.press(asked.original, "It jitters")
        assert words_of(form).startswith("slowly push in.")
        assert "The camera is steady." in notes_of(form)
        assert "4 s" in notes_of(form)
        assert len(await harbour.jobs()) == 1
        await restart(harbour)

        await harbour.ada.submit(form, {"words": "a calm push in"})
        again = await harbour.next_clip()

        assert "a calm push in" in again.content
        [job, first] = await harbour.jobs()
        assert (job.request.op, job.request.seconds) == (Op.CREATE, 4)
        assert job.request.still == first.request.still
        assert job.request.seed != first.request.seed


async def test_somebody_else_mends_what_they_see_with_their_own_quota(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()

        form = await complain(harbour.bob, clip, "It is distorted")
        await harbour.bob.submit(form, {"words": words_of(form)})
        await harbour.next_clip()

        [job] = await harbour.jobs(harbour.bob)
        assert job.request.prompt.startswith("very slowly pan left.")


async def test_a_remix_is_mended_by_another_reply_to_the_same_clip(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        await harbour.ada.say(harbour.channel, "add snow", reply_to=clip)
        remix = await harbour.next_clip()

        form = await complain(harbour.ada, remix, "It jitters")
        await harbour.ada.submit(form, {"words": words_of(form)})
        await harbour.next_clip()

        [mended, remixed, _] = await harbour.jobs()
        assert mended.request.op is Op.REMIX
        assert mended.request.source == remixed.request.source
        assert mended.request.prompt.startswith("add snow. slower.")


async def test_a_clip_that_is_gone_is_not_mended(tmp_path: Path) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        asked = await harbour.bob.press(clip, "Not right?")
        assert asked.original is not None
        form = await harbour.bob.press(asked.original, "It drifts off")
        sure = await harbour.ada.press(clip, "Delete")
        assert sure.original is not None
        gone = await harbour.ada.press(sure.original, "Delete it for good")
        await gone.says("Deleted")

        late = await harbour.bob.press(asked.original, "It jitters")
        answer = await late.says("no such clip")
        sent = await harbour.bob.submit(form, {"words": "pan left"})
        await sent.says("no such clip")

        assert answer.only_for is harbour.bob
        assert await harbour.jobs(harbour.bob) == []


async def test_a_remix_without_words_is_refused_to_who_sent_it(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        clip = await harbour.clip()
        await harbour.ada.say(harbour.channel, "add snow", reply_to=clip)
        remix = await harbour.next_clip()
        form = await complain(harbour.ada, remix, "Something was added")

        sent = await harbour.ada.submit(form, {"words": ""})

        answer = await sent.says("did not say what to change")
        assert answer.only_for is harbour.ada


@pytest.mark.parametrize("locale", ["de", "ja"])
async def test_mends_are_told_in_the_language_of_who_asks(
    tmp_path: Path, locale: str
) -> None:
    provider = FakeProvider(tmp_path, better=True)
    async with open_harbour(tmp_path, provider=provider) as harbour:
        harbour.ada.locale = locale
        clip = await harbour.clip("handheld")
        assert say("Final", locale) in clip.buttons

        asked = await harbour.ada.press(clip, say("Not right?", locale))
        assert asked.original is not None
        assert asked.original.buttons == [say(label, locale) for label in LABELS]
        assert say("What is wrong with it?", locale) in asked.original.content
        form = await harbour.ada.press(asked.original, say("It jitters", locale))

        assert say("The camera is steady.", locale) in notes_of(form)
