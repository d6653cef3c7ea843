"""`vivant models` and the doctor say what is set up, and whether it works."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.service_checks import check_services
from bot.commands.services import HINT, models
from bot.config import Caps, Service, Settings
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, open_rig


@pytest.mark.parametrize("name", ["openai", "openrouter", "fal", "gemini", "replicate"])
async def test_the_doctor_asks_each_service_without_ordering(
    tmp_path: Path, name: str
) -> None:
    async with open_rig(KIND[name], tmp_path) as rig:
        if name == "openrouter":
            rig.service.listed = [{"id": "acme/m"}]
        wanted = (f"{rig.kind.provider}/{rig.kind.model}", "local/parallax")
        [found] = await check_services(replace(rig.settings, final=wanted))

        assert (found.name, found.good) == (rig.kind.provider, True), found
        assert "the key is good" in found.detail
        assert rig.service.renders == {}


async def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    async with open_rig(KIND["openai"], tmp_path) as rig:
        rig.service.needs_key = False
        rig.service.spoil("models", fakes.says("wrong key"))
        [found] = await check_services(rig.settings)
        assert not found.good
        assert "refuses the key (401): copy OPENAI_API_KEY again" in found.detail
        unknown = replace(rig.settings, final=("openai/unknown",))
        [found] = await check_services(unknown)
        assert found.detail.startswith("openai/unknown: it has no such model")
    [found] = await check_services(rig.settings)
    assert "(connection refused)" in found.detail
    assert "OPENAI_BASE_URL" in found.detail


@pytest.mark.parametrize(
    ("caps", "good", "told"),
    [
        (Caps(), False, "refused while VIVANT_QUOTA_MONTH_USD is a number"),
        (Caps(unpriced_micros=500_000), True, "counted at 0.5 dollars a second"),
        (Caps(month_micros=None), True, "price unknown; add it to VIVANT_CATALOGUE"),
    ],
)
async def test_what_an_unknown_price_means_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caps: Caps,
    told: str,
    *,
    good: bool,
) -> None:
    """With the next step, by the doctor and under the list of models."""
    async with open_rig(KIND["openai"], tmp_path) as rig:
        settings = replace(rig.settings, final=("openai/unknown",), caps=caps)
        rig.service.spoil("models", fakes.answers(200, {"data": [{"id": "unknown"}]}))

        found = await check_services(settings)
        await models(settings)

    assert all(one.good for one in found) is good
    assert told in " ".join(one.detail for one in found)
    assert told in " ".join(capsys.readouterr().out.split())


async def test_the_doctor_names_a_model_that_is_gone(tmp_path: Path) -> None:
    async with open_rig(KIND["gemini"], tmp_path) as rig:
        gone = ("gemini/veo-3.1-generate-preview",)
        [found] = await check_services(replace(rig.settings, final=gone))

        assert found.detail.startswith("gemini/veo-3.1-generate-preview: retired")


@pytest.mark.parametrize("name", ["xai", "sglang", "vllm-omni", "gemini"])
async def test_the_doctor_names_a_model_that_the_service_does_not_list(
    tmp_path: Path, name: str
) -> None:
    """Only a warning: some serve what they do not list, and some are told no name."""
    async with open_rig(KIND[name], tmp_path) as rig:
        listed = fakes.answers(200, {"data": [{"id": "x"}], "models": [{"name": "x"}]})
        rig.service.spoil("check" if name == "gemini" else "models", listed)
        wanted = f"{rig.kind.provider}/m"
        found = await check_services(replace(rig.settings, final=(wanted,)))

    assert all(one.good for one in found)
    warned = f"does not list {wanted}: is that the right name?"
    told = [one for one in found if warned in one.detail]
    assert bool(told) is (name != "vllm-omni")
    assert all(one.warns for one in told)


async def test_mistakes_in_the_settings_are_findings_too(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path, services={"openai": Service(key="k", profile="nonesuch")}
    )

    [found] = await check_services(settings)

    assert (found.name, found.good) == ("openai", False)
    assert "OPENAI_PROFILE=nonesuch does not exist" in found.detail


async def test_models_are_listed_with_prices_and_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_rig(KIND["openrouter"], tmp_path) as rig:
        rig.service.spoil("models", fakes.page())  # the list is away: cards stay
        assert await models(rig.settings) == 0

    printed = capsys.readouterr().out
    [line] = [line for line in printed.splitlines() if "openrouter/acme/m" in line]
    assert line.split() == [
        "openrouter/acme/m",
        *("4", "8"),
        "0.100",
        *("by", "itself") * 2,
    ]
    assert "OpenRouter does not work as it should right now." in printed


async def test_nothing_set_up_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await models(Settings(data=tmp_path)) == 0

    assert HINT in capsys.readouterr().out.replace("\n", " ")
