"""Whatever a service answers, it is a `ProviderError` in our words."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ProviderError
from bot.models import Snapshot, State
from bot.providers.opening import open_services
from tests.fakes.garbage import answers, open_garbage
from tests.fakes.providers.rig import HURRIED, KIND, open_rig
from tests.fakes.world import unseen

ALL = answers()
TRIED = [
    name
    for name in ALL
    if name.startswith(("200 ", "500 ")) or not name[0].isdigit() or "a page" in name
]


# One of each dialect: the other profiles differ in what they send.
DIALECTS = ("openai", "cometapi", "xai", "openrouter", "fal", "gemini", "replicate")


@pytest.mark.parametrize("name", DIALECTS)
async def test_every_odd_answer_to_every_step_is_told_in_words(
    tmp_path: Path, name: str
) -> None:
    kind = KIND[name]
    surprises: list[str] = []
    async with open_rig(kind, tmp_path) as rig, open_garbage(None) as garbage:
        ready = await rig.made()
        running = replace(ready, state=State.RENDERING)
        fresh = replace(ready, ref=None, state=State.SUBMITTING)
        service = rig.settings.services[kind.provider]
        address = garbage.address + getattr(rig.service, "base", "")
        there = {kind.provider: replace(service, base_url=address)}
        settings = replace(rig.settings, services=there)
        provider: Any = (
            await asyncio.to_thread(
                open_services, settings, rig.media, hooks=True, patience=HURRIED
            )
        )[kind.provider]
        steps: dict[str, Any] = {
            "create": lambda: provider.create(fresh, unseen),
            "retrieve": lambda: provider.retrieve(running),
            "download": lambda: provider.download(ready, tmp_path / "odd.mp4"),
            "cancel": lambda: provider.cancel(running),
            "refresh": provider.refresh,
        }
        if kind.lists:
            steps["find"] = lambda: provider.find(fresh, taken=frozenset())
        for odd in TRIED:
            garbage.answer = ALL[odd]
            for step, take in steps.items():
                provider._wire._breaker.worked()
                provider._wire._breaker._until = 0.0
                try:
                    async with asyncio.timeout(10):
                        told = await take()
                except ProviderError:
                    continue
                except Exception as error:  # noqa: BLE001 - what the test is about
                    surprises.append(f"{step}: {odd}: {error!r}")
                else:
                    if step == "create" and not isinstance(told, Snapshot):
                        surprises.append(f"{step}: {odd}: {told!r}")
        await provider.close()

    assert surprises == []
