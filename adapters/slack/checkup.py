"""What `vivant doctor` looks at on Slack: tokens, scopes, the ways to the bot."""

import re
from urllib.parse import urlsplit

from adapters.probe import Heard, ask, unfit
from adapters.slack.manifest import FULL, LISTENING, LOW, SCOPES
from adapters.slack.paths import EVENTS, INSTALL
from adapters.slack.sockets import APPS, CONNECTIONS_SCOPE
from bot.checkup import Finding, broken, warning, well
from bot.checkup.clock import check_clock
from bot.config import SLACK_API, Settings
from bot.remarks import not_public

BOT, APP, HTTP = "Slack bot token", "Slack app token", "Slack over HTTP"
OAUTH, BASIC = "OAuth & Permissions", "Basic Information"  # pages of the app
SECRET = re.compile(r"[0-9a-z]{32}")  # Slack's are 32 hexadecimal digits
APP_ID = re.compile(r"A[A-Z0-9]{7,12}")
OWN_TROUBLE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)
TOKEN_WRONG = frozenset({"invalid_auth", "not_authed", "not_allowed_token_type"})
REMOVED = frozenset({"account_inactive", "token_revoked", "app_uninstalled"})


async def check(settings: Settings) -> list[Finding]:
    """Ask Slack who we are and what we may."""
    api = settings.slack_api_url
    heard = await _call(settings, "auth.test", settings.slack_bot_token)
    if isinstance(heard, str):
        return [broken("Slack", heard)]
    clock = check_clock(heard.date, whose="Slack")
    if "ok" not in heard.fields:
        setting = "" if api == SLACK_API else "SLACK_API_URL"
        wrong = setting and not heard.is_passing
        if wrong and (better := await _better(settings)):
            remedy = f"{api} is not the address: set SLACK_API_URL={better}"
            return [broken("Slack", f"{remedy}, or leave it out"), *clock]
        return [unfit("Slack", "Slack", heard, setting), *clock]
    found, app = await _bot(settings, heard)
    if token := settings.slack_app_token:
        found += await _socket(settings, token, app)
    return [*found, *_http(settings, app), *clock]


async def _bot(settings: Settings, heard: Heard) -> tuple[list[Finding], str | None]:
    """What the bot's token is good for, and of which app it is."""
    token = settings.slack_bot_token
    if not token:
        return [], None
    said = heard.fields
    if not said["ok"]:
        return [_refused(BOT, "SLACK_BOT_TOKEN", heard, OAUTH)], None
    who = f"{said.get('user')} in {said.get('team')}"
    found = [well(BOT, who), _scopes(heard.headers.get("x-oauth-scopes"))]
    about = await _call(settings, "bots.info", token, bot=str(said.get("bot_id", "")))
    bot = about.fields.get("bot") if isinstance(about, Heard) else None
    app = str(bot.get("app_id", "")) if isinstance(bot, dict) else ""
    page = f"{APPS}/{app}" if app else APPS
    told = (
        "nobody can look at Event Subscriptions and Interactivity from here: if the bot"
        f" does not react to mentions or buttons, compare {page} with {FULL}"
    )
    return [*found, well("Slack events", told)], app or None


def _scopes(header: str | None) -> Finding:
    """Whether the installed app has what one of our manifests asks for."""
    name = "Slack scopes"
    granted = {scope.strip() for scope in (header or "").split(",") if scope.strip()}
    if not granted:
        return well(name, "cannot be seen: something in between takes the header away")
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return well(name, f"all of {FULL}")
    if set(missing) == set(LISTENING.values()):
        return well(name, f"those of {LOW}: a remix is asked for by a mention")
    lost = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    remedy = f"missing: {lost}. Paste {FULL} at {APPS}, then Reinstall to Workspace"
    return broken(name, remedy)


async def _socket(settings: Settings, token: str, app: str | None) -> list[Finding]:
    """Whether the app's token opens Socket Mode, for the same app."""
    heard = await _call(settings, "apps.connections.open", token)
    if isinstance(heard, str):
        return [broken(APP, heard)]
    if not heard.fields.get("ok"):
        return [_refused(APP, "SLACK_APP_TOKEN", heard, BASIC)]
    parts = token.split("-")
    of = parts[2] if len(parts) > 2 else ""
    known = APP_ID.fullmatch(of) and APP_ID.fullmatch(app or "")
    if known and of != app:
        told = (
            f"SLACK_APP_TOKEN is of the app {of}, SLACK_BOT_TOKEN of {app}: copy both"
        )
        return [broken(APP, f"{told} from the pages of one app at {APPS}")]
    return [well(APP, "opens Socket Mode")]


def _http(settings: Settings, app: str | None) -> list[Finding]:
    """Whether Slack can call us, where it is to."""
    secret, url = settings.slack_signing_secret, settings.public_url
    found = []
    if secret and not SECRET.fullmatch(secret):
        told = "SLACK_SIGNING_SECRET is no signing secret, which has 32 letters and"
        page = f"{APPS}/{app}/general" if app else APPS
        found.append(
            broken(HTTP, f"{told} digits: copy it from Basic Information, {page}")
        )
    elif secret and secret == settings.slack_client_secret:
        told = "SLACK_SIGNING_SECRET is the client secret: copy the Signing Secret"
        found.append(broken(HTTP, f"{told}, which stands under it"))
    elif secret and not_public(url) is None:
        found.append(well(HTTP, f"Slack may call {url}{EVENTS}"))
    elif secret and settings.slack_app_token:
        found.append(well(HTTP, "not used: Socket Mode needs no public address"))
    if settings.slack_client_id and not_public(url) is None:
        told = f"other workspaces install it at {url}{INSTALL}"
        found.append(well("Slack workspaces", told))
    return found


def _refused(name: str, setting: str, heard: Heard, page: str) -> Finding:
    """Slack's own word for what is wrong, and what mends it."""
    code = str(heard.fields.get("error", "")) or f"status {heard.status}"
    anew = f"copy {setting} anew from {APPS}, {page}"
    told = f"refused ({code[:40]})"
    if code == "ratelimited" or heard.status == 429:
        return warning(name, f"{told}: Slack has had enough requests; try again later")
    if code == "missing_scope" and name == APP:
        remedy = (
            f"it lacks {CONNECTIONS_SCOPE}. At {APPS}, {page}, App-Level Tokens, make a"
            f" token with the scope {CONNECTIONS_SCOPE}, and set {setting} to it"
        )
    elif code in OWN_TROUBLE or heard.status >= 500:
        remedy = "Slack has trouble of its own, see https://status.slack.com"
    elif code in REMOVED:
        remedy = f"the app was removed there: install it again at {APPS}, then {anew}"
    elif code == "token_expired":
        remedy = f"switch Token Rotation off at {APPS}, then {anew}"
    elif name == APP and code not in TOKEN_WRONG:
        remedy = f"is Socket Mode on at {APPS}, Socket Mode?"
    else:
        remedy = anew
    return broken(name, f"{told}: {remedy}")


async def _call(
    settings: Settings, method: str, token: str | None, **words: str
) -> Heard | str:
    setting = "" if settings.slack_api_url == SLACK_API else "SLACK_API_URL"
    query = "&".join(f"{name}={value}" for name, value in words.items())
    url = f"{settings.slack_api_url}/{method}{'?' if query else ''}{query}"
    keyed = {"Authorization": f"Bearer {token}"} if token else {}
    return await ask(url, method="POST", headers=keyed, setting=setting, proxied=True)


async def _better(settings: Settings) -> str | None:
    """The address at the same host where Slack's API really is."""
    parts = urlsplit(settings.slack_api_url)
    for path in ("/api", parts.path.rstrip("/") + "/api"):
        address = f"{parts.scheme}://{parts.netloc}{path}"
        heard = await ask(f"{address}/auth.test", method="POST", proxied=True)
        if isinstance(heard, Heard) and "ok" in heard.fields:
            return address
    return None
