"""What will be done with a request, and for how much. Pure: no network, no disk.

Remixes and extensions always work: by the provider's own handle of the clip, by our
file of it, or afresh from our own copies of the still and the last frame.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import OptionError, StillError
from bot.models import ModelCard, Op, Quote, RenderRequest, Size, Source, Way

MERGED = "{title} cannot change a clip, so it is made anew with these words: “{words}”"
CONTINUED = "{title} goes on from the last frame with these words: “{words}”"
LENGTH = "{title} makes {made} s of it, not {asked} s."
ANIMATE = "Gentle, natural motion; the camera pushes in slowly."
CONTINUE = "The same motion goes on."
FRAME = "{title} makes it at {size}."
MANY = "{title} can show {characters} characters in a clip, not {asked}."


def plan(request: RenderRequest, card: ModelCard, *, today: str) -> Quote:
    """Snap a request to what a model does, choose the way, and price it.

    Args:
        request: Checked, but perhaps made for another model.
        card: Of the model it is for now.
        today: As an ISO date.

    Raises:
        RequestError: The model cannot do that; the hint says what it can.
    """
    _check(request, card, today)
    notes: list[str] = []
    size = snap_size(request.size, card)
    if size != request.size:
        notes.append(FRAME.format(title=card.title, size=size))
    done = replace(request, provider=card.provider, model=card.id, size=size, plan=None)
    if done.op is Op.CREATE or done.source is None:
        done = replace(done, seconds=snap_seconds(request.seconds, card.seconds))
    else:
        done = _answering(done, done.source, card)
        notes += _told(done, card)
    if done.seconds != request.seconds:
        asked = request.seconds
        notes.append(LENGTH.format(title=card.title, made=done.seconds, asked=asked))
    price = card.price(done.made_seconds, size)
    return Quote(request=done, price=price, notes=tuple(notes))


def check_characters(asked: int, card: ModelCard) -> None:
    """Raises OptionError when a model does not take so many."""
    if asked > card.characters:
        raise OptionError(
            MANY,
            hint="Pick another model.",
            title=card.title,
            characters=card.characters,
            asked=asked,
        )


def sent_words(request: RenderRequest) -> str:
    """The prompt as the provider gets it: never empty, for that is refused."""
    if request.way is Way.AFRESH and request.whole:
        return request.whole
    silent = CONTINUE if request.op is Op.EXTEND else ANIMATE
    return request.prompt or request.whole or silent


def sent_still(request: RenderRequest) -> str | None:
    """Media key of the picture that is sent to start from, if any is."""
    match request.way:
        case Way.HANDLE | Way.UPLOAD:
            return None
        case Way.AFRESH if request.op is Op.EXTEND and request.source:
            return request.source.last_frame
        case _:
            return request.still


def fits_afresh(request: RenderRequest, card: ModelCard) -> bool:
    """Whether `afresh` costs no more than the person has agreed to."""
    return card.seconds[0] <= request.made_seconds


def afresh(request: RenderRequest, card: ModelCard) -> RenderRequest:
    """The same without the provider's own handle, which it has forgotten.

    It is never made longer than it was priced for; see `fits_afresh`.
    """
    offered = [one for one in card.seconds if one <= request.made_seconds]
    made = snap_seconds(request.made_seconds, offered or card.seconds[:1])
    seconds = request.seconds - request.made_seconds + made
    return replace(request, way=Way.AFRESH, seconds=seconds)


def told_afresh(
    request: RenderRequest, card: ModelCard, *, asked: int
) -> tuple[str, ...]:
    """The merged prompt and the length, for a person who was told otherwise."""
    notes = _told(request, card)
    if (made := request.seconds) != asked:
        notes.append(LENGTH.format(title=card.title, made=made, asked=asked))
    return tuple(notes)


def merge(before: str, words: str, limit: int) -> str:
    """One prompt out of what a clip was made with and what was said about it.

    The new words are kept whole; the old ones give way where there is too little room.
    """
    words = words.strip()
    before = before.strip().rstrip(".").strip()
    if not words or words == before:
        return before[:limit]
    room = limit - len(words) - len(". ")
    before = before[: max(0, room)].rstrip()
    return f"{before}. {words}" if before else words[:limit]


def snap_seconds(asked: int, offered: Sequence[int]) -> int:
    """The nearest length that is offered; of two, the shorter."""
    return min(offered, key=lambda seconds: (abs(seconds - asked), seconds))


def snap_size(wanted: Size, card: ModelCard) -> Size:
    """The model's frame of the nearest shape, and of those the nearest in size."""
    if wanted in card.sizes:
        return wanted
    shape, area = wanted.width / wanted.height, wanted.width * wanted.height

    def distance(size: Size) -> tuple[float, float]:
        own, pixels = size.width / size.height, size.width * size.height
        return (
            round(max(own / shape, shape / own), 1),
            max(pixels / area, area / pixels),
        )

    return min(card.sizes, key=distance)


def _check(request: RenderRequest, card: ModelCard, today: str) -> None:
    if card.retired(today):
        raise OptionError(
            "{title} was shut down on {day}.",
            hint="Pick another model.",
            title=card.title,
            day=card.retires_on,
        )
    if request.last and not card.last_frame:
        raise OptionError(
            "{title} cannot end on a picture.",
            hint="Leave the last picture out, or pick another model.",
            title=card.title,
        )
    check_characters(len(request.characters), card)
    if request.op is Op.CREATE and request.still is None and not card.text_only:
        raise StillError(
            "{title} starts from a picture.",
            hint="Attach a picture and send it again.",
            title=card.title,
        )


def _answering(
    request: RenderRequest, source: Source, card: ModelCard
) -> RenderRequest:
    """A remix or an extension, with its way and its seconds decided."""
    whole = merge(source.prompt, request.prompt, card.prompt_limit)
    way = _way(request, source, card)
    seconds = request.seconds
    if request.op is Op.EXTEND:
        added = request.seconds - source.seconds
        offered = card.seconds if way is Way.AFRESH else card.adds or card.seconds
        seconds = source.seconds + snap_seconds(added, offered)
    elif way is Way.AFRESH:
        seconds = snap_seconds(seconds, card.seconds)
    else:
        seconds = source.seconds  # a clip that is changed keeps its length
    request = replace(request, way=way, whole=whole, seconds=seconds)
    if sent_still(request) is None and way is Way.AFRESH and not card.text_only:
        raise StillError(
            "{title} starts from a picture, and that clip has none.",
            hint="Pick another model, or start again from a picture.",
            title=card.title,
        )
    return request


def _way(request: RenderRequest, source: Source, card: ModelCard) -> Way:
    op = request.op
    if op is Op.EXTEND and not _may_grow(request, source, card):
        return Way.AFRESH
    known = (source.provider, source.model) == (card.provider, card.id)
    if op in card.native and known and source.ref:
        return Way.HANDLE
    short = card.upload_seconds is None or source.seconds <= card.upload_seconds
    if op in card.by_upload and short:
        return Way.UPLOAD
    return Way.AFRESH


def _may_grow(request: RenderRequest, source: Source, card: ModelCard) -> bool:
    """Whether the model itself may make a clip that long."""
    offered = card.adds or card.seconds
    added = snap_seconds(request.seconds - source.seconds, offered)
    return card.longest is None or source.seconds + added <= card.longest


def _told(request: RenderRequest, card: ModelCard) -> list[str]:
    """The merged prompt, where one is sent."""
    if request.way is not Way.AFRESH:
        return []
    sentence = CONTINUED if request.op is Op.EXTEND else MERGED
    return [sentence.format(title=card.title, words=request.whole or "")]
