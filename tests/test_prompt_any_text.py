"""Whatever is typed makes a plan that can be carried out, and that is soon known."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import wording
from bot.prompt.extend import extend
from bot.prompt.moves import WIDEST
from bot.prompt.parse import parse
from bot.prompt.plan import Framing, MoveKind, Plan
from bot.prompt.remix import remix

WORDS = """
dolly in out pan left right tilt up down zoom orbit truck hold static then and while
with slowly fast dramatic 2s 0s 1.5s 90s over for 2 seconds at 3s last first 0-2s: 5-1s
180 degrees 200% 9x snow no rain without fog golden hour noir waves music Audio: the cat
waves its paw she says "hello you" cut to rack focus vertigo parallax handheld , . ; ->
--motion high -camera pan left --no -neg slower faster more less instead also reverse
make it 6 s long warmer @everyone 🐱 تحريك half a second 999999999 .5s 1,5s twice mute
longer shorter much just only keep the pan between 0:01-0:03 let it drift Keep: roll
"""
SOUP = st.lists(
    st.sampled_from([*WORDS.split(), "\n", "\u202e", "\x00"]), max_size=40
).map(" ".join)


def check(plan: Plan) -> None:
    """What holds for every plan, whatever was typed."""
    clock = 0.0
    for beat in plan.beats:
        assert beat.start == pytest.approx(clock, abs=0.06)
        assert beat.start < beat.end
        clock = beat.end
        for move in beat.moves:
            assert 0 <= move.amount <= WIDEST[move.kind]
            assert {move.dx, move.dy} <= {-1, 0, 1}
    assert clock == pytest.approx(plan.seconds, abs=0.06)
    assert all(0 < strength <= 1 for strength in plan.looks.values())
    assert len(set(plan.sounds)) == len(plan.sounds)
    assert Plan.from_json(plan.to_json()) == plan
    assert all(wording.plan_lines(plan))


@settings(max_examples=200, deadline=None)
@given(prompt=SOUP | st.text(max_size=200), seconds=st.none() | st.integers(1, 20))
def test_any_text_makes_a_plan_that_can_be_rendered(
    prompt: str, seconds: int | None
) -> None:
    plan = parse(prompt, seconds)

    check(plan)
    assert 2 <= plan.seconds <= 20 or plan.seconds == seconds


@settings(max_examples=200, deadline=None)
@given(prompt=SOUP, replies=st.lists(SOUP, min_size=1, max_size=4))
def test_any_replies_to_any_plan_make_a_plan_that_can_be_rendered(
    prompt: str, replies: list[str]
) -> None:
    plan = parse(prompt, 4)
    for reply in replies:
        plan = remix(plan, reply)

        check(plan)
        assert plan.framing is None
        assert plan.notes or plan.cannot


@settings(max_examples=100, deadline=None)
@given(prompt=SOUP, words=SOUP, seconds=st.integers(1, 8))
def test_an_extension_begins_with_all_that_was_there(
    prompt: str, words: str, seconds: int
) -> None:
    framing = Framing(crop=0.9, back_blur=1.0, front_blur=2.0, seconds=4.0)
    before = replace(parse(prompt, 4), framing=framing)

    after = extend(before, words, seconds)

    assert after.beats[: len(before.beats)] == before.beats
    assert after.seconds == before.seconds + seconds
    assert (after.framing, after.looks) == (before.framing, before.looks)
    assert after.sounds[: len(before.sounds)] == before.sounds
    check(after)


@pytest.mark.parametrize("reply", ["faster", "then tilt up", "also zoom in", "longer"])
def test_the_same_reply_again_and_again_ends_at_a_limit(reply: str) -> None:
    plan = parse("dolly in 2 s, hold 1 s, pan left 1 s, handheld")
    for _ in range(40):
        plan = remix(plan, reply)

    check(plan)
    assert plan.seconds <= 60
    assert len(plan.beats) <= 4 * plan.seconds
    assert plan.handheld <= 1.3


def test_forty_thousand_characters_are_read_no_further_than_they_help() -> None:
    plan = parse("dolly in, " * 4_000, 4)

    assert len(plan.beats) == 16
    assert "Only the first 16 of the moves fit into 4 s." in plan.notes
    assert {move.kind for beat in plan.beats for move in beat.moves} == {MoveKind.DOLLY}
