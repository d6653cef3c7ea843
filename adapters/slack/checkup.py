"""What `vivant doctor` looks at on Slack: tokens, granted scopes, Socket Mode."""

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.manifest import FULL, LISTENING, LOW, SCOPES
from adapters.slack.paths import EVENTS, INSTALL
from adapters.slack.sockets import APPS
from adapters.slack.wire import LOST, Client, code_of
from bot.checkup import Finding
from bot.config import Settings

TROUBLE = (SlackApiError, *LOST)


async def check(settings: Settings) -> list[Finding]:
    """Ask Slack who we are and what we may."""
    found: list[Finding] = []
    async with aiohttp.ClientSession() as session:
        client = Client(None, f"{settings.slack_api_url}/", session=session)
        if settings.slack_bot_token:
            found += await _bot(client, settings.slack_bot_token)
        if settings.slack_app_token:
            found.append(await _socket(client, settings.slack_app_token))
    base = settings.public_url or f"http://{settings.web_host}:{settings.web_port}"
    if settings.slack_signing_secret:
        detail = f"Slack may call {base}{EVENTS}"
        found.append(Finding("Slack over HTTP", good=True, detail=detail))
    if settings.slack_client_id:
        detail = f"other workspaces install it at {base}{INSTALL}"
        found.append(Finding("Slack workspaces", good=True, detail=detail))
    return found


async def _bot(client: AsyncWebClient, token: str) -> list[Finding]:
    try:
        me = await client.auth_test(token=token)
    except TROUBLE as error:
        return [_no("Slack bot token", "SLACK_BOT_TOKEN", error)]
    who = f"{me['user']} in {me['team']}"
    header = str(me.headers.get("x-oauth-scopes") or "")
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    return [Finding("Slack bot token", good=True, detail=who), _scopes(granted)]


def _scopes(granted: set[str]) -> Finding:
    """Whether the installed app has what one of our manifests asks for."""
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return Finding("Slack scopes", good=True, detail=f"all of {FULL}")
    if set(missing) == set(LISTENING.values()):
        detail = f"those of {LOW}: a remix is asked for by a mention"
        return Finding("Slack scopes", good=True, detail=detail)
    lost = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    remedy = f"missing: {lost}. Paste {FULL} at {APPS}, then Reinstall to Workspace"
    return Finding("Slack scopes", good=False, detail=remedy)


async def _socket(client: AsyncWebClient, token: str) -> Finding:
    name = "Slack app token"
    try:
        await client.apps_connections_open(app_token=token)
    except TROUBLE as error:
        return _no(name, "SLACK_APP_TOKEN", error)
    return Finding(name, good=True, detail="opens Socket Mode")


def _no(name: str, setting: str, error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        remedy = f"refused ({code_of(error)}): copy {setting} anew from {APPS}"
        return Finding(name, good=False, detail=remedy)
    remedy = f"Slack does not answer ({error}): is this machine online?"
    return Finding(name, good=False, detail=remedy)
