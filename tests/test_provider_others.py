"""OpenRouter, fal, Gemini and Replicate: what is special about each."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Fault, ProviderError
from bot.models import Carrier, Job, Op, Size, State, Way
from bot.providers.openrouter import read_card
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, Rig, colour_of, open_rig
from tests.fakes.providers.service import KEY
from tests.fakes.world import unseen


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """One service, reachable from outside."""
    public = "https://vivant.example.org"
    async with open_rig(KIND[request.param], tmp_path, public_url=public) as opened:
        yield opened


def service(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", [name], indirect=True)


@service("openrouter")
async def test_openrouter_gets_frames_and_an_address_to_call(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    assert order.json["duration"] == 4
    assert order.json["callback_url"] == "https://vivant.example.org/hooks/openrouter"
    frames = order.json["frame_images"]
    assert [f["frame_type"] for f in frames] == ["first_frame", "last_frame"]
    assert frames[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")


@service("openrouter")
async def test_openrouter_continues_by_the_job_before(rig: Rig) -> None:
    made = await rig.made()

    await rig.ordered_again(Op.REMIX, made.ref)

    order = rig.service.steps("create")[-1].json
    assert order["previous_job_id"] == made.ref
    assert "frame_images" not in order


@service("openrouter")
async def test_openrouter_hands_a_signed_link_out_first(
    rig: Rig, tmp_path: Path
) -> None:
    """Fetched without the key; when the link has ended, through OpenRouter itself."""
    job = await rig.made()
    body = {
        "id": job.ref,
        "status": "completed",
        "urls": [f"{rig.service.url}/api/v1/videos/{job.ref}/content"],
    }
    rig.service.spoil("look", fakes.answers(200, body))
    rig.service.spoil("content", fakes.answers(403, "ended", kind="text/plain"))

    await rig.provider.download(job, tmp_path / "got.mp4")

    signed, own = rig.service.steps("content")
    assert KEY not in str(signed.headers)
    assert KEY in str(own.headers)


LISTED: Mapping[str, Any] = {
    "id": "acme/new",
    "name": "Acme: New",
    "supported_durations": [8, 4],
    "supported_resolutions": ["480p", "720p"],
    "supported_aspect_ratios": ["16:9", "9:16", "odd"],
    "supported_sizes": None,
    "supported_frame_images": ["first_frame", "last_frame"],
    "generate_audio": True,
    "seed": True,
    "pricing_skus": {"duration_seconds_480p": "0.05", "duration_seconds": "0.12"},
}


@service("openrouter")
async def test_openrouters_own_list_fills_and_corrects_the_catalogue(rig: Rig) -> None:
    """What is no longer listed cannot be ordered; a broken list changes nothing."""
    rig.service.listed = [dict(LISTED), {"id": None}, "nonsense", {"id": "acme/empty"}]
    rig.service.listed.append({"id": "acme/m", "supported_durations": [5]})

    await rig.provider.refresh()

    cards = {card.id: card for card in rig.provider.models()}
    assert set(cards) == {"acme/new", "acme/m"}
    assert cards["acme/m"].seconds == (5,)
    assert cards["acme/m"].micros_per_second == 100_000
    rig.service.spoil("models", fakes.page(), fakes.answers(500, {}))
    for _ in range(2):
        with pytest.raises(ProviderError):
            await rig.provider.refresh()
    assert len(rig.provider.models()) == 2


def test_a_listed_model_becomes_a_card() -> None:
    card = read_card(LISTED, {})

    assert card is not None
    assert card.seconds == (4, 8)
    assert card.sizes[0] in {Size(1280, 720), Size(720, 1280)}
    assert Size(854, 480) in card.sizes
    assert (card.last_frame, card.audio, card.carrier) == (True, True, Carrier.DATA)
    assert card.price(4, Size(854, 480)).micros == 200_000
    assert card.price(4, Size(1280, 720)).micros == 480_000


@pytest.mark.parametrize(
    ("skus", "micros"),
    [
        ({"per-video-second": "0.50", "per-video-second-1080p": "0.75"}, 500_000),
        ({"duration_seconds_with_audio": "0.4", "duration_seconds": "0.2"}, 400_000),
        ({"cents_per_duration_seconds": "7"}, 70_000),
        ({"image_to_video_duration_seconds_720p": "0.056"}, 56_000),
        ({"video_tokens": "0.000007"}, None),
        ({"generate": "0.4"}, None),
        ({"duration_seconds": "0", "video_tokens": "0.000007"}, None),
        ({"duration_seconds": "free"}, None),
        ({"duration_seconds": "-1"}, None),
        ({"duration_seconds": "-1", "duration_seconds_720p": "0.1"}, None),
        ({"duration_seconds": -1}, None),
        ({"duration_seconds": True}, None),
        ({"duration_seconds": "inf"}, None),
        ({"duration_seconds": float("nan")}, None),
        ({"duration_seconds": 10**400}, None),
        ({"duration_seconds": "1e400"}, None),
        ({"duration_seconds": 1_001}, None),
        (None, None),
        ([], None),
    ],
)
def test_prices_are_read_where_they_are_per_second(
    skus: object, micros: int | None
) -> None:
    """Of several the dearest; of none, no price is better than a wrong one."""
    item = {**LISTED, "supported_resolutions": ["720p"], "pricing_skus": skus}

    card = read_card(item, {})

    assert card is not None
    assert card.priced is (micros is not None)
    assert card.micros_per_second == (micros or 0)


@service("openrouter")
async def test_one_nonsense_price_keeps_no_other_model_away(rig: Rig) -> None:
    for price in (10**400, "inf", "-1"):
        skus = {"duration_seconds": price}
        odd = {**LISTED, "id": "acme/odd", "pricing_skus": skus}
        rig.service.listed = [odd, {**LISTED, "supported_durations": [True, 0.5, 8]}]

        await rig.provider.refresh()

        cards = {card.id: card for card in rig.provider.models()}
        assert not cards["acme/odd"].priced
        assert cards["acme/new"].priced
        assert cards["acme/new"].seconds == (8,)


@service("fal")
async def test_fal_is_called_by_the_names_of_the_endpoint(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    assert order.path.startswith("/acme/m/image-to-video")
    assert order.query == {"fal_webhook": "https://vivant.example.org/hooks/fal"}
    assert order.json["duration"] == 4
    assert order.json["image_url"].startswith("data:")
    assert order.json["end_image_url"].startswith("data:")
    expires = json.loads(order.headers["X-Fal-Object-Lifecycle-Preference"])
    assert expires == {"expiration_duration_seconds": 86_400}


@service("fal")
async def test_fal_takes_a_picture_into_its_storage_without_the_key(rig: Rig) -> None:
    job = rig.job(model="acme/m/by-upload")

    await rig.provider.create(job, unseen)

    [stored] = rig.service.stored.values()
    assert colour_of(stored) == (Size(64, 36), "red")
    [put] = rig.service.steps("put")
    assert KEY not in str(put.headers)
    [order] = rig.service.steps("create")
    assert order.json["image_url"].startswith("https://v3.fal.media/")


@service("fal")
async def test_what_cannot_be_stored_is_not_ordered(rig: Rig) -> None:
    troubles = (fakes.hangs_up, fakes.page(), fakes.answers(500, {}))
    stored = fakes.answers(404, {})
    for step, trouble in [*(("upload", t) for t in troubles), ("put", stored)]:
        rig.service.spoil(step, trouble)
        with pytest.raises(ProviderError) as caught:
            await rig.provider.create(rig.job(model="acme/m/by-upload"), unseen)
        assert caught.value.fault is Fault.UPSTREAM
    assert rig.service.renders == {}


@service("fal")
async def test_fal_changes_a_clip_at_another_endpoint(rig: Rig) -> None:
    """And looks for it under the same two segments."""
    job = rig.answer(Op.EXTEND, None, provider="local", model="parallax")
    assert job.request.way is Way.UPLOAD

    seen = await rig.provider.create(job, unseen)
    await rig.watched(replace(job, ref=seen.ref))

    [order] = rig.service.steps("create")
    assert order.path.startswith("/acme/m/extend-video")
    assert order.json["video_url"].startswith("data:video/mp4")
    assert "image_url" not in order.json


@service("fal")
async def test_a_completed_request_of_fals_may_have_failed(rig: Rig) -> None:
    """It says so in the queue, or only where the result lies."""
    job = await rig.ordered()
    body = {"status": "COMPLETED", "error": "x", "error_type": "content_policy"}
    rig.service.spoil("look", fakes.answers(200, body))

    seen = await rig.provider.retrieve(job)

    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.REFUSED_OUTPUT


@service("gemini")
async def test_gemini_is_told_what_each_picture_is(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    body = order.json
    assert body["background"] is True
    assert body["response_format"]["duration"] == "4s"
    kinds = [part["type"] for part in body["input"]]
    assert kinds == ["image", "image", "text"]
    assert body["input"][-1]["text"] == "<FIRST_FRAME> <LAST_FRAME> push in"
    assert body["generation_config"]["video_config"]["task"] == "image_to_video"


@service("gemini")
async def test_a_remix_is_the_next_turn_of_geminis_conversation(rig: Rig) -> None:
    made = await rig.made()

    await rig.ordered_again(Op.REMIX, made.ref)

    body = rig.service.steps("create")[-1].json
    assert body["previous_interaction_id"] == made.ref
    said = [{"type": "text", "text": "add snow Keep everything else the same."}]
    assert body["input"] == said
    assert body["generation_config"]["video_config"]["task"] == "edit"


@service("gemini")
async def test_an_answer_that_takes_as_long_as_the_render_is_listened_to(
    rig: Rig, tmp_path: Path
) -> None:
    """The job learns the interaction's id in the end, for the next remix."""
    rig.service.background = False
    rig.provider._prompt_answer = 0.01
    job = await rig.ordered()
    assert (await rig.provider.retrieve(job)).state is State.RENDERING

    rig.service.released.set()
    seen = await _ended(rig, job)

    [ref] = rig.service.renders
    assert (seen.state, seen.ref) == (State.DONE, ref)
    await rig.provider.download(replace(job, ref=ref), tmp_path / "got.mp4")
    assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip


@service("gemini")
async def test_a_background_order_that_is_slow_to_say_so_is_looked_at_by_its_id(
    rig: Rig,
) -> None:
    rig.provider._prompt_answer = 0.0
    job = await rig.ordered()

    seen = await _ended(rig, job)

    [ref] = rig.service.renders
    assert (seen.state, seen.ref) == (State.RENDERING, ref)
    assert (await rig.watched(replace(job, ref=ref))).state is State.DONE


@service("gemini")
async def test_orders_that_are_listened_to_keep_no_clip_waiting(
    rig: Rig, tmp_path: Path
) -> None:
    """However many there are, what is finished is looked at and fetched at once."""
    made = await rig.made()
    rig.service.background = False
    rig.provider._prompt_answer = 0.0
    for number in range(15):
        await rig.provider.create(replace(rig.job(), id=f"job{number}"), unseen)
    while len(rig.service.steps("create")) < 16:
        await rig.service.asked.wait()
        rig.service.asked.clear()

    async with asyncio.timeout(5):
        assert (await rig.provider.retrieve(made)).state is State.DONE
        await rig.provider.download(made, tmp_path / "got.mp4")


@service("gemini")
async def test_an_order_that_has_not_left_is_said_to_wait(rig: Rig) -> None:
    """Who cancels it then has nothing to pay."""
    rig.service.background = False
    rig.provider._prompt_answer = 0.0
    rig.provider._wire._order_turns = asyncio.Semaphore(1)
    first, second = (replace(rig.job(), id=name) for name in ("job1", "job2"))
    first, second = [
        replace(job, ref=(await rig.provider.create(job, unseen)).ref)
        for job in (first, second)
    ]
    await rig.service.asked.wait()

    assert not (await rig.provider.retrieve(first)).queued
    assert (await rig.provider.retrieve(second)).queued
    assert await rig.provider.cancel(second)
    assert not await rig.provider.cancel(first)


@service("gemini")
async def test_a_refusal_that_comes_so_late_is_one(rig: Rig) -> None:
    rig.service.background = False
    rig.service.error = {"code": 3, "message": "Blocked by safety filters"}
    rig.provider._prompt_answer = 0.01
    job = await rig.ordered()
    rig.service.released.set()

    seen = await _ended(rig, job)

    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.REFUSED_OUTPUT


@service("gemini")
async def test_an_order_that_was_listened_to_is_lost_in_a_restart(rig: Rig) -> None:
    """And said to be: it may have been billed, and is not ordered again."""
    rig.service.background = False
    rig.provider._prompt_answer = 0.01
    job = await rig.ordered()

    await rig.restart()

    with pytest.raises(ProviderError) as caught:
        await rig.provider.retrieve(job)
    assert (caught.value.fault, caught.value.billed) == (Fault.LOST, True)


@service("gemini")
async def test_a_connection_that_breaks_meanwhile_may_have_cost(rig: Rig) -> None:
    rig.service.background = False
    rig.provider._prompt_answer = 0.01
    rig.service.spoil("create", fakes.falls_silent)
    job = await rig.ordered()
    rig.service.released.set()

    seen = await _ended(rig, job)

    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.LOST
    assert seen.error.billed


@service("gemini")
async def test_listening_stops_with_a_cancel(rig: Rig) -> None:
    rig.service.background = False
    rig.provider._prompt_answer = 0.01
    job = await rig.ordered()

    await rig.provider.cancel(job)

    assert rig.service.steps("cancel") == []
    with pytest.raises(ProviderError):
        await rig.provider.retrieve(job)


@service("gemini")
async def test_where_the_background_is_refused_it_is_ordered_in_the_open(
    rig: Rig,
) -> None:
    """The refusal is certain, so the second order is the first that counts."""
    rig.service.spoil("create", fakes.says("invalid"))

    await rig.made()

    refused, taken = rig.service.steps("create")
    assert "background" in refused.json
    assert "background" not in taken.json
    assert len(rig.service.renders) == 1


@service("gemini")
async def test_a_file_that_is_not_ready_is_asked_for_again(
    rig: Rig, tmp_path: Path
) -> None:
    job = await rig.made()
    rig.service.active = 1

    with pytest.raises(ProviderError) as caught:
        await rig.provider.download(job, tmp_path / "got.mp4")

    assert caught.value.fault is Fault.BUSY
    await rig.provider.download(job, tmp_path / "got.mp4")
    assert (tmp_path / "got.mp4").exists()


@service("gemini")
async def test_a_clip_inside_the_answer_is_taken_out(rig: Rig, tmp_path: Path) -> None:
    rig.service.inline = True
    job = await rig.made()

    await rig.provider.download(job, tmp_path / "got.mp4")

    assert (tmp_path / "got.mp4").read_bytes() == rig.service.clip


@service("gemini")
async def test_an_answer_that_is_fast_and_empty_is_a_refusal(rig: Rig) -> None:
    """Omni does so where it must not edit an uploaded clip (EEA, CH, UK)."""
    job = await rig.ordered()
    body = {"id": job.ref, "status": "completed", "steps": [{"content": None}, 3]}
    rig.service.spoil("look", fakes.answers(200, body))

    seen = await rig.provider.retrieve(job)

    assert isinstance(seen.error, ProviderError)
    assert seen.error.fault is Fault.REFUSED_OUTPUT


@service("replicate")
async def test_replicate_gets_the_models_own_names(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    assert order.path == "/v1/models/acme/m/predictions"
    assert order.json["webhook"] == "https://vivant.example.org/hooks/replicate"
    assert order.json["webhook_events_filter"] == ["completed"]
    given = order.json["input"]
    assert set(given) == {"prompt", "duration", "seed", "image", "last_image"}


@service("replicate")
@pytest.mark.parametrize(
    "seconds", [pytest.param(10**400, id="huge"), float("nan"), -5, True, "9"]
)
async def test_a_nonsense_duration_is_none(rig: Rig, seconds: object) -> None:
    job = await rig.ordered()
    told = {"status": "succeeded", "metrics": {"total_time": seconds}}
    rig.service.spoil("look", fakes.answers(200, told))

    seen = await rig.provider.retrieve(job)

    assert (seen.state, seen.took) == (State.DONE, None)


@service("replicate")
async def test_a_version_of_a_model_may_be_ordered(rig: Rig) -> None:
    card = rig.provider._cards["acme/m"]
    rig.provider._cards["acme/m:abc"] = replace(card, id="acme/m:abc")

    await rig.provider.create(rig.job(model="acme/m:abc"), unseen)

    [order] = rig.service.steps("create")
    assert order.path == "/v1/predictions"
    assert order.json["version"] == "abc"


@service("replicate")
async def test_a_seed_tells_a_lost_order_from_others_of_the_same_words(
    rig: Rig,
) -> None:
    """So do the length and the model; what is not told may be either."""
    rig.now[0] = 0.0
    wanted = await rig.ordered()
    for other in ({"seed": 8}, {"seconds": 8}):
        await rig.ordered(**other)
    foreign = await rig.ordered()
    rig.service.models[foreign.ref] = "acme/other"
    job = rig.job()

    found = await rig.provider.find(job, taken=frozenset())

    assert found.ref == wanted.ref
    assert await rig.provider.find(job, taken=frozenset(rig.service.renders)) is None
    others = frozenset({str(wanted.ref)})
    await lost(rig, job, others)  # what is left may be it under other names
    rig.service.made[wanted.ref] = {}  # it deletes them after an hour
    await lost(rig, job, frozenset())


async def lost(rig: Rig, job: Job, taken: frozenset[str]) -> None:
    """Nobody can tell whether this order was taken."""
    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(job, taken=taken)
    assert caught.value.fault is Fault.LOST
    assert caught.value.billed


@service("fal")
@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 425, 500])
async def test_a_result_that_is_not_handed_out_yet_is_no_failed_render(
    rig: Rig, status: int
) -> None:
    """It is made and paid for, so it is asked for again."""
    job = await rig.ordered()
    rig.service.spoil("result", fakes.answers(status, {"detail": "Forbidden"}))

    with pytest.raises(ProviderError) as caught:
        await rig.watched(job)

    assert caught.value.fault not in (Fault.REFUSED_INPUT, Fault.REFUSED_OUTPUT)
    assert (await rig.watched(job)).state is State.DONE


@service("replicate")
@pytest.mark.parametrize("ref", [None, True, [1], {"a": 1}, "", "x" * 3_000])
async def test_an_order_under_a_strange_id_stays_lost(rig: Rig, ref: object) -> None:
    item = {"id": ref, "created_at": None, "input": {"prompt": "push in"}}
    rig.service.spoil("list", fakes.answers(200, {"results": [item]}))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(rig.job(), taken=frozenset({"x"}))

    assert caught.value.fault is Fault.LOST


@service("replicate")
async def test_what_replicate_has_deleted_is_said_to_be(
    rig: Rig, tmp_path: Path
) -> None:
    job = await rig.made()
    gone = {"id": job.ref, "status": "succeeded", "data_removed": True, "output": None}
    rig.service.spoil("look", fakes.answers(200, gone))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.download(job, tmp_path / "got.mp4")

    assert caught.value.fault is Fault.EXPIRED


async def _ended(rig: Rig, job: Any) -> Any:
    """Wait for the task that listens, and look."""
    [task] = rig.provider._held.values()
    await asyncio.wait([task])
    return await rig.provider.retrieve(job)
