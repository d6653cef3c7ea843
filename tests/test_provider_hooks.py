"""A call that cannot prove where it comes from proves nothing; it never breaks us.

The vectors are those of the Standard Webhooks specification and what the public
libraries were seen to stumble over.
"""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from bot.providers import hooks
from tests.fakes.providers.others import HMAC_SECRET, FakeFal, FakeOpenRouter
from tests.fakes.providers.videos import SECRET, sign_standard

NOW = 1_800_000_000.0
BODY = b'{"test": 2432232314}'


def is_standard(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> bool:
    return hooks.standard(headers, body, secret=SECRET, now=now) is not None


def test_the_specifications_own_example_is_good() -> None:
    """standardwebhooks.com, section "Verifying signatures"; also Svix's own test."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    name = hooks.standard(headers, BODY, secret=secret, now=1_614_265_330.0)

    assert name == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_any_case_of_header_and_any_of_several_signatures_will_do() -> None:
    headers, body = sign_standard(BODY, at=NOW)
    good = headers["Webhook-Signature"]
    several = {**headers, "Webhook-Signature": f"v1,AAAA v1a,zzzz {good}"}

    assert is_standard(several, body)
    assert is_standard({k.upper(): v for k, v in several.items()}, body)


@pytest.mark.parametrize("off", [-300, -1, 0, 1, 300])
def test_a_clock_may_be_off_by_five_minutes(off: int) -> None:
    assert is_standard(*sign_standard(BODY, at=NOW + off))


GOOD, _ = sign_standard(BODY, at=NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Webhook-Id", ""),
        ("Webhook-Id", "msg.1"),
        ("Webhook-Id", "msg 1"),
        ("Webhook-Id", "m" * 201),
        ("Webhook-Id", "msg_\u00e4"),
        ("Webhook-Timestamp", ""),
        ("Webhook-Timestamp", "abc"),
        ("Webhook-Timestamp", "1" * 5_000),
        ("Webhook-Timestamp", "NaN"),
        ("Webhook-Timestamp", "1.8e9"),
        ("Webhook-Timestamp", "+1800000000"),
        ("Webhook-Timestamp", " 1800000000"),
        ("Webhook-Timestamp", "-1800000000"),
        ("Webhook-Timestamp", "\u0661\u0668\u0660\u0660\u0660\u0660\u0660\u0660"),
        ("Webhook-Timestamp", str(int(NOW) + 301)),
        ("Webhook-Timestamp", str(int(NOW) - 301)),
        ("Webhook-Signature", ""),
        ("Webhook-Signature", "v1"),
        ("Webhook-Signature", "v1,"),
        ("Webhook-Signature", ","),
        ("Webhook-Signature", "v2,AAAA"),
        ("Webhook-Signature", "v1,not base64!"),
        ("Webhook-Signature", "v1,\u00e4\u00f6"),
        ("Webhook-Signature", GOOD["Webhook-Signature"].replace("v1,", "v1a,")),
        ("Webhook-Signature", GOOD["Webhook-Signature"][:-1]),
        ("Webhook-Signature", "v1,AA " * 9_000 + GOOD["Webhook-Signature"]),
    ],
)
def test_what_is_not_exactly_right_is_refused_without_an_error(
    name: str, value: str
) -> None:
    assert is_standard(GOOD)
    assert not is_standard({**GOOD, name: value})
    without = {key: text for key, text in GOOD.items() if key != name}
    assert not is_standard(without)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "\u00e4", "whsec_A"])
def test_a_secret_that_is_none_opens_nothing(secret: str) -> None:
    assert hooks.standard(GOOD, BODY, secret=secret, now=NOW) is None


def test_a_body_that_was_touched_or_is_huge_is_refused() -> None:
    assert not is_standard(GOOD, BODY + b" ")
    assert not is_standard(GOOD, BODY.replace(b"2", b"3"))
    assert not is_standard(*sign_standard(bytes((1 << 20) + 1), at=NOW))


def test_the_borders_between_id_and_body_cannot_be_moved() -> None:
    """`a.1.x` may be read as id `a` or id `a.1`: so an id has no dot."""
    headers, _ = sign_standard(b"1800000000.{}", at=NOW, name="a")
    moved = {**headers, "Webhook-Id": f"a.{int(NOW)}"}

    assert not is_standard(moved, b"{}")


def test_openrouters_comma_is_part_of_what_it_signs() -> None:
    headers, body = FakeOpenRouter().call("gen-1", at=NOW)

    assert hooks.openrouter(headers, body, secret=HMAC_SECRET, now=NOW)
    for wrong in (
        {**headers, "X-OpenRouter-Signature": "t=1800000000"},
        {**headers, "X-OpenRouter-Signature": "v1=00"},
        {**headers, "X-OpenRouter-Signature": f"t={int(NOW)},v1={'0' * 64}"},
        {**headers, "X-OpenRouter-Signature": "t=\u0661,v1=\u00e4"},
        {},
    ):
        assert hooks.openrouter(wrong, body, secret=HMAC_SECRET, now=NOW) is None
    assert hooks.openrouter(headers, body + b" ", secret=HMAC_SECRET, now=NOW) is None
    assert hooks.openrouter(headers, body, secret=HMAC_SECRET, now=NOW + 301) is None
    assert hooks.openrouter(headers, body, secret="", now=NOW) is None


async def test_fals_calls_are_good_by_any_of_its_keys() -> None:
    fake = FakeFal()
    headers, body = fake.call("ref-1", at=NOW)
    ours = bytes(fake.signing.verify_key)
    other = bytes(SigningKey.generate().verify_key)

    def read(**changes: str) -> str | None:
        told = {**headers, **{k.replace("_", "-"): v for k, v in changes.items()}}
        return hooks.fal(told, body, keys=(b"short", other, ours), now=NOW)

    assert read() == "ref-1"
    assert read(X_Fal_Webhook_User_Id="user-2") is None
    assert read(X_Fal_Webhook_Request_Id="ref-2") is None
    assert read(X_Fal_Webhook_Signature="00") is None
    assert read(X_Fal_Webhook_Signature="zz" * 64) is None
    assert read(X_Fal_Webhook_Timestamp="1" * 5_000) is None
    assert hooks.fal(headers, body + b" ", keys=(ours,), now=NOW) is None
    assert hooks.fal(headers, body, keys=(other,), now=NOW) is None
    assert hooks.fal(headers, body, keys=(), now=NOW) is None
    assert hooks.fal(headers, body, keys=(ours,), now=NOW + 301) is None


def test_only_ed25519_keys_are_taken_out_of_a_key_set() -> None:
    x = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    good = {"kty": "OKP", "crv": "Ed25519", "x": x}
    strange = [good, {"crv": "P-256", "x": x}, {"x": "?"}, {"x": "AA"}, 3, None, {}]

    assert hooks.read_keys({"keys": strange}) == (bytes(32),)
    several: list[object] = [None, [], {}, {"keys": None}, {"keys": {}}, "keys"]
    for nonsense in several:
        assert hooks.read_keys(nonsense) == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b"3"])
def test_a_signed_body_may_still_be_nonsense(body: bytes) -> None:
    assert hooks.read_body(body) == {}


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                *GOOD,
                "X-OpenRouter-Signature",
                "X-Fal-Webhook-Request-Id",
                "X-Fal-Webhook-User-Id",
                "X-Fal-Webhook-Timestamp",
                "X-Fal-Webhook-Signature",
            ]
        ),
        st.text(max_size=200)
        | st.just(str(int(NOW)))
        | st.from_regex(r"t=1800000000,v1=[0-9a-f]{64}", fullmatch=True)
        | st.from_regex(r"[0-9a-f]{128}", fullmatch=True),
    ),
    st.binary(max_size=50),
)
def test_no_call_breaks_the_verifier(headers: dict[str, str], body: bytes) -> None:
    assert hooks.standard(headers, body, secret=SECRET, now=NOW) is None
    assert hooks.openrouter(headers, body, secret="s", now=NOW) is None
    assert hooks.fal(headers, body, keys=(bytes(32),), now=NOW) is None
    json.dumps(dict(hooks.read_body(body)))
