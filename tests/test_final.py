"""A draft becomes a final: the same order, by the best model that the owner set up."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import checking
from bot.choice import LOCAL, Choice
from bot.errors import MissingError, StateError
from bot.models import (
    Ask,
    Clip,
    ModelCard,
    RenderRequest,
    Shape,
    Size,
    State,
    Tier,
    Way,
)
from bot.providers.planning import plan
from tests.fakes.house import ANN, BOB, HERE, FakeHouse, open_fake_house
from tests.fakes.world import FakeProvider
from tests.test_provider_choice import card, choice, job


async def draft(house: FakeHouse, **ask: object) -> Clip:
    """One of Ann's clips, made and posted."""
    wish = Ask(prompt="pan left", seconds=8, seed=7, **ask)  # type: ignore[arg-type]
    order = await house.service.submit(wish, person=ANN, place=HERE)
    await house.settled()
    return await house.service.clip(order.id, person=ANN)


async def test_a_final_is_the_same_order_by_a_better_model(tmp_path: Path) -> None:
    """Words, length, shape and seed stay; the frame is what that model likes best."""
    provider = FakeProvider(tmp_path, better=True)
    async with open_fake_house(tmp_path, provider=provider) as house:
        clip = await draft(house, shape=Shape.PORTRAIT)
        assert house.service.has_final(clip)

        order = await house.service.final(clip.id, person=BOB, place=HERE)
        again = await house.service.final(clip.id, person=BOB, place=HERE, event="e")
        same = await house.service.final(clip.id, person=BOB, place=HERE, event="e")
        await house.settled()

        made = await house.service.clip(order.id, person=BOB)
        assert (made.request.tier, made.request.model) == (Tier.FINAL, "two")
        assert (made.request.prompt, made.request.seconds) == ("pan left", 8)
        assert (made.request.seed, made.request.size) == (7, Size(72, 128))
        assert same.id == again.id != order.id
        assert not house.service.has_final(made)
        with pytest.raises(StateError, match="final already"):
            await house.service.final(order.id, person=BOB, place=HERE)


async def test_a_final_of_a_remix_changes_the_same_clip(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, better=True)
    async with open_fake_house(tmp_path, provider=provider) as house:
        clip = await draft(house)
        remixed = await house.remix(clip.id, "add snow")
        await house.settled()

        order = await house.service.final(remixed.id, person=ANN, place=HERE)

        assert order.state is State.QUEUED
        assert order.request.source == remixed.request.source
        assert order.request.prompt == "add snow"


async def test_a_final_of_a_remix_by_another_service_is_made_from_the_still(
    tmp_path: Path,
) -> None:
    """Its words are merged with those it answers to, as that service needs them."""
    async with open_fake_house(tmp_path) as house:
        clip = await draft(house)
        remixed = await house.remix(clip.id, "add snow")
        await house.settled()
        done = await house.service.clip(remixed.id, person=ANN)
        done = replace(done, request=replace(done.request, still="still", seconds=7))

        quote = plan(checking.final(done, BIG), BIG, today="2026-11-21")

        assert quote.request.whole == "pan left. add snow"
        assert (quote.request.way, quote.request.still) == (Way.AFRESH, "still")
        assert (quote.request.seconds, quote.request.tier) == (8, Tier.FINAL)


async def test_without_a_better_model_there_is_no_final(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        clip = await draft(house)

        assert not house.service.has_final(clip)
        with pytest.raises(StateError, match="No better model"):
            await house.service.final(clip.id, person=ANN, place=HERE)
        with pytest.raises(MissingError):
            await house.service.final("nothing", person=ANN, place=HERE)


def finals(*cards: ModelCard, made_by: str, order: tuple[str, ...] = ()) -> list[str]:
    """Names of the models that are better than the one that made a draft."""
    return [c.name for c in chosen(cards, order).finals(request(made_by))]


def chosen(cards: tuple[ModelCard, ...], order: tuple[str, ...]) -> Choice:
    return choice([0.0], *cards, final=order)


def request(made_by: str, tier: Tier = Tier.DRAFT, **more: object) -> RenderRequest:
    provider, _, model = made_by.partition("/")
    return job(provider=provider, model=model, tier=tier, **more).request


OUR_OWN = card("local", "parallax", micros_per_second=0, text_only=False)
BIG = card("a", "big", tier=Tier.FINAL)
FAST = card("b", "fast", tier=Tier.DRAFT)


def test_what_the_owner_puts_before_a_model_is_better() -> None:
    order = ("a/big", "b/fast", LOCAL)
    cards = (OUR_OWN, BIG, FAST)

    assert finals(*cards, made_by=LOCAL, order=order) == ["a/big", "b/fast"]
    assert finals(*cards, made_by="b/fast", order=order) == ["a/big"]
    assert finals(*cards, made_by="a/big", order=order) == []
    assert finals(*cards, made_by="gone/model", order=order) == ["a/big", "b/fast"]


def test_a_final_by_whatever_model_is_a_final() -> None:
    """Also by one that its person named, though the owner prefers another."""
    made = request("b/fast", Tier.FINAL)

    assert chosen((BIG, FAST), ("a/big", "b/fast")).finals(made) == ()


def test_our_own_renderer_is_no_final_of_another_model() -> None:
    """Unless the owner says so: it steps in for any service."""
    gone = request("gone/model", still="s")
    assert chosen((OUR_OWN,), ()).finals(gone) == []
    assert finals(OUR_OWN, made_by=LOCAL) == []
    [better] = chosen((OUR_OWN,), (LOCAL,)).finals(gone)
    assert better.name == LOCAL


def test_what_our_own_renderer_made_instead_may_still_become_a_final() -> None:
    made = request(LOCAL, Tier.FINAL)

    assert [c.name for c in chosen((OUR_OWN, BIG), ()).finals(made)] == ["a/big"]


def test_a_model_that_needs_a_picture_is_no_final_of_words_alone() -> None:
    needs = card("a", text_only=False)

    assert finals(needs, made_by=LOCAL) == []
    [better] = chosen((needs,), ()).finals(request(LOCAL, still="s"))
    assert better.name == "a/m"
