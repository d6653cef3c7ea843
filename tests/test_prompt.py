"""What people type is read into timed moves, looks and sounds; it never fails."""

import pytest

from bot import wording
from bot.prompt.coach import coach
from bot.prompt.parse import NO_MOVE, parse
from bot.prompt.plan import Beat


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
        ("Last 2 seconds: zoom out", 6, "0–4 s: hold | 4–6 s: zoom out"),
        ("in the last second, zoom in fast", 4, "0–3 s: hold | 3–4 s: zoom in"),
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
        (
            "Camera slowly dollies in over 2 seconds;"
            " subject raises right hand halfway.",
            4,
            "0–2 s: dolly in | 2–4 s: hold",
        ),
        (
            "slow camera push forward (approx 6 degrees), soft parallax on background,"
            " tiny head turn, warm early-evening lighting",
            4,
            "0–4 s: dolly in + truck right | look: golden light",
        ),
        (
            "dolly in 3s, hold 2s, pan right 3s",
            4,
            "0–1.5 s: dolly in | 1.5–2.5 s: hold | 2.5–4 s: pan right",
        ),
        ("hold for the first second, then zoom", 4, "0–1 s: hold | 1–4 s: zoom in"),
        ("0:00-0:02 pan left", None, "0–2 s: pan left"),
        ("between 1s and 3s zoom in", 4, "0–1 s: hold | 1–3 s: zoom in | 3–4 s: hold"),
        ("pan left, then stop", 4, "0–3 s: pan left | 3–4 s: hold"),
        ("1. hold 1s\n2. pull out 2s", None, "0–1 s: hold | 1–3 s: dolly out"),
        (
            "zoom in 1 s then zoom back out 1 s",
            None,
            "0–1 s: zoom in | 1–2 s: zoom out",
        ),
        ("pan out to show the town", 4, "0–4 s: zoom out"),
        ("tracks in on the statue for 3 s", None, "0–3 s: dolly in"),
        ("push in on the woman on the left 2 s", None, "0–2 s: dolly in"),
        ("camera rolls counter-clockwise", 4, "0–4 s: roll left"),
        ("a woman holding a bouquet, zoom out", 4, "0–4 s: zoom out"),
        ("let it drift", 4, "0–4 s: drift"),
        ("keep the camera locked", 4, "0–4 s: hold"),
        ("pan left; constant speed", 4, "0–4 s: pan left, at a steady pace"),
        ("ease in and out, pan left", 4, "0–4 s: pan left"),
        (
            "No zoom. Pan from right to left, film grain",
            4,
            "0–4 s: pan left | look: a vintage look",
        ),
        ("Audio: wind, birds. Camera: static", 4, "0–4 s: hold | sound: wind, birds"),
        ("Keep: her face, the rain. tilt up", 4, "0–4 s: tilt up"),
        ("hazel-eyed snowboarder, orbit left", 4, "0–4 s: orbit left"),
        ("dolly in -neg fog, rain", 4, "0–4 s: dolly in"),
        ("dolly in 2s --no rain, snow --seed 7 --v 6", None, "0–2 s: dolly in"),
        ("zoom in —motion low", 4, "0–4 s: zoom in"),
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
        ("her dress flutters while the camera pans", ("her dress flutters",)),
        ("orbit; he lights a cigarette", ("he lights a cigarette",)),
        ("make the dog bark, zoom", ("make the dog bark",)),
        (
            "let the birds fly away and the cat walk",
            ("let the birds fly away", "the cat walk"),
        ),
        (
            'he said "pan left, then zoom in." hold',
            ('he said "pan left, then zoom in." hold',),
        ),
        ("she wears a hat, tilt up", ()),
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


def test_a_beat_reads_well() -> None:
    assert wording.beat_line(Beat(start=0, end=1.5)) == "0–1.5 s: hold"
    assert wording.cannot_line(("he blinks", "she runs")) == (
        "I move the camera; I cannot do “he blinks”, “she runs”."
    )
