"""An ask, checked and filled in: the line between what people type and what we do."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import OptionError, PromptError, StillError
from bot.models import (
    Ask,
    Clip,
    ModelCard,
    Op,
    RenderRequest,
    Shape,
    Size,
    Source,
    Tier,
)
from bot.prompt.parse import parse
from bot.providers.planning import MANY, snap_size
from bot.values import UNLIMITED

MOST_DIGITS = 9  # of clip-seconds a day; nobody could make that many
RATIOS = {Shape.LANDSCAPE: 16 / 9, Shape.PORTRAIT: 9 / 16, Shape.SQUARE: 1.0}


def choose(ask: Ask, cards: Sequence[ModelCard], wanted: Sequence[str]) -> ModelCard:
    """The model that was asked for, else the first of `wanted` that is there.

    Raises:
        OptionError: There is no such model, or it cannot show the characters; the
            hint names those that can.
    """
    known = {card.name: card for card in cards}
    names = wanted if ask.model is None else (ask.model,)
    for name in names:
        if name in known:
            _check_characters(ask, known[name], cards)
            return known[name]
    raise OptionError(
        "There is no model “{name}” here.",
        hint=f"Pick one of these: {', '.join(known)}.",
        name=" or ".join(names)[:100],
    )


def request(ask: Ask, card: ModelCard) -> RenderRequest:
    """What somebody asked for, made complete for a model.

    Raises:
        StillError: There is no picture and the model needs one.
        PromptError: There are too many words, or a character's name is not among them.
        OptionError: The model makes no clip of that length.
    """
    if ask.still is None and not card.text_only:
        raise StillError(
            "There is no picture.", hint="Attach a picture and send it again."
        )
    prompt = _words(ask.prompt, card)
    if ask.still is None and not prompt.strip():
        raise PromptError(
            "There is neither a picture nor a word.",
            hint="Attach a picture, or say what should be seen.",
        )
    for character in ask.characters:
        if character.name not in prompt:
            raise PromptError(
                "The words do not say “{name}”.",
                hint="Say the name of each character exactly as it was given.",
                name=character.name,
            )
    return RenderRequest(
        prompt=prompt,
        provider=card.provider,
        model=card.id,
        seconds=_length(ask, prompt, card),
        size=_size(card, ask),
        seed=new_seed() if ask.seed is None else ask.seed,
        tier=ask.tier,
        still=ask.still.media if ask.still else None,
        last=ask.last.media if ask.last else None,
        named=ask.model is not None,
        characters=ask.characters,
    )


def remix(clip: Clip, words: str, card: ModelCard) -> RenderRequest:
    """The same clip, changed by what somebody said about it.

    Raises:
        PromptError: Nothing was said, or too much.
    """
    return replace(
        clip.request,
        op=Op.REMIX,
        provider=card.provider,
        model=card.id,
        prompt=_reply(words, card),
        source=_source(clip),
        plan=None,
    )


def extension(clip: Clip, words: str, seconds: int, card: ModelCard) -> RenderRequest:
    """The same clip, and some seconds more.

    Raises:
        PromptError: There are too many words.
        OptionError: It would become longer than the model can do.
    """
    return replace(
        clip.request,
        op=Op.EXTEND,
        provider=card.provider,
        model=card.id,
        prompt=_words(words, card),
        seconds=_grown(card, clip.request.seconds, seconds),
        source=_source(clip),
        plan=None,
        characters=(),  # no service takes them here: they are in the clip already
    )


def final(clip: Clip, card: ModelCard) -> RenderRequest:
    """The same clip by a better model, in the frame that it likes best.

    Raises:
        PromptError: There are too many words for that model.
    """
    done = clip.request
    return replace(
        done,
        tier=Tier.FINAL,
        provider=card.provider,
        model=card.id,
        prompt=_words(done.prompt, card),
        size=_frame(card, done.size.width / done.size.height),
        plan=None,
        way=None,
        whole=None,
        named=False,
    )


def remade(clip: Clip, prompt: str, seconds: int, card: ModelCard) -> RenderRequest:
    """The same clip by other words; what it was made from stays.

    Raises:
        PromptError: There are too many words, or none for a remix.
        OptionError: The model makes no clip of that length.
    """
    done = clip.request
    if done.op is Op.CREATE:
        seconds = _offered(card, seconds)
    elif done.op is Op.EXTEND and done.source:
        before = done.source.seconds
        seconds = _grown(card, before, seconds - before)
    return replace(
        done,
        provider=card.provider,
        model=card.id,
        prompt=(_reply if done.op is Op.REMIX else _words)(prompt, card),
        seconds=seconds,
        seed=new_seed(),
        plan=None,
        way=None,
        whole=None,
    )


def new_seed() -> int:
    """A number that makes the next clip differ."""
    return secrets.randbelow(2**31)


def _check_characters(ask: Ask, card: ModelCard, cards: Sequence[ModelCard]) -> None:
    asked = len(ask.characters)
    if asked <= card.characters:
        return
    known = [other.name for other in cards if other.characters >= asked]
    raise OptionError(
        MANY,
        hint=f"Pick one of these: {', '.join(known)}."
        if known
        else "No model that is set up here can; leave them out.",
        title=card.title,
        characters=card.characters,
        asked=asked,
    )


def _words(words: str, card: ModelCard) -> str:
    """The words without control characters."""
    kept = "".join(c for c in words if c.isprintable() or c in "\n\t\u200d").strip()
    if len(kept) > card.prompt_limit:
        raise PromptError(
            "That is {length} characters; {limit} is the most.",
            hint="Say it shorter.",
            length=f"{len(kept):,}",
            limit=f"{card.prompt_limit:,}",
        )
    return kept


def _reply(words: str, card: ModelCard) -> str:
    """The words that say what to change."""
    if kept := _words(words, card):
        return kept
    raise PromptError(
        "You did not say what to change.",
        hint="Answer with words such as “slower, and add snow”.",
    )


def _length(ask: Ask, prompt: str, card: ModelCard) -> int:
    """The seconds that were asked for, else those that the prompt's times add up to."""
    if ask.seconds is not None:
        return _offered(card, ask.seconds)
    wanted = parse(prompt, most=card.seconds[-1]).seconds
    return next((s for s in card.seconds if s >= wanted), card.seconds[-1])


def _offered(card: ModelCard, seconds: int) -> int:
    if seconds in card.seconds:
        return seconds
    first, last = card.seconds[0], card.seconds[-1]
    whole = card.seconds == tuple(range(first, last + 1))
    raise OptionError(
        "{title} makes clips of {lengths} seconds, not {seconds}.",
        hint="Ask for one of those lengths.",
        title=card.title,
        lengths=f"{first} to {last}" if whole else _either(card.seconds),
        seconds=seconds,
    )


def _grown(card: ModelCard, before: int, seconds: int) -> int:
    """Length of an extended clip; a model that adds only some lengths has it snapped.

    That is done where it is planned and priced, and the person is told.
    """
    if seconds < 1:
        raise OptionError(
            "A clip cannot grow by {seconds} seconds.",
            hint="Ask for one second or more.",
            seconds=seconds,
        )
    if Op.EXTEND in card.native and not card.adds:
        return _offered(card, before + seconds)
    return before + seconds


def _either(numbers: Sequence[int]) -> str:
    *rest, last = map(str, numbers)
    return f"{', '.join(rest)} or {last}" if rest else last


def _size(card: ModelCard, ask: Ask) -> Size:
    """The model's frame that is nearest to what is wanted."""
    return snap_size(ask.size, card) if ask.size else _frame(card, _ratio(ask))


def _ratio(ask: Ask) -> float:
    """Width by height of the wanted shape."""
    size = ask.still.size if ask.still else Size(16, 9)
    return RATIOS.get(ask.shape, size.width / size.height)


def _frame(card: ModelCard, wanted: float) -> Size:
    """The model's frame that is nearest to the wanted shape, the preferred first."""

    def distance(size: Size) -> float:
        ratio = size.width / size.height
        return max(ratio / wanted, wanted / ratio)

    return min(card.sizes, key=distance)


def _source(clip: Clip) -> Source:
    return Source(
        clip_id=clip.id,
        media=clip.media,
        provider=clip.request.provider,
        model=clip.request.model,
        seconds=clip.request.seconds,
        prompt=clip.request.whole or clip.request.prompt,
        ref=clip.ref,
        last_frame=clip.last_frame,
        plan=clip.plan,
    )


def units(text: str) -> int | None:
    """A number of clip-seconds a day, as somebody typed it; None is without limit.

    Raises:
        OptionError: It is none.
    """
    said = text.strip().lower()
    if said == UNLIMITED:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= MOST_DIGITS):
        raise OptionError(
            "“{units}” is no number of clip-seconds.",
            hint="Say a whole number, or “unlimited”.",
            units=text[:40],
        )
    return int(said)
