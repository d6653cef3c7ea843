"""A clip's address comes out of somebody's JSON: it leads to the public net only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config import Settings, is_safe
from bot.errors import Fault, ProviderError, SetupError
from bot.fetching.files import fetch_file, is_private
from bot.providers.faults import Said, fault_in, fault_of, read_error
from tests.fakes.internet import Internet, moved, open_internet, reply

CLIP = b"\x00\x00\x00\x18ftypmp42" + bytes(3_000_000)


@pytest.fixture
async def internet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    async with open_internet(monkeypatch) as opened:
        yield opened


async def fetch(url: str, to: Path, *, private: bool = False) -> None:
    await fetch_file(
        url,
        to,
        title="The service",
        most=5 << 20,
        seconds=9.0,
        silent=9.0,
        private=private,
    )


async def test_a_public_clip_is_streamed_to_disk(
    internet: Internet, tmp_path: Path
) -> None:
    internet.put("secure.test/clip.mp4?sig=1", reply(CLIP, content_type="video/mp4"))

    await fetch("https://secure.test/clip.mp4?sig=1", tmp_path / "c.mp4")

    assert (tmp_path / "c.mp4").read_bytes() == CLIP
    [head] = internet.requests
    assert not {"authorization", "cookie"} & {
        line.partition(":")[0].lower() for line in head.splitlines()
    }


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "application/json", "x"])
async def test_a_clip_is_known_by_its_bytes_whatever_it_is_called(
    internet: Internet, tmp_path: Path, kind: str
) -> None:
    """It was paid for; many a file server guesses, and guesses wrong."""
    internet.put("secure.test/clip", reply(CLIP, content_type=kind))

    await fetch("https://secure.test/clip", tmp_path / "c.mp4")

    assert (tmp_path / "c.mp4").read_bytes() == CLIP


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/clip.mp4",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/clip.mp4",
        "https://inside.test/clip.mp4",
        "http://secure.test/clip.mp4",
        "https://secure.test:8443/clip.mp4",
        "https://key@secure.test/clip.mp4",
        "file:///etc/passwd",
        "ftp://secure.test/clip.mp4",
        "https:///clip.mp4",
        "clip.mp4",
        "",
        "https://secure.test/away",
        "https://secure.test/plain",
        "https://secure.test/round",
    ],
)
async def test_no_other_address_is_ever_asked(
    internet: Internet, tmp_path: Path, url: str
) -> None:
    """However it is written, and wherever it leads on to."""
    internet.names["inside.test"] = [["10.0.0.7"]]
    internet.put("secure.test/away", moved("https://192.168.0.1/clip.mp4"))
    internet.put("secure.test/plain", moved("http://secure.test/clip.mp4"))
    internet.put("secure.test/round", moved("https://secure.test/round"))

    with pytest.raises(ProviderError) as caught:
        await fetch(url, tmp_path / "c.mp4")

    assert caught.value.fault is Fault.UPSTREAM
    assert url not in str(caught.value) or not url
    assert {host for host, _ in internet.knocks} <= {"93.184.215.14"}
    assert not (tmp_path / "c.mp4").exists()


async def test_a_link_that_has_ended_is_one(internet: Internet, tmp_path: Path) -> None:
    internet.put("secure.test/clip.mp4", reply(status="410 Gone"))

    with pytest.raises(ProviderError) as caught:
        await fetch("https://secure.test/clip.mp4", tmp_path / "c.mp4")

    assert caught.value.fault is Fault.EXPIRED


async def test_a_clip_that_says_it_is_too_large_is_not_begun(
    internet: Internet, tmp_path: Path
) -> None:
    internet.put("secure.test/clip.mp4", reply(CLIP, content_length=6 << 20))

    with pytest.raises(ProviderError, match="larger than 5 MB"):
        await fetch("https://secure.test/clip.mp4", tmp_path / "c.mp4")


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://[fd00::1]/v1", True),
        ("https://93.184.215.14/v1", False),
        ("https://no-such-host.invalid/v1", False),
        ("", False),
    ],
)
def test_an_owners_own_network_is_known_by_its_address(
    address: str, *, private: bool
) -> None:
    assert is_private(address) is private


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://api.example.com/v1", True),
        ("http://api.example.com/v1", False),
        ("http://93.184.215.14/v1", False),
        ("http://127.0.0.1:4000", True),
        ("http://192.168.1.9:4000", True),
        ("http://[::1]:4000", True),
        ("http://litellm:4000", True),
        ("http://gpu.lan:4000", True),
        ("http://gpu.internal", True),
        ("http://localhost:4000", True),
    ],
)
def test_a_key_goes_over_https_or_stays_at_home(address: str, *, safe: bool) -> None:
    assert is_safe(address) is safe


def test_services_are_set_up_by_a_key_or_an_address() -> None:
    settings = Settings.read(
        {
            "OPENAI_BASE_URL": "http://gpu:8000/v1",
            "OPENAI_PROFILE": "sglang",
            "FAL_KEY": "secret-of-fal",
            "GEMINI_BASE_URL": "https://unused.example.com",
            "VIVANT_CATALOGUE": "mine.toml",
        }
    )

    assert set(settings.services) == {"openai", "fal"}
    assert settings.services["openai"].profile == "sglang"
    assert settings.catalogue == Path("mine.toml")
    assert settings.final == ()
    assert "secret-of" not in repr(settings)


def test_mistakes_in_services_are_told_together() -> None:
    with pytest.raises(SetupError) as caught:
        Settings.read(
            {
                "OPENAI_API_KEY": "two words",
                "OPENROUTER_API_KEY": "key",
                "OPENROUTER_BASE_URL": "http://proxy.example.com",
                "FAL_KEY": "k\u00e4y",
                "REPLICATE_API_TOKEN_FILE": "/no/such/file",
            }
        )

    told = "\n".join(caught.value.problems)
    for name in (
        "OPENAI_API_KEY is not a key",
        "OPENROUTER_BASE_URL=http://proxy.example.com would send the key",
        "FAL_KEY is not a key",
        "REPLICATE_API_TOKEN_FILE=/no/such/file",
    ):
        assert name in told
    assert "two words" not in told


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Blocked", "code": "moderation_blocked"}},
        {"error": "Blocked", "code": "moderation_blocked"},
        {"detail": [{"msg": "Blocked", "type": "moderation_blocked"}]},
        {"message": "moderation_blocked"},
        "moderation_blocked",
        [{"error": {"errors": [{"reason": "moderation_blocked"}]}}],
    ],
)
def test_an_error_is_read_in_every_shape(body: object) -> None:
    assert fault_in(read_error(body)) is Fault.REFUSED_INPUT


@pytest.mark.parametrize("body", [None, {}, [], "", 3, True, {"error": None}])
def test_no_error_is_no_error(body: object) -> None:
    assert not read_error(body)
    assert fault_in(read_error(body)) is None


def test_a_bottomless_error_is_not_followed() -> None:
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"error": deep, "message": "x" * 100}

    assert len(read_error(deep).text) <= 2_000


@pytest.mark.parametrize(
    ("status", "code", "text", "fault"),
    [
        (400, "sentinel_block", "", Fault.REFUSED_INPUT),
        (400, "content_policy_violation", "", Fault.REFUSED_INPUT),
        (400, "content_filter", "", Fault.REFUSED_INPUT),
        (400, "InputImageSensitiveContentDetected", "", Fault.REFUSED_INPUT),
        (400, "OutputVideoSensitiveContentDetected", "", Fault.REFUSED_OUTPUT),
        (400, "prompt_unsafe", "", Fault.REFUSED_INPUT),
        (400, "video_unsafe", "", Fault.REFUSED_OUTPUT),
        (451, "", "", Fault.REFUSED_INPUT),
        (400, "", "sora-2 is no longer available", Fault.MODEL_GONE),
        (404, "", "Model not found", Fault.MODEL_GONE),
        (400, "", "Model mismatch", Fault.MODEL_GONE),
        (410, "", "", Fault.MODEL_GONE),
        (404, "", "Not Found", Fault.AUTH),
        (405, "", "Method Not Allowed", Fault.AUTH),
        (429, "insufficient_quota", "", Fault.NO_MONEY),
        (402, "anything", "moderation", Fault.NO_MONEY),
        (403, "", "insufficient permissions", Fault.AUTH),
        (400, "", "No connected db.", Fault.AUTH),
        (400, "invalid_type", "expected a file, but got a string", Fault.INVALID),
        (400, "invalid_value", "'seconds' must be one of 4, 8", Fault.INVALID),
        (500, "", "fal.ai needs a public image URL for it", Fault.UNSUPPORTED),
        (500, "", "NotImplementedError", Fault.UNSUPPORTED),
        (500, "", "invalid state", Fault.UPSTREAM),
        (500, "", "", Fault.UPSTREAM),
        (503, "", "", Fault.BUSY),
        (418, "", "", Fault.UPSTREAM),
        (307, "", "moderation", Fault.AUTH),
    ],
)
def test_codes_of_many_gateways_have_one_meaning(
    status: int, code: str, text: str, fault: Fault
) -> None:
    assert fault_of(status, Said(code.lower(), text.lower())) is fault
