"""Settings that can be read and yet do not do what the owner probably wants.

Told by `vivant run` when it starts, and by `vivant doctor`. Nothing is asked of the
network here.
"""

import base64
import binascii
import ipaddress
from urllib.parse import urlsplit

from bot.checkup import nearest
from bot.config import CHATS, SERVICES, Settings
from bot.misspelt import meant

KEYS = {
    "openai": "OPENAI_API_KEY",
    "cometapi": "COMETAPI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "fal": "FAL_KEY",
    "gemini": "GEMINI_API_KEY",
    "replicate": "REPLICATE_API_TOKEN",
}
BEGINNINGS = {  # of keys that one service alone gives out
    "AIza": "gemini",
    "r8_": "replicate",
    "sk-or-": "openrouter",
    "sk-proj-": "openai",
}
STANDARD = ("openai", "replicate")  # sign as Standard Webhooks say
LOCAL = "local/parallax"
SERVES_NONE = "has a path, and the bot serves none"
PRIVATE_ENDS = (".local", ".internal", ".lan", ".localhost", ".home.arpa")


def remarks(settings: Settings) -> list[str]:
    """Each mistake that can be seen by looking at the settings, with its remedy."""
    return [
        *(meant(name, near) for name, near in settings.unknown.items()),
        *_models(settings),
        *_services(settings),
        *_swapped(settings),
        *_slack(settings),
        *_places(settings),
        *_calls(settings),
    ]


def not_public(url: str | None) -> str | None:
    """Why nobody on the internet can call this address; None when they may.

    Names are not looked up.
    """
    if url is None:
        return "VIVANT_PUBLIC_URL is not set"
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    shown = f"VIVANT_PUBLIC_URL={url}"
    if _is_inside(host):
        return f"{shown} is an address that only this network knows"
    if parts.scheme != "https":
        return f"{shown} is not https"
    if parts.path.strip("/") or parts.query:
        return f"{shown} {SERVES_NONE}"
    return None


def why_nobody(person: str) -> str | None:
    """Why nobody can be meant by a `CHAT:ID`; None when somebody may be."""
    chat, sign, who = person.partition(":")
    if not (chat and sign and who):
        example = f"discord:{person}" if person.isdecimal() else "discord:80351"
        return f"is not CHAT:ID, such as {example}."
    if chat not in CHATS:
        return f"names the chat {chat}: {_which(chat, CHATS)}"
    if chat == "discord" and not who.isdecimal():
        return "is not the number of somebody on Discord: copy their User ID."
    if chat == "slack" and "." not in who:
        return "is not slack:WORKSPACE.PERSON, such as slack:T024.U035."
    return None


def _swapped(settings: Settings) -> list[str]:
    """Keys of one service that were set for another.

    A service at an address of its own may take anybody's.
    """
    return [
        f"{KEYS[name]} begins with {start}, as keys of {owner} do: set it as"
        f" {KEYS[owner]}, or copy the key of {name}."
        for name, service in settings.services.items()
        for start, owner in BEGINNINGS.items()
        if owner != name and not service.base_url
        if (service.key or "").startswith(start)
    ]


def _slack(settings: Settings) -> list[str]:
    """Half of what Slack needs: the bot would stay away and say nothing."""
    halves = {
        "SLACK_APP_TOKEN": settings.slack_app_token,
        "SLACK_SIGNING_SECRET": settings.slack_signing_secret,
    }
    there = next((name for name, value in halves.items() if value), None)
    if settings.slack or there is None:
        return []
    remark = (
        f"{there} is set, and SLACK_BOT_TOKEN is not, so the bot is not on Slack: copy"
        " the Bot User OAuth Token from OAuth & Permissions."
    )
    return [remark]


def _models(settings: Settings) -> list[str]:
    """Models that are named, of services that are not there."""
    found = []
    for name in settings.named:
        service, sign, model = name.partition("/")
        if not (sign and model):
            found.append(
                f"{name} in VIVANT_DRAFT or VIVANT_FINAL is not SERVICE/MODEL."
            )
        elif service == "local":
            if name != LOCAL:
                found.append(f"There is no model {name}: did you mean {LOCAL}?")
        elif service in SERVICES and service not in settings.services:
            key = KEYS[service]
            found.append(f"{name} is to be used, and {key} is not set: set it.")
        elif service not in SERVICES:
            near = nearest(service, SERVICES, at_least=0.6)
            remedy = (
                f"did you mean {near}/{model}?"
                if near
                else f"there are {', '.join(SERVICES)} and local."
            )
            found.append(f"There is no service {service} (in {name}): {remedy}")
    return found


def _services(settings: Settings) -> list[str]:
    """What belongs to a service that is not set up, or cannot be right."""
    found = []
    for service in SERVICES:
        names = sorted(
            name for name in settings.typed if name.startswith(f"{service.upper()}_")
        )
        if names and service not in settings.services:
            also = " or OPENAI_BASE_URL" if service == "openai" else ""
            found.append(
                f"{' and '.join(names)} does nothing without {KEYS[service]}{also}: set"
                " that too."
            )
    for service in STANDARD:
        known = settings.services.get(service)
        if known and known.webhook_secret and not _is_standard(known.webhook_secret):
            name = f"{service.upper()}_WEBHOOK_SECRET"
            found.append(
                f"{name} is not a signing secret, which begins with whsec_: copy it"
                " again from the service's page about webhooks."
            )
    found += [
        f"VIVANT_PER_MINUTE names {name}, and there is no such service:"
        f" {_which(name, SERVICES)}"
        for name in settings.per_minute
        if name not in SERVICES
    ]
    return found


def _places(settings: Settings) -> list[str]:
    """People and workspaces that cannot exist."""
    found = [
        f"VIVANT_ADMINS={admin} {problem} Nobody is an admin by it."
        for admin in sorted(settings.admins)
        if (problem := why_nobody(admin))
    ]
    for name, places in (
        ("VIVANT_DRAFT_IN", settings.draft_in),
        ("VIVANT_FINAL_IN", settings.final_in),
    ):
        for place in places:
            chat = place.partition(":")[0]
            if chat not in CHATS:
                found.append(f"{name} names the chat {chat}: {_which(chat, CHATS)}")
    return found


def _calls(settings: Settings) -> list[str]:
    """Who is to call us, and cannot."""
    problem, wanted = not_public(settings.public_url), callers(settings)
    if problem and not wanted and problem.endswith(SERVES_NONE):
        return [f"{problem}: leave the path out, and let the proxy pass on all of it."]
    if problem is None or not wanted:
        return []
    others = "Slack" if wanted[-1].startswith("SLACK") else "services"
    remark = (
        f"{' and '.join(wanted)} is for calls from outside, and {problem}: {others}"
        " cannot call the bot. Set VIVANT_PUBLIC_URL to the address under which the"
        " internet reaches it, such as https://vivant.example.org."
    )
    return [remark]


def callers(settings: Settings) -> list[str]:
    """Settings of those who call the bot from outside."""
    wanted = [
        f"{name.upper()}_WEBHOOK_SECRET"
        for name, service in settings.services.items()
        if service.webhook_secret
    ]
    secret = settings.slack and settings.slack_signing_secret
    if secret and not settings.slack_app_token:
        wanted.append("SLACK_SIGNING_SECRET")
    if settings.slack_client_id:
        wanted.append("SLACK_CLIENT_ID")
    return wanted


def _which(word: str, known: tuple[str, ...]) -> str:
    near = nearest(word, known, at_least=0.6)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}."


def _is_standard(secret: str) -> bool:
    """Whether this can be a secret of Standard Webhooks."""
    start, sign, rest = secret.partition("_")
    try:
        return start == "whsec" and bool(sign) and len(base64.b64decode(rest)) >= 16
    except (binascii.Error, ValueError):
        return False


def _is_inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDS)
