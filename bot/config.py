"""What the owner decides: settings from the environment or a `.env` file.

Every name is told once, in `Settings.read`; `docs/configuration.md` lists them and a
test compares the two. All problems are told at once, before anything starts.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from bot.errors import SetupError
from bot.values import Values, why

DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
SLACK_API = "https://slack.com/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What people may use. None is without limit.

    Attributes:
        person_day: Units a person may take a UTC day.
        workspace_day: Units a guild, a team or the page may take a UTC day.
        month_micros: Money the bot may spend a UTC month, in millionths of a dollar.
        free_per_hour: Free renders a person may ask for an hour.
        at_once: Unfinished jobs a person may have.
        roles: Units a day by name of role; the most generous of a person's counts.
    """

    person_day: int | None = 60
    workspace_day: int | None = 600
    month_micros: int | None = 20_000_000
    free_per_hour: int = 60
    at_once: int = 5
    roles: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that renders elsewhere, as the owner has set it up.

    Attributes:
        key: What opens it; a server of the owner's own may need none.
        base_url: Where it is; None is its usual address.
        webhook_secret: What it signs its calls with.
        profile: Dialect of a `/v1/videos` server; None is guessed by its address.
    """

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    profile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the owner decides. Secrets never show in `repr`.

    Attributes:
        data: Folder for the database, the clips and everything else.
        database_url: `sqlite:///path`.
        draft: `provider/model` for drafts, in order of preference.
        final: The same for finals; empty is what each service offers, then our own.
        draft_in: Other orders for drafts, by `chat:workspace`.
        final_in: The same for finals.
        webhook_url: The owner's address that is told what became of programs' videos.
        services: Those that are set up, by name.
        catalogue: The owner's own model cards, over the packaged ones.
        per_minute: Requests a minute that a service is asked at most, by its name.
        keep_days: Days until a clip and its files are deleted; 0 keeps them.
        renders_at_once: Jobs that a provider works on at the same time.
        person_renders_at_once: Jobs of one person among them.
        discord_message_content: Whether to ask for the privileged intent.
        discord_shards: Whether to connect with as many shards as Discord advises.
        slack_bot_token: Of the one workspace; many are installed with the client id.
        slack_app_token: Opens Socket Mode.
        slack_signing_secret: What Slack signs its calls over HTTP with.
    """

    data: Path = Path("data")
    database_url: str = "sqlite:///data/vivant.sqlite3"
    web_host: str = "127.0.0.1"
    web_port: int = 8321
    web_token: str | None = field(default=None, repr=False)
    public_url: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    admins: frozenset[str] = frozenset()
    discord_token: str | None = field(default=None, repr=False)
    discord_message_content: bool = False
    discord_shards: bool = False
    discord_api_url: str = DISCORD_API
    discord_gateway_url: str = DISCORD_GATEWAY
    slack_bot_token: str | None = field(default=None, repr=False)
    slack_app_token: str | None = field(default=None, repr=False)
    slack_signing_secret: str | None = field(default=None, repr=False)
    slack_client_id: str | None = None
    slack_client_secret: str | None = field(default=None, repr=False)
    slack_api_url: str = SLACK_API
    draft: tuple[str, ...] = ("local/parallax",)
    final: tuple[str, ...] = ()
    draft_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    final_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    catalogue: Path | None = None
    per_minute: Mapping[str, int] = field(default_factory=dict)
    caps: Caps = Caps()
    keep_days: int = 30
    min_free_mb: int = 200
    max_seconds: int = 20
    renders_at_once: int = 100
    person_renders_at_once: int = 3
    mark: str = "animated still"
    links: bool = True

    @property
    def database(self) -> Path:
        """The file of the SQLite database."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def named(self) -> tuple[str, ...]:
        """Every model that the owner named, once."""
        places = (*self.draft_in.values(), *self.final_in.values())
        names = (*self.draft, *self.final, *(n for names in places for n in names))
        return tuple(dict.fromkeys(names))

    @property
    def slack(self) -> bool:
        """Whether the bot is to be on Slack."""
        return bool(self.slack_bot_token or self.slack_client_id)

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Read settings from a mapping such as `os.environ`.

        Raises:
            SetupError: With every problem that was found.
        """
        values = Values(env)
        data = values.path("VIVANT_DATA") or Path("data")
        settings = cls(
            data=data,
            database_url=values.database("VIVANT_DATABASE_URL", data),
            web_host=values.text("VIVANT_WEB_HOST") or "127.0.0.1",
            web_port=values.whole("VIVANT_WEB_PORT", 8321, least=0, most=65535),
            web_token=values.secret("VIVANT_WEB_TOKEN"),
            public_url=values.address("VIVANT_PUBLIC_URL"),
            webhook_url=values.address("VIVANT_WEBHOOK_URL"),
            webhook_secret=values.signing("VIVANT_WEBHOOK_SECRET"),
            admins=frozenset(values.words("VIVANT_ADMINS")),
            discord_token=values.secret("DISCORD_TOKEN"),
            discord_message_content=values.flag(
                "DISCORD_MESSAGE_CONTENT", default=False
            ),
            discord_shards=values.flag("DISCORD_SHARDS", default=False),
            discord_api_url=values.address("DISCORD_API_URL") or DISCORD_API,
            discord_gateway_url=values.socket("DISCORD_GATEWAY_URL") or DISCORD_GATEWAY,
            slack_bot_token=values.token("SLACK_BOT_TOKEN", "xoxb-"),
            slack_app_token=values.token("SLACK_APP_TOKEN", "xapp-"),
            slack_signing_secret=values.secret("SLACK_SIGNING_SECRET"),
            slack_client_id=values.text("SLACK_CLIENT_ID") or None,
            slack_client_secret=values.secret("SLACK_CLIENT_SECRET"),
            slack_api_url=values.address("SLACK_API_URL") or SLACK_API,
            draft=values.words("VIVANT_DRAFT") or ("local/parallax",),
            final=values.words("VIVANT_FINAL"),
            draft_in=values.by_place("VIVANT_DRAFT_IN"),
            final_in=values.by_place("VIVANT_FINAL_IN"),
            services=_services(values),
            catalogue=values.path("VIVANT_CATALOGUE"),
            per_minute=values.numbers("VIVANT_PER_MINUTE"),
            caps=Caps(
                person_day=values.cap("VIVANT_QUOTA_PERSON_DAY", 60),
                workspace_day=values.cap("VIVANT_QUOTA_WORKSPACE_DAY", 600),
                month_micros=values.money("VIVANT_QUOTA_MONTH_USD", 20_000_000),
                free_per_hour=values.whole("VIVANT_QUOTA_FREE_PER_HOUR", 60, least=0),
                at_once=values.whole("VIVANT_QUOTA_AT_ONCE", 5, least=1),
                roles=values.roles("VIVANT_QUOTA_ROLES"),
            ),
            keep_days=values.whole("VIVANT_KEEP_DAYS", 30, least=0),
            min_free_mb=values.whole("VIVANT_MIN_FREE_MB", 200, least=0),
            max_seconds=values.whole("VIVANT_MAX_SECONDS", 20, least=1, most=60),
            renders_at_once=values.whole("VIVANT_RENDERS_AT_ONCE", 100, least=1),
            person_renders_at_once=values.whole(
                "VIVANT_PERSON_RENDERS_AT_ONCE", 3, least=1
            ),
            mark=values.text("VIVANT_MARK", "animated still"),
            links=values.flag("VIVANT_LINKS", default=True),
        )
        if not is_loopback(settings.web_host) and not settings.web_token:
            values.problems.append(
                f"VIVANT_WEB_HOST={settings.web_host} lets other machines in: set"
                " VIVANT_WEB_TOKEN to a long random word, or leave the host out."
            )
        values.problems += _slack_problems(settings)
        if settings.webhook_url and not settings.webhook_secret:
            values.problems.append(
                "VIVANT_WEBHOOK_URL needs VIVANT_WEBHOOK_SECRET: whsec_ and 24 or more"
                " random bytes in base64."
            )
        if values.problems:
            raise SetupError(values.problems)
        return settings


def _slack_problems(settings: Settings) -> list[str]:
    """What is missing for Slack, if Slack is wanted."""
    found = []
    if bool(settings.slack_client_id) != bool(settings.slack_client_secret):
        found.append(
            "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: set both, or"
            " neither for a single workspace."
        )
    if settings.slack_client_id and settings.slack_bot_token:
        found.append(
            "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID for many: leave one"
            " of them out."
        )
    if settings.slack_client_id and not settings.public_url:
        found.append(
            "SLACK_CLIENT_ID lets other workspaces install the bot: set"
            " VIVANT_PUBLIC_URL, which they are sent back to."
        )
    if settings.slack and not (
        settings.slack_app_token or settings.slack_signing_secret
    ):
        found.append(
            "Slack cannot reach the bot: set SLACK_APP_TOKEN for Socket Mode, or"
            " SLACK_SIGNING_SECRET to be called over HTTP."
        )
    return found


def _services(values: Values) -> Mapping[str, Service]:
    """Every service that has a key or an address of its own."""
    found = {
        "openai": Service(
            key=values.key("OPENAI_API_KEY"),
            base_url=values.address("OPENAI_BASE_URL"),
            webhook_secret=values.secret("OPENAI_WEBHOOK_SECRET"),
            profile=values.text("OPENAI_PROFILE") or None,
        ),
        "cometapi": Service(
            key=values.key("COMETAPI_API_KEY"),
            base_url=values.address("COMETAPI_BASE_URL"),
            profile="cometapi",
        ),
        "openrouter": Service(
            key=values.key("OPENROUTER_API_KEY"),
            base_url=values.address("OPENROUTER_BASE_URL"),
            webhook_secret=values.secret("OPENROUTER_WEBHOOK_SECRET"),
        ),
        "fal": Service(
            key=values.key("FAL_KEY"), base_url=values.address("FAL_BASE_URL")
        ),
        "gemini": Service(
            key=values.key("GEMINI_API_KEY"),
            base_url=values.address("GEMINI_BASE_URL"),
        ),
        "replicate": Service(
            key=values.key("REPLICATE_API_TOKEN"),
            base_url=values.address("REPLICATE_BASE_URL"),
            webhook_secret=values.secret("REPLICATE_WEBHOOK_SECRET"),
        ),
    }
    for name, service in found.items():
        if service.key and service.base_url and not is_safe(service.base_url):
            values.problems.append(
                f"{name.upper()}_BASE_URL={service.base_url} would send the key over"
                " the open internet: begin it with https://."
            )
    alone = {"openai"}  # a server of one's own needs no key
    return {
        name: service
        for name, service in found.items()
        if service.key or (name in alone and service.base_url)
    }


def load(folder: Path, env: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the environment and, where it is silent, `folder/.env`.

    Raises:
        SetupError: With every problem of both.
    """
    problems: list[str] = []
    merged = _read_dotenv(folder / ".env", problems)
    merged.update(os.environ if env is None else env)
    try:
        settings = Settings.read(merged)
    except SetupError as error:
        raise SetupError([*problems, *error.problems]) from None
    if problems:
        raise SetupError(problems)
    return settings


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(base_url: str) -> bool:
    """Whether a key may be sent there: over HTTPS, or inside a private network."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if parts.scheme == "https":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        # A name without a dot, or under these, is never one of the open internet.
        ends = (".local", ".internal", ".lan", ".localhost", ".home.arpa", ".test")
        return "." not in host or host.endswith(ends)


def _read_dotenv(file: Path, problems: list[str]) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{file.name} cannot be read ({why(error)}).")
        return {}
    problems.extend(
        f"{file.name} line {binding.original.line} is not NAME=value."
        for binding in bindings
        if binding.error or (binding.key and binding.value is None)
    )
    return {b.key: b.value for b in bindings if b.key and b.value is not None}
