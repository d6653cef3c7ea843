"""The services that the owner has set up, opened: one line for each."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.config import Service, Settings
from bot.errors import SetupError
from bot.media import Media
from bot.models import ModelCard
from bot.providers import catalogue, fal, gemini, openrouter, replicate
from bot.providers.catalogue import Catalogue
from bot.providers.cloud import Cloud, Desk
from bot.providers.openai import profiles
from bot.providers.openai.profiles import Profile
from bot.providers.openai.provider import OpenAIVideos
from bot.providers.wire import Patience, Wire
from bot.store import Rows

VIDEOS = ("openai", "cometapi")  # both speak `/v1/videos`
TITLES = {
    "openrouter": "OpenRouter",
    "fal": "fal",
    "gemini": "Gemini",
    "replicate": "Replicate",
}
ADDRESSES = {
    "openrouter": openrouter.BASE_URL,
    "fal": fal.BASE_URL,
    "gemini": gemini.BASE_URL,
    "replicate": replicate.BASE_URL,
}


def open_services(
    settings: Settings,
    media: Media,
    *,
    store: Rows | None = None,
    hooks: bool = False,
    now: Callable[[], float] = time.time,
    patience: Patience | None = None,
) -> Mapping[str, Cloud]:
    """Open every service that is set up. Blocks: reads files, connects nowhere.

    Args:
        settings: What the owner has set up.
        media: Where stills and clips are.
        store: Where small facts outlive a restart.
        hooks: Whether somebody serves `/hooks/NAME`, so that services may call.
        now: Unix time in seconds.
        patience: How long they may take.

    Raises:
        SetupError: The catalogue has a mistake, or a profile does not exist.
    """
    known = catalogue.load(settings.catalogue)
    desk = Desk(
        media=media,
        now=now,
        public_url=settings.public_url if hooks else None,
        store=store,
    )
    opened: dict[str, Cloud] = {}
    for name, service in settings.services.items():
        if name in VIDEOS:
            opened[name] = _videos(name, service, known, desk, settings, patience)
        else:
            opened[name] = _other(name, service, known, desk, settings, patience)
    return opened


def _videos(
    name: str,
    service: Service,
    known: Catalogue,
    desk: Desk,
    settings: Settings,
    patience: Patience | None,
) -> Cloud:
    """A server that speaks `/v1/videos`."""
    listed = profiles.load()
    chosen = service.profile or profiles.guess(service.base_url, listed)
    if chosen not in listed:
        names = ", ".join(listed)
        raise SetupError(
            [f"OPENAI_PROFILE={chosen} does not exist: take one of {names}."]
        )
    profile = listed[chosen]
    base_url = service.base_url or profile.base_url
    if base_url is None:
        raise SetupError([f"OPENAI_PROFILE={chosen} needs OPENAI_BASE_URL."])
    cards = known.cards("openai", name=name, profile=chosen)
    if service.base_url not in (None, profile.base_url):
        # A server of somebody's own may answer to a name that its maker gave up.
        cards = [replace(card, retires_on=None) for card in cards]
    wire = Wire(
        base_url,
        title=profile.title,
        headers={"Authorization": f"Bearer {service.key}"} if service.key else {},
        patience=patience,
        per_minute=settings.per_minute.get(name),
    )
    return OpenAIVideos(
        name,
        wire,
        desk,
        profile,
        _with_wanted(name, cards, settings, profile.card),
        dialect=chosen,
        webhook_secret=service.webhook_secret if profile.webhooks else None,
    )


def _other(
    name: str,
    service: Service,
    known: Catalogue,
    desk: Desk,
    settings: Settings,
    patience: Patience | None,
) -> Cloud:
    base_url = service.base_url or ADDRESSES[name]
    key = service.key or ""

    def wire(address: str, headers: Mapping[str, str]) -> Wire:
        return Wire(
            address,
            title=TITLES[name],
            headers=headers,
            patience=patience,
            per_minute=settings.per_minute.get(name),
        )

    bearer = {"Authorization": f"Bearer {key}"}
    cards = _with_wanted(name, known.cards(name), settings, _unknown)
    match name:
        case "fal":
            keyed = {"Authorization": f"Key {key}"}
            store = service.base_url or fal.STORE_URL
            return fal.Fal(wire(base_url, keyed), wire(store, keyed), desk, cards)
        case "gemini":
            return gemini.Gemini(wire(base_url, {"x-goog-api-key": key}), desk, cards)
        case "replicate":
            return replicate.Replicate(
                wire(base_url, bearer),
                desk,
                cards,
                webhook_secret=service.webhook_secret,
            )
        case _:
            return openrouter.OpenRouter(
                wire(base_url, bearer),
                desk,
                cards,
                webhook_secret=service.webhook_secret,
            )


def _with_wanted(
    name: str,
    cards: Sequence[ModelCard],
    settings: Settings,
    make: Callable[[str, str], ModelCard],
) -> Sequence[ModelCard]:
    """The cards, and one for each model that the owner names and nobody knows."""
    known = {card.id for card in cards}
    wanted = [
        model
        for one in settings.named
        for provider, _, model in [one.partition("/")]
        if provider == name and model
    ]
    return [*cards, *(make(name, m) for m in dict.fromkeys(wanted) if m not in known)]


def _unknown(provider: str, model: str) -> ModelCard:
    """A card for a model that no catalogue knows: its price is not known either."""
    return _ANY.card(provider, model)


_ANY = Profile(title="", checked_on=catalogue.NEVER, still="object")
