"""Bad input gets one clear sentence and the next step, and costs nothing."""

from pathlib import Path

import pytest

from bot.errors import (
    BotError,
    OptionError,
    PromptError,
    StateError,
    StillError,
    StorageError,
)
from bot.models import Ask, Shape, Size, Still
from tests.fakes.house import ANN, HERE, FakeHouse, open_fake_house

TALL = Size(900, 1600)


async def refused(house: FakeHouse, ask: Ask) -> BotError:
    """The refusal of an ask, which must leave nothing behind."""
    with pytest.raises(BotError) as refusal:
        await house.service.submit(ask, person=ANN, place=HERE)
    assert await house.ledger() == []
    assert await house.unfinished() == 0
    assert str(refusal.value).endswith(".")
    assert refusal.value.hint.endswith(".")
    return refusal.value


@pytest.mark.parametrize("seconds", [0, -4, 7, 1_000])
async def test_a_length_that_the_model_cannot_make(
    tmp_path: Path, seconds: int
) -> None:
    async with open_fake_house(tmp_path) as house:
        error = await refused(house, Ask(prompt="pan left", seconds=seconds))

        assert isinstance(error, OptionError)
        assert str(error) == (
            f"The fake model makes clips of 4, 8 or 12 seconds, not {seconds}."
        )


async def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        error = await refused(house, Ask(prompt="pan left", model="sora/9"))

        assert str(error) == "There is no model “sora/9” here."
        assert "fake/one" in error.hint


async def test_forty_thousand_characters(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        error = await refused(house, Ask(prompt="dolly in " * 4_445, seconds=4))

        assert isinstance(error, PromptError)
        assert str(error) == "That is 40,004 characters; 4,000 is the most."


async def test_a_disk_without_room(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path, min_free_mb=10**9) as house:
        error = await refused(house, Ask(prompt="pan left", seconds=4))

        assert str(error) == "The bot's disk is full."
        with pytest.raises(StorageError):
            await house.service.healthy()


@pytest.mark.parametrize(
    "prompt",
    [
        "🐱🌊✨",
        "تحريك الكاميرا ببطء إلى اليسار",
        "@everyone @here <@&123> <!channel> `` ``` ** __",
        "a\x00b\x1b[31mc\u202ed",
        "'; DROP TABLE jobs; --",
        "{0.__class__} {sentence} %s %(x)s",
    ],
)
async def test_strange_words_are_only_words(tmp_path: Path, prompt: str) -> None:
    """They are kept as they are, less what cannot be seen, and harm nothing."""
    async with open_fake_house(tmp_path) as house:
        job = await house.submit(prompt)
        await house.settled()

        kept = (await house.service.job(job.id, person=ANN)).request.prompt
        assert kept == "".join(c for c in prompt if c.isprintable())
        assert await house.ledger() == [("charged", 4)]


async def test_a_picture_is_needed_unless_the_model_works_without(
    tmp_path: Path,
) -> None:
    async with open_fake_house(tmp_path) as house:
        card = house.provider.models()[0]

        assert card.text_only
        job = await house.submit()
        assert job.request.still is None


@pytest.mark.parametrize(
    ("shape", "photo", "size"),
    [
        (Shape.AUTO, None, Size(64, 36)),
        (Shape.AUTO, TALL, Size(36, 64)),
        (Shape.LANDSCAPE, TALL, Size(64, 36)),
        (Shape.PORTRAIT, None, Size(36, 64)),
    ],
)
async def test_the_frame_is_the_models_nearest_to_the_shape(
    tmp_path: Path, shape: Shape, photo: Size | None, size: Size
) -> None:
    async with open_fake_house(tmp_path) as house:
        media = await house.media.add_bytes(b"a photo", ".jpg")
        still = Still(media=media, size=photo) if photo else None
        ask = Ask(prompt="pan left", still=still, shape=shape, seconds=4)

        job = await house.service.submit(ask, person=ANN, place=HERE)

        assert job.request.size == size


async def test_the_length_is_what_the_times_add_up_to(tmp_path: Path) -> None:
    """Six seconds of beats need the model's eight; no times are four."""
    async with open_fake_house(tmp_path) as house:
        timed = Ask(prompt="dolly in 3 s, hold 1 s, pan left 2 s")

        job = await house.service.submit(timed, person=ANN, place=HERE)
        plain = await house.service.submit(Ask(prompt="wow"), person=ANN, place=HERE)

        assert (job.request.seconds, plain.request.seconds) == (8, 4)


async def test_an_answer_must_say_something(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.settled()

        with pytest.raises(PromptError, match="did not say what to change"):
            await house.service.remix(job.id, " \n ", person=ANN, place=HERE)


async def test_a_clip_cannot_grow_past_what_the_model_makes(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        job = await house.submit()
        await house.settled()

        longer = await house.extend(job.id, 4)
        assert longer.request.seconds == 8
        with pytest.raises(OptionError, match="4, 8 or 12 seconds, not 16"):
            await house.extend(job.id, 12)
        with pytest.raises(OptionError, match="cannot grow by 0"):
            await house.extend(job.id, 0)


async def test_a_remix_remembers_where_it_came_from(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        first = await house.submit()
        await house.settled()
        second = await house.remix(first.id, "slower")
        await house.settled()
        third = await house.remix(second.id, "add snow")
        await house.settled()

        line = await house.service.lineage(third.id, person=ANN)

        assert [clip.id for clip in line] == [first.id, second.id, third.id]


async def test_again_is_the_same_order_with_another_seed(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        first = await house.submit("orbit right")

        again = await house.service.again(first.id, person=ANN, place=HERE)

        assert again.request.prompt == "orbit right"
        assert again.request.seed != first.request.seed


async def test_deleting_removes_the_clip_its_files_and_its_card(
    tmp_path: Path,
) -> None:
    """What it took stays in the ledger; files that others need stay too."""
    async with open_fake_house(tmp_path) as house:
        first = await house.submit()
        with pytest.raises(StateError, match="still being made"):
            await house.service.delete(first.id, person=ANN)
        second = await house.submit()
        await house.settled()
        clip = await house.service.clip(first.id, person=ANN)

        await house.service.delete(first.id, person=ANN)
        assert house.media.path(clip.media).exists()  # the second has the same bytes
        await house.service.delete(second.id, person=ANN)

        assert not house.media.path(clip.media).exists()
        assert await house.service.history(ANN) == []
        assert await house.ledger() == [("charged", 4), ("charged", 4)]


def test_a_missing_picture_says_what_to_do() -> None:
    error = StillError("There is no picture.", hint="Attach one.")

    assert (str(error), error.hint) == ("There is no picture.", "Attach one.")


def test_a_sentence_with_braces_from_outside_is_not_a_template() -> None:
    error = OptionError("There is no model “{name}” here.", name="{evil!r}")

    assert str(error) == "There is no model “{evil!r}” here."
