"""The dialects of `/v1/videos`: what each is sent, and what each may answer."""

import base64
import json
import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import Fault, ProviderError
from bot.models import Op, RenderRequest, Size, Source, State, Way
from bot.providers.answers import moment
from bot.providers.openai import profiles, reading
from tests.fakes.providers import openapi
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, Rig, open_rig
from tests.fakes.providers.service import KEY
from tests.fakes.world import unseen


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """One dialect."""
    async with open_rig(KIND[getattr(request, "param", "openai")], tmp_path) as opened:
        yield opened


def dialect(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", names, indirect=True)


async def test_what_we_send_and_the_fake_says_is_as_openai_describes_it(
    rig: Rig,
) -> None:
    """Checked against OpenAI's own description, where it is at hand."""
    openapi.described()
    made = await rig.made()
    remix = await rig.ordered_again(Op.REMIX, made.ref)
    await rig.ordered_again(Op.EXTEND, made.ref)

    create, changed, extended = rig.service.steps("create")
    fields = create.fields | {name: "file" for name, _ in create.files}
    # The description knows only Sora's own sizes.
    openapi.check(fields | {"size": "1280x720"}, "CreateVideoMultipartBody")
    openapi.check(changed.json, "CreateVideoRemixBody")
    openapi.check(extended.json, "CreateVideoExtendJsonBody")
    async with aiohttp.ClientSession(
        rig.service.url, headers={"Authorization": f"Bearer {KEY}"}
    ) as session:
        async with session.get(f"/v1/videos/{remix.ref}") as answer:
            openapi.check(_sized(await answer.json()), "VideoResource")
        async with session.get("/v1/videos") as answer:
            listed = await answer.json()
            videos = [_sized(video) for video in listed["data"]]
            openapi.check(listed | {"data": videos}, "VideoListResource")
        async with session.delete(f"/v1/videos/{remix.ref}") as answer:
            openapi.check(await answer.json(), "DeletedVideoResource")


def _sized(video: dict[str, Any]) -> dict[str, Any]:
    return video | {"size": "1280x720"}


@dialect("openai", "cometapi", "litellm", "sglang", "laozhang", "generic")
async def test_a_form_has_words_only_and_seconds_are_one_of_them(rig: Rig) -> None:
    await rig.made(still=None)

    [order] = rig.service.steps("create")
    assert order.kind == "multipart/form-data"
    wanted = {"prompt": "push in", "model": "m", "seconds": "4", "size": "64x36"}
    assert {**order.fields, "seed": ""} == wanted | {"seed": ""}


async def test_no_field_that_a_dialect_does_not_list_is_sent(rig: Rig) -> None:
    """`remix_video_id` is in no version of anything; a seed is unknown to Sora."""
    made = await rig.made()
    await rig.ordered_again(Op.REMIX, made.ref)

    create, remix = rig.service.steps("create")
    assert set(create.fields) == {"prompt", "model", "seconds", "size"}
    assert remix.json == {"prompt": "add snow"}
    assert remix.path == f"/v1/videos/{made.ref}/remix"


@dialect("vllm-omni")
async def test_vllm_omni_is_not_told_a_model_and_gets_both_frames_as_json(
    rig: Rig,
) -> None:
    await rig.made()
    await rig.made(last=rig.last)

    one, two = rig.service.steps("create")
    assert "model" not in one.fields
    assert [name for name, _ in one.files] == ["input_reference"]
    references = json.loads(two.fields["image_reference"])
    assert [set(reference) for reference in references] == [{"image_url"}] * 2


@dialect("vllm-omni")
async def test_a_failed_render_behind_a_bad_status_is_a_failed_render(rig: Rig) -> None:
    """A client that looks at the status first would ask for ever."""
    rig.service.error = {"code": 500, "message": "out of memory"}
    job = await rig.ordered()
    await rig.provider.retrieve(job)

    seen = await rig.provider.retrieve(job)

    assert seen.state is State.FAILED


@dialect("vllm-omni")
async def test_deleting_stops_a_render_on_ones_own_gpu(rig: Rig) -> None:
    job = await rig.ordered()

    await rig.provider.cancel(job)

    assert job.ref not in rig.service.renders


@dialect("openai", "sglang")
async def test_a_delete_that_only_forgets_is_no_cancel(rig: Rig) -> None:
    job = await rig.ordered()
    await rig.provider.cancel(job)
    assert rig.service.steps("delete") == []

    await rig.provider.forget(job)

    assert len(rig.service.steps("delete")) == 1


@dialect("litellm")
async def test_an_id_of_210_characters_is_one_segment_of_a_path(
    rig: Rig, tmp_path: Path
) -> None:
    job = await rig.made()
    assert len(job.ref or "") == 210

    await rig.provider.download(job, tmp_path / "got.mp4")

    assert all("=" not in seen.path for seen in rig.service.steps("look"))


@pytest.mark.parametrize(
    "ref", ["../../admin", "a/b?c=d#e", "..", "a b\u00e4", "%2e%2e"]
)
async def test_a_hostile_id_never_leaves_its_segment(rig: Rig, ref: str) -> None:
    job = replace(rig.job(), ref=ref, state=State.RENDERING)

    await rig.provider.retrieve(job)

    [seen] = rig.service.seen
    assert seen.step == "look"
    assert seen.path.count("/") == 3


@pytest.mark.parametrize("ref", [None, "", "  ", True, "x" * 1_001, "a\nb", {"id": 1}])
async def test_an_answer_without_a_usable_id_is_a_lost_order(
    rig: Rig, ref: object
) -> None:
    rig.service.spoil("create", fakes.answers(200, {"id": ref, "status": "queued"}))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.create(rig.job(), unseen)

    assert caught.value.fault is Fault.LOST


@dialect("sglang")
async def test_content_is_asked_for_without_a_variant(rig: Rig, tmp_path: Path) -> None:
    """SGLang takes it for the number of an output."""
    job = await rig.made()

    await rig.provider.download(job, tmp_path / "got.mp4")

    assert rig.service.steps("content")[0].query == {}


@dialect("sglang")
async def test_a_clip_in_cloud_storage_is_fetched_from_there(
    rig: Rig, tmp_path: Path
) -> None:
    """`/content` then answers 400, with the address in its text."""
    job = await rig.made()
    rig.service.spoil("content", fakes.answers(400, {"detail": "see http://x/y"}))
    link = f"{rig.service.url}/elsewhere/{job.ref}.mp4"
    video = {"id": job.ref, "status": "completed", "url": link}
    rig.service.spoil("look", fakes.answers(200, video))

    await rig.provider.download(job, tmp_path / "got.mp4")

    [file] = rig.service.steps("file")
    assert "Authorization" not in file.headers


@pytest.mark.parametrize("gone", ["past", "deleted"])
async def test_what_the_server_has_not_kept_is_said_to_be(
    rig: Rig, tmp_path: Path, gone: str
) -> None:
    """`expires_at` decides, or that the whole video is no longer there."""
    job = await rig.made()
    rig.service.spoil("content", fakes.answers(404, {"detail": "Not Found"}))
    video = {"id": job.ref, "status": "completed", "expires_at": int(time.time()) - 9}
    past, deleted = fakes.answers(200, video), fakes.answers(404, {})
    rig.service.spoil("look", past if gone == "past" else deleted)

    with pytest.raises(ProviderError) as caught:
        await rig.provider.download(job, tmp_path / "got.mp4")

    assert caught.value.fault is Fault.EXPIRED


@pytest.mark.parametrize("status", [303, 499, 500, 502])
async def test_a_status_that_leaves_doubt_is_a_lost_order(
    rig: Rig, status: int
) -> None:
    rig.service.spoil("create", fakes.answers(status, {"detail": "?"}, location="/x"))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.create(rig.job(), unseen)

    assert caught.value.fault is Fault.LOST


@dialect("xai")
async def test_xai_takes_json_with_a_picture_inside(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    body = order.json
    assert order.path == "/v1/videos/generations"
    assert body["duration"] == 4
    assert (body["aspect_ratio"], body["resolution"]) == ("16:9", "360p")
    assert body["image"]["url"].startswith("data:image/jpeg;base64,")
    assert body["last_frame"]["url"].startswith("data:image/jpeg;base64,")
    assert not {"size", "seconds", "input_reference"} & set(body)


@dialect("xai")
async def test_xai_changes_our_own_file_of_a_clip(rig: Rig) -> None:
    """Up to 8.7 s of it; a longer one is made anew."""
    job = rig.answer(Op.REMIX, "any", provider="another", model="any")
    assert job.request.way is Way.UPLOAD
    await rig.provider.create(job, unseen)

    [order] = rig.service.steps("create")
    assert order.path == "/v1/videos/edits"
    head, data = order.json["video"]["url"].split(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(data) == rig.media.path(rig.still).read_bytes()
    assert rig.answer(Op.REMIX, "any", seconds=12).request.way is Way.AFRESH


@dialect("together")
async def test_together_takes_both_sides_and_a_list_of_frames(rig: Rig) -> None:
    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    body = order.json
    assert (body["width"], body["height"], body["seconds"]) == (64, 36, "4")
    frames = [frame["frame"] for frame in body["media"]["frame_images"]]
    assert frames == ["first", "last"]


@dialect("cometapi")
async def test_a_model_may_want_its_size_in_other_words(rig: Rig) -> None:
    card = rig.provider._cards["m"]
    rig.provider._cards["m"] = replace(card, wire={"size": "ratio"})

    await rig.made(last=rig.last)

    [order] = rig.service.steps("create")
    assert order.fields["aspect_ratio"] == "16:9"
    assert [name for name, _ in order.files] == ["input_reference"] * 2


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ({}, None),
        ({"progress": None}, None),
        ({"progress": 0}, None),
        ({"progress": 0.0}, None),
        ({"progress": 40}, 0.4),
        ({"progress": 0.4}, 0.4),
        ({"progress": 1}, 0.01),
        ({"progress": 1.0}, 1.0),
        ({"progress": "40%"}, 0.4),
        ({"progress": "40"}, 0.4),
        ({"progress": "4.0.0"}, None),
        ({"progress": True}, None),
        ({"progress": -3}, None),
        ({"progress": 400}, None),
        ({"progress": 10**400}, None),
        ({"progress": float("nan")}, None),
        ({"progress": "soon"}, None),
    ],
)
def test_progress_is_a_share_or_nothing(
    told: dict[str, Any], share: float | None
) -> None:
    assert reading.progress_of(told) == share


@pytest.mark.parametrize(
    ("video", "state"),
    [
        ({"status": "queued"}, State.RENDERING),
        ({"status": "in_progress", "progress": 0}, State.RENDERING),
        ({"status": "NOT_START"}, State.RENDERING),
        ({"status": "submitted"}, State.RENDERING),
        ({"status": "completed", "url": "x"}, State.DONE),
        ({"status": "succeeded"}, State.DONE),
        ({"status": "done", "video": {"url": "x"}}, State.DONE),
        ({"status": "SUCCESS"}, State.DONE),
        ({"status": "failed", "error": {"message": "x"}}, State.FAILED),
        ({"status": "error", "error": "x"}, State.FAILED),
        ({"status": "cancelled"}, State.CANCELLED),
        ({"status": "deleted"}, State.CANCELLED),
        ({"status": "dreaming"}, None),
        ({"state": "processing"}, State.RENDERING),
    ],
)
def test_every_dialects_word_for_a_state_is_known(
    video: dict[str, Any], state: State | None
) -> None:
    assert reading.state_of(reading.word_of(video) or "") is state


def test_links_are_found_wherever_a_dialect_has_them() -> None:
    video = {
        "video_url": "",
        "url": "a",
        "urls": ["b", "", 3],
        "video": {"url": "c"},
        "outputs": None,
    }
    names = ("video_url", "url", "urls", "video.url", "outputs.video_url", "x.y.z")

    assert reading.links_in(video, names) == ["a", "b", "c"]


async def test_hints_about_the_next_look_are_passed_on(rig: Rig) -> None:
    job = await rig.ordered()
    rig.service.rest = 2_500
    assert (await rig.provider.retrieve(job)).rest == 2.5
    body = {"id": job.ref, "status": "queued"}
    after = fakes.answers(200, body, Retry_After="7")
    dated = fakes.answers(
        200,
        body,
        Retry_After="Sat, 21 Nov 2026 08:00:30 GMT",
        Date="Sat, 21 Nov 2026 08:00:00 GMT",
    )
    odd = fakes.answers(200, body, Retry_After="soon")
    rig.service.spoil("look", after, dated, odd)

    rests = [(await rig.provider.retrieve(job)).rest for _ in range(3)]

    assert rests == [7.0, 30.0, None]


async def test_how_long_it_took_is_read_from_the_server(rig: Rig) -> None:
    job = await rig.ordered()

    assert (await rig.watched(job)).took == 9.0


@pytest.mark.parametrize(
    "ended", [pytest.param(10**400, id="huge"), *map(float, ("nan", "inf", "-1", "9"))]
)
def test_a_nonsense_moment_tells_no_duration(ended: float) -> None:
    assert reading.took({"created_at": 10, "completed_at": ended}) is None


async def test_a_lost_order_is_told_from_others_of_the_same_time(rig: Rig) -> None:
    """By words, length and size; never one that another job owns."""
    rig.now[0] = 0.0
    for prompt in ("push in slowly", "push in", "push in"):
        await rig.ordered(prompt=prompt)
    await rig.ordered(seconds=8)
    refs = list(rig.service.renders)
    job = replace(rig.job(), since=0.0)

    found = await rig.provider.find(job, taken=frozenset(refs[:2]))

    assert found is not None
    assert found.ref == refs[2]
    assert await rig.provider.find(job, taken=frozenset(refs)) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"model": "m-2025-10-06"},
        {"size": "1280x720"},
        {"seconds": "5"},
        {"prompt": "push i…"},
        {"prompt": None},
        {"created_at": None, "model": "other"},
        {"id": None},
    ],
    ids=str,
)
async def test_a_render_since_the_order_that_nobody_explains_may_be_it(
    rig: Rig, odd: dict[str, Any]
) -> None:
    """Gateways list another name for a model, round a size, shorten a prompt."""
    job = rig.job()
    await rig.ordered()
    [video] = rig.service.renders.values()
    listed = {"data": [rig.service.video(video) | odd], "has_more": False}
    rig.service.spoil("list", *[fakes.answers(200, listed)] * 2)

    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(job, taken=frozenset())

    assert caught.value.fault is Fault.LOST
    assert caught.value.billed
    if odd.get("id", "") is not None:  # it is explained by the job that owns it
        assert await rig.provider.find(job, taken=frozenset({video.id})) is None


@pytest.mark.parametrize(
    ("ago", "words", "found"),
    [
        (3_600, "snow", "nothing"),
        (3 * 86_400, "push in", "nothing"),
        (3_600, "push in", "unsure"),
        (0, "push in", "it"),
        (-3_600, "push in", "it"),
    ],
)
async def test_moments_are_those_of_the_services_clock(
    rig: Rig, ago: int, words: str, found: str
) -> None:
    """Ours is a year off; what looks like ours from another time zone may be ours."""
    rig.now[0] += 365 * 86_400
    job = rig.job()
    await rig.ordered(prompt=words)
    [render] = rig.service.renders.values()
    made = int(time.time()) - ago
    listed = {"data": [rig.service.video(render) | {"created_at": made}]}
    rig.service.spoil("list", fakes.answers(200, listed))

    if found == "unsure":
        with pytest.raises(ProviderError) as caught:
            await rig.provider.find(job, taken=frozenset())
        assert caught.value.fault is Fault.LOST
    else:
        seen = await rig.provider.find(job, taken=frozenset())
        assert (seen and seen.ref) == (render.id if found == "it" else None)


@pytest.mark.parametrize("more", [True, None])
async def test_a_list_that_is_cut_off_denies_nothing(
    rig: Rig,
    more: bool | None,  # noqa: FBT001
) -> None:
    """It is read on until it reaches back to before the order."""
    job = rig.job("not in the list")
    fields = {"object": "video", "prompt": "a", "created_at": int(time.time())}
    page = [{"id": f"v{n}", **fields} for n in range(20)]
    older = {**fields, "id": "old", "created_at": int(time.time()) - 9_999}
    taken = frozenset(str(one["id"]) for one in page)
    first = fakes.answers(200, {"data": page, "has_more": more})
    last = fakes.answers(200, {"data": [older], "has_more": more})
    rig.service.spoil("list", first, last, *[first] * 2)

    assert await rig.provider.find(job, taken=taken) is None
    assert [seen.query.get("after") for seen in rig.service.steps("list")] == [
        None,
        "v19",
    ]
    with pytest.raises(ProviderError) as caught:  # a server that knows no `after`
        await rig.provider.find(job, taken=taken)

    assert caught.value.fault is Fault.LOST


@pytest.mark.parametrize(
    "listed",
    [
        {"data": ["video_1"], "has_more": False},
        {"data": [None], "has_more": False},
        {"data": [{"id": "old", "created_at": 1_000_000_000}], "has_more": True},
    ],
    ids=["names", "nothing", "the-oldest-first"],
)
async def test_what_a_list_leaves_open_denies_nothing(
    rig: Rig, listed: dict[str, Any]
) -> None:
    """Bare names may be any render; a list may begin with the oldest."""
    rig.service.spoil("list", *[fakes.answers(200, listed)] * 5)

    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(rig.job(), taken=frozenset({"old"}))

    assert caught.value.fault is Fault.LOST


async def test_a_number_is_an_id_as_good_as_any(rig: Rig) -> None:
    rig.service.spoil("create", fakes.answers(200, {"id": 7, "status": "queued"}))
    rig.service.spoil("look", fakes.answers(500, {"id": 7, "status": "completed"}))
    job = rig.job()

    seen = await rig.provider.create(job, unseen)

    assert seen.ref == "7"
    seen = await rig.provider.retrieve(replace(job, ref="7"))
    assert seen.state is State.DONE
    assert rig.service.seen[-1].path.endswith("/videos/7")


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (1_764_000_000, 1_764_000_000.0),
        (1_764_000_000.5, 1_764_000_000.5),
        (1_764_000_000_500, 1_764_000_000.5),
        ("1764000000", 1_764_000_000.0),
        ("1764000000500", 1_764_000_000.5),
        ("2025-11-24T16:00:00Z", 1_764_000_000.0),
        ("2025-11-24 16:00:00", 1_764_000_000.0),
        (0, None),
        (-5, None),
        (7, None),
        (True, None),
        (None, None),
        ("", None),
        ("soon", None),
        ([], None),
        (math.nan, None),
        (math.inf, None),
        (1e300, None),
        ("9" * 40, None),
    ],
    ids=repr,
)
def test_a_moment_is_read_however_a_server_writes_it(
    told: object, read: float | None
) -> None:
    assert moment(told) == read
    assert reading.ends_at({"expires_at": told}) == read
    assert reading.made_at({"createdAt": told}) == read


@pytest.mark.parametrize("words", ["Access prohibited.", "Blocked by usage policy"])
async def test_a_gateways_words_end_no_render(rig: Rig, words: str) -> None:
    """They come in place of what was asked for, so they are believed late."""
    job = await rig.ordered()
    rig.service.spoil("look", fakes.answers(403, words, kind="text/html"))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.retrieve(job)

    assert caught.value.doubtful


@pytest.mark.parametrize(("waited", "doubtful"), [(5.0, True), (900.0, False)])
async def test_a_clip_that_ends_as_it_is_made_is_asked_for_all_the_same(
    rig: Rig, tmp_path: Path, waited: float, *, doubtful: bool
) -> None:
    """Its server's clock is wrong, more likely than not."""
    job = replace(await rig.made(), waited=waited)
    ended = {"id": job.ref, "status": "completed", "expires_at": time.time() - 9_000}
    rig.service.spoil("look", fakes.answers(200, ended))
    rig.service.spoil("content", fakes.answers(403, {"error": "not yet"}))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.download(job, tmp_path / "clip.mp4")

    assert caught.value.fault is Fault.EXPIRED
    assert caught.value.doubtful is doubtful


@pytest.mark.parametrize("told", ["8", "12"])
def test_an_extension_is_found_by_what_it_adds_or_by_its_whole_length(
    told: str,
) -> None:
    """OpenAI told the whole, other servers tell what was asked of them."""
    source = Source(
        clip_id="a", media="b", provider="openai", model="m", seconds=4, prompt="c"
    )
    request = RenderRequest(
        prompt="on",
        provider="openai",
        model="m",
        seconds=12,
        size=Size(64, 36),
        seed=1,
        op=Op.EXTEND,
        source=source,
    )

    assert reading.same_order({"prompt": "on", "seconds": told}, request)
    assert not reading.same_order({"prompt": "on", "seconds": "4"}, request)


async def test_a_list_without_words_neither_finds_nor_denies(rig: Rig) -> None:
    item = {"id": "video_1", "status": "queued", "created_at": 1_800_000_000}
    listed = {"object": "list", "data": [item]}
    rig.service.spoil("list", fakes.answers(200, listed))

    with pytest.raises(ProviderError) as caught:
        await rig.provider.find(rig.job(), taken=frozenset())

    assert caught.value.fault is Fault.LOST


def test_every_profile_is_dated_and_says_where_it_is() -> None:
    listed = profiles.load()

    assert set(listed) == {
        "openai",
        "cometapi",
        "litellm",
        "vllm-omni",
        "sglang",
        "laozhang",
        "xai",
        "together",
        "vivant",
        "generic",
    }
    assert all(profile.checked_on.year >= 2026 for profile in listed.values())


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (None, "openai"),
        ("https://api.openai.com/v1", "openai"),
        ("https://api.x.ai/v1", "xai"),
        ("https://api.cometapi.com/v1", "cometapi"),
        ("http://gpu:8000/v1", "generic"),
    ],
)
def test_a_profile_is_guessed_by_its_address(address: str | None, name: str) -> None:
    assert profiles.guess(address, profiles.load()) == name


def test_a_model_that_nobody_knows_gets_what_all_of_them_do() -> None:
    """On one's own hardware it is free; elsewhere its price is not known."""
    listed = profiles.load()
    own = listed["sglang"].card("openai", "my/model")
    other = listed["generic"].card("openai", "my/model")

    assert (own.priced, own.weight) == (True, 0.0)
    assert (other.priced, other.weight) == (False, 1.0)
    assert own.sizes[0] == Size(1280, 720)
