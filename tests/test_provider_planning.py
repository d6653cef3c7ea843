"""What will be done, for how much, and by which way; and the catalogue it rests on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.config import Service, Settings
from bot.errors import OptionError, SetupError, StillError
from bot.media import Media
from bot.models import ModelCard, Op, RenderRequest, Size, Source, Tier, Way
from bot.providers import catalogue, planning, shapes
from bot.providers.openai import orders, profiles
from bot.providers.opening import open_services

TODAY = "2026-11-21"
WIDE, TALL, HD = Size(1280, 720), Size(720, 1280), Size(1920, 1080)


def card(**more: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "provider": "a",
        "id": "m",
        "title": "M",
        "seconds": (4, 8, 12),
        "sizes": (WIDE, TALL, HD),
        "text_only": True,
        "micros_per_second": 100_000,
    }
    return ModelCard(**fields | more)


def request(**more: Any) -> RenderRequest:
    fields: dict[str, Any] = {
        "prompt": "push in",
        "provider": "a",
        "model": "m",
        "seconds": 4,
        "size": WIDE,
        "seed": 1,
        "still": "s.jpg",
    }
    return RenderRequest(**fields | more)


def answer(op: Op, *, seconds: int = 4, words: str = "add snow", **more: Any) -> Any:
    fields: dict[str, Any] = {
        "clip_id": "c",
        "media": "c.mp4",
        "provider": "a",
        "model": "m",
        "seconds": 8,
        "prompt": "push in",
        "ref": "ref-1",
        "last_frame": "l.png",
    }
    source = Source(**fields | more)
    return request(prompt=words, op=op, source=source, seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "made"), [(1, 4), (4, 4), (6, 4), (7, 8), (10, 8), (60, 12)]
)
def test_seconds_are_snapped_and_that_is_said(asked: int, made: int) -> None:
    quote = planning.plan(request(seconds=asked), card(), today=TODAY)

    assert quote.request.seconds == made
    assert quote.price.units == made
    assert quote.price.micros == made * 100_000
    said = f"M makes {made} s of it, not {asked} s."
    assert (said in quote.notes) is (asked != made)


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (Size(64, 36), WIDE),
        (Size(1792, 1024), HD),
        (Size(3840, 2160), HD),
        (Size(1024, 1792), TALL),
        (Size(1921, 1081), HD),
    ],
)
def test_a_frame_is_snapped_by_its_shape_and_then_by_its_size(
    wanted: Size, made: Size
) -> None:
    assert planning.snap_size(wanted, card()) == made


def test_prices_go_by_the_shorter_side_or_by_the_clip() -> None:
    per_second = card(rates={720: 300_000, 1080: 700_000})
    per_clip = card(micros_per_second=0, clip_rates={720: 300_000}, micros_per_clip=9)

    assert per_second.price(4, TALL).micros == 1_200_000
    assert per_second.price(4, HD).micros == 2_800_000
    assert per_clip.price(12, WIDE).micros == 300_000
    assert per_clip.price(12, HD).micros == 9


def test_a_fraction_of_a_unit_is_a_unit() -> None:
    assert card(weight=0.3).price(4, WIDE).units == 2


def test_a_retired_model_is_refused_with_its_date() -> None:
    old = card(retires_on="2026-09-24")

    with pytest.raises(OptionError, match="shut down on 2026-09-24"):
        planning.plan(request(), old, today=TODAY)

    assert planning.plan(request(), old, today="2026-09-23").price.units == 4


def test_what_a_model_cannot_take_is_refused_before_it_costs() -> None:
    with pytest.raises(OptionError, match="cannot end on a picture"):
        planning.plan(request(last="l.jpg"), card(), today=TODAY)
    with pytest.raises(StillError, match="starts from a picture"):
        planning.plan(request(still=None), card(text_only=False), today=TODAY)


NATIVE = {"native": frozenset(Op)}
UPLOADS = {"by_upload": frozenset({Op.REMIX, Op.EXTEND})}


@pytest.mark.parametrize(
    ("can", "source", "way"),
    [
        (NATIVE, {}, Way.HANDLE),
        (NATIVE | UPLOADS, {}, Way.HANDLE),
        (NATIVE, {"ref": None}, Way.AFRESH),
        (NATIVE, {"provider": "b"}, Way.AFRESH),
        (NATIVE, {"model": "n"}, Way.AFRESH),
        (NATIVE | UPLOADS, {"provider": "b"}, Way.UPLOAD),
        (UPLOADS, {}, Way.UPLOAD),
        (UPLOADS | {"upload_seconds": 8.0}, {}, Way.UPLOAD),
        (UPLOADS | {"upload_seconds": 7.9}, {}, Way.AFRESH),
        ({}, {}, Way.AFRESH),
    ],
)
@pytest.mark.parametrize("op", [Op.REMIX, Op.EXTEND])
def test_the_best_way_there_is_is_taken(
    can: dict[str, Any], source: dict[str, Any], way: Way, op: Op
) -> None:
    seconds = 8 if op is Op.REMIX else 12
    asked = answer(op, seconds=seconds, **source)
    quote = planning.plan(asked, card(**can), today=TODAY)

    assert quote.request.way is way
    assert bool(quote.notes) is (way is Way.AFRESH)


def test_a_merged_prompt_is_shown() -> None:
    quote = planning.plan(answer(Op.REMIX, seconds=8), card(), today=TODAY)

    assert planning.sent_words(quote.request) == "push in. add snow"
    assert quote.notes == (
        "M cannot change a clip, so it is made anew with these words:"
        " “push in. add snow”",
    )
    assert planning.sent_still(quote.request) == "s.jpg"


def test_an_extension_from_our_copies_starts_at_the_last_frame() -> None:
    quote = planning.plan(answer(Op.EXTEND, seconds=12), card(), today=TODAY)

    assert planning.sent_still(quote.request) == "l.png"
    assert (quote.request.seconds, quote.request.made_seconds) == (12, 4)
    assert quote.price.micros == 400_000


def test_a_clip_may_grow_beyond_what_the_model_itself_allows() -> None:
    model = card(**NATIVE, adds=(4, 8), longest=12)
    native = planning.plan(answer(Op.EXTEND, seconds=12), model, today=TODAY)
    beyond = planning.plan(answer(Op.EXTEND, seconds=16), model, today=TODAY)

    assert native.request.way is Way.HANDLE
    assert beyond.request.way is Way.AFRESH
    assert beyond.request.seconds == 16


def test_added_seconds_are_snapped_to_what_can_be_added() -> None:
    quote = planning.plan(answer(Op.EXTEND, seconds=10), card(), today=TODAY)

    assert quote.request.seconds == 12
    assert "M makes 12 s of it, not 10 s." in quote.notes


@pytest.mark.parametrize(
    ("before", "words", "limit", "whole"),
    [
        ("push in.", " add snow ", 99, "push in. add snow"),
        ("", "add snow", 99, "add snow"),
        ("push in", "", 99, "push in"),
        ("push in", "push in", 99, "push in"),
        ("push in slowly", "add snow", 14, "push. add snow"),
        ("push in", "add snow", 9, "add snow"),
        ("push in", "add snow now", 8, "add snow"),
    ],
)
def test_new_words_stay_whole_where_both_are_too_long(
    before: str, words: str, limit: int, whole: str
) -> None:
    assert planning.merge(before, words, limit) == whole
    assert len(whole) <= limit


def test_no_prompt_is_ever_empty() -> None:
    """A service refuses none at all; people often say nothing."""
    assert planning.sent_words(request(prompt=""))
    silent = answer(Op.EXTEND, seconds=12, words="", prompt="")
    assert planning.sent_words(silent)
    quote = planning.plan(silent, card(**NATIVE), today=TODAY)
    assert planning.sent_words(quote.request) == planning.CONTINUE


def test_a_chain_of_remixes_keeps_every_word() -> None:
    first = planning.plan(answer(Op.REMIX), card(), today=TODAY).request
    assert first.whole == "push in. add snow"

    second = answer(Op.REMIX, words="at night", prompt=first.whole)

    assert planning.plan(second, card(), today=TODAY).request.whole == (
        "push in. add snow. at night"
    )


@pytest.mark.parametrize(
    ("size", "ratio", "lines"),
    [
        (WIDE, "16:9", "720p"),
        (TALL, "9:16", "720p"),
        (HD, "16:9", "1080p"),
        (Size(854, 480), "16:9", "480p"),
        (Size(1366, 768), "16:9", "768p"),
        (Size(640, 360), "16:9", "360p"),
        (Size(3840, 2160), "16:9", "4k"),
        (Size(960, 960), "1:1", "720p"),
        (Size(1792, 1024), "16:9", "1080p"),
        (Size(1024, 768), "4:3", "768p"),
    ],
)
def test_frames_have_a_ratio_and_a_resolution(
    size: Size, ratio: str, lines: str
) -> None:
    assert (shapes.ratio(size), shapes.resolution(size)) == (ratio, lines)


def test_the_packaged_catalogue_is_whole_and_dated() -> None:
    known = catalogue.load()
    cards = [
        card
        for kind in ("openai", "openrouter", "fal", "gemini", "replicate")
        for card in known.cards(kind)
    ]

    assert {"sora-2", "sora-2-pro"} <= {card.id for card in cards}
    assert all(card.checked_on for card in cards)
    assert all(card.seconds and card.sizes for card in cards)
    for one in cards:
        gone = one.id.startswith(("sora", "veo")) and "Vivant" not in one.title
        assert one.retired(TODAY) is gone


LATEST = [  # as of 2026-11-25: what a clip of so many seconds costs, in dollars
    ("fal", None, "kling/v4/image-to-video", 30, WIDE, 4.71),
    ("fal", None, "kling/v4/image-to-video", 30, HD, 7.05),
    ("fal", None, "kling/v4/flash/image-to-video", 20, WIDE, 1.88),
    ("fal", None, "bytedance/seedance-2.5/image-to-video", 30, WIDE, 14.1),
    ("openai", "laozhang", "muse-video", 10, WIDE, 0.30),
    ("openai", "laozhang", "gemini-omni-1.2-flash", 10, HD, 0.45),
    ("openai", "laozhang", "gemini-omni-1.2-flash", 10, Size(3840, 2160), 0.90),
    ("openai", "vllm-omni", "Lightricks/LTX-2.5", 10, Size(1280, 704), 0.0),
    ("openai", "sglang", "Lightricks/LTX-2.5", 10, Size(1280, 704), 0.0),
    ("openai", "xai", "grok-imagine-video", 10, WIDE, 0.81),
    ("openrouter", None, "bytedance/seedance-2.0", 10, WIDE, 2.30),
    ("gemini", None, "gemini-omni-1.1-flash", 10, HD, 1.50),
]


@pytest.mark.parametrize(("kind", "profile", "id_", "seconds", "size", "usd"), LATEST)
def test_what_a_model_costs_now(
    kind: str, profile: str | None, id_: str, seconds: int, size: Size, usd: float
) -> None:
    cards = catalogue.load().cards(kind, profile=profile)
    [known] = [card for card in cards if card.id == id_]

    assert seconds in known.seconds
    assert size in known.sizes
    assert known.price(seconds, size).micros == pytest.approx(usd * 1e6)


def test_every_frame_has_a_price_of_its_own_and_a_source() -> None:
    """A side that no price names would be held at the dearest; it should not be so."""
    for kind in ("openai", "openrouter", "fal", "gemini", "replicate"):
        for known in catalogue.load().cards(kind):
            for size in known.sizes:
                named = {*known.rates, *known.clip_rates}
                assert not named or min(size) in named, (known.name, size)


async def test_beside_a_still_seedance_is_told_no_ratio() -> None:
    """One that is named is a 400 there; a render from words alone may name it."""
    profile = profiles.load()["cometapi"]
    cards = catalogue.load().cards("openai", profile="cometapi")
    [known] = [card for card in cards if card.id == "seedance-2-5"]

    async def sent(still: str | None) -> dict[str, object]:
        wanted = request(model=known.id, still=still)
        given = b"picture" if still else None
        order = await orders.create(wanted, known, profile, still=given, last=None)
        return {name: part[1] for name, part in order.files or ()}

    assert (await sent(None))["aspect_ratio"] == "16:9"
    assert "aspect_ratio" not in await sent("still.jpg")
    assert (await sent("still.jpg"))["resolution"] == "720p"


def test_a_card_is_for_the_profiles_it_names() -> None:
    known = catalogue.load()

    xai = {card.id for card in known.cards("openai", profile="xai")}

    assert "grok-imagine-video-1.5" in xai
    assert "sora-2" not in xai


OWN = """
[[model]]
provider = "gemini"
id = "gemini-omni-1.2-flash"
usd_per_second = { 720 = 0.07 }

[[model]]
provider = "openai"
id = "mine"
title = "Mine"
seconds = "2-6"
sizes = ["640x360"]
"""


def test_the_owners_file_changes_fields_and_adds_models(tmp_path: Path) -> None:
    known = laid_over(tmp_path, OWN)

    omni = known.cards("gemini")[0]
    assert omni.price(1, WIDE).micros == 70_000
    assert omni.seconds[-1] == 15
    mine = known.cards("openai", name="mygpu")[0]
    assert (mine.name, mine.seconds) == ("mygpu/mine", (2, 3, 4, 5, 6))
    assert not mine.priced


@pytest.mark.parametrize(
    "text",
    [
        "this is not TOML",
        "model = 3",
        '[[model]]\nprovider = "a"',
        '[[model]]\nprovider = "gemini"\nid = "x"\ntitle = "x"',
        OWN.replace("640x360", "wide"),
        OWN.replace('"2-6"', "[0]"),
        OWN.replace('"2-6"', '"a-b"'),
        OWN.replace('"2-6"', '"6-2"'),
        OWN + "\nwidth = 3",
        OWN.replace("0.07", "-1"),
        OWN.replace("0.07", "nan"),
        OWN.replace("0.07", "inf"),
        OWN.replace("0.07", "true"),
        OWN.replace('"2-6"', '"2-99999999999"'),
        OWN + "\nweight = -1",
        OWN + "\nweight = nan",
    ],
)
def test_a_mistake_in_it_is_told_to_the_owner(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.toml").write_text(text)

    with pytest.raises(SetupError, match=r"VIVANT_CATALOGUE=.*own\.toml"):
        catalogue.load(tmp_path / "own.toml").cards("openai")


OTHER = """
[[model]]
provider = "fal"
id = "somebody/some-model"
title = "Some Model"
seconds = [5]
sizes = ["1280x720"]
usd_per_clip = 1.0
"""
ABOUT_SORA = """
[[model]]
provider = "openai"
id = "sora-2-pro"
"""


def laid_over(tmp_path: Path, text: str) -> catalogue.Catalogue:
    """The packaged catalogue under an owner's file."""
    (tmp_path / "own.toml").write_text(text)
    return catalogue.load(tmp_path / "own.toml")


def sora(known: catalogue.Catalogue, profile: str) -> ModelCard:
    """The card that a profile has under that name, the only one."""
    [found] = [
        c for c in known.cards("openai", profile=profile) if c.id == "sora-2-pro"
    ]
    return found


PROFILES = tuple(profiles.load())


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("own", ["", OTHER, ABOUT_SORA, ABOUT_SORA + OTHER])
def test_an_owners_file_takes_no_card_away(
    tmp_path: Path, profile: str, own: str
) -> None:
    """Two packaged cards have one name, for different profiles; both stay priced."""
    packaged, known = catalogue.load(), laid_over(tmp_path, own)

    before = {c.id: c for c in packaged.cards("openai", profile=profile)}
    after = {c.id: c for c in known.cards("openai", profile=profile)}

    assert after == before


def test_an_entry_without_profiles_changes_every_card_of_that_name(
    tmp_path: Path,
) -> None:
    known = laid_over(tmp_path, ABOUT_SORA + "usd_per_second = 0.9")

    assert sora(known, "openai").micros_per_second == 900_000
    assert sora(known, "vivant").micros_per_second == 900_000
    assert sora(known, "vivant").title == "The other Vivant's best"


def test_an_entry_with_profiles_changes_those_alone(tmp_path: Path) -> None:
    text = ABOUT_SORA + 'profiles = ["cometapi"]\nusd_per_second = 0.9'
    known = laid_over(tmp_path, text)

    assert sora(known, "cometapi").micros_per_second == 900_000
    assert sora(known, "cometapi").seconds[-1] == 20
    assert sora(known, "openai") == sora(catalogue.load(), "openai")
    assert sora(known, "vivant") == sora(catalogue.load(), "vivant")


def test_of_two_entries_the_one_that_names_the_profile_counts_there(
    tmp_path: Path,
) -> None:
    special = ABOUT_SORA + 'profiles = ["vivant"]\nusd_per_second = 0.2'
    general = ABOUT_SORA + 'title = "Mine"\nusd_per_second = 0.9'
    for text in (special + general, general + special):
        known = laid_over(tmp_path, text)

        assert sora(known, "vivant").micros_per_second == 200_000
        assert sora(known, "openai").micros_per_second == 900_000
        assert sora(known, "vivant").title == sora(known, "openai").title == "Mine"


def test_a_model_of_cometapis_may_be_named_as_it_is_listed(tmp_path: Path) -> None:
    text = """
[[model]]
provider = "cometapi"
id = "seedance-2-5"
usd_per_second = 0.5
"""
    known = laid_over(tmp_path, text)

    cards = known.cards("openai", name="cometapi", profile="cometapi")
    [card] = [card for card in cards if card.id == "seedance-2-5"]
    assert (card.name, card.price(4, WIDE).micros) == (
        "cometapi/seedance-2-5",
        2_000_000,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ABOUT_SORA * 2, "openai/sora-2-pro is there twice: keep one entry"),
        (
            (ABOUT_SORA + 'profiles = ["xai", "openai"]')
            + ABOUT_SORA
            + 'profiles = ["openai"]',
            "there twice for the profile openai",
        ),
        (ABOUT_SORA + 'profiles = ["cometapy"]', "cometapy: there is no such profile"),
        (OTHER.replace('"fal"', '"fall"'), "“fall” is not a provider"),
        (ABOUT_SORA + "profiles = 3", "VIVANT_CATALOGUE"),
    ],
)
def test_an_entry_that_would_count_for_nobody_is_told_to_the_owner(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(SetupError, match=told):
        laid_over(tmp_path, text)


MIXED = """
[[model]]
provider = "fal"
id = "m"
title = "M"
seconds = "3-10"
sizes = ["1280x720", "3840x2160", "640x360"]
usd_per_clip = { 720 = 0.30 }
usd_per_second = { 2160 = 0.09 }
"""


def test_a_size_may_be_priced_by_the_clip_and_another_by_the_second(
    tmp_path: Path,
) -> None:
    [card] = [c for c in laid_over(tmp_path, MIXED).cards("fal") if c.id == "m"]

    assert card.price(10, WIDE).micros == 300_000
    assert card.price(10, Size(3840, 2160)).micros == 900_000
    # One that nobody named costs what it may at most.
    assert card.price(10, Size(640, 360)).micros == 1_200_000


def test_a_file_that_is_not_there_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        catalogue.load(tmp_path / "none.toml")


async def opened(tmp_path: Path, **services: Service) -> Any:
    settings = Settings(data=tmp_path, services=services, final=("openai/my/model",))
    media = await asyncio.to_thread(Media, tmp_path)
    return await asyncio.to_thread(
        open_services, settings, media, now=lambda: 1_795_000_000.0
    )


async def test_one_key_or_one_address_is_enough(tmp_path: Path) -> None:
    found = await opened(
        tmp_path,
        openai=Service(base_url="http://gpu:8000/v1", profile="vllm-omni"),
        cometapi=Service(key="k", profile="cometapi"),
        openrouter=Service(key="k"),
        fal=Service(key="k"),
        gemini=Service(key="k"),
        replicate=Service(key="k"),
    )

    assert set(found) == {
        "openai",
        "cometapi",
        "openrouter",
        "fal",
        "gemini",
        "replicate",
    }
    for name, service in found.items():
        cards = service.models()
        assert cards
        assert {card.provider for card in cards} == {name}
        assert not any(card.retired(TODAY) for card in cards)
        await service.close()


async def test_a_model_that_the_owner_names_is_offered(tmp_path: Path) -> None:
    found = await opened(tmp_path, openai=Service(key="k"))

    ids = [card.id for card in found["openai"].models()]

    assert ids == ["my/model"]
    await found["openai"].close()


async def test_sora_lives_on_where_somebody_else_answers_to_its_name(
    tmp_path: Path,
) -> None:
    found = await opened(tmp_path, openai=Service(base_url="http://other:1/v1"))

    cards = {card.id: card for card in found["openai"].models()}

    assert cards["sora-2"].tier is Tier.DRAFT
    await found["openai"].close()


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        (Service(key="k", profile="nonesuch"), "OPENAI_PROFILE=nonesuch does not"),
        (Service(key="k", profile="sglang"), "needs OPENAI_BASE_URL"),
    ],
)
async def test_a_profile_that_cannot_be_is_told(
    tmp_path: Path, service: Service, problem: str
) -> None:
    with pytest.raises(SetupError, match=problem):
        await opened(tmp_path, openai=service)


@pytest.mark.parametrize(
    ("made", "seconds", "fits"),
    [(7, 4, True), (16, 12, True), (4, 4, True), (3, 4, False)],
)
def test_what_is_made_afresh_is_never_longer_than_it_was_priced_for(
    made: int, seconds: int, *, fits: bool
) -> None:
    """Seven seconds by a handle were agreed to: eight of a new clip were not."""
    wanted = request(seconds=made, way=Way.HANDLE)

    assert planning.fits_afresh(wanted, card()) is fits
    assert planning.afresh(wanted, card()).seconds == seconds
