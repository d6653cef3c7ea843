"""Every provider keeps the same promises, whatever its service does.

One suite over every wire and every dialect, each before a fake server of its own.
"""

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import Fault, ProviderError
from bot.models import Op, Size, State, Way
from bot.providers.wire import MOST_HOPS
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import (
    HURRIED,
    KIND,
    KINDS,
    Kind,
    Rig,
    colour_of,
    open_rig,
)
from tests.fakes.providers.service import KEY, FakeService
from tests.fakes.world import unseen


def of(*names: str) -> pytest.MarkDecorator:
    """Only some of them."""
    kinds = [KIND[name] for name in names]
    return pytest.mark.parametrize("rig", kinds, ids=str, indirect=True)


# Two dialects stand for all: the others differ in words, not in how they are read.
WIRES = of("openai", "xai", "openrouter", "fal", "gemini", "replicate")


@pytest.fixture(params=KINDS, ids=str)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """Each provider in turn."""
    async with open_rig(request.param, tmp_path) as opened:
        yield opened


async def fault_of_order(rig: Rig, **request: Any) -> ProviderError:
    """What an order is turned away with."""
    with pytest.raises(ProviderError) as caught:
        await rig.provider.create(rig.job(**request), unseen)
    check_words(rig, caught.value)
    return caught.value


async def hurry(rig: Rig, trouble: fakes.Trouble) -> None:
    """Do not wait long for a service that has fallen silent."""
    if trouble is fakes.falls_silent:
        await rig.restart(HURRIED)


def check_words(rig: Rig, error: ProviderError) -> None:
    """A person reads a sentence and the next step, and nothing of the service's."""
    told = f"{error} {error.hint} {error.facts} {error!r}"
    assert str(error).endswith(".")
    assert error.hint
    assert "{" not in str(error)
    for secret in (KEY, "http", "127.0.0.1", *rig.service.renders):
        assert secret not in told


def pictures_in(rig: Rig) -> list[tuple[Size, str]]:
    """The pictures of the last order, in order, whatever they travelled in."""
    order = rig.service.steps("create")[-1]
    if order.kind == "multipart/form-data":
        found = [data for _, data in order.files]
        texts = [*order.fields.values()]
    else:
        found, texts = [], [order.body.decode()]
    for text in texts:
        for data in re.findall(r"(?:base64,|\"data\": ?\")([A-Za-z0-9+/=]{99,})", text):
            found.append(base64.b64decode(data))
    return [colour_of(data) for data in found]


async def test_an_order_becomes_a_clip_on_our_disk(rig: Rig, tmp_path: Path) -> None:
    """With the words, the picture at exactly the size, and one order only."""
    job = await rig.made()
    await rig.provider.download(job, tmp_path / "got.mp4")

    assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip
    [render] = rig.service.renders.values()
    assert "push in" in render.prompt
    assert render.id == job.ref
    assert pictures_in(rig) == [(Size(64, 36), "red")]
    assert rig.service.steps("nowhere") == []


async def test_a_clip_of_words_alone_is_still_a_form_where_one_is_due(rig: Rig) -> None:
    await rig.made(still=None)

    [order] = rig.service.steps("create")
    assert pictures_in(rig) == []
    forms = rig.kind.provider == "openai" and rig.kind.name not in {"xai", "together"}
    assert order.kind == ("multipart/form-data" if forms else "application/json")


async def test_a_last_picture_comes_second(rig: Rig) -> None:
    """Where a model can end on one; else that is said before anything is ordered."""
    if not rig.kind.ends_on:
        with pytest.raises(Exception, match="cannot end on a picture"):
            rig.job(last=rig.last)
        return
    await rig.made(last=rig.last)

    assert [colour for _, colour in pictures_in(rig)] == ["red", "blue"]


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ("refused", Fault.REFUSED_INPUT),
        ("wrong key", Fault.AUTH),
        ("no money", Fault.NO_MONEY),
        ("gone", Fault.MODEL_GONE),
        ("busy", Fault.BUSY),
        ("invalid", Fault.INVALID),
    ],
)
async def test_what_the_service_says_has_one_meaning(
    rig: Rig, told: str, fault: Fault
) -> None:
    """Each in the service's own words; none of them reaches a person."""
    rig.service.spoil("create", *[fakes.says(told)] * 2)

    assert (await fault_of_order(rig)).fault is fault

    assert rig.service.renders == {}


async def test_a_wait_that_is_asked_for_is_kept(rig: Rig) -> None:
    """And nobody knocks in the meantime."""
    rig.service.spoil("create", fakes.says("busy", Retry_After="30"))
    assert (await fault_of_order(rig)).after == 30.0

    error = await fault_of_order(rig)

    assert error.fault is Fault.BUSY
    assert 29.0 < (error.after or 0) <= 30.0
    assert len(rig.service.steps("create")) == 1


@WIRES
@pytest.mark.parametrize(
    "trouble",
    [
        fakes.answers(500, "<html>", kind="text/html"),
        fakes.answers(504, "<p>Contact billing</p>", kind="text/html"),
        fakes.answers(502, "application is not available", kind="text/plain"),
        fakes.answers(500, {"error": {"message": "See our usage policy"}}),
        fakes.answers(500, {"detail": "Unsupported response"}),
        fakes.answers(503, "disconnect/reset before headers", kind="text/plain"),
        fakes.answers(408, {"error": {"type": "invalid_request_error"}}),
        fakes.answers(409, {"detail": "Conflict"}),
    ],
    ids=["500", "504", "502", "policy", "words", "503", "408", "409"],
)
async def test_an_order_behind_a_broken_gateway_may_have_been_taken(
    rig: Rig, trouble: fakes.Trouble
) -> None:
    rig.service.spoil("create", trouble)

    assert (await fault_of_order(rig)).fault is Fault.LOST


async def test_a_service_that_says_when_to_come_again_took_nothing(rig: Rig) -> None:
    rig.service.spoil(
        "create", fakes.answers(503, {"detail": "no instance"}, Retry_After="1")
    )

    error = await fault_of_order(rig)

    assert error.fault is Fault.BUSY
    assert not error.billed


@WIRES
@pytest.mark.parametrize(
    "trouble",
    [
        fakes.loses_the_answer,
        fakes.hangs_up,
        fakes.breaks_off,
        fakes.page(),
        fakes.answers(200, {"hello": "world"}),
        fakes.answers(200, []),
        fakes.answers(200, "{" * 5_000, kind="application/json"),
    ],
    ids=["lost", "hung-up", "half", "page", "no-id", "list", "garbage"],
)
async def test_an_order_whose_answer_is_lost_is_never_sent_again(
    rig: Rig, trouble: fakes.Trouble
) -> None:
    """Nobody knows whether it was accepted, so nobody may order it anew."""
    rig.service.spoil("create", trouble)

    assert (await fault_of_order(rig)).fault is Fault.LOST

    assert len(rig.service.steps("create")) == 1


@of("openai", "xai", "openrouter", "fal", "replicate")
async def test_an_order_that_is_never_answered_is_lost_too(rig: Rig) -> None:
    """Gemini's is listened to: `tests/test_provider_others.py`."""
    await hurry(rig, fakes.falls_silent)
    rig.service.spoil("create", fakes.falls_silent)

    assert (await fault_of_order(rig)).fault is Fault.LOST


async def test_an_order_is_written_down_right_before_it_is_sent(rig: Rig) -> None:
    """The service has had everything that comes before it, and not the order."""
    sent: list[int] = []

    async def leaves() -> None:
        sent.append(len(rig.service.steps("create")))

    await rig.provider.create(rig.job(), leaves)

    assert sent == [0]
    assert len(rig.service.steps("create")) == 1


async def test_a_lost_order_is_found_where_there_is_a_list(rig: Rig) -> None:
    job = rig.job()
    rig.service.spoil("create", fakes.loses_the_answer)
    with pytest.raises(ProviderError):
        await rig.provider.create(job, unseen)
    rig.now[0] = 0.0  # the fake lives in the present
    job = replace(job, since=0.0)

    if not rig.kind.lists:
        assert not rig.provider.findable
        with pytest.raises(ProviderError) as caught:
            await rig.provider.find(job, taken=frozenset())
        assert caught.value.fault is Fault.LOST
        return
    [ref] = rig.service.renders
    found = await rig.provider.find(job, taken=frozenset())
    assert found is not None
    assert found.ref == ref
    assert await rig.provider.find(job, taken=frozenset({ref})) is None


@of(*(kind.name for kind in KINDS if kind.lists))
async def test_of_two_orders_that_look_alike_none_is_taken(rig: Rig) -> None:
    """Either may be another person's."""
    rig.now[0] = 0.0
    first, second = await rig.ordered(), await rig.ordered()
    job = replace(rig.job(), since=0.0)

    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(job, taken=frozenset())

    assert caught.value.fault is Fault.LOST
    found = await rig.provider.find(job, taken=frozenset({first.ref}))
    assert found.ref == second.ref


@of(*(kind.name for kind in KINDS if kind.lists))
async def test_a_list_that_cannot_be_read_finds_nothing_and_denies_nothing(
    rig: Rig,
) -> None:
    for trouble in (fakes.hangs_up, fakes.answers(500, {}), fakes.page()):
        rig.service.spoil("list", trouble)
        with pytest.raises(ProviderError) as caught:
            await rig.provider.find(rig.job(), taken=frozenset())
        assert caught.value.fault is Fault.LOST


@pytest.mark.parametrize("status", [401, 429, 502, 503])
@WIRES
async def test_a_gateway_that_turns_a_look_away_ends_no_render(
    rig: Rig, status: int
) -> None:
    """Its own errors may be worded as a failed render is."""
    job = await rig.ordered()
    for word in ("error", "failed", "fail"):
        told = {"status": word, "message": "Too many", "request_id": "req_1"}
        rig.service.spoil("look", fakes.answers(status, told))
        with pytest.raises(ProviderError):
            await rig.provider.retrieve(job)


async def test_a_render_that_was_just_ordered_may_not_be_known_yet(rig: Rig) -> None:
    job = await rig.ordered()
    rig.service.spoil("look", fakes.answers(404, {"detail": "Not Found"}))

    assert (await rig.provider.retrieve(job)).state is State.RENDERING

    rig.now[0] += 3_600  # the wall clock may jump
    rig.service.spoil("look", fakes.answers(404, {"detail": "Not Found"}))
    assert (await rig.provider.retrieve(job)).state is State.RENDERING

    rig.service.spoil("look", fakes.answers(404, {"detail": "Not Found"}))
    with pytest.raises(ProviderError) as caught:
        await rig.provider.retrieve(replace(job, waited=3_600.0))
    assert caught.value.fault is Fault.EXPIRED
    assert caught.value.doubtful


@WIRES
@pytest.mark.parametrize(
    "trouble",
    [
        fakes.hangs_up,
        fakes.breaks_off,
        fakes.falls_silent,
        fakes.page(),
        fakes.answers(500, "oops", kind="text/plain"),
        fakes.answers(503, {"detail": "later"}),
        fakes.answers(200, [1, 2]),
        fakes.answers(200, "not json", kind="application/json"),
    ],
    ids=["hung-up", "half", "silent", "page", "500", "503", "list", "garbage"],
)
async def test_a_look_that_fails_says_nothing_about_the_render(
    rig: Rig, trouble: fakes.Trouble
) -> None:
    """It may pass; the next look sees the same render."""
    job = await rig.ordered()
    await hurry(rig, trouble)
    rig.service.spoil("look", trouble)

    with pytest.raises(ProviderError) as caught:
        await rig.provider.retrieve(job)
    await rig.restart()

    assert caught.value.fault in {Fault.UPSTREAM, Fault.BUSY}
    check_words(rig, caught.value)
    assert (await rig.watched(job)).state is State.DONE


async def test_a_word_that_nobody_knows_means_still_at_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told to the owner once."""
    job = await rig.ordered()
    body = {"id": job.ref, "request_id": job.ref, "status": "daydreaming"}
    rig.service.spoil("look", *[fakes.answers(200, body)] * 3)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert (await rig.provider.retrieve(job)).state is State.RENDERING

    assert caplog.text.count("daydreaming") == 1


REFUSALS: dict[str, Any] = {
    "openrouter": "Output was blocked by content policy",
    "fal": {"detail": [{"loc": ["body"], "type": "content_policy_violation"}]},
    "gemini": {"code": 3, "message": "Blocked by safety filters"},
    "replicate": "The output was flagged as sensitive (E005)",
    "xai": {"code": "content_policy", "error": "Rejected by moderation."},
}
BREAKDOWNS: dict[str, Any] = {
    "openrouter": "CUDA ate request req_123",
    "fal": {"detail": [{"loc": [], "type": "internal_server_error"}]},
    "gemini": {"code": 13, "message": "CUDA ate request req_123"},
    "replicate": "CUDA ate request req_123",
    "xai": {"error": "CUDA ate request req_123"},
    "vllm-omni": {"code": 500, "message": "CUDA ate request req_123"},
    "sglang": {"message": "CUDA ate request req_123"},
}


async def test_a_refusal_while_it_renders_is_one(rig: Rig) -> None:
    blocked = {"code": "moderation_blocked", "message": "Blocked by moderation."}
    rig.service.error = REFUSALS.get(rig.kind.name, blocked)
    job = await rig.ordered()

    seen = await rig.watched(job)

    assert seen.state is State.FAILED
    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.REFUSED_OUTPUT
    check_words(rig, seen.error)


async def test_a_render_that_breaks_is_told_without_its_insides(rig: Rig) -> None:
    broken = {"code": "server_error", "message": "CUDA ate request req_123"}
    rig.service.error = BREAKDOWNS.get(rig.kind.name, broken)
    job = await rig.ordered()

    seen = await rig.watched(job)

    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.UPSTREAM
    assert "req_123" not in str(seen.error)


@WIRES
@pytest.mark.parametrize(
    "trouble",
    [
        fakes.hangs_up,
        fakes.breaks_off,
        fakes.falls_silent,
        fakes.page(),
        fakes.answers(200, "RIFF....not an mp4", kind="video/mp4"),
        fakes.answers(200, "", kind="video/mp4"),
        fakes.answers(200, {"url": "elsewhere"}),
        fakes.answers(500, "oops", kind="text/plain"),
    ],
    ids=["hung-up", "half", "silent", "page", "magic", "empty", "json", "500"],
)
async def test_what_is_not_a_whole_video_never_stays_on_our_disk(
    rig: Rig, trouble: fakes.Trouble, tmp_path: Path
) -> None:
    """The next try gets it."""
    job = await rig.made()
    step = "file" if rig.service.steps("file") else file_step(rig)
    await hurry(rig, trouble)
    rig.service.spoil(step, trouble)
    to = tmp_path / "got.mp4"

    with suppress(ProviderError):  # some know a second place and get it at once
        await rig.provider.download(job, to)
    if not to.exists():
        await rig.restart()
        await rig.provider.download(job, to)

    assert to.read_bytes() == rig.service.clip


def file_step(rig: Rig) -> str:
    """The step at which this service hands out its files."""
    return "file" if rig.kind.profile and rig.kind.links else "content"


@of("openai", "openrouter", "gemini")
async def test_a_file_that_lies_elsewhere_with_the_service_is_fetched_with_the_key(
    rig: Rig, tmp_path: Path
) -> None:
    """Within its own origin, and not round and round."""
    job = await rig.made()
    path = f"{rig.service.base}/videos/{job.ref}/content"
    if rig.kind.name == "gemini":
        path = f"{rig.service.base}/files/{job.ref}:download"
    rig.service.spoil("content", fakes.leads_to(f"{path}?part=1", 302))

    await rig.provider.download(job, tmp_path / "got.mp4")

    assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip
    assert rig.service.steps("content")[-1].query["part"] == "1"
    for bad, times in ((path, MOST_HOPS), ("http://[::1", 1), ("http://x:y/", 1)):
        rig.service.spoil("content", *[fakes.leads_to(bad, 302)] * times)
        with pytest.raises(ProviderError):
            await rig.provider.download(job, tmp_path / "got.mp4")


async def test_a_clip_that_is_too_large_is_let_go(rig: Rig, tmp_path: Path) -> None:
    """Told in its headers or not: no more than the limit is ever taken."""
    job = await rig.made()
    desk = rig.provider._desk
    rig.provider._desk = replace(desk, most_clip=len(rig.service.clip) + 70_000)
    rig.service.spoil(file_step(rig), *[fakes.never_ends] * 2)

    with pytest.raises(ProviderError, match="larger than"):
        await rig.provider.download(job, tmp_path / "got.mp4")

    assert not (tmp_path / "got.mp4").exists()


@WIRES
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_never_takes_the_key_along(
    rig: Rig, status: int, tmp_path: Path
) -> None:
    """Not an order, not a look; a file is fetched from elsewhere without it."""
    other = FakeService(rig.service.clip)
    other.needs_key = False
    other.route("GET", "/clip.mp4", "clip", lambda _: _as_clip(other))
    other.route("POST", "/clip.mp4", "order", lambda _: _as_clip(other))
    async with other.running():
        away = fakes.leads_to(f"{other.url}/clip.mp4", status)
        rig.service.spoil("create", away)
        # It may have been taken: old gateways say so of what they have done.
        assert (await fault_of_order(rig)).fault is Fault.LOST
        job = await rig.made()
        rig.service.spoil("look", away)
        with pytest.raises(ProviderError):
            await rig.provider.retrieve(job)
        assert other.seen == []

        rig.service.spoil(file_step(rig), away)
        await rig.provider.download(job, tmp_path / "got.mp4")

        [seen] = other.seen
        assert KEY not in str(seen.headers)
        assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip


async def _as_clip(other: FakeService) -> web.StreamResponse:
    return web.Response(body=other.clip, content_type="video/mp4")


async def test_a_restart_between_any_two_steps_is_nothing_special(
    rig: Rig, tmp_path: Path
) -> None:
    """All that is needed is in the job's row."""
    job = await rig.ordered()
    await rig.restart()
    assert (await rig.provider.retrieve(job)).state is State.RENDERING
    await rig.restart()
    seen = await rig.watched(job)
    await rig.restart()

    await rig.provider.download(replace(job, ref=seen.ref), tmp_path / "got.mp4")

    assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip
    assert len(rig.service.renders) == 1


@pytest.mark.parametrize("began", [False, True], ids=["waits", "runs"])
async def test_a_cancel_is_free_where_the_service_says_so(
    rig: Rig, *, began: bool
) -> None:
    """By its own answer to the cancel, not by what it said of the render before."""
    rig.service.looks = 10**6
    rig.service.began = not began
    job = await rig.ordered()
    await rig.provider.retrieve(job)
    rig.service.began = began

    free = await rig.provider.cancel(job)

    assert free is (
        rig.kind.free == "always" or (rig.kind.free == "waits" and not began)
    )


async def test_a_render_can_be_cancelled_in_every_state(rig: Rig) -> None:
    """It is never an error, and only a service's own word makes it free."""
    rig.service.looks = 10**6
    waiting = await rig.ordered()
    await rig.provider.cancel(waiting)
    if rig.kind.stops:
        assert len(rig.service.steps(rig.kind.stops)) == 1
    if rig.kind.stops:
        rig.service.spoil(rig.kind.stops, fakes.hangs_up)
    assert await rig.provider.cancel(waiting) is False
    rig.service.looks = 1
    ready = await rig.made()

    if rig.kind.stops == "cancel":  # who deletes may have done so before it ended
        assert await rig.provider.cancel(ready) is False
    await rig.provider.forget(ready)
    await rig.provider.forget(ready)


async def test_a_clip_can_always_be_remixed(rig: Rig, tmp_path: Path) -> None:
    """By its handle, by our file, or anew from the still with all the words."""
    before = await rig.made()
    job = rig.answer(Op.REMIX, before.ref)

    seen = await rig.provider.create(job, unseen)

    done = await rig.watched(replace(job, ref=seen.ref))
    assert done.state is State.DONE
    prompt = rig.service.renders[seen.ref].prompt
    if job.request.way is Way.AFRESH:
        assert prompt == "push in. add snow"
        assert any("“push in. add snow”" in note for note in job.notes)
        assert pictures_in(rig) == [(Size(64, 36), "red")]
    else:
        assert prompt.startswith("add snow")
        assert job.notes == ()


async def test_a_clip_can_always_be_extended(rig: Rig) -> None:
    """By its handle, by our file, or from its last frame; only what is new is paid."""
    before = await rig.made()
    job = rig.answer(Op.EXTEND, before.ref)

    seen = await rig.provider.create(job, unseen)

    assert (await rig.watched(replace(job, ref=seen.ref))).state is State.DONE
    assert job.request.seconds == 8
    assert job.price.micros == 400_000
    if job.request.way is Way.AFRESH:
        assert pictures_in(rig) == [(Size(64, 36), "blue")]


@of("openai", "cometapi", "openrouter", "gemini")
async def test_a_handle_that_has_ended_gives_way_to_our_own_copies(rig: Rig) -> None:
    job = rig.answer(Op.REMIX, "gone-long-ago")
    assert job.request.way is Way.HANDLE

    seen = await rig.provider.create(job, unseen)

    assert rig.service.renders[seen.ref].prompt.endswith("push in. add snow")
    assert any("push in. add snow" in note for note in seen.notes)


@of("openai", "openrouter", "gemini")
async def test_a_long_clip_made_afresh_has_a_length_that_the_model_makes(
    rig: Rig,
) -> None:
    """A handle may be of more seconds: those of a clip that was extended."""
    job = rig.answer(Op.REMIX, "gone-long-ago", seconds=16)
    assert job.request.seconds == 16

    seen = await rig.provider.create(job, unseen)

    *_, order = rig.service.steps("create")
    told = order.fields if order.kind == "multipart/form-data" else order.json
    told = told.get("response_format", told)
    assert str(told.get("seconds") or told["duration"]).rstrip("s") == "8"
    assert "Model M makes 8 s of it, not 16 s." in seen.notes


async def test_the_key_goes_to_the_service_and_nowhere_else(
    rig: Rig, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Not into a log, not into an address, not into a `repr`."""
    with caplog.at_level(logging.DEBUG):
        job = await rig.made()
        await rig.provider.download(job, tmp_path / "got.mp4")
        rig.service.spoil("create", fakes.says("wrong key"))
        await fault_of_order(rig)

    assert KEY not in caplog.text
    assert KEY not in repr(rig.settings)
    assert all(KEY not in seen.path for seen in rig.service.seen)


async def test_trouble_is_told_to_the_owner_once_and_again_after_it_passed(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            rig.service.spoil("create", fakes.says("no money"))
            rig.provider._wire._breaker.worked()
            await fault_of_order(rig)
        assert caplog.text.count("no_money") == 1
        rig.provider._wire._breaker.worked()
        await rig.made()
        rig.service.spoil("create", fakes.says("no money"))
        await fault_of_order(rig)

    assert caplog.text.count("no_money") == 2


async def test_a_service_that_is_away_is_left_alone(rig: Rig) -> None:
    """After some failures in a row nobody knocks any more for a while."""
    job = await rig.ordered()
    rig.service.spoil("look", *[fakes.hangs_up] * 99)

    for _ in range(40):
        with pytest.raises(ProviderError):
            await rig.provider.retrieve(job)

    assert len(rig.service.steps("look")) == 5


async def test_a_good_key_is_told_from_a_bad_one(rig: Rig) -> None:
    """For `vivant doctor`, without ordering anything; no page is taken for a yes."""
    await rig.provider.check()
    step = rig.service.seen[-1].step
    for odd in (
        fakes.page(),
        fakes.answers(404, "<html>", kind="text/html"),
        fakes.answers(400, {"error": {"message": "API key not valid."}}),
        fakes.answers(200, {"hello": "there"}),
        fakes.answers(302, "", location="/sign-in"),
    ):
        rig.service.spoil(step, odd)
        with pytest.raises(ProviderError) as caught:
            await rig.provider.check()
        assert caught.value.fault is Fault.AUTH
    rig.service.spoil(step, fakes.answers(500, "boom", kind="text/plain"))
    with pytest.raises(ProviderError) as caught:
        await rig.provider.check()
    assert caught.value.fault is Fault.UPSTREAM

    rig.service.spoil(step, fakes.answers(401, {"detail": "no"}))
    with pytest.raises(ProviderError) as caught:
        await rig.provider.check()

    assert caught.value.fault is Fault.AUTH
    assert rig.service.renders == {}


@pytest.mark.parametrize("kind", [k for k in KINDS if k.name != "gemini"], ids=str)
async def test_a_call_wakes_only_if_the_service_signed_it(
    kind: Kind, tmp_path: Path
) -> None:
    """And only once; a changed body, a wrong clock or no signature prove nothing."""
    url = "https://vivant.example.org"
    async with open_rig(kind, tmp_path, public_url=url) as rig:
        await rig.provider.refresh()
        now = rig.now[0]
        headers, body = rig.service.call("ref-1", at=now)
        read = rig.provider.read_webhook
        if kind.provider == "openai" and kind.name not in {"openai", "vivant"}:
            assert read(headers, body) is None  # these do not call
            return

        assert read({}, body) is None
        assert read(headers, body + b" ") is None
        for minutes in (-6, 6):
            assert read(*rig.service.call("ref-1", at=now + 60 * minutes)) is None
        call = read(headers, body)
        assert call is not None
        assert call.ref == "ref-1"
        assert read(headers, body) == call


@pytest.mark.parametrize("name", ["openai", "openrouter", "fal"])
async def test_a_service_is_asked_no_oftener_than_the_owner_says(
    name: str, tmp_path: Path
) -> None:
    """Five at once, then in a steady drip: here one in 50 ms."""
    kind, loop = KIND[name], asyncio.get_running_loop()
    async with open_rig(kind, tmp_path, per_minute={kind.provider: 1_200}) as rig:
        job = await rig.ordered()
        begun = loop.time()
        await asyncio.gather(*(rig.provider.retrieve(job) for _ in range(8)))

        assert loop.time() - begun > 0.1
