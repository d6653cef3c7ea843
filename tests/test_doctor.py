"""The doctor names each mistake with its remedy, and finds healthy set-ups well."""

import asyncio
import os
import socket
import sqlite3
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.manifest import manifest
from bot.checkup import Finding
from bot.commands import machine_checks as machine
from bot.commands.doctor import CHECKS, look
from bot.config import Settings
from bot.errors import SetupError
from bot.providers.wire import Patience
from bot.store import open_sqlite
from tests.fakes.discord_api import FakeDiscord, open_discord
from tests.fakes.harbour import open_harbour
from tests.fakes.internet import PEM
from tests.fakes.providers import service as fakes
from tests.fakes.providers.rig import CARDS, KIND
from tests.fakes.providers.service import KEY
from tests.fakes.slack_api import FakeSlack, open_slack
from tests.fakes.slack_api.tokens import APP, Token

QUICK = Patience(connect=5.0, silent=0.2, answer=9.0, download=9.0)
CHEAP = [one for one in CHECKS if one[1] is not machine.check_renderer]
HEX = "8f742231b10e8888abcd990000085a5f"


@dataclass
class Owner:
    """Somebody who sets a bot up, and what there is around them.

    Attributes:
        machine: Whether this machine is looked at too, which takes its time.
    """

    data: Path
    stack: AsyncExitStack
    env: dict[str, str] = field(default_factory=dict)
    machine: bool = False

    def sets(self, **env: str) -> None:
        self.env |= env

    async def service(self, name: str = "openai", **env: str) -> Any:
        """Set a fake service up, as it should be."""
        kind = KIND[name]
        fake: Any = kind.fake(b"")
        await self.stack.enter_async_context(fake.running())
        word = kind.provider.upper()
        key = {"fal": "FAL_KEY", "replicate": "REPLICATE_API_TOKEN"}.get(
            kind.provider, f"{word}_API_KEY"
        )
        base = fake.url + getattr(fake, "base", "")
        self.env |= {key: KEY, f"{word}_BASE_URL": base}
        self.env |= {"OPENAI_PROFILE": kind.profile} if kind.profile else {}
        self.env |= {"VIVANT_FINAL": f"{kind.provider}/{kind.model}"} | env
        return fake

    async def raw(self, answer: bytes, *, tls: bool = False) -> str:
        """A server that is none of ours: it reads once and says this."""

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.read(1)
            writer.write(answer)
            writer.close()

        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(PEM)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        await self.stack.enter_async_context(server)
        self.stack.callback(server.close)
        return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def discord(self, **env: str) -> FakeDiscord:
        """A bot on a fake Discord, in a server with one channel."""
        fake = await self.stack.enter_async_context(open_discord())
        fake.guild("Harbour").channel("general")
        self.env |= {
            "DISCORD_TOKEN": fake.token,
            "DISCORD_API_URL": fake.api_url,
            "DISCORD_GATEWAY_URL": fake.gateway_url,
        } | env
        return fake

    async def slack(self, **env: str) -> FakeSlack:
        """An app on a fake Slack."""
        fake = await self.stack.enter_async_context(open_slack(manifest()))
        fake.team("Harbour")
        self.env |= {
            "SLACK_BOT_TOKEN": fake.bot_token,
            "SLACK_APP_TOKEN": fake.app_token,
            "SLACK_API_URL": fake.api_url.rstrip("/"),
        } | env
        return fake

    async def findings(self) -> list[Finding]:
        """Everything that the doctor says; settings that cannot be read count too."""
        env = {"VIVANT_DATA": str(self.data / "data"), "VIVANT_WEB_PORT": "0"}
        env |= {"VIVANT_CATALOGUE": str(self.data / "cards.toml")} | self.env
        try:
            settings = await asyncio.to_thread(Settings.read, env)
        except SetupError as error:
            return [
                Finding("settings", good=False, detail=one) for one in error.problems
            ]
        checks = CHEAP if self.machine else ()
        seen = look(settings, lambda _: None, checks=checks, patience=QUICK)
        return [finding async for finding in seen]


@pytest.fixture
async def owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Owner]:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "cards.toml").write_text(CARDS)
    async with AsyncExitStack() as stack:
        yield Owner(tmp_path, stack)


AWAY = {  # a service that nobody must be asked for
    "REPLICATE_API_TOKEN": "r8_x",
    "REPLICATE_BASE_URL": "http://127.0.0.1:1/v1",
}
TYPED: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "a misspelt token": ({"DISCORD_TOKN": "x"}, ("did you mean DISCORD_TOKEN?",)),
    "a misspelt limit": (
        {"VIVANT_QUOTA_MOTH_USD": "3"},
        ("did you mean VIVANT_QUOTA_MONTH_USD?",),
    ),
    "a misspelt prefix": ({"VIVIANT_ADMINS": "x"}, ("did you mean VIVANT_ADMINS?",)),
    "a name of another library": (
        {"DISCORD_BOT_TOKEN": "x"},
        ("did you mean DISCORD_TOKEN?",),
    ),
    "a key's name cut short": (
        {"OPENROUTER_KEY": "x"},
        ("did you mean OPENROUTER_API_KEY?",),
    ),
    "a setting that there never was": (
        {"VIVANT_COLOUR": "red"},
        ("VIVANT_COLOUR is not a setting", "docs/configuration.md"),
    ),
    "Bot before the token": ({"DISCORD_TOKEN": "Bot x"}, ("leave that word",)),
    "Bearer before a key": ({"OPENAI_API_KEY": "Bearer x"}, ("leave that word",)),
    "quotation marks": ({"DISCORD_TOKEN": '"x.y.z"'}, ("quotation", "leave them out")),
    "a blank inside": ({"DISCORD_TOKEN": "x y"}, ("has a space",)),
    "a user's token": ({"SLACK_BOT_TOKEN": "xoxp-1"}, ("begins with xoxb-",)),
    "half a Slack": ({"SLACK_BOT_TOKEN": "xoxb-1"}, ("set SLACK_APP_TOKEN",)),
    "an admin by name": ({"VIVANT_ADMINS": "me"}, ("VIVANT_ADMINS=me is not CHAT:ID",)),
    "an admin by number": ({"VIVANT_ADMINS": "80351"}, ("such as discord:80351",)),
    "an admin of no chat": ({"VIVANT_ADMINS": "dicsord:1"}, ("mean discord?",)),
    "an admin without workspace": (
        {"VIVANT_ADMINS": "slack:U035"},
        ("is not slack:WORKSPACE.PERSON",),
    ),
    "an admin by a Discord name": (
        {"VIVANT_ADMINS": "discord:ada"},
        ("copy their User ID",),
    ),
    "a profile without address": (
        {"OPENAI_PROFILE": "sglang"},
        ("OPENAI_PROFILE does nothing without OPENAI_API_KEY or OPENAI_BASE_URL",),
    ),
    "a profile with a key alone": (
        {"OPENAI_PROFILE": "litellm", "OPENAI_API_KEY": "k"},
        ("OPENAI_PROFILE=litellm needs OPENAI_BASE_URL",),
    ),
    "no such profile": (
        {"OPENAI_PROFILE": "sgland", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
        ("OPENAI_PROFILE=sgland does not exist", "sglang"),
    ),
    "a misspelt service": (
        {"VIVANT_FINAL": "openruoter/acme/m"},
        ("did you mean openrouter/acme/m?",),
    ),
    "a service without its key": ({"VIVANT_FINAL": "fal/m"}, ("FAL_KEY is not set",)),
    "a misspelt renderer": ({"VIVANT_DRAFT": "local/paralax"}, ("local/parallax?",)),
    "a model without service": ({"VIVANT_FINAL": "sora-2"}, ("not SERVICE/MODEL",)),
    "a misspelt limit of a service": (
        {"VIVANT_PER_MINUTE": "opnai=25"},
        ("did you mean openai?",),
    ),
    "a misspelt chat": (
        {"VIVANT_DRAFT_IN": "dicsord:80351=local/parallax"},
        ("did you mean discord?",),
    ),
    "a webhook secret of the wrong shape": (
        AWAY | {"REPLICATE_WEBHOOK_SECRET": "abc"},
        ("REPLICATE_WEBHOOK_SECRET is not a signing secret", "whsec_"),
    ),
    "webhooks without a public address": (
        AWAY | {"REPLICATE_WEBHOOK_SECRET": f"whsec_{HEX}"},
        ("VIVANT_PUBLIC_URL is not set", "Set VIVANT_PUBLIC_URL"),
    ),
    "a webhook secret without its key": (
        {"OPENROUTER_WEBHOOK_SECRET": "x"},
        ("OPENROUTER_WEBHOOK_SECRET does nothing without OPENROUTER_API_KEY",),
    ),
    "a public address without https": (
        AWAY
        | {
            "REPLICATE_WEBHOOK_SECRET": f"whsec_{HEX}",
            "VIVANT_PUBLIC_URL": "http://vivant.example.org",
        },
        ("is not https", "services cannot call"),
    ),
    "a public address that nobody finds": (
        AWAY
        | {
            "REPLICATE_WEBHOOK_SECRET": f"whsec_{HEX}",
            "VIVANT_PUBLIC_URL": "https://vivant.nowhere.invalid",
        },
        ("no host is called vivant.nowhere.invalid (DNS)", "VIVANT_PUBLIC_URL"),
    ),
    "a key over the open internet": (
        {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://api.example.org/v1"},
        ("begin it with https://",),
    ),
    "a page for everybody": ({"VIVANT_WEB_HOST": "0.0.0.0"}, ("VIVANT_WEB_TOKEN",)),
    "a port that is none": ({"VIVANT_WEB_PORT": "99999"}, ("VIVANT_WEB_PORT=99999",)),
    "a host of another machine": (
        {"VIVANT_WEB_HOST": "203.0.113.7", "VIVANT_WEB_TOKEN": "t"},
        ("no address of this machine", "correct VIVANT_WEB_HOST"),
    ),
    "no catalogue": (
        {"VIVANT_CATALOGUE": "gone.toml", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
        ("VIVANT_CATALOGUE=gone.toml cannot be read",),
    ),
    "too little room": ({"VIVANT_MIN_FREE_MB": "1000000000"}, ("make room",)),
    "a data folder that is a file": ({"VIVANT_DATA": "cards.toml"}, ("not a folder",)),
}
MACHINE = (
    *("too little room", "a data folder that is a file"),
    *("a host of another machine", "a public address that nobody finds"),
)
SLACK_HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": HEX}


async def _nobody(owner: Owner) -> None:
    fake = await owner.service()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    owner.sets(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", X=fake.url)


async def _tls_on_plain(owner: Owner) -> None:
    fake = await owner.service()
    owner.sets(OPENAI_BASE_URL=fake.url.replace("http:", "https:") + "/v1")


async def _plain_on_tls(owner: Owner) -> None:
    host = await owner.raw(b"HTTP/1.1 200 OK\r\n\r\n", tls=True)
    owner.sets(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"http://{host}/v1")


async def _own_certificate(owner: Owner) -> None:
    host = await owner.raw(b"HTTP/1.1 200 OK\r\n\r\n", tls=True)
    owner.sets(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"https://{host}/v1")


async def _no_http(owner: Owner) -> None:
    host = await owner.raw(b"220 mail.example.org ESMTP\r\n")
    owner.sets(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"http://{host}/v1")


async def _no_name(owner: Owner) -> None:
    owner.sets(OPENAI_API_KEY=KEY, OPENAI_BASE_URL="https://api.nowhere.invalid/v1")


async def _dead_proxy(owner: Owner) -> None:
    await owner.service()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    patch = owner.stack.enter_context(pytest.MonkeyPatch.context())
    patch.setenv("HTTP_PROXY", address)
    patch.setenv("NO_PROXY", "")


def spoilt(*troubles: fakes.Trouble, name: str = "openai", step: str = "models") -> Any:
    """A service whose list of models goes wrong."""

    async def plant(owner: Owner) -> None:
        (await owner.service(name)).spoil(step, *troubles)

    return plant


def based(path: str, name: str = "openai") -> Any:
    """A service at an address that is nearly right."""

    async def plant(owner: Owner) -> None:
        fake = await owner.service(name)
        owner.sets(**{f"{KIND[name].provider.upper()}_BASE_URL": fake.url + path})

    return plant


def served(name: str = "openai", **env: str) -> Any:
    """A good service with a mistake in the settings."""

    async def plant(owner: Owner) -> None:
        await owner.service(name, **env)

    return plant


async def _other_kind(owner: Owner) -> None:
    fake = await owner.service("vivant", OPENAI_PROFILE="sglang")
    listed = {"data": [{"id": "m", "owned_by": "vivant"}]}
    fake.spoil("models", *[fakes.answers(200, listed)] * 3)


async def _strange_key(owner: Owner) -> None:
    fake = await owner.service("gemini")
    fake.needs_key = False
    part = "0123abcd"
    key = f"{part}-0123-4567-89ab-{part}0123:{part * 4}"
    owner.sets(GEMINI_API_KEY=key)


async def _clock(owner: Owner) -> None:
    fake = await owner.service()
    late = formatdate(1_000_000_000, usegmt=True)
    listed = {"data": [{"id": "m"}]}
    fake.spoil("models", *[fakes.answers(200, listed, date=late)] * 3)


SERVICES: Mapping[str, tuple[Callable[[Owner], Awaitable[None]], tuple[str, ...]]] = {
    "nobody listens": (_nobody, ("connection refused", "correct OPENAI_BASE_URL")),
    "https where there is none": (_tls_on_plain, ("speaks no TLS", "with http://")),
    "http where there is https": (_plain_on_tls, ("speaks TLS", "with https://")),
    "a certificate of its own": (_own_certificate, ("not trusted", "SSL_CERT_FILE")),
    "a mail server": (_no_http, ("does not speak HTTP: is it the right port?",)),
    "no such host": (_no_name, ("(DNS)",)),
    "a proxy that is down": (_dead_proxy, ("proxy in HTTP_PROXY", "refused")),
    "a server that hangs": (
        spoilt(fakes.falls_silent),
        ("takes the connection and does not answer",),
    ),
    "a captive portal": (
        spoilt(fakes.page()),
        ("answers with a web page", "OPENAI_BASE_URL"),
    ),
    "a wrong key": (
        spoilt(fakes.says("wrong key")),
        ("refuses the key (401): copy OPENAI_API_KEY again",),
    ),
    "a wrong key of Gemini": (
        spoilt(
            fakes.answers(400, {"error": {"message": "API key not valid."}}),
            name="gemini",
            step="check",
        ),
        ("refuses the key (400): copy GEMINI_API_KEY again",),
    ),
    "a key that may not": (
        spoilt(fakes.answers(403, {"error": {"message": "forbidden"}})),
        ("refuses the key (403)", "may make videos"),
    ),
    "no credit": (
        spoilt(fakes.answers(402, {"error": {"message": "Insufficient credits"}})),
        ("no credit left (402): top up",),
    ),
    "an address without its version": (based(""), ("/v1", "set OPENAI_BASE_URL=")),
    "an address with videos": (based("/v1/videos"), ("set OPENAI_BASE_URL=",)),
    "an address of a page": (based("/docs/index.html"), ("set OPENAI_BASE_URL=",)),
    "Gemini without its version": (based("", "gemini"), ("set GEMINI_BASE_URL=",)),
    "OpenRouter without its path": (
        based("/v1", "openrouter"),
        ("set OPENROUTER_BASE_URL=", "/api/v1"),
    ),
    "a service that moved": (
        spoilt(fakes.leads_to("https://new.example.org/v1/models")),
        ("sends us on to https://new.example.org/v1/models", "correct OPENAI_BASE_URL"),
    ),
    "a service in trouble": (
        spoilt(fakes.answers(503, "sorry", kind="text/plain")),
        ("trouble of its own (503)", "try again later"),
    ),
    "too many requests": (
        spoilt(fakes.answers(429, {}, retry_after="7")),
        ("(429): try again in 7 s",),
    ),
    "a misspelt model": (
        served(VIVANT_FINAL="openai/sora-3", VIVANT_CATALOGUE=""),
        ("openai/sora-3: it has no such model",),
    ),
    "a misspelt model of fal": (
        served("fal", VIVANT_FINAL="fal/acme/m/image2video"),
        ("did you mean fal/acme/m/image-to-video?",),
    ),
    "a retired model": (
        served("gemini", VIVANT_FINAL="gemini/veo-3.1-generate-preview"),
        ("retired; see `vivant models`",),
    ),
    "another kind of server": (_other_kind, ("set OPENAI_PROFILE=vivant",)),
    "a key of another service": (_strange_key, ("looks like a key of fal",)),
    "a wrong clock": (_clock, ("fast, says openai: set it",)),
}


def on_discord(
    change: Callable[[FakeDiscord], object] | None = None, **env: str
) -> Any:
    """A good Discord with a mistake."""

    async def plant(owner: Owner) -> None:
        fake = await owner.discord(**env)
        if change:
            change(fake)

    return plant


def fails(method: str, path: str, **how: Any) -> Callable[[FakeDiscord], None]:
    return lambda fake: fake.fail(method=method, path=path, **how)


async def _no_path(owner: Owner) -> None:
    fake = await owner.discord()
    owner.sets(DISCORD_API_URL=fake.api_url.removesuffix("/api/v10"))


async def _wrong_gateway(owner: Owner) -> None:
    fake = await owner.discord()
    owner.sets(DISCORD_GATEWAY_URL=fake.gateway_url.replace("/gateway", "/nowhere"))


def _endpoint(fake: FakeDiscord) -> None:
    about = fake.application() | {"interactions_endpoint_url": "https://x.example/i"}
    fake.application = lambda: about  # type: ignore[method-assign]


def _code_grant(fake: FakeDiscord) -> None:
    about = fake.application() | {"bot_require_code_grant": True}
    fake.application = lambda: about  # type: ignore[method-assign]


def _leave(fake: FakeDiscord) -> None:
    fake.guilds.clear()


def _denied(fake: FakeDiscord) -> None:
    for channel in fake.channels.values():
        channel.deny("send_messages")


def _denied_to_all(fake: FakeDiscord) -> None:
    for channel in fake.channels.values():
        assert channel.guild
        channel.deny("attach_files", to=channel.guild.everyone)


def _others_commands(fake: FakeDiscord) -> None:
    fake.commands.append({"id": "1", "type": 1, "name": "ping", "description": "x"})


async def _html_slack(owner: Owner) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nhi"
    host = await owner.raw(page)
    await owner.slack(SLACK_API_URL=f"http://{host}/api")


def on_slack(change: Callable[[FakeSlack], object] | None = None, **env: str) -> Any:
    """A good Slack with a mistake."""

    async def plant(owner: Owner) -> None:
        fake = await owner.slack(**env)
        if change:
            change(fake)

    return plant


def says(method: str, **how: Any) -> Callable[[FakeSlack], object]:
    return lambda fake: fake.fail(method, **how)


async def _two_apps(owner: Owner) -> None:
    fake = await owner.slack(SLACK_APP_TOKEN="xapp-1-A0123456789-1-x")
    value = owner.env["SLACK_APP_TOKEN"]
    fake.tokens[value] = Token(value, APP)


async def _slack_without_path(owner: Owner) -> None:
    fake = await owner.slack()
    owner.sets(SLACK_API_URL=fake.address)


CHATS: Mapping[str, tuple[Callable[[Owner], Awaitable[None]], tuple[str, ...]]] = {
    "a refused token": (on_discord(DISCORD_TOKEN="x.y.z"), ("refused: copy it anew",)),
    "the client secret": (
        on_discord(DISCORD_TOKEN="abcdefghijklmnopqrstuvwxyz012345"),
        ("looks like the client secret", "Reset Token"),
    ),
    "the public key": (
        on_discord(DISCORD_TOKEN="0123456789abcdef" * 4),
        ("looks like the public key",),
    ),
    "an intent that is off": (
        on_discord(DISCORD_MESSAGE_CONTENT="yes"),
        ("message content is off", "or take DISCORD_MESSAGE_CONTENT out"),
    ),
    "no server": (on_discord(_leave), ("in none yet: invite it",)),
    "a server without permissions": (
        on_discord(lambda fake: fake.guild("S", bot_permissions={"view_channel"})),
        ("may not", "attach files", "allow it in the server's roles"),
    ),
    "a channel that keeps it out": (
        on_discord(_denied),
        ("may not send messages", "in #general", "Edit Channel, Permissions"),
    ),
    "channels without files": (
        on_discord(_denied_to_all),
        ("may not attach files in #general", "it can post in no channel"),
    ),
    "an endpoint for commands": (
        on_discord(_endpoint),
        ("Interactions Endpoint URL (x.example)", "empty it at"),
    ),
    "a code grant": (on_discord(_code_grant), ("Requires OAuth2 Code Grant is on",)),
    "no commands": (on_discord(), ("none of them: `vivant run` sends them",)),
    "commands of another": (on_discord(_others_commands), ("out of step", "ping")),
    "a gateway that is none": (_wrong_gateway, ("correct DISCORD_GATEWAY_URL",)),
    "Discord without its path": (_no_path, ("set DISCORD_API_URL=", "/api/v10")),
    "Discord in trouble": (
        on_discord(fails("GET", "/users/@me$", status=500)),
        ("Discord has trouble of its own (500)",),
    ),
    "Discord had enough": (
        on_discord(fails("GET", "/users/@me$", status=429, via=False)),
        ("too many requests from here (429)",),
    ),
    "thrown out just now": (
        on_discord(fails("GET", r"/guilds/\d+$", status=404, code=10004, times=9)),
        ("removed from it just now",),
    ),
    "nobody at Discord's address": (
        on_discord(DISCORD_API_URL="http://127.0.0.1:1/api/v10"),
        ("connection refused", "correct DISCORD_API_URL"),
    ),
    "an app token without its scope": (
        on_slack(says("apps.connections.open", error="missing_scope")),
        ("it lacks connections:write", "App-Level Tokens"),
    ),
    "a wrong bot token": (
        on_slack(SLACK_BOT_TOKEN="xoxb-wrong"),
        ("refused (invalid_auth): copy SLACK_BOT_TOKEN anew",),
    ),
    "a wrong app token": (
        on_slack(SLACK_APP_TOKEN="xapp-wrong"),
        ("refused (invalid_auth): copy SLACK_APP_TOKEN anew",),
    ),
    "an app that was removed": (
        on_slack(lambda fake: fake.uninstall()),
        ("the app was removed there: install it again",),
    ),
    "no scope for files": (
        on_slack(lambda fake: fake.ungrant("files:write")),
        ("missing: files:write (send the clip)", "Reinstall to Workspace"),
    ),
    "Socket Mode switched off": (
        on_slack(says("apps.connections.open", error="forbidden_team")),
        ("is Socket Mode on at",),
    ),
    "tokens of two apps": (_two_apps, ("SLACK_APP_TOKEN is of the app A0123456789",)),
    "Slack in trouble": (
        on_slack(says("auth.test", error="internal_error")),
        ("Slack has trouble of its own",),
    ),
    "a page in place of Slack": (
        _html_slack,
        ("a web page answers in place of Slack",),
    ),
    "Slack without its path": (_slack_without_path, ("set SLACK_API_URL=", "/api")),
    "a signing secret cut short": (
        on_slack(SLACK_SIGNING_SECRET="abc"),
        ("is no signing secret", "Basic Information"),
    ),
    "calls without an address": (
        on_slack(None, **SLACK_HTTP),
        ("VIVANT_PUBLIC_URL is not set", "Slack cannot call the bot"),
    ),
    "calls to this machine": (
        on_slack(None, **SLACK_HTTP, VIVANT_PUBLIC_URL="https://127.0.0.1"),
        ("only this network knows",),
    ),
    "calls to a private address": (
        on_slack(None, **SLACK_HTTP, VIVANT_PUBLIC_URL="https://192.168.1.5"),
        ("only this network knows",),
    ),
    "calls below a path": (
        on_slack(None, **SLACK_HTTP, VIVANT_PUBLIC_URL="https://example.org/bot"),
        ("has a path",),
    ),
}


def assert_told(found: list[Finding], words: tuple[str, ...]) -> None:
    """One line that is no “ok” names the mistake with its remedy; no secret is told."""
    odd = [one.detail for one in found if not one.good or one.warns]
    assert any(all(word in line for word in words) for line in odd), "\n".join(odd)
    assert not any(KEY in one.detail or "Traceback" in one.detail for one in found)


@pytest.mark.parametrize("mistake", TYPED)
async def test_a_mistake_in_the_settings_is_named(mistake: str, owner: Owner) -> None:
    env, words = TYPED[mistake]
    owner.sets(**env)
    owner.machine = mistake in MACHINE

    found = await owner.findings()

    assert_told(found, words)
    assert not all(one.good for one in found)


@pytest.mark.parametrize("mistake", SERVICES)
async def test_a_mistake_about_a_service_is_named(mistake: str, owner: Owner) -> None:
    plant, words = SERVICES[mistake]
    await plant(owner)

    assert_told(await owner.findings(), words)


@pytest.mark.parametrize("mistake", CHATS)
async def test_a_mistake_about_a_chat_is_named(mistake: str, owner: Owner) -> None:
    plant, words = CHATS[mistake]
    await plant(owner)

    assert_told(await owner.findings(), words)


async def _healthy_discord(owner: Owner) -> None:
    """On Discord for long, with a channel of rules that nobody may write in."""
    harbour = await owner.stack.enter_async_context(open_harbour(owner.data / "old"))
    rules = harbour.guild.channel("rules")
    rules.deny("send_messages", to=harbour.guild.everyone)
    owner.sets(
        DISCORD_TOKEN=harbour.discord.token,
        DISCORD_API_URL=harbour.discord.api_url,
        DISCORD_GATEWAY_URL=harbour.discord.gateway_url,
    )


async def _installed_by_people(owner: Owner) -> None:
    harbour = await owner.stack.enter_async_context(open_harbour(owner.data / "old"))
    fake = harbour.discord
    about = fake.application() | {"integration_types_config": {"1": {}}}
    fake.application = lambda: about  # type: ignore[method-assign]
    fake.guilds.clear()
    owner.sets(
        DISCORD_TOKEN=fake.token,
        DISCORD_API_URL=fake.api_url,
        DISCORD_GATEWAY_URL=fake.gateway_url,
    )


async def _proxied_slack(owner: Owner) -> None:
    """A proxy in between takes headers away that it does not know."""
    await owner.slack()
    said = b'{"ok":true,"user":"vivant","team":"Harbour","url":"wss://x","bot_id":"B1"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    host = await owner.raw(head + b"\r\n" + said)
    owner.sets(SLACK_API_URL=f"http://{host}/api")


async def _litellm(owner: Owner) -> None:
    fake = await owner.service("litellm")
    listed = {"data": [{"id": "openai/*", "owned_by": "openai"}, {"id": "m"}]}
    fake.spoil("models", *[fakes.answers(200, listed)] * 2)


async def _two_vivants(owner: Owner) -> None:
    fake = await owner.service("vivant")
    listed = {"data": [{"id": "m", "owned_by": "vivant"}]}
    fake.spoil("models", *[fakes.answers(200, listed)] * 2)


async def _slack_over_http(owner: Owner) -> None:
    await owner.slack(**SLACK_HTTP, VIVANT_PUBLIC_URL="https://vivant.example.org")


async def _many_services(owner: Owner) -> None:
    for name in ("fal", "replicate", "gemini", "openrouter"):
        fake = await owner.service(name)
        if name == "openrouter":
            fake.listed = [{"id": "acme/m"}]


async def _others_settings(owner: Owner) -> None:
    """The environment is shared with other programs."""
    owner.sets(
        SLACK_WEBHOOK_URL="x",
        DISCORD_WEBHOOK="x",
        OPENAI_ORG_ID="x",
        OPENAI_LOG="debug",
        GEMINI_MODEL="x",
        VIVANT_KEY="vivant-x",
        HOME="/root",
    )


HEALTHY: Mapping[str, Callable[[Owner], Awaitable[None]]] = {
    "nothing set up": served(),
    "Discord": _healthy_discord,
    "Discord for people's own accounts": _installed_by_people,
    "Slack": on_slack(),
    "Slack with both ways": on_slack(SLACK_SIGNING_SECRET=HEX),
    "Slack over HTTP": _slack_over_http,
    "Slack behind a proxy": _proxied_slack,
    "LiteLLM": _litellm,
    "Vivant to Vivant": _two_vivants,
    "vLLM-Omni": served("vllm-omni"),
    "a model without price, and no cap": served(
        VIVANT_FINAL="openai/m", VIVANT_QUOTA_MONTH_USD="unlimited"
    ),
    "four services": _many_services,
    "other programs' settings": _others_settings,
}


@pytest.mark.parametrize("setup", HEALTHY)
async def test_a_healthy_set_up_raises_no_alarm(setup: str, owner: Owner) -> None:
    await HEALTHY[setup](owner)

    found = await owner.findings()

    assert [one for one in found if not one.good or one.warns] == []


async def test_a_busy_machine_is_no_alarm(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)

    [found] = await machine.check_renderer(settings, None, slow=0.0)

    assert found.good
    assert found.warns
    assert "is this machine busy?" in found.detail


async def test_a_taken_port_is_named(owner: Owner) -> None:
    owner.machine = True
    with socket.create_server(("127.0.0.1", 0)) as other:
        owner.sets(VIVANT_WEB_PORT=str(other.getsockname()[1]))

        found = await owner.findings()

    assert_told(found, ("is taken by another program", "VIVANT_WEB_PORT"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear Ann, this is no database. " * 200, "is no SQLite database"),
        ("PRAGMA user_version=999", "is from a newer Vivant"),
    ],
)
async def test_a_strange_database_is_named(
    owner: Owner, content: bytes | str, words: str
) -> None:
    file = owner.data / "data" / "vivant.sqlite3"
    owner.machine = True
    file.parent.mkdir()
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        with sqlite3.connect(file) as db:
            db.execute(content)

    assert_told(await owner.findings(), (words,))


async def test_a_database_that_another_has_open_is_named(owner: Owner) -> None:
    owner.machine = True
    (owner.data / "data").mkdir()
    store = await open_sqlite(owner.data / "data" / "vivant.sqlite3")
    try:
        found = await owner.findings()
    finally:
        await store.close()

    assert_told(found, ("is in use",))


async def test_a_folder_called_home_is_named(owner: Owner) -> None:
    (owner.data / "~" / "vivant").mkdir(parents=True)
    owner.sets(VIVANT_DATA="~/vivant")

    assert_told(await owner.findings(), ("there is a folder ./~/vivant too",))
