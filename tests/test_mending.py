"""What is wrong with a clip, and the words that mend it: shown before they cost."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import MissingError, OptionError, PromptError
from bot.mending import AIR, FAULTS, NOTHING, SHORT, STEPS, ClipFault, Mended, mend
from bot.models import Op, Person, RenderRequest, Size, Source
from bot.prompt.parse import NO_MOVE, parse
from bot.prompt.plan import Ease, MoveKind, Plan
from bot.prompt.remix import remix
from tests.fakes.house import ANN, BOB, HERE, open_fake_house
from tests.test_prompt_any_text import WORDS, check

LENGTHS = range(1, 21)


def asked(prompt: str, *, op: Op = Op.CREATE, seconds: int = 4) -> RenderRequest:
    """A clip of the embedded renderer; a remix and an extension answer "dolly in"."""
    before = parse("dolly in, handheld, snow", 4)
    plans = {Op.CREATE: parse(prompt, seconds), Op.REMIX: remix(before, prompt)}
    source = Source(
        clip_id="c", media="m", provider="local", model="parallax", seconds=4,
        prompt="dolly in", plan=before.to_json(),
    )  # fmt: skip
    return RenderRequest(
        prompt=prompt,
        provider="local",
        model="parallax",
        seconds=seconds + 4 * (op is Op.EXTEND),
        size=Size(1280, 720),
        seed=1,
        op=op,
        source=None if op is Op.CREATE else source,
        plan=plans.get(op, before).to_json(),
    )


def mended(fault: ClipFault, prompt: str, **more: object) -> Mended:
    request = asked(prompt, **more)  # type: ignore[arg-type]
    return mend(fault, request, lengths=LENGTHS, limit=4_000)


def plan_of(one: Mended) -> Plan:
    return parse(one.prompt, one.seconds)


def amounts(plan: Plan) -> dict[MoveKind, float]:
    return {move.kind: move.amount for beat in plan.beats for move in beat.moves}


def test_jitter_takes_the_hand_away_and_slows_the_camera() -> None:
    words = "handheld dramatic push in, then whip pan left, golden hour"
    before = parse(words, 4)

    one = mended(ClipFault.JITTER, words)

    after = plan_of(one)
    assert one.prompt == (
        "slowly push in, then slowly pan left, golden hour."
        " Smooth stabilized camera, no shake"
    )
    assert before.handheld > 0 == after.handheld
    assert after.looks == before.looks
    assert {beat.ease for beat in after.beats} == {Ease.SMOOTH}
    for kind, amount in amounts(before).items():
        assert 0 < amounts(after)[kind] < amount
    assert one.seconds == after.seconds == SHORT
    assert one.notes == (
        "The camera is steady.",
        "The camera moves slowly.",
        "The clip is shorter.",
    )


@pytest.mark.parametrize(
    ("words", "calm"),
    [
        ("a quick dolly in", "a slow dolly in"),
        ("camera rises", "camera slowly rises"),
        ("gently push in", "gently push in"),
        ("crash zoom in with a shaky documentary feel", "slowly zoom in"),
        ("orbit left, no handheld", "slowly orbit left, no handheld"),
        ("pan left without zooming", "slowly pan left without zooming"),
        ("Shot: handheld\nAction: pan left", "Action: slowly pan left"),
        ("pan left, Keep: the frying pan", "slowly pan left, Keep: the frying pan"),
        ('tilt up, "zoom out now"', 'slowly tilt up, "zoom out now"'),
        ("pan left --motion high", "slowly pan left"),
    ],
)
def test_only_the_words_for_the_camera_are_slowed(words: str, calm: str) -> None:
    one = mended(ClipFault.JITTER, words)

    assert one.prompt == f"{calm}. Smooth stabilized camera, no shake"


def test_drift_makes_it_shorter_and_says_what_stays() -> None:
    one = mended(ClipFault.DRIFT, "pan left, snow", seconds=8)

    assert (one.seconds, plan_of(one).seconds) == (SHORT, SHORT)
    assert one.prompt.startswith("pan left, snow. Keep: the same subject")
    assert plan_of(one).looks == parse("pan left, snow").looks


def test_added_things_lose_what_floats_in_the_air() -> None:
    words = "a woman in the snow, zoom in through heavy fog, night. Audio: rain"

    one = mended(ClipFault.ADDED, words)

    assert one.prompt.startswith("a woman, zoom in, night. Audio: rain. Keep: only")
    assert set(parse(words).looks) == {"snow", "haze", "night"}
    assert set(plan_of(one).looks) == {"night"}
    assert plan_of(one).sounds == ("rain",)


def test_the_weather_of_other_models_is_left_in() -> None:
    """They draw what they are told; only the embedded renderer has but the air."""
    request = replace(asked("pan left, snow"), plan=None)

    one = mend(ClipFault.ADDED, request, lengths=LENGTHS, limit=4_000)

    assert one.prompt.startswith("pan left, snow. Keep: only what is there")


def test_ignored_words_become_beats_that_go_their_full_way() -> None:
    words = "slow dolly in then pan left slightly, golden hour"

    one = mended(ClipFault.IGNORED, words)

    assert one.prompt.startswith("dolly in 2 s then pan left 2 s, golden hour. Keep: ")
    after = plan_of(one)
    assert [(b.start, b.end) for b in after.beats] == [(0, 2), (2, 4)]
    for kind, amount in amounts(parse(words, 4)).items():
        assert amounts(after)[kind] > amount


@pytest.mark.parametrize("fault", [ClipFault.IGNORED, ClipFault.DISTORTED])
def test_words_without_a_camera_move_get_one(fault: ClipFault) -> None:
    one = mended(fault, "the woman smiles")

    assert "push in 4 s, the woman smiles" in one.prompt
    assert NO_MOVE not in plan_of(one).notes


def test_other_models_are_given_no_camera_move_that_nobody_named() -> None:
    request = replace(asked("the woman smiles"), plan=None)

    one = mend(ClipFault.IGNORED, request, lengths=LENGTHS, limit=4_000)

    assert one.prompt.startswith("the woman smiles. Keep: one subject")


def test_distorted_shapes_get_less_motion_and_a_wider_shot() -> None:
    words = "close-up of her face, gently zoom in, handheld"

    one = mended(ClipFault.DISTORTED, words)

    assert one.prompt.startswith("her face, very slowly zoom in. Wide shot, little")
    after = plan_of(one)
    assert amounts(after)[MoveKind.ZOOM] < amounts(parse(words, 4))[MoveKind.ZOOM]
    assert after.handheld == 0


def test_the_reply_of_a_remix_is_mended_and_not_what_it_answers_to() -> None:
    """In the words of a reply, which its plan is changed by."""
    before = asked("add rain", op=Op.REMIX, seconds=8)
    source = parse("dolly in, handheld, snow", 4)

    calm = mend(ClipFault.JITTER, before, lengths=LENGTHS, limit=4_000)
    clear = mend(ClipFault.ADDED, before, lengths=LENGTHS, limit=4_000)

    assert calm.prompt.startswith("make it 3 seconds, add rain. slower.")
    after = remix(source, calm.prompt)
    assert (after.handheld, after.seconds) == (0, SHORT)
    assert amounts(after)[MoveKind.DOLLY] < amounts(source)[MoveKind.DOLLY]
    assert clear.prompt.startswith("add rain. no rain, no snow. Keep: ")
    assert set(remix(source, clear.prompt).looks) <= {"rain"}


def test_an_extension_keeps_its_length() -> None:
    one = mended(ClipFault.DRIFT, "pan left", op=Op.EXTEND)
    beats = mended(ClipFault.IGNORED, "pan left", op=Op.EXTEND)

    assert (one.seconds, beats.seconds) == (8, 8)
    assert beats.prompt.startswith("pan left 4 s. Keep: ")


def test_a_model_that_makes_no_short_clips_makes_its_shortest() -> None:
    request = asked("pan left", seconds=12)

    lengths = [
        mend(ClipFault.DRIFT, request, lengths=offered, limit=4_000).seconds
        for offered in [(5, 10), (2, 3, 12), (8, 12), (12,)]
    ]

    assert lengths == [5, 3, 8, 12]


@pytest.mark.parametrize("fault", ClipFault)
def test_a_clip_of_a_model_that_is_gone_gets_a_length_of_the_next(
    fault: ClipFault,
) -> None:
    """What is proposed can be sent as it is."""
    request = asked("pan left", seconds=5)

    assert mend(fault, request, lengths=(4, 8), limit=4_000).seconds == 4
    assert mend(fault, request, lengths=(6, 9), limit=4_000).seconds == 6


def test_a_change_that_does_not_fit_is_left_out() -> None:
    request = asked("pan left")

    one = mend(ClipFault.ADDED, request, lengths=LENGTHS, limit=20)

    assert (one.prompt, one.notes) == ("pan left", (NOTHING,))


def test_every_fault_is_told_and_has_a_mend() -> None:
    assert set(FAULTS) == set(STEPS) == set(ClipFault)


@pytest.mark.parametrize("name", AIR)
def test_what_floats_in_the_air_is_left_out_of_a_remix_by_its_name(name: str) -> None:
    plan = replace(parse("pan left"), looks={name: 0.6})

    assert not remix(plan, f"no {name}").looks


SHAKES = """
handheld hand held hand-fast-held shaky documentary whip crash quick- slowly very gentle
close-up snow heavy rain camera rises Action: in a the with barely light --motion low
"""
SOUP = st.lists(
    st.sampled_from([*WORDS.split(), *SHAKES.split(), *SHAKES.split(), "\n"]),
    max_size=30,
).map(" ".join)
FAULT = st.sampled_from(ClipFault)
OPS = st.sampled_from(Op)


@settings(max_examples=400, deadline=None)
@given(
    prompt=SOUP | st.text(max_size=200),
    fault=FAULT,
    op=OPS,
    seconds=st.integers(1, 20),
    limit=st.integers(1, 400),
    ours=st.booleans(),
)
def test_a_mend_fits_can_be_carried_out_and_twice_is_the_same_as_once(
    prompt: str, fault: ClipFault, op: Op, seconds: int, limit: int, *, ours: bool
) -> None:
    request = asked(prompt, op=op, seconds=seconds)
    request = request if ours else replace(request, plan=None)

    one = mend(fault, request, lengths=LENGTHS, limit=limit)

    assert len(one.prompt) <= limit
    assert one.seconds <= request.seconds
    assert one.notes
    check(plan_of(one))
    again = replace(request, prompt=one.prompt, seconds=one.seconds)
    twice = mend(fault, again, lengths=LENGTHS, limit=limit)
    assert (twice.prompt, twice.seconds) == (one.prompt, one.seconds)


async def test_looking_at_a_mend_spends_nothing(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        clip = await house.submit("handheld push in")
        await house.settled()
        before = await house.ledger()

        one = await house.service.mend(
            clip.id, ClipFault.JITTER, person=BOB, place=HERE
        )

        assert one.prompt.startswith("slowly push in.")
        assert one.seconds == 4  # the shortest that the model makes
        assert await house.ledger() == before
        stranger = Person(chat="other", id="x")
        with pytest.raises(MissingError):
            await house.service.mend(
                clip.id, one.fault, person=stranger, place=replace(HERE, channel="x")
            )


async def test_a_clip_is_made_again_by_other_words(tmp_path: Path) -> None:
    """From the same still or source, on the presser's quota, once for each press."""
    async with open_fake_house(tmp_path) as house:
        service = house.service
        first = await house.submit("push in")
        await house.settled()
        longer = await house.extend(first.id, 4)
        await house.settled()

        made = await service.remake(
            first.id, "pan left", 8, person=BOB, place=HERE, event="press"
        )
        same = await service.remake(
            first.id, "pan left", 8, person=BOB, place=HERE, event="press"
        )
        more = await service.remake(longer.id, "hold", 8, person=ANN, place=HERE)
        await house.settled()

        assert made.id == same.id
        assert (made.person, made.request.prompt, made.price.units) == (
            BOB,
            "pan left",
            8,
        )
        assert made.request.seed != first.request.seed
        assert (more.request.op, more.request.prompt) == (Op.EXTEND, "hold")
        assert more.request.source == longer.request.source
        assert (await service.clip(more.id, person=ANN)).parent == first.id


async def test_a_remake_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    async with open_fake_house(tmp_path) as house:
        first = await house.submit("push in")
        await house.settled()
        remixed = await house.remix(first.id, "slower")
        longer = await house.extend(first.id, 4)
        await house.settled()

        async def refused(clip_id: str, words: str, seconds: int) -> str:
            with pytest.raises((OptionError, PromptError)) as caught:
                await house.service.remake(
                    clip_id, words, seconds, person=ANN, place=HERE
                )
            return str(caught.value)

        assert "makes clips of" in await refused(first.id, "pan left", 5)
        assert "did not say" in await refused(remixed.id, " ", 4)
        assert "cannot grow" in await refused(longer.id, "pan left", 4)
        assert "characters" in await refused(first.id, "a" * 4_001, 4)
