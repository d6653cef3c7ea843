"""Which model makes a clip, and which one when that cannot: the owner's order decides.

An order goes on to the next model only if it was surely not accepted, if the person
did not name the model, and if the next one costs no more than was agreed to.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.breaker import Breaker
from bot.errors import BotError, Fault, ProviderError, RequestError
from bot.models import Job, ModelCard, Price, Quote, RenderRequest, Tier
from bot.providers import Provider
from bot.providers.planning import snap_seconds, snap_size

LOCAL = "local/parallax"
INSTEAD = "{before} could not take it, so {after} makes it."
# What says something about the service and nothing about the order.
SERVICE = frozenset(
    {Fault.AUTH, Fault.NO_MONEY, Fault.BUSY, Fault.TIMEOUT, Fault.UPSTREAM}
)
ELSEWHERE = SERVICE | {Fault.MODEL_GONE, Fault.UNSUPPORTED}
OWNERS = {Fault.AUTH: 600.0, Fault.NO_MONEY: 600.0}  # seconds until it may be mended


class Choice:
    """Remembers who works, and picks.

    Args:
        providers: By their names.
        draft: `provider/model` in the owner's order.
        final: The same; empty is the first that each service offers, then our own.
        draft_in: Other orders for drafts, by `chat:workspace`.
        final_in: The same for finals.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        draft: Sequence[str],
        final: Sequence[str],
        draft_in: Mapping[str, Sequence[str]] | None = None,
        final_in: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = providers
        self._draft = tuple(draft)
        self._final = tuple(final)
        self._own = {Tier.DRAFT: draft_in or {}, Tier.FINAL: final_in or {}}
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def order(self, tier: Tier, place: str = "") -> Sequence[str]:
        """Models for a tier: those whose service works first, each in its order.

        Args:
            tier: Draft or final.
            place: `chat:workspace` it is for, which may have an order of its own.
        """
        return self._working_first(self._listed(tier, place))

    def finals(self, request: RenderRequest, place: str = "") -> Sequence[ModelCard]:
        """The models that make a better clip of a finished one, the first choice first.

        They are those that the owner puts before the model that made it. Our own
        renderer steps in for any service: it is a final only where the owner says so,
        and what it made in the place of one may still become one.
        """
        own = f"{request.provider}/{request.model}"
        if request.tier is Tier.FINAL and own != LOCAL:
            return ()
        by_owner = LOCAL in self._own[Tier.FINAL].get(place, self._final)
        names = [n for n in self._listed(Tier.FINAL, place) if by_owner or n != LOCAL]
        better = names[: names.index(own)] if own in names else names
        cards = {c.name: c for p in self._providers.values() for c in p.models()}
        known = [cards[name] for name in self._working_first(better) if name in cards]
        known = [c for c in known if c.characters >= len(request.characters)]
        return [card for card in known if request.still or card.text_only]

    def worked(self, provider: str) -> None:
        """A service took an order."""
        self._breaker(provider).worked()

    def failed(self, provider: str, error: BotError) -> None:
        """A service did not take an order."""
        if not isinstance(error, ProviderError) or error.fault not in SERVICE:
            return
        now, breaker = self._clock(), self._breaker(provider)
        if error.fault in OWNERS:
            breaker.open(now, OWNERS[error.fault])
        elif error.after:
            breaker.open(now, error.after)
        else:
            breaker.failed(now)

    def instead(self, job: Job, error: BotError) -> Quote | None:
        """What else can be done with an order that was surely not accepted.

        Args:
            job: As it was ordered; its price is what the person agreed to.
            error: Why it was turned away.

        Returns:
            The same wish for the next model that may take it, or None.
        """
        if not isinstance(error, ProviderError) or error.fault not in ELSEWHERE:
            return None
        if job.request.named:
            return None
        for card, provider in self._after(job, error.fault):
            try:
                quote = provider.plan(_made_for(card, job))
            except RequestError:
                continue
            if _within(quote.price, job.price):
                before = self._title(job)
                note = INSTEAD.format(before=before, after=card.title)
                return replace(quote, notes=(note, *quote.notes))
        return None

    def _working_first(self, names: Sequence[str]) -> Sequence[str]:
        now = self._clock()

        def waits(name: str) -> bool:
            breaker = self._breakers.get(name.partition("/")[0])
            return breaker is not None and breaker.wait(now) > 0

        return sorted(names, key=waits)

    def _listed(self, tier: Tier, place: str) -> Sequence[str]:
        if own := self._own[tier].get(place):
            return own
        if tier is Tier.DRAFT:
            return self._draft
        if self._final:
            return self._final
        finals = [
            card.name
            for provider in self._providers.values()
            if (card := _first_final(provider.models()))
        ]
        return (*finals, LOCAL)

    def _after(self, job: Job, fault: Fault) -> Iterator[tuple[ModelCard, Provider]]:
        """The models behind this job's own in the owner's order, whose service works.

        The own service comes only where it was the model that could not.
        """
        listed = list(self._listed(job.request.tier, job.place.key))
        own = f"{job.request.provider}/{job.request.model}"
        behind = listed[listed.index(own) + 1 :] if own in listed else []
        now = self._clock()
        for name in behind:
            provider = self._providers.get(name.partition("/")[0])
            if provider is None or self._breaker(provider.name).wait(now):
                continue
            if provider.name == job.request.provider and fault in SERVICE:
                continue
            card = next((c for c in provider.models() if c.name == name), None)
            if card is not None and card.priced:
                yield card, provider

    def _title(self, job: Job) -> str:
        provider = self._providers.get(job.request.provider)
        cards = provider.models() if provider else ()
        titles = {card.id: card.title for card in cards}
        return titles.get(job.request.model, job.request.model)

    def _breaker(self, provider: str) -> Breaker:
        return self._breakers.setdefault(provider, Breaker(failures=3, first=30.0))


def _made_for(card: ModelCard, job: Job) -> RenderRequest:
    """The same wish in another model's words."""
    request = job.request
    source = request.source
    seconds = request.seconds
    if source is None:
        seconds = snap_seconds(seconds, card.seconds)
    return replace(
        request,
        provider=card.provider,
        model=card.id,
        seconds=seconds,
        size=snap_size(request.size, card),
        way=None,
        plan=None,
    )


def _first_final(cards: Sequence[ModelCard]) -> ModelCard | None:
    """What a service is best for; never a model whose price nobody knows."""
    known = [card for card in cards if card.priced and card.name != LOCAL]
    finals = [card for card in known if card.tier is Tier.FINAL]
    return next(iter([*finals, *known]), None)


def _within(price: Price, agreed: Price) -> bool:
    return price.units <= agreed.units and price.micros <= agreed.micros
