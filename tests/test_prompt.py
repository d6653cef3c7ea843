"""What people type is read into timed moves, looks and sounds; it never fails."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import wording
from bot.prompt.coach import coach
from bot.prompt.extend import extend
from bot.prompt.parse import NO_MOVE, parse
from bot.prompt.plan import Beat, Framing, MoveKind, Plan
from bot.prompt.reading import WIDEST
from bot.prompt.remix import remix

WORDS = """
dolly in out pan left right tilt up down zoom orbit truck hold static then and while
with slowly fast dramatic 2s 0s 1.5s 90s over for 2 seconds at 3s last first 0-2s: 5-1s
180 degrees 200% 9x snow no rain without fog golden hour noir waves music Audio: the cat
waves its paw she says "hello you" cut to rack focus vertigo parallax handheld , . ; ->
--motion high -camera pan left --no -neg slower faster more less instead also reverse
make it 6 s long warmer @everyone 🐱 تحريك half a second 999999999 .5s 1,5s twice mute
"""
SOUP = st.lists(
    st.sampled_from([*WORDS.split(), "\n", "\u202e", "\x00"]), max_size=40
).map(" ".join)


def lines(prompt: str, seconds: float | None = None) -> str:
    """A prompt's plan in the words that people see."""
    return " | ".join(wording.plan_lines(parse(prompt, seconds)))


@pytest.mark.parametrize(
    ("prompt", "seconds", "expected"),
    [
        (
            "dolly in 2 s, hold 1 s, pan left 1 s, golden hour, distant waves",
            None,
            "0–2 s: dolly in | 2–3 s: hold | 3–4 s: pan left | look: golden light"
            " | sound: waves",
        ),
        (
            "Start static 0.5s, dolly in 2s, hold 1s, pan left 1.5s",
            5,
            "0–0.5 s: hold | 0.5–2.5 s: dolly in | 2.5–3.5 s: hold | 3.5–5 s: pan left",
        ),
        (
            "Medium close-up of a woman, holds for one second, then slowly tilts"
            " up over 3 seconds while zooming out. Golden hour. Audio: distant waves,"
            " gulls",
            None,
            "0–1 s: hold | 1–4 s: tilt up + zoom out | look: golden light"
            " | sound: waves, birds",
        ),
        (
            "0-2s: static wide; 2-5s: orbit right around the statue;"
            " 5-8s: pull back to reveal the square, fog",
            None,
            "0–2 s: hold | 2–5 s: orbit right | 5–8 s: dolly out | look: fog",
        ),
        (
            "crane up 15 degrees and pan left; candlelight flicker; no music, only"
            " room tone",
            4,
            "0–4 s: crane up + pan left | look: candlelight | sound: a quiet room",
        ),
        ("Last 2 seconds: zoom out", 6, "4–6 s: zoom out"),
        ("in the last second, zoom in fast", 4, "3–4 s: zoom in"),
        (
            "slowly zoom in 20% over 3s, no fog, snow",
            None,
            "0–3 s: zoom in | look: snow",
        ),
        (
            "Rack focus from the background to the flower",
            4,
            "0–4 s: focus to the front",
        ),
        ("rack focus to the background", 4, "0–4 s: focus to the back"),
        ("storm clouds, slow pan right", 4, "0–4 s: pan right"),
        ("pull back and rise up, revealing the city", 4, "0–4 s: dolly out + crane up"),
        ("-camera pan left -motion 3 a castle", 4, "0–4 s: pan left"),
        ("a castle --motion high --ar 9:16 zoom in", 4, "0–4 s: zoom in"),
        ("whip pan right", 2, "0–2 s: pan right, at once"),
        ("handheld, documentary feel", 4, "0–4 s: hold | handheld"),
        ("dolly left", 4, "0–4 s: truck left"),
        ("vertigo effect, dramatic", 4, "0–4 s: vertigo in"),
        ("no camera movement, light rain", 4, "0–4 s: hold | look: rain | sound: rain"),
    ],
)
def test_prompts_are_read_as_people_mean_them(
    prompt: str, seconds: float | None, expected: str
) -> None:
    assert lines(prompt, seconds) == expected


@pytest.mark.parametrize(
    ("prompt", "cannot"),
    [
        (
            "Camera slowly dollies in; subject raises right hand halfway.",
            ("subject raises right hand halfway",),
        ),
        ("her hair blows in the wind, hold", ("her hair blows in the wind",)),
        ("push in, the cat waves its paw", ("the cat waves its paw",)),
        ("tracking shot following the runner", ("tracking shot following the runner",)),
        ("he walks toward the camera", ("he walks toward the camera",)),
        ("zoom in, cut to the sea", ("cut to the sea",)),
        ('pan left, she says "good morning"', ('she says "good morning"',)),
        ("dolly in, distant waves", ()),
        ("slow push in, no fog", ()),
    ],
)
def test_what_cannot_be_done_is_said_in_the_persons_own_words(
    prompt: str, cannot: tuple[str, ...]
) -> None:
    assert parse(prompt, 4).cannot == cannot


@pytest.mark.parametrize(
    ("prompt", "seconds", "note"),
    [
        ("animate it", 4, NO_MOVE),
        ("🐱🌊", 4, NO_MOVE),
        ("تحريك الكاميرا ببطء إلى اليسار", 4, NO_MOVE),
        ("", 4, NO_MOVE),
        (
            "dolly in 3s, pan left 3s",
            4,
            "The times add up to 6 s; they were scaled to fit 4 s.",
        ),
        ("pan left 1 s", 4, "The camera holds still for the last 3.0 s."),
        (
            "pan left at 9s",
            4,
            "9 s is past the end of the clip, so that time was ignored.",
        ),
        (
            "180 degree orbit",
            4,
            "“180 degree orbit” is more than one photo can show, so it goes less far.",
        ),
    ],
)
def test_what_was_changed_is_noted(prompt: str, seconds: float, note: str) -> None:
    assert note in parse(prompt, seconds).notes


def test_words_of_size_make_moves_larger_and_smaller() -> None:
    gentle, plain, strong = (
        parse(f"{word} dolly in", 4).beats[0].moves[0].amount
        for word in ("subtle", "", "dramatic")
    )

    assert gentle < plain < strong


def test_the_coach_asks_for_a_camera_move() -> None:
    [advice] = coach("make it epic", parse("make it epic", 4))

    assert (
        advice == "“make it epic” names no camera move: push in? pan left?"
        " let it drift?"
    )
    assert coach("dolly in", parse("dolly in", 4)) == ()


def test_the_coach_finds_many_moves_hurried() -> None:
    prompt = "pan left then tilt up then zoom in then dolly out"

    [advice] = coach(prompt, parse(prompt, 2))

    assert advice == "4 moves in 2 s look hurried: fewer, or longer?"


def check(plan: Plan) -> None:
    """What holds for every plan, whatever was typed."""
    clock = 0.0
    for beat in plan.beats:
        assert clock - 0.01 <= beat.start < beat.end <= plan.seconds + 0.01
        clock = beat.end
        for move in beat.moves:
            assert 0 <= move.amount <= 2.5 * WIDEST[move.kind]
            assert {move.dx, move.dy} <= {-1, 0, 1}
    assert plan.beats
    assert all(0 < strength <= 1 for strength in plan.looks.values())
    assert Plan.from_json(plan.to_json()) == plan
    assert len(set(plan.sounds)) == len(plan.sounds)
    wording.plan_lines(plan)


@settings(max_examples=200, deadline=None)
@given(prompt=SOUP | st.text(max_size=200), seconds=st.none() | st.integers(1, 20))
def test_any_text_makes_a_plan_that_can_be_rendered(
    prompt: str, seconds: int | None
) -> None:
    plan = parse(prompt, seconds)

    check(plan)
    assert 2 <= plan.seconds <= 20 or plan.seconds == seconds


@settings(max_examples=150, deadline=None)
@given(prompt=SOUP, replies=st.lists(SOUP, min_size=1, max_size=3))
def test_any_reply_to_any_plan_makes_a_plan_that_can_be_rendered(
    prompt: str, replies: list[str]
) -> None:
    plan = parse(prompt, 4)
    for reply in replies:
        plan = remix(plan, reply)
        assert plan.framing is None
        assert plan.notes or plan.cannot

    for beat in plan.beats:
        assert 0 <= beat.start <= beat.end <= plan.seconds + 0.01
    assert Plan.from_json(plan.to_json()) == plan


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


@pytest.mark.parametrize("junk", [{}, {"seconds": "x"}, {"seconds": 4, "beats": 3}])
def test_what_is_no_plan_is_refused(junk: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Plan.from_json(junk)


def test_forty_thousand_characters_are_read_no_further_than_they_help() -> None:
    """The time is linear: what comes late is not looked at."""
    plan = parse("dolly in, " * 4_000, 4)

    assert len(plan.beats) == 16
    assert "Only the first 16 of the moves fit into 4 s." in plan.notes
    assert {move.kind for beat in plan.beats for move in beat.moves} == {MoveKind.DOLLY}


def test_a_beat_reads_well() -> None:
    assert wording.beat_line(Beat(start=0, end=1.5)) == "0–1.5 s: hold"
    assert wording.cannot_line(("he blinks", "she runs")) == (
        "I move the camera; I cannot do “he blinks”, “she runs”."
    )
