"""A reply changes what it speaks of, and nothing else."""

import pytest

from bot import wording
from bot.prompt.extend import extend
from bot.prompt.parse import parse
from bot.prompt.plan import Ease, Plan
from bot.prompt.remix import EXAMPLES, NO_CHANGE, UNHEARD, remix

BEFORE = parse("dolly in 2 s, hold 1 s, pan left 1 s, golden hour, distant waves")
MOVES = "0–2 s: dolly in | 2–3 s: hold | 3–4 s: pan left"


def lines(plan: Plan) -> str:
    """The plan in the words that people see."""
    return " | ".join(wording.plan_lines(plan))


def amounts(plan: Plan) -> list[float]:
    """How far each move goes."""
    return [move.amount for beat in plan.beats for move in beat.moves]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("add snow", f"{MOVES} | look: golden light, snow | sound: waves"),
        ("no waves", f"{MOVES} | look: golden light"),
        ("mute", f"{MOVES} | look: golden light"),
        ("remove the golden hour", f"{MOVES} | sound: waves"),
        ("at night instead", f"{MOVES} | look: night | sound: waves"),
        ("pan right instead", "0–4 s: pan right | look: golden light | sound: waves"),
        ("no camera movement", "0–4 s: hold | look: golden light | sound: waves"),
        (
            "then tilt up",
            "0–1 s: dolly in | 1–1.5 s: hold | 1.5–2 s: pan left | 2–4 s: tilt up"
            " | look: golden light | sound: waves",
        ),
        (
            "also zoom in",
            "0–2 s: dolly in + zoom in | 2–3 s: hold | 3–4 s: pan left + zoom in"
            " | look: golden light | sound: waves",
        ),
        (
            "reverse it",
            "0–2 s: dolly out | 2–3 s: hold | 3–4 s: pan right"
            " | look: golden light | sound: waves",
        ),
        (
            "make it 6 seconds",
            "0–3 s: dolly in | 3–4.5 s: hold | 4.5–6 s: pan left"
            " | look: golden light | sound: waves",
        ),
        (
            "hold longer at the end",
            "0–1.5 s: dolly in | 1.5–2.25 s: hold | 2.25–3 s: pan left | 3–4 s: hold"
            " | look: golden light | sound: waves",
        ),
        (
            "make it longer",
            "0–3 s: dolly in | 3–4.5 s: hold | 4.5–6 s: pan left"
            " | look: golden light | sound: waves",
        ),
        (
            "make it 2 seconds and pan right",
            "0–2 s: pan right | look: golden light | sound: waves",
        ),
        (
            "remove the pan",
            "0–2 s: dolly in | 2–4 s: hold | look: golden light | sound: waves",
        ),
        (
            "just the pan",
            "0–3 s: hold | 3–4 s: pan left | look: golden light | sound: waves",
        ),
        ("drift instead", "0–4 s: drift | look: golden light | sound: waves"),
        ("make it black and white", f"{MOVES} | look: black and white | sound: waves"),
        ("at night, please", f"{MOVES} | look: night | sound: waves"),
        ("softer light", f"{MOVES} | look: golden light, soft light | sound: waves"),
        (
            "add rain and thunder",
            f"{MOVES} | look: golden light, rain | sound: waves, rain, thunder",
        ),
        (
            "lose the waves, add birdsong",
            f"{MOVES} | look: golden light | sound: birds",
        ),
        (
            "make it handheld",
            f"{MOVES} | handheld | look: golden light | sound: waves",
        ),
    ],
)
def test_a_reply_changes_what_it_speaks_of(reply: str, expected: str) -> None:
    after = remix(BEFORE, reply)

    assert lines(after) == expected
    assert after.notes


def test_slower_and_add_snow() -> None:
    """The words of the first page that anybody sees."""
    after = remix(BEFORE, "slower, and add snow")

    assert lines(after) == f"{MOVES} | look: golden light, snow | sound: waves"
    assert amounts(after) == pytest.approx([0.6 * way for way in amounts(BEFORE)])
    assert after.notes == ("Slower: every move goes 40 % less far.", "With snow.")


@pytest.mark.parametrize(
    ("reply", "factor"),
    [
        ("faster", 1.6),
        ("a bit slower", 0.8),
        ("much slower", 0.4),
        ("too fast", 0.6),
        ("not so fast", 0.6),
        ("more", 1.5),
        ("half as fast", 0.5),
        ("subtler please", 0.6),
        ("more dramatic", 1.5),
        ("twice as far", 2),
    ],
)
def test_relative_words_scale_every_move(reply: str, factor: float) -> None:
    after = remix(BEFORE, reply)

    assert amounts(after) == pytest.approx([factor * way for way in amounts(BEFORE)])


def test_one_move_can_be_spoken_of_alone() -> None:
    before, after = BEFORE, remix(BEFORE, "make the pan slower")

    assert lines(after) == lines(before)
    dolly, pan = amounts(before)
    assert amounts(after) == pytest.approx([dolly, 0.6 * pan])
    assert after.notes == ("Slower: the pan goes 40 % less far.",)


def test_what_is_negated_is_not_done() -> None:
    after = remix(BEFORE, "don't make it slower, but add fog")

    assert amounts(after) == amounts(BEFORE)
    assert after.notes == ("With fog.",)


def test_slower_softens_what_happened_at_once() -> None:
    [beat] = remix(parse("whip pan left", 2), "slower").beats

    assert beat.ease is Ease.SMOOTH


def test_a_handheld_camera_stays_so_until_it_is_told_otherwise() -> None:
    shaky = parse("handheld, dolly in", 4)

    assert remix(shaky, "pan left instead").handheld == shaky.handheld
    assert remix(shaky, "no camera shake").handheld == 0


def test_what_is_too_far_is_said_in_a_reply_too() -> None:
    [_, note] = remix(BEFORE, "180 degree orbit instead").notes

    assert note.endswith("is more than one photo can show, so it goes less far.")


def test_more_and_less_of_a_look_that_is_there() -> None:
    snowy = remix(BEFORE, "add snow")

    assert remix(snowy, "more snow").looks["snow"] > snowy.looks["snow"]
    assert remix(snowy, "less snow").looks["snow"] < snowy.looks["snow"]
    assert remix(BEFORE, "warmer").looks["golden"] > BEFORE.looks["golden"]
    assert (
        remix(BEFORE, "add fog but keep the golden hour").looks["golden"]
        == (BEFORE.looks["golden"])
    )


@pytest.mark.parametrize("reply", ["xyzzy", "🐱", "بطيء", "!!!"])
def test_a_reply_that_says_nothing_changes_nothing_and_gives_examples(
    reply: str,
) -> None:
    after = remix(BEFORE, reply)

    assert lines(after) == lines(BEFORE)
    assert after.notes == (UNHEARD, EXAMPLES)


@pytest.mark.parametrize("reply", ["keep the golden hour", "remove the fog", "no zoom"])
def test_a_reply_without_effect_says_so(reply: str) -> None:
    after = remix(BEFORE, reply)

    assert lines(after) == lines(BEFORE)
    assert after.notes == (NO_CHANGE,)


def test_less_of_one_look_and_more_of_another() -> None:
    after = remix(remix(BEFORE, "add snow"), "less golden light, more snow")

    assert after.notes == ("Less golden light.", "More snow.")


def test_what_a_reply_asks_in_vain_is_said() -> None:
    assert remix(BEFORE, "make the cat blink").cannot == ("make the cat blink",)


def test_an_extension_without_words_goes_on_gently() -> None:
    after = extend(BEFORE, "", 3)

    assert lines(after).startswith(f"{MOVES} | 4–7 s: pan left")
    assert amounts(after)[-1] < amounts(BEFORE)[-1]
    assert after.notes == ("The last move goes on gently.",)


def test_an_extension_does_what_its_words_say() -> None:
    after = extend(BEFORE, "pull back 2 s, hold 1 s, birds chirping, snow", 3)

    assert lines(after) == (
        f"{MOVES} | 4–6 s: dolly out | 6–7 s: hold"
        " | look: golden light | sound: waves, birds"
    )
    assert "The look cannot change in the middle, so it stays as it is." in after.notes
