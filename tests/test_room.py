"""What comes in is bounded in bytes, and refused before it costs anything."""

import asyncio
import base64
import gc
import gzip
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from adapters.web.videos.orders import Sent
from bot.config import Caps
from bot.errors import BusyError, QuotaError
from bot.models import Ask
from bot.room import Room
from tests.fakes.harbour import open_harbour
from tests.fakes.harbour import photo as attached
from tests.fakes.house import ANN, HERE, open_fake_house
from tests.fakes.office import open_office, photo
from tests.fakes.programs import form, open_programs
from tests.fakes.site import open_site
from tests.fakes.world import FakeProvider

CAT = (files("bot") / "samples" / "coffee.jpg").read_bytes()
NOTHING = Caps(person_day=0, workspace_day=0, free_per_hour=0)


async def test_room_is_lent_in_the_order_in_which_it_was_asked_for() -> None:
    room = Room(10)
    served: list[str] = []

    async def use(name: str, size: int) -> None:
        async with room.hold(size):
            served.append(name)
            await asyncio.sleep(0)
            assert room.lent <= 10

    await asyncio.gather(use("a", 6), use("b", 9), use("c", 2), use("d", 99))

    assert served == ["a", "b", "c", "d"]
    assert room.lent == 0


async def test_who_waits_too_long_for_room_is_told_so_and_holds_nothing() -> None:
    room = Room(10, patience=0.01)
    async with room.hold(10):
        with pytest.raises(BusyError, match="hands full"):
            async with room.hold(1):
                pytest.fail("there is no room")
    assert room.lent == 0
    async with room.hold(10):
        assert room.lent == 10


async def test_who_leaves_while_waiting_for_room_is_forgotten() -> None:
    room = Room(10)

    async def wait(size: int) -> None:
        async with room.hold(size):
            pass

    async with room.hold(10):
        left, stayed = asyncio.create_task(wait(9)), asyncio.create_task(wait(2))
        await asyncio.sleep(0)
        left.cancel()
    await stayed
    assert room.lent == 0


async def test_who_sends_slowly_keeps_no_room_from_others() -> None:
    """However many of them come, and however large they are."""
    room = Room(10, patience=0.01)
    async with room.hold(99, who="slow"):
        with pytest.raises(BusyError):
            async with room.hold(1, who="slow"):
                pytest.fail("that is more than half")
        async with room.hold(5, who="quick"):
            assert room.lent == 10


async def test_a_crowd_of_one_person_lets_others_go_first() -> None:
    room = Room(10)
    served: list[str] = []

    async def use(who: str) -> None:
        async with room.hold(4, who=who):
            served.append(who)
            await asyncio.sleep(0)

    async with room.hold(4, who="ann"):
        crowd = [asyncio.create_task(use("ann")) for _ in range(5)]
        await asyncio.sleep(0)
        await use("bob")
        assert served == ["bob"]
    await asyncio.gather(*crowd)
    assert room.lent == 0


@pytest.mark.parametrize(
    ("caps", "picture", "refused"),
    [(NOTHING, CAT, 429), (Caps(), bytes(len(CAT)), 400)],
    ids=["no quota", "no picture"],
)
async def test_an_order_that_was_refused_leaves_no_picture_in_memory(
    tmp_path: Path, caps: Caps, picture: bytes, refused: int
) -> None:
    """Not even until the garbage collector comes by."""
    provider = FakeProvider(tmp_path, weight=1)
    async with open_programs(tmp_path, provider=provider, caps=caps) as programs:
        program = await programs.program()
        gc.collect()
        gc.disable()
        try:
            body = form(("prompt", "a"), ("input_reference", picture))
            status, _ = await program.ask("POST", "/videos", data=body)
            assert status == refused
            assert not [one for one in gc.get_objects() if isinstance(one, Sent)]
        finally:
            gc.enable()


async def test_what_grows_gives_all_of_it_back() -> None:
    room = Room(10, patience=0.01)
    async with room.grip() as take:
        await take(6)
        with pytest.raises(BusyError):
            await take(6)
        assert room.lent == 6
    assert room.lent == 0


async def test_many_large_orders_at_once_are_let_in_one_after_another(
    tmp_path: Path,
) -> None:
    """All are carried out, and never do they hold more than one person may."""
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        room = programs.house.service.room
        room.most = 8 * len(CAT)
        told = await asyncio.gather(
            *(
                program.ask(
                    "POST",
                    "/videos",
                    data=form(("prompt", f"push in {n}"), ("input_reference", CAT)),
                )
                for n in range(6)
            )
        )

    assert {status for status, _ in told} == {200}
    assert 3 * len(CAT) < room.peak <= room.most // 2


async def test_who_finds_no_room_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        room = programs.house.service.room
        room.patience = 0.01
        async with room.hold(room.most):
            body = form(("prompt", "push in"), ("input_reference", CAT))
            headers = {"Authorization": f"Bearer {program.key}"}
            url = f"{programs.address}/v1/videos"
            async with programs.session.post(url, data=body, headers=headers) as answer:
                told = await answer.json()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "hands full" in told["error"]["message"]
        assert await programs.untouched()


@pytest.mark.parametrize("path", ["/api/jobs", "/hooks/local", "/v1/videos"])
async def test_a_body_of_unknown_size_is_bounded_too(tmp_path: Path, path: str) -> None:
    """Packed or in chunks it says nothing of its size."""
    bomb = await asyncio.to_thread(gzip.compress, bytes(90_000_000), 1)
    async with open_site(tmp_path) as site:
        headers = {
            "X-Vivant": "1",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
        async with site.session.post(
            site.address + path, data=BytesIO(bomb), headers=headers
        ) as answer:
            assert answer.status in {400, 401, 404, 413}
        assert site.house.service.room.peak <= site.house.service.room.most


def pictures(folder: Path) -> list[Path]:
    """Every still that was kept."""
    return [*(folder / "media").rglob("*.jpg"), *(folder / "media").rglob("*.png")]


PICTURE = base64.b64encode(CAT).decode()


@pytest.mark.parametrize(
    "order",
    [
        {"data": form(("prompt", "a"), ("input_reference", CAT))},
        {
            "json": {
                "prompt": "a",
                "input_reference": {"image_url": f"data:image/jpeg;base64,{PICTURE}"},
            }
        },
        {
            "json": {
                "prompt": "a",
                "input_reference": {"image_url": "https://example.com/cat.jpg"},
            }
        },
    ],
    ids=["a file", "a data URL", "a link"],
)
async def test_a_program_without_quota_has_no_picture_decoded_or_kept(
    tmp_path: Path, order: dict[str, Any]
) -> None:
    provider = FakeProvider(tmp_path, weight=1)
    async with open_programs(tmp_path, provider=provider, caps=NOTHING) as programs:
        program = await programs.program()
        for _ in range(2):
            status, told = await program.ask("POST", "/videos", **order)
            assert (status, told["error"]["code"]) == (429, "insufficient_quota")
        assert pictures(tmp_path) == []
        assert programs.house.service.room.lent == 0


async def test_an_order_that_was_taken_is_told_again_though_quota_is_gone(
    tmp_path: Path,
) -> None:
    """The same key of idempotency is the same video, whatever is left."""
    provider = FakeProvider(tmp_path, weight=1)
    caps = Caps(person_day=4)
    async with open_programs(tmp_path, provider=provider, caps=caps) as programs:
        program = await programs.program()
        told = [
            await program.ask(
                "POST",
                "/videos",
                data=form(("prompt", "a"), ("seconds", "4"), ("input_reference", CAT)),
                headers={"Idempotency-Key": "one"},
            )
            for _ in range(2)
        ]
        assert [status for status, _ in told] == [200, 200]
        assert told[0][1]["id"] == told[1][1]["id"]


async def test_what_would_be_refused_later_is_refused_before(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, weight=1)
    caps = Caps(person_day=4)
    async with open_fake_house(tmp_path, provider=provider, caps=caps) as house:
        await house.service.afford(Ask(seconds=4), person=ANN, place=HERE)
        with pytest.raises(QuotaError):
            await house.service.afford(Ask(seconds=8), person=ANN, place=HERE)
        await house.submit()
        with pytest.raises(QuotaError):
            await house.service.afford(Ask(seconds=4), person=ANN, place=HERE)


async def test_a_person_on_discord_without_quota_has_no_picture_fetched(
    tmp_path: Path,
) -> None:
    async with open_harbour(tmp_path) as harbour:
        await harbour.house.service.set_units(f"discord:{harbour.ada.id}", 0)
        picture = attached()
        asked = await harbour.ada.slash(
            harbour.channel, "animate", picture=picture, prompt="pan left"
        )
        await asked.says("left today")
        said = await harbour.ada.say(harbour.ada.dm, "pan left", files=[picture])
        await harbour.ada.dm.until(lambda m: "left today" in m.content)
        assert said
        assert pictures(tmp_path) == []
        assert harbour.discord.cdn.asked == 0


async def test_a_person_on_slack_without_quota_has_no_picture_fetched(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path) as office:
        service = office.house.service
        service._settings = replace(service._settings, caps=NOTHING)
        await office.ada.say(office.channel, "pan left", files=[photo()], mention=True)
        await office.order("pan left", picture=photo())
        await office.slack.settled()
        assert not office.slack.calls("download")
        assert pictures(tmp_path) == []
