"""Each service that is set up: whether it answers, takes the key, has the models."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

from bot.checkup import Finding, broken, nearest, warning, well
from bot.checkup.clock import check_clock
from bot.checkup.network import why_unreachable
from bot.config import Caps, Settings
from bot.errors import BotError, Fault, SetupError
from bot.media import Media
from bot.providers import catalogue
from bot.providers.answers import Answer
from bot.providers.cloud import Cloud
from bot.providers.faults import fault_of
from bot.providers.opening import ADDRESSES, VIDEOS, open_services
from bot.providers.proof import is_late, is_proxys, unfit_answer
from bot.providers.wire import Patience
from bot.remarks import KEYS

PATIENCE = Patience(connect=5.0, silent=20.0, answer=30.0)
TAILS = re.compile(r"(/videos(/generations)?|/models|/chat/completions|/images)+$")
VERSION = re.compile(r"/(api/)?v\d+(beta)?$")
SHAPES = {  # how the keys of some services look, all others' are free
    "openrouter": re.compile(r"sk-or-.+"),
    "replicate": re.compile(r"r8_\w+"),
    "gemini": re.compile(r"(AIza|AQ\.)[\w.-]+"),
    "fal": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}"),
}
KEY_WORDS = re.compile(r"api.?key|credential|token", re.IGNORECASE)
KINDS = {"vivant": "vivant", "vllm": "vllm-omni", "sglang": "sglang"}


async def check_services(
    settings: Settings, *, patience: Patience = PATIENCE
) -> list[Finding]:
    """All services, one after another."""
    found = []
    for name in settings.services:
        found += await check_service(name, settings, patience=patience)
    return found


async def check_service(
    name: str, settings: Settings, *, patience: Patience = PATIENCE
) -> list[Finding]:
    """What one service says, without ordering anything."""
    try:
        async with opened(_alone(settings, name), patience) as services:
            return await _look(name, services[name], settings, patience)
    except SetupError as error:
        return [broken(name, str(error))]


@asynccontextmanager
async def opened(
    settings: Settings, patience: Patience | None = None
) -> AsyncGenerator[Mapping[str, Cloud]]:
    """The services that are set up, in a folder that goes away."""
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="vivant-")
    try:
        media = await asyncio.to_thread(Media, Path(folder))
        services = await asyncio.to_thread(
            open_services, settings, media, patience=patience
        )
        try:
            yield services
        finally:
            for service in services.values():
                await service.close()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _look(
    name: str, service: Cloud, settings: Settings, patience: Patience
) -> list[Finding]:
    try:
        listed = await service.check()
        await service.refresh()
    except BotError as error:
        found = [await _explain(name, service, settings, patience, error)]
        return [*found, *check_clock(service.date, whose=name)]
    models = await asyncio.to_thread(_models, name, service, settings, listed)
    found = [one for one in models if not one.good] or [
        well(name, f"answers, the key is good, {len(service.models())} models"),
        *models,
    ]
    found += await _kind(name, service, settings)
    found += _strange_key(name, settings)
    return [*found, *check_clock(service.date, whose=name)]


async def _explain(
    name: str, service: Cloud, settings: Settings, patience: Patience, error: BotError
) -> Finding:
    """Why a service cannot be used, and what would mend it."""
    setting = f"{name.upper()}_BASE_URL" if settings.services[name].base_url else ""
    answer = unfit_answer(error)
    if answer is not None:
        passing = answer.status in (402, 429) or answer.status >= 500
        wrong = bool(setting) and not passing
        if wrong and (better := await _better_address(name, settings, patience)):
            remedy = f"{service.address} is not the address: set {setting}={better}"
            return broken(name, remedy)
        return _of_answer(name, service, settings, answer)
    why = await why_unreachable(service.address, setting=setting, proxied=True)
    if why:
        return broken(name, why)
    if is_proxys(error):
        told = "the proxy in HTTPS_PROXY or HTTP_PROXY refuses to let us through"
        return broken(name, f"{told}: correct it, or add the host to NO_PROXY")
    if is_late(error):
        seconds = f"{patience.silent:.0f} s" if patience.silent >= 1 else "its time"
        told = f"takes the connection and does not answer in {seconds}"
        return broken(name, f"{told}: it is overloaded or hangs; try again later")
    return broken(name, "broke off in the middle of its answer: try again later")


def _of_answer(
    name: str, service: Cloud, settings: Settings, answer: Answer
) -> Finding:
    """What an answer means that is not what a good key gets."""
    status, said = answer.status, answer.said()
    setting = "the network of this machine"
    if settings.services[name].base_url:
        setting = f"{name.upper()}_BASE_URL"
    fault = fault_of(status, said) if status >= 300 else None
    if status == 429 and fault is not Fault.NO_MONEY:
        wait = f" in {answer.after:.0f} s" if answer.after else " later"
        told = f"has had enough requests for now (429): try again{wait}"
        return warning(name, f"{told}; nothing has to be changed")
    if status == 407:
        told = "a proxy in between asks for a password: see HTTPS_PROXY"
    elif 300 <= status < 400:
        to = _shown(answer.headers.get("location", ""))
        told = f"sends us on to {to} ({status}): correct {setting}"
    elif fault is Fault.NO_MONEY:
        told = f"has no credit left ({status}): top up the account"
    elif status >= 500:
        told = f"has trouble of its own ({status}): nothing is wrong here, see its"
        told += " status page and try again later"
    elif _is_page(answer):
        told = f"answers with a web page ({status}), not with data: {setting} leads to"
        told += " a page for people, or a sign-in or a proxy is in between"
    elif fault is Fault.AUTH or status in (401, 403) or KEY_WORDS.search(said.text):
        told = _refused_key(name, settings, status)
    else:
        usual = ADDRESSES.get(name, "https://HOST/v1")
        told = f"{service.address} is there and is not this service ({status}): correct"
        told += f" {setting}, which ends like {usual}"
    return broken(name, told)


def _refused_key(name: str, settings: Settings, status: int) -> str:
    key, value = KEYS[name], settings.services[name].key
    if not value:
        return f"asks for a key ({status}): set {key}"
    if other := _looks_like(name, value):
        return f"refuses the key ({status}): {key} looks like a key of {other}"
    if value.startswith("vivant-") and name != "openai":
        return f"refuses the key ({status}): {key} is a key of a Vivant"
    return (
        f"refuses the key ({status}): copy {key} again from the service's page, and see"
        " that it was not revoked and may make videos"
    )


async def _better_address(
    name: str, settings: Settings, patience: Patience
) -> str | None:
    """An address at the same host where the service really is."""
    service = settings.services[name]
    for address in neighbours(name, service.base_url or ""):
        tried = replace(service, base_url=address)
        alone = replace(_alone(settings, name), services={name: tried})
        try:
            async with opened(alone, patience) as services:
                await services[name].check()
        except (BotError, SetupError):
            continue
        return address
    return None


def neighbours(name: str, address: str) -> Sequence[str]:
    """Where a service might be instead; always the same host, so the key may go."""
    if not address:
        return []
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    usual = urlsplit(ADDRESSES.get(name, "https://host/v1")).path
    path = TAILS.sub("", parts.path.rstrip("/"))
    bare = VERSION.sub("", path)
    paths = [path, bare + usual, usual, bare, f"{bare}/api/v1", f"{bare}/openai/v1"]
    tried = dict.fromkeys(origin + one for one in paths)
    return [one for one in tried if one != address.rstrip("/")]


def _models(
    name: str, service: Cloud, settings: Settings, listed: frozenset[str]
) -> list[Finding]:
    """Each model that the owner named for this service."""
    kind = "openai" if name in VIDEOS else name
    known = {card.id for card in catalogue.load(settings.catalogue).cards(kind)}
    offered = {card.id: card for card in service.models()}
    found = []
    for one in settings.named:
        provider, _, model = one.partition("/")
        if provider != name or not model:
            continue
        others = sorted((set(listed) or set(offered) | known) - {model})
        near = nearest(model, others, at_least=0.7)
        meant = f"did you mean {name}/{near}?" if near else "see `vivant models`"
        is_listed = any(fnmatch(model, pattern) for pattern in listed)
        if model not in offered and model in known:
            found.append(broken(name, f"{one}: retired; see `vivant models`"))
        elif model not in offered or (listed and not is_listed and model not in known):
            found.append(broken(name, f"{one}: it has no such model; {meant}"))
        elif not offered[model].priced:
            found.append(_unpriced(name, one, settings, meant if near else ""))
        elif listed and not is_listed:
            told = f"it does not list {one}: is that the right name?"
            found.append(warning(name, f"{told} {meant}" if near else told))
        if model in offered and (end := service.retirement(model)):
            found.append(warning(name, end.note(one)))
    return found


def _unpriced(name: str, one: str, settings: Settings, meant: str) -> Finding:
    """A model whose price nobody knows, and what becomes of its orders."""
    told = f"{one}: {price_unknown(settings.caps)}"
    told += f", or {meant}" if meant else ""
    caps = settings.caps
    refused = caps.month_micros is not None and caps.unpriced_micros is None
    return broken(name, told) if refused else warning(name, told)


def price_unknown(caps: Caps) -> str:
    """What becomes of an order of a model whose price is not known."""
    unknown = "price unknown"
    if caps.unpriced_micros is not None:
        return f"{unknown}, counted at {caps.unpriced_micros / 1e6:g} dollars a second"
    if caps.month_micros is None:
        return f"{unknown}; add it to VIVANT_CATALOGUE"
    return (
        f"{unknown}, so it is refused while VIVANT_QUOTA_MONTH_USD is a number; add it"
        " to VIVANT_CATALOGUE or set VIVANT_QUOTA_UNPRICED_USD"
    )


async def _kind(name: str, service: Cloud, settings: Settings) -> list[Finding]:
    """Whether the profile is the one of the server that answers."""
    if name != "openai":
        return []
    try:
        owners = await service.owners()
    except BotError:
        return []
    kind = next((KINDS[one] for one in sorted(owners) if one in KINDS), None)
    chosen = settings.services[name].profile or "generic"
    if kind is None or kind == chosen:
        return []
    told = f"that server is a {kind}, and OPENAI_PROFILE is {chosen}"
    remedy = f"{told}: set OPENAI_PROFILE={kind}"
    return [warning(name, remedy) if chosen == "generic" else broken(name, remedy)]


def _strange_key(name: str, settings: Settings) -> list[Finding]:
    """A key that another service gives out, although this one took it."""
    other = _looks_like(name, settings.services[name].key or "")
    if other is None or name in VIDEOS:
        return []
    told = f"{KEYS[name]} looks like a key of {other}: is it the right one?"
    return [warning(name, told)]


def _looks_like(name: str, key: str) -> str | None:
    own = SHAPES.get(name)
    if own and own.fullmatch(key):
        return None
    return next(
        (other for other, shape in SHAPES.items() if shape.fullmatch(key)), None
    )


def _alone(settings: Settings, name: str) -> Settings:
    return replace(settings, services={name: settings.services[name]})


def _is_page(answer: Answer) -> bool:
    said = answer.body.lower() if isinstance(answer.body, str) else ""
    kind = answer.headers.get("content-type", "")
    return "text/html" in kind or said.lstrip().startswith(("<!doctype", "<html"))


def _shown(location: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(location)
    host = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    return f"{host}{parts.path}"[:100] or "another address"
