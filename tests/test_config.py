"""Settings come from the environment or `.env`, and all problems are told at once."""

import errno
import re
from pathlib import Path

import pytest

from bot.checkup.disk import why_not_writable
from bot.config import Settings, is_loopback, load
from bot.errors import SetupError
from bot.remarks import remarks


def test_nothing_has_to_be_set() -> None:
    settings = Settings.read({})

    assert settings.database == Path("data/vivant.sqlite3")
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8321)
    assert settings.discord_token is None


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SetupError) as error:
        Settings.read(
            {
                "VIVANT_WEB_PORT": "eighty",
                "VIVANT_QUOTA_PERSON_DAY": "-1",
                "VIVANT_QUOTA_MONTH_USD": "lots",
                "VIVANT_QUOTA_ROLES": "patron",
                "VIVANT_PUBLIC_URL": "example.org",
                "VIVANT_DATABASE_URL": "mysql://here",
                "VIVANT_LINKS": "perhaps",
                "DISCORD_TOKEN_FILE": "/no/such/file",
                "VIVANT_WEB_HOST": "0.0.0.0",
                "VIVANT_WEBHOOK_URL": "here",
                "VIVANT_WEBHOOK_SECRET": "whsec_c2hvcnQ=",
            }
        )

    named = [re.split(r"[= ]", problem)[0] for problem in error.value.problems]
    assert sorted(named) == [
        "DISCORD_TOKEN_FILE",
        "VIVANT_DATABASE_URL",
        "VIVANT_LINKS",
        "VIVANT_PUBLIC_URL",
        "VIVANT_QUOTA_MONTH_USD",
        "VIVANT_QUOTA_PERSON_DAY",
        "VIVANT_QUOTA_ROLES",
        "VIVANT_WEBHOOK_SECRET",
        "VIVANT_WEBHOOK_URL",
        "VIVANT_WEB_HOST",
        "VIVANT_WEB_PORT",
    ]


def test_whoever_is_told_needs_a_secret_to_believe_it() -> None:
    with pytest.raises(SetupError, match="needs VIVANT_WEBHOOK_SECRET"):
        Settings.read({"VIVANT_WEBHOOK_URL": "https://montage.example.org"})

    with pytest.raises(SetupError) as error:
        Settings.read({"VIVANT_WEBHOOK_SECRET": "a word that is no secret"})
    assert "a word that is no secret" not in str(error.value)


def test_listening_beyond_loopback_needs_a_token() -> None:
    with pytest.raises(SetupError, match="set VIVANT_WEB_TOKEN"):
        Settings.read({"VIVANT_WEB_HOST": "0.0.0.0"})

    open_to_all = {"VIVANT_WEB_HOST": "0.0.0.0", "VIVANT_WEB_TOKEN": "word"}
    assert Settings.read(open_to_all).web_host == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.evil.test", False),
    ],
)
def test_only_loopback_counts_as_this_machine(host: str, *, only_here: bool) -> None:
    assert is_loopback(host) is only_here


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-the-file\n")
    env = {"DISCORD_TOKEN_FILE": str(tmp_path / "token")}

    assert Settings.read(env).discord_token == "from-the-file"
    assert Settings.read(env | {"DISCORD_TOKEN": "direct"}).discord_token == "direct"


def test_an_empty_file_of_a_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")

    with pytest.raises(SetupError, match=r"FAL_KEY_FILE=.* is empty"):
        Settings.read({"FAL_KEY_FILE": str(tmp_path / "key")})


def test_a_secret_from_an_editor_of_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbfid:secret\r\n")
    read = Settings.read({"FAL_KEY_FILE": str(tmp_path / "key")})

    assert read.services["fal"].key == "id:secret"


@pytest.mark.parametrize(
    ("name", "key", "owner"),
    [
        ("FAL_KEY", "r8_0123", "REPLICATE_API_TOKEN"),
        ("OPENAI_API_KEY", "AIza0123", "GEMINI_API_KEY"),
        ("GEMINI_API_KEY", "sk-proj-0123", "OPENAI_API_KEY"),
        ("OPENAI_API_KEY", "sk-or-v1-0123", "OPENROUTER_API_KEY"),
    ],
)
def test_a_key_of_another_service_is_told(name: str, key: str, owner: str) -> None:
    [told] = remarks(Settings.read({name: key}))
    assert f"{name} begins with" in told
    assert f"set it as {owner}" in told
    assert "0123" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLACK_APP_TOKEN", "xapp-1-A-2"), ("SLACK_SIGNING_SECRET", "0" * 32)],
)
def test_half_of_slack_is_told(name: str, value: str) -> None:
    [told] = remarks(Settings.read({name: value}))
    assert told.startswith(f"{name} is set, and SLACK_BOT_TOKEN is not")


def test_a_public_address_with_a_path_is_told() -> None:
    env = {"VIVANT_PUBLIC_URL": "https://x.example/app", "VIVANT_WEB_TOKEN": "a" * 32}
    [told] = remarks(Settings.read(env))
    assert "leave the path out" in told
    env["VIVANT_PUBLIC_URL"] = "https://x.example/"
    assert remarks(Settings.read(env)) == []


def test_an_address_of_its_own_may_take_the_key_of_another() -> None:
    env = {"OPENAI_API_KEY": "sk-or-v1-1", "OPENAI_BASE_URL": "https://x.example/v1"}
    assert remarks(Settings.read(env)) == []


def test_secrets_never_show() -> None:
    secrets = {
        name: f"{start}secret-of-{name}"
        for name, start in {
            "DISCORD_TOKEN": "",
            "SLACK_BOT_TOKEN": "xoxb-",
            "SLACK_APP_TOKEN": "xapp-",
            "SLACK_SIGNING_SECRET": "",
            "VIVANT_WEB_TOKEN": "",
        }.items()
    }

    assert "secret-of" not in repr(Settings.read(secrets))


def test_a_workspace_may_have_its_own_order_of_models() -> None:
    env = {"VIVANT_FINAL_IN": "discord:1=fal/a local/parallax; slack:T1=fal/b"}
    settings = Settings.read(env)

    places = {"discord:1": ("fal/a", "local/parallax"), "slack:T1": ("fal/b",)}
    assert settings.final_in == places
    assert {"fal/a", "fal/b", "local/parallax"} == set(settings.named)
    with pytest.raises(SetupError, match="VIVANT_FINAL_IN=x is not like"):
        Settings.read({"VIVANT_FINAL_IN": "x"})


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "set SLACK_APP_TOKEN for Socket Mode"),
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN begins with xoxb-"),
        ({"SLACK_CLIENT_ID": "1"}, "belong together"),
        (
            {"SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "2"},
            "set VIVANT_PUBLIC_URL",
        ),
    ],
)
def test_what_slack_still_needs_is_said(env: dict[str, str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        Settings.read(env)


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\nVIVANT_WEB_PORT=9000\nVIVANT_MARK='made by us'\n"
    )

    settings = load(tmp_path, {"VIVANT_WEB_PORT": "9001"})

    assert (settings.web_port, settings.mark) == (9001, "made by us")


def test_a_broken_file_tells_every_line_and_every_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "VIVANT_WEB_PORT=nine\nthis is = no setting\n!!!\nVIVANT_KEEP_DAYS=soon\n"
    )

    with pytest.raises(SetupError) as error:
        load(tmp_path, {})

    told = str(error.value)
    assert ".env line 2 is not NAME=value." in told
    assert ".env line 3 is not NAME=value." in told
    assert "VIVANT_WEB_PORT=nine" in told
    assert "VIVANT_KEEP_DAYS=soon" in told


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SetupError, match="not UTF-8"):
        load(tmp_path, {})


def test_caps_read_numbers_roles_and_unlimited() -> None:
    caps = Settings.read(
        {
            "VIVANT_QUOTA_PERSON_DAY": "unlimited",
            "VIVANT_QUOTA_MONTH_USD": "12.50",
            "VIVANT_QUOTA_ROLES": "patron=300, moderator=unlimited",
        }
    ).caps

    assert caps.person_day is None
    assert caps.month_micros == 12_500_000
    assert caps.roles == {"patron": 300, "moderator": None}


def test_a_path_may_begin_with_the_home_of_the_bots_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A `.env` file is read by no shell; a folder named `~` is nobody's wish."""
    monkeypatch.setenv("HOME", "/home/ann")

    settings = Settings.read(
        {"VIVANT_DATA": "~/vivant", "VIVANT_CATALOGUE": "~/cards.toml"}
    )
    elsewhere = Settings.read({"VIVANT_DATABASE_URL": "sqlite:///~/bot.sqlite3"})

    assert settings.data == Path("/home/ann/vivant")
    assert settings.database == Path("/home/ann/vivant/vivant.sqlite3")
    assert settings.catalogue == Path("/home/ann/cards.toml")
    assert elsewhere.database == Path("/home/ann/bot.sqlite3")
    with pytest.raises(SetupError, match="no such home folder"):
        Settings.read({"VIVANT_DATA": "~nobody-of-that-name/vivant"})


@pytest.mark.parametrize("url", ["sqlite:///data/", "sqlite:///", "x sqlite:///y"])
def test_an_address_of_no_file_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match="VIVANT_DATABASE_URL"):
        Settings.read({"VIVANT_DATABASE_URL": url})


def test_a_folder_in_the_place_of_the_database_is_told(tmp_path: Path) -> None:
    told = why_not_writable(tmp_path, IsADirectoryError(errno.EISDIR, "Is a directory"))
    assert f"Name a file in it, such as {tmp_path / 'vivant.sqlite3'}" in told
