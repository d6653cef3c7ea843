"""Characters of `/v1/videos`: made by programs, and passed on to who can show them."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import openai
import pytest

from adapters.web.chat import OWNER, PAGE
from bot import retention
from bot.errors import Fault, OptionError, ProviderError
from bot.models import Ask, Character, Op, Tier
from bot.store import jobs as job_rows
from tests.fakes.programs import Program, Programs, form, open_programs
from tests.fakes.providers import openapi
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import KIND, open_rig
from tests.fakes.world import FakeProvider, unseen
from tests.test_videos_chain import Chain, open_chain

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()
PROMPT = "Mossy walks through snow"


def film(seconds: float = 2, *, rate: int = 4, kind: str = "mp4") -> bytes:
    """A grey film of that length."""
    out = BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = 64, 36
        stream.time_base = Fraction(1, rate)
        stream.options = {"preset": "ultrafast"}
        frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), 90, np.uint8))
        for _ in range(round(seconds * rate)):
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


FILM = film()


@asynccontextmanager
async def open_stage(
    folder: Path, characters: int = 2, **more: Any
) -> AsyncGenerator[tuple[Programs, Program]]:
    """A Vivant whose model takes characters, and a program."""
    provider = FakeProvider(folder, characters=characters)
    async with open_programs(folder, provider=provider, **more) as programs:
        yield programs, await programs.program()


async def make(
    program: Program, data: bytes = FILM, name: str = "Mossy"
) -> tuple[int, Any]:
    body = form(("name", name), ("video", data))
    return await program.ask("POST", "/videos/characters", data=body)


async def test_the_official_sdk_makes_a_character_and_orders_it(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path) as (programs, program),
        program.sdk() as client,
    ):
        made = await client.videos.create_character(
            name="Mossy", video=("mossy.mp4", FILM)
        )
        assert made.id
        again = await client.videos.get_character(made.id)
        video = await client.videos.create(
            prompt=PROMPT,
            input_reference=("cat.jpg", CAT),
            extra_body={"characters": [{"id": made.id}]},
        )
        with pytest.raises(openai.NotFoundError):
            await client.videos.get_character("char_nobody")

        assert (again.name, again.created_at) == ("Mossy", made.created_at)
        job = await job_rows.get(programs.house.store, video.id)
        assert job is not None
        [character] = job.request.characters
        assert character.name == "Mossy"
        assert programs.house.media.path(character.media).read_bytes() == FILM


async def test_a_character_is_as_the_reference_describes_it(tmp_path: Path) -> None:
    openapi.described()
    async with open_stage(tmp_path) as (_, program):
        status, made = await make(program)

        assert status == 200
        openapi.check(made, "VideoCharacterResource")
        path = f"/videos/characters/{made['id']}"
        assert await program.ask("GET", path) == (200, made)


@pytest.mark.parametrize("name", ["characters[][id]", "characters[0][id]", None])
async def test_an_order_names_its_characters_in_json_or_a_form(
    tmp_path: Path, name: str | None
) -> None:
    async with open_stage(tmp_path) as (programs, program):
        ids = [(await make(program, name=who))[1]["id"] for who in ("Mossy", "Bo")]
        prompt = "Mossy meets Bo"
        parts = [(name or "", one) for one in ids]
        body: dict[str, Any] = {"data": form(("prompt", prompt), *parts)}
        if name is None:
            listed = [{"id": one} for one in ids]
            body = {"json": {"prompt": prompt, "characters": listed}}

        status, video = await program.ask("POST", "/videos", **body)

        assert status == 200, video
        job = await job_rows.get(programs.house.store, video["id"])
        assert job is not None
        assert [one.name for one in job.request.characters] == ["Mossy", "Bo"]


BAD_FILMS = {
    "empty": (b"", 400),
    "a picture": (CAT, 400),
    "a word": (b"....ftyp and no more", 400),
    "another kind": (film(kind="matroska"), 400),
    "half of one": (FILM[: len(FILM) // 3], 400),
    "too short": (film(0.5), 400),
    "too long": (film(17), 400),
    "an hour": (film(3_600, rate=1), 400),
    "four thousand a second": (film(1, rate=4_000), 400),
    "large": (FILM + bytes(21 << 20), 400),
    "huge": (FILM + bytes(30_000_000), 413),
    "a list of files": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", 400),
}


@pytest.mark.parametrize("name", BAD_FILMS)
async def test_a_bad_film_makes_no_character(tmp_path: Path, name: str) -> None:
    data, wanted = BAD_FILMS[name]
    async with open_stage(tmp_path) as (programs, program):
        status, told = await make(program, data)

        assert (status, told["error"]["param"]) == (wanted, "video")
        assert await programs.house.store.rows("SELECT id FROM characters") == []
        assert not [*(tmp_path / "media").rglob("*.mp4")]


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        ([("video", FILM)], "name"),
        ([("name", ""), ("video", FILM)], "name"),
        ([("name", " \n "), ("video", FILM)], "name"),
        ([("name", "x" * 81), ("video", FILM)], "name"),
        ([("name", "a")], "video"),
        ([("name", "a"), ("video", "mossy.mp4")], "video"),
        ([("name", "a"), ("video", FILM), ("video", FILM)], "video"),
        ([("name", "a"), ("input_reference", CAT)], "input_reference"),
    ],
)
async def test_half_a_character_is_none(
    tmp_path: Path, parts: list[tuple[str, str | bytes]], param: str
) -> None:
    async with open_stage(tmp_path) as (_, program):
        status, told = await program.ask(
            "POST", "/videos/characters", data=form(*parts)
        )

        assert (status, told["error"]["param"]) == (400, param)


async def test_another_keys_character_is_not_found(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as (programs, program):
        _, made = await make(program)
        other = await programs.program("other")
        named = {"prompt": PROMPT, "characters": [{"id": made["id"]}]}

        seen = await other.ask("GET", f"/videos/characters/{made['id']}")
        nobody = await other.ask("GET", "/videos/characters/char_nobody")
        ordered = await other.ask("POST", "/videos", json=named)

        assert seen == nobody == ordered
        assert (seen[0], seen[1]["error"]["code"]) == (404, "not_found")
        assert await programs.untouched()


async def test_a_name_that_the_prompt_does_not_say_costs_nothing(
    tmp_path: Path,
) -> None:
    async with open_stage(tmp_path) as (programs, program):
        _, made = await make(program)
        named = {"prompt": "mossy walks", "characters": [{"id": made["id"]}]}

        status, told = await program.ask("POST", "/videos", json=named)

        assert (status, told["error"]["param"]) == (400, "prompt")
        assert "“Mossy”" in told["error"]["message"]
        assert await programs.untouched()


async def test_a_model_that_takes_none_says_so_and_costs_nothing(
    tmp_path: Path,
) -> None:
    async with open_stage(tmp_path, characters=0) as (programs, program):
        _, made = await make(program)
        named = {"prompt": PROMPT, "characters": [{"id": made["id"]}]}

        status, told = await program.ask("POST", "/videos", json=named)

        error = told["error"]
        assert (status, error["param"], error["code"]) == (
            400,
            "characters",
            "invalid_value",
        )
        assert "No model that is set up here can" in error["message"]
        assert await programs.untouched()


async def test_it_is_said_which_model_can(tmp_path: Path) -> None:
    async with open_chain(tmp_path, "vivant", "sora-2-pro") as chain:
        ask = Ask(prompt=PROMPT, characters=(Character(name="Mossy", media="m.mp4"),))
        with pytest.raises(OptionError) as caught:
            await chain.near.house.service.submit(ask, person=OWNER, place=PAGE)

    assert caught.value.hint == "Pick one of these: openai/sora-2-pro."


async def test_an_extension_takes_no_characters(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as (programs, program):
        _, made = await make(program)
        named: dict[str, Any] = {"prompt": PROMPT, "characters": [{"id": made["id"]}]}
        video = await program.made(**named)

        more = {"video": {"id": video["id"]}, "seconds": "4"}

        status, told = await program.ask(
            "POST", "/videos/extensions", json=named | more
        )
        assert (status, told["error"]["param"]) == (400, "characters")
        assert len(await programs.house.ledger()) == 1

        _, longer = await program.ask(
            "POST", "/videos/extensions", json={"prompt": "on"} | more
        )
        job = await job_rows.get(programs.house.store, longer["id"])
        assert job is not None
        assert (job.request.op, job.request.characters) == (Op.EXTEND, ())


async def test_a_film_is_kept_for_as_long_as_its_character(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as (programs, program):
        video = await program.made()
        _, _, clip = await program.content(video)
        _, made = await make(program, clip)
        kept = [*(tmp_path / "media").glob("*/*.mp4")]
        for file in kept:
            os.utime(file, (0, 0))

        await program.ask("DELETE", f"/videos/{video['id']}")
        await retention.sweep(programs.house.store, programs.house.media, keep_days=1)

        assert [file.read_bytes() for file in kept if file.exists()] == [clip]
        status, _ = await program.ask("GET", f"/videos/characters/{made['id']}")
        assert status == 200


@dataclass
class Given:
    """A character that a provider is to pass on."""

    request: dict[str, Any]
    character: Character


async def given(rig: Any) -> Given:
    media = await rig.media.add_bytes(FILM, ".mp4")
    character = Character(name="Mossy", media=media)
    return Given({"prompt": PROMPT, "characters": (character,)}, character)


@pytest.mark.parametrize("kind", ["openai", "vivant"])
async def test_a_service_is_given_the_film_and_then_its_own_id(
    tmp_path: Path, kind: str
) -> None:
    async with open_rig(KIND[kind], tmp_path) as rig:
        told = await given(rig)
        await rig.made(**told.request)

        [made] = rig.service.steps("character")
        [order] = rig.service.steps("create")
        [ref] = rig.service.characters
        assert (made.fields, made.files) == ({"name": "Mossy"}, [("video", FILM)])
        if kind == "openai":
            assert order.json["characters"] == [{"id": ref}]
            assert order.json["input_reference"]["image_url"].startswith("data:image/")
            assert (order.json["seconds"], order.json["model"]) == ("4", "m")
        else:
            assert order.fields["characters[][id]"] == ref
            assert [name for name, _ in order.files] == ["input_reference"]
            assert order.headers["Idempotency-Key"] == "job1"


async def test_a_film_whose_answer_is_lost_is_not_an_order_that_is_lost(
    tmp_path: Path,
) -> None:
    async with open_rig(KIND["openai"], tmp_path) as rig:
        job = rig.job(**(await given(rig)).request)
        rig.service.spoil("character", fakes.loses_the_answer)
        with pytest.raises(ProviderError) as caught:
            await rig.provider.create(job, unseen)
        assert (caught.value.fault, caught.value.billed) == (Fault.UPSTREAM, False)

        rig.service.spoil("character", fakes.answers(200, {"id": None}))
        with pytest.raises(ProviderError) as caught:
            await rig.provider.create(job, unseen)
        assert caught.value.fault is Fault.UPSTREAM
        assert rig.service.steps("create") == []


@pytest.mark.parametrize("kind", ["cometapi", "litellm", "xai", "generic", "fal"])
async def test_who_takes_no_characters_is_not_asked(tmp_path: Path, kind: str) -> None:
    async with open_rig(KIND[kind], tmp_path) as rig:
        with pytest.raises(OptionError, match="0 characters"):
            rig.job(**(await given(rig)).request)

    assert rig.service.seen == []


async def test_a_character_goes_from_vivant_to_vivant_once(tmp_path: Path) -> None:
    provider = FakeProvider(tmp_path, characters=2)
    async with open_chain(tmp_path, "vivant", "sora-2-pro", provider) as chain:
        ask = await mossy(chain)
        at_once = await asyncio.gather(seen_far(chain, ask), seen_far(chain, ask))
        first = await seen_far(chain, ask)
        [row] = await far_rows(chain)

        assert {*at_once, first} == {(Character(name="Mossy", media=row["media"]),)}
        assert chain.far.house.media.path(row["media"]).read_bytes() == FILM

        await chain.far.house.store.rows("DELETE FROM characters")
        assert await seen_far(chain, ask) == first
        assert len(await far_rows(chain)) == 1


async def mossy(chain: Chain) -> Ask:
    house = chain.near.house
    kept = await house.service.add_character("Mossy", FILM, person=OWNER)
    return Ask(prompt=PROMPT, seconds=4, tier=Tier.FINAL, characters=(kept.character,))


async def seen_far(chain: Chain, ask: Ask) -> tuple[Character, ...]:
    """Whom the far one is asked to show, for an order of the near one."""
    service = chain.near.house.service
    job = await service.submit(ask, person=OWNER, place=PAGE)
    await chain.made(job)
    return (await chain.behind(job.id)).request.characters


async def far_rows(chain: Chain) -> list[dict[str, Any]]:
    return await chain.far.house.store.rows("SELECT * FROM characters")
