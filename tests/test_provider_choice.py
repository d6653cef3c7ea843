"""The owner's order decides, and a fallback never costs more nor orders twice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.choice import Choice
from bot.errors import BotError, Fault, PromptError, ProviderError
from bot.models import (
    Character,
    Job,
    ModelCard,
    Op,
    Person,
    Place,
    Price,
    RenderRequest,
    Size,
    Source,
    State,
    Tier,
)
from bot.providers.planning import plan

SMALL = Size(64, 36)


class Shop:
    """A provider with nothing behind its counter."""

    def __init__(self, name: str, *cards: ModelCard) -> None:
        self.name = name
        self._cards = cards

    def models(self) -> Sequence[ModelCard]:
        return self._cards

    def plan(self, request: RenderRequest) -> Any:
        [card] = [card for card in self._cards if card.id == request.model]
        return plan(request, card, today="2026-11-21")


def card(provider: str, id_: str = "m", **more: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "title": f"{provider} {id_}",
        "seconds": (4, 8),
        "sizes": (SMALL,),
        "text_only": True,
        "micros_per_second": 100_000,
    }
    return ModelCard(provider=provider, id=id_, **fields | more)


def choice(clock: list[float], *cards_: ModelCard, **more: Any) -> Choice:
    names = dict.fromkeys(card.provider for card in cards_)
    shops: Mapping[str, Any] = {
        name: Shop(name, *(card for card in cards_ if card.provider == name))
        for name in names
    }
    orders = {"draft": (), "final": [card.name for card in cards_]} | more
    return Choice(shops, clock=lambda: clock[0], **orders)


def job(**request: Any) -> Job:
    fields: dict[str, Any] = {
        "prompt": "push in",
        "provider": "a",
        "model": "m",
        "seconds": 4,
        "size": SMALL,
        "seed": 1,
        "tier": Tier.FINAL,
    }
    return Job(
        id="j",
        person=Person(chat="c", id="p"),
        place=Place(chat="c", workspace="w", channel="c"),
        request=RenderRequest(**fields | request),
        state=State.SUBMITTING,
        price=Price(units=4, micros=400_000),
        created=0.0,
        updated=0.0,
    )


def trouble(fault: Fault, **more: Any) -> ProviderError:
    return ProviderError(fault, "No.", **more)


A, B, C = card("a"), card("b"), card("c")


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [
        (Fault.AUTH, True),
        (Fault.NO_MONEY, True),
        (Fault.BUSY, True),
        (Fault.UPSTREAM, True),
        (Fault.TIMEOUT, True),
        (Fault.MODEL_GONE, True),
        (Fault.UNSUPPORTED, True),
        (Fault.LOST, False),
        (Fault.REFUSED_INPUT, False),
        (Fault.REFUSED_OUTPUT, False),
        (Fault.INVALID, False),
        (Fault.EXPIRED, False),
    ],
)
def test_only_what_was_surely_not_accepted_goes_on(
    clock: list[float], fault: Fault, *, goes_on: bool
) -> None:
    """And what another service would refuse as well does not go round."""
    quote = choice(clock, A, B).instead(job(), trouble(fault))

    assert (quote is not None) is goes_on
    if quote:
        assert (quote.request.provider, quote.request.model) == ("b", "m")
        assert quote.notes[0] == "a m could not take it, so b m makes it."


@pytest.mark.parametrize(
    ("dearer", "taken"),
    [
        ({"micros_per_second": 100_001}, False),
        ({"weight": 2.0}, False),
        ({"seconds": (8,)}, False),
        ({"priced": False}, False),
        ({"micros_per_second": 100_000}, True),
        ({"micros_per_second": 0, "weight": 0.0}, True),
        ({"seconds": (3, 9)}, True),
    ],
)
def test_a_fallback_never_costs_more_than_was_agreed_to(
    clock: list[float], dearer: dict[str, Any], *, taken: bool
) -> None:
    """The next in order may; what is not priced costs nobody knows what."""
    chosen = choice(clock, A, card("b", **dearer), C)

    quote = chosen.instead(job(), trouble(Fault.BUSY))

    assert quote is not None
    assert quote.request.provider == ("b" if taken else "c")
    assert quote.price.micros <= 400_000


def test_who_names_a_model_gets_that_or_none(clock: list[float]) -> None:
    error = trouble(Fault.BUSY)

    assert choice(clock, A, B).instead(job(named=True), error) is None
    assert choice(clock, A, B).instead(job(model="other"), error) is None


def test_it_goes_down_the_list_and_never_round(clock: list[float]) -> None:
    chosen = choice(clock, A, B, C)
    error = trouble(Fault.AUTH)

    second = chosen.instead(job(), error)
    third = chosen.instead(job(provider="b"), error)
    last = chosen.instead(job(provider="c"), error)

    assert second is not None
    assert second.request.provider == "b"
    assert third is not None
    assert third.request.provider == "c"
    assert last is None


def test_another_model_of_the_same_service_helps_where_the_model_is_gone(
    clock: list[float],
) -> None:
    chosen = choice(clock, A, card("a", "n"), B)

    gone = chosen.instead(job(), trouble(Fault.MODEL_GONE))
    away = chosen.instead(job(), trouble(Fault.UPSTREAM))

    assert gone is not None
    assert gone.request.model == "n"
    assert away is not None
    assert away.request.provider == "b"


def test_what_the_next_model_cannot_do_is_passed_over(clock: list[float]) -> None:
    needs_picture = card("b", text_only=False)

    quote = choice(clock, A, needs_picture, C).instead(job(), trouble(Fault.BUSY))

    assert quote is not None
    assert quote.request.provider == "c"


def test_a_clip_with_characters_stays_with_those_who_can_show_them(
    clock: list[float],
) -> None:
    mossy = Character(name="Mossy", media="m.mp4")
    able = card("c", characters=1)
    chosen = choice(clock, A, B, able)

    quote = chosen.instead(job(characters=(mossy,)), trouble(Fault.BUSY))
    draft = replace(job().request, tier=Tier.DRAFT, provider="d", characters=(mossy,))

    assert quote is not None
    assert (quote.request.provider, quote.request.characters) == ("c", (mossy,))
    assert list(chosen.finals(replace(draft, still="s.jpg"))) == [able]
    assert (
        choice(clock, A, B).instead(job(characters=(mossy,)), trouble(Fault.BUSY))
        is None
    )


def test_a_remix_goes_on_as_a_new_clip_of_all_the_words(clock: list[float]) -> None:
    source = Source(
        clip_id="x",
        media="m.mp4",
        provider="a",
        model="m",
        seconds=4,
        prompt="push in",
        ref="ref",
    )
    remix = job(prompt="add snow", op=Op.REMIX, source=source, still="s.jpg")

    quote = choice(clock, A, B).instead(remix, trouble(Fault.BUSY))

    assert quote is not None
    assert quote.request.whole == "push in. add snow"
    assert any("“push in. add snow”" in note for note in quote.notes)


def test_a_workspace_may_have_an_order_of_its_own(clock: list[float]) -> None:
    """Also for what comes next when its first choice cannot."""
    own = {"discord:1": ("b/m", "a/m"), "slack:T1": ("b/m",)}
    chosen = choice(clock, A, B, final_in=own)
    assert chosen.order(Tier.FINAL) == ["a/m", "b/m"]
    assert chosen.order(Tier.FINAL, "discord:2") == ["a/m", "b/m"]
    assert chosen.order(Tier.FINAL, "discord:1") == ["b/m", "a/m"]
    assert chosen.order(Tier.FINAL, "slack:T1") == ["b/m"]

    there = Place(chat="slack", workspace="T1", channel="C1")
    assert chosen.instead(job(), trouble(Fault.BUSY)) is not None
    assert chosen.instead(replace(job(), place=there), trouble(Fault.BUSY)) is None


def test_services_that_fail_step_back_until_they_may_work(clock: list[float]) -> None:
    chosen = choice(clock, A, B)
    assert chosen.order(Tier.FINAL) == ["a/m", "b/m"]

    for _ in range(3):
        chosen.failed("a", trouble(Fault.UPSTREAM))

    assert chosen.order(Tier.FINAL) == ["b/m", "a/m"]
    clock[0] += 31.0
    assert chosen.order(Tier.FINAL) == ["a/m", "b/m"]
    chosen.failed("a", trouble(Fault.UPSTREAM))
    assert chosen.order(Tier.FINAL) == ["b/m", "a/m"]
    chosen.worked("a")
    assert chosen.order(Tier.FINAL) == ["a/m", "b/m"]


def test_a_bad_key_or_an_empty_purse_steps_back_at_once(clock: list[float]) -> None:
    for fault in (Fault.AUTH, Fault.NO_MONEY):
        chosen = choice(clock, A, B)
        chosen.failed("a", trouble(fault))
        assert chosen.order(Tier.FINAL) == ["b/m", "a/m"]
        assert chosen.instead(job(provider="b"), trouble(Fault.BUSY)) is None


def test_a_wait_that_was_asked_for_counts(clock: list[float]) -> None:
    chosen = choice(clock, A, B)
    chosen.failed("a", trouble(Fault.BUSY, after=90.0))

    clock[0] = 89.0
    assert chosen.order(Tier.FINAL)[0] == "b/m"
    clock[0] = 91.0
    assert chosen.order(Tier.FINAL)[0] == "a/m"


def test_what_says_nothing_about_the_service_never_counts(clock: list[float]) -> None:
    chosen = choice(clock, A, B)
    errors: list[BotError] = [
        trouble(Fault.REFUSED_INPUT),
        trouble(Fault.INVALID),
        trouble(Fault.MODEL_GONE),
        PromptError("x"),
    ]
    for error in errors * 9:
        chosen.failed("a", error)

    assert chosen.order(Tier.FINAL)[0] == "a/m"


def test_without_a_list_each_service_offers_its_final_and_ours_comes_last(
    clock: list[float],
) -> None:
    """Never a model whose price nobody knows: it would run past every cap."""
    cards = [
        card("local", "parallax", micros_per_second=0),
        card("a", "draft", tier=Tier.DRAFT),
        card("a", "final", tier=Tier.FINAL),
        card("b", "unknown", tier=Tier.FINAL, priced=False),
        card("b", "any"),
    ]
    chosen = choice(clock, *cards, final=())

    assert chosen.order(Tier.FINAL) == ["a/final", "b/any", "local/parallax"]


def test_the_words_of_the_fallback_are_the_persons_own(
    clock: list[float], tmp_path: Path
) -> None:
    asked = job(seconds=8)
    agreed = replace(asked, price=Price(units=8, micros=800_000))

    quote = choice(clock, A, card("b", seconds=(5,))).instead(
        agreed, trouble(Fault.BUSY)
    )

    assert quote is not None
    assert quote.request.prompt == "push in"
    assert quote.request.seconds == 5
