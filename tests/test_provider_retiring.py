"""That a model goes away is read where its service says so, and shown to people."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.service_checks import check_services
from bot.commands.services import models
from bot.errors import Fault, ProviderError
from bot.providers import retiring
from bot.providers.retiring import Retirement
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, Kind, open_rig
from tests.fakes.world import unseen

SUNSET = "Thu, 31 Dec 2026 23:59:59 GMT"
WIRES = ["openai", "xai", "openrouter", "fal", "gemini", "replicate"]


@pytest.mark.parametrize(
    ("headers", "day"),
    [
        ({"sunset": "Sat, 31 Dec 2018 23:59:59 GMT"}, "2018-12-31"),  # RFC 8594, 3
        ({"sunset": "Wed, 11 Nov 2026 23:30:00 -0500"}, "2026-11-12"),
        ({"deprecation": "@1688169599"}, None),  # RFC 9745, 2.1
        ({"deprecation": '@1688169599;by="us"'}, None),
        ({"deprecation": "@1688169599", "sunset": SUNSET}, "2026-12-31"),
        ({"sunset": "2026-12-31"}, "2026-12-31"),  # not by the RFC, but clear
        ({"deprecation": "true"}, None),  # as the drafts had it
        ({"deprecation": "Sun, 11 Nov 2018 23:59:59 GMT"}, None),
    ],
)
def test_headers_are_read_as_their_rfcs_say(
    headers: dict[str, str], day: str | None
) -> None:
    assert retiring.in_headers(headers) == Retirement(day=day)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sunset": ""},
        {"sunset": "soon"},
        {"sunset": "Thu, 99 Dec 2026 23:59:59 GMT"},
        {"sunset": "<script>alert(1)</script>"},
        {"deprecation": "false"},
        {"deprecation": "?0"},
        {"deprecation": "@"},
        {"deprecation": "@999999999999"},
        {"deprecation": "@99999999999999999999"},
    ],
)
def test_what_is_no_date_says_nothing(headers: dict[str, str]) -> None:
    assert retiring.in_headers(headers) is None


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_the_readers(one: str, two: str, three: str) -> None:
    """Whatever comes, a day is a day and a name has no room for a sentence."""
    retiring.in_headers({"sunset": one, "deprecation": two})
    item = {"id": three, "shutdown_date": one, "replacement": two}
    said = retiring.in_list(item)
    gone = retiring.in_refusal({"error": {"replacement": three}, "replacement": two})
    for found in (said, gone):
        if found and found.instead:
            assert found.instead.isascii()
            assert not set(found.instead) & set(" \n<>@*_~`|()[]\"'") - {"_"}
            assert len(found.instead) < 256


@pytest.mark.parametrize(
    "name",
    ["kling/v4/image-to-video", "gemini-omni-1.2-flash", "seedance_2", "a/b:free"],
)
def test_a_models_name_is_kept(name: str) -> None:
    assert retiring.model_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/x",
        "evil.example/x",
        "evil.example",
        "sub.evil.example:8080/x",
        "../../etc",
        "a b",
        "<@everyone>",
        "@everyone",
        "x" * 300,
        "name\nand more",
        "“free”",
        "",
        None,
        3,
        {"id": "x"},
    ],
)
def test_what_is_no_models_name_is_left_out(name: object) -> None:
    assert retiring.model_name(name) is None
    assert retiring.in_refusal({"replacement": name}) is None


def test_a_null_in_a_list_is_no_end() -> None:
    assert retiring.in_list({"id": "m", "shutdown_date": None}) is None
    assert retiring.in_list({"id": "m\n", "shutdown_date": "2026-12-31"}) is None
    assert retiring.in_list({"id": "m", "shutdown_date": "2026-12-31"}) == (
        Retirement(day="2026-12-31")
    )


@pytest.mark.parametrize("name", WIRES)
async def test_an_order_is_told_that_its_model_goes_away(
    tmp_path: Path, name: str
) -> None:
    """By the answer to the order itself, and before the next one is sent."""
    async with open_rig(KIND[name], tmp_path) as rig:
        rig.service.add("create", Sunset=SUNSET)

        job = rig.job()
        seen = await rig.provider.create(job, unseen)

        assert seen.notes == ("Model M goes away on 2026-12-31.",)
        assert rig.job().notes == seen.notes
        assert (await rig.provider.create(rig.job(), unseen)).notes == ()


@pytest.mark.parametrize("name", WIRES)
async def test_a_look_is_an_answer_too(tmp_path: Path, name: str) -> None:
    async with open_rig(KIND[name], tmp_path) as rig:
        job = await rig.ordered()
        rig.service.add("look", Deprecation="@1688169599")

        await rig.provider.retrieve(job)

        assert rig.job().notes == ("Model M is deprecated.",)


@pytest.mark.parametrize("name", WIRES)
async def test_a_model_that_is_gone_names_the_next(tmp_path: Path, name: str) -> None:
    async with open_rig(KIND[name], tmp_path) as rig:
        body = {"error": "model_unavailable", "replacement": "acme/m2"}
        rig.service.spoil("create", fakes.answers(410, body))

        with pytest.raises(ProviderError) as caught:
            await rig.provider.create(rig.job(), unseen)

        assert caught.value.fault is Fault.MODEL_GONE
        assert "names acme/m2 in its place" in str(caught.value)
        assert rig.provider.retirement(rig.kind.model).instead == "acme/m2"


LISTED: list[tuple[Kind, str]] = [(KIND["xai"], "models"), (KIND["openai"], "models")]


@pytest.mark.parametrize(("kind", "step"), LISTED, ids=str)
async def test_a_list_with_shutdown_dates_is_shown_by_models_and_doctor(
    tmp_path: Path, kind: Kind, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = fakes.answers(
        200,
        {
            "object": "list",
            "data": [
                {"id": "m", "shutdown_date": "2027-03-31", "replacement": "m2"},
                {"id": "n", "shutdown_date": None},
            ],
        },
    )
    async with open_rig(kind, tmp_path) as rig:
        wanted = (f"{rig.kind.provider}/m",)
        rig.service.spoil(step, listed)
        found = await check_services(replace(rig.settings, final=wanted))
        rig.service.spoil(step, listed)
        await models(rig.settings)

    assert all(one.good for one in found)
    assert f"{wanted[0]} goes away on 2027-03-31. Use m2." in [
        one.detail for one in found if one.warns
    ]
    assert "2027-03-31 → m2" in capsys.readouterr().out


async def test_a_service_that_goes_away_is_shown_for_all_its_models(
    tmp_path: Path,
) -> None:
    async with open_rig(KIND["gemini"], tmp_path) as rig:
        rig.service.add("check", Sunset=SUNSET)
        wanted = ("gemini/m",)

        found = await check_services(replace(rig.settings, final=wanted))

    assert "gemini/m goes away on 2026-12-31." in [one.detail for one in found]


async def test_openrouters_list_tells_it_by_another_name(tmp_path: Path) -> None:
    async with open_rig(KIND["openrouter"], tmp_path) as rig:
        told = {"id": "acme/m", "name": "Model M", "expiration_date": "2027-03-31"}
        rig.service.listed = [told]

        await rig.provider.refresh()

        assert rig.provider.retirement("acme/m") == Retirement(day="2027-03-31")
        assert "Model M goes away on 2027-03-31." in rig.job().notes


async def test_a_list_that_cannot_be_had_is_no_trouble(tmp_path: Path) -> None:
    """Many servers have none; a refresh that finds none says nothing."""
    async with open_rig(KIND["generic"], tmp_path) as rig:
        rig.service.spoil("models", fakes.page())

        await rig.provider.refresh()

        assert rig.job().notes == ()
