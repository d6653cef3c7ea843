"""What is sent to a `/v1/videos` server: the same order in each profile's words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.models import ModelCard, Op, RenderRequest
from bot.providers import pictures, shapes
from bot.providers.cloud import in_path
from bot.providers.openai.profiles import Profile
from bot.providers.planning import sent_still, sent_words
from bot.providers.wire import Files, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request, ready to be sent: as JSON, or as the parts of a form."""

    path: str
    json: Mapping[str, Any] | None = None
    files: Files | None = None


async def create(
    request: RenderRequest,
    card: ModelCard,
    profile: Profile,
    *,
    still: bytes | None,
    last: bytes | None,
    characters: Sequence[str] = (),
) -> Order:
    """A new render, from words and perhaps from a first and a last picture.

    Args:
        request: What is wanted.
        card: Of its model.
        profile: The dialect.
        still: The first picture.
        last: The last picture.
        characters: The server's own ids of who is to be seen.
    """
    fields = _fields(request, card, profile)
    if characters and profile.characters == "json":
        fields["characters"] = [{"id": one} for one in characters]
        if still is not None:
            url = await pictures.data_url(still)
            fields[profile.still_field] = {"image_url": url}
        return Order(path=profile.create, json=fields)
    if profile.encoding == "json":
        fields |= await _pictures(profile, still, last)
        return Order(path=profile.create, json=fields)
    parts: list[Part] = [(name, (None, str(value))) for name, value in fields.items()]
    parts += [("characters[][id]", (None, one)) for one in characters]
    if last is not None and profile.last == "references":
        urls = [{"image_url": await pictures.data_url(p)} for p in (still, last) if p]
        parts.append(("image_reference", (None, json.dumps(urls))))
    else:
        parts += _files(profile, [still, last])
    return Order(path=profile.create, files=parts)


def by_handle(request: RenderRequest, profile: Profile, ref: str) -> Order:
    """A change or a continuation of a clip that the server still has."""
    words = {"prompt": sent_words(request)}
    if request.op is Op.REMIX:
        path = profile.remix_path.replace("{id}", in_path(ref))
        return Order(path=path, json=words)
    body = words | {
        "video": {"id": ref},
        profile.seconds: _seconds(request, profile),
    }
    return Order(path=profile.extend_path, json=body)


async def by_upload(
    request: RenderRequest, card: ModelCard, profile: Profile, clip: bytes
) -> Order:
    """The same of our own file."""
    body: dict[str, Any] = {
        "model": card.id,
        "prompt": sent_words(request),
        "video": {"url": await pictures.data_url(clip, "video/mp4")},
    }
    if request.op is Op.REMIX:
        return Order(path=profile.remix_path, json=body)
    body[profile.seconds] = _seconds(request, profile)
    return Order(path=profile.extend_path, json=body)


def ways_of(card: ModelCard, profile: Profile) -> ModelCard:
    """A card without what the profile has no words for."""
    ways = {Op.REMIX: profile.remix, Op.EXTEND: profile.extend}
    native = {op for op in card.native if ways.get(op, "yes") not in ("none", "upload")}
    upload = {op for op in card.by_upload if ways.get(op) == "upload"}
    return replace(
        card,
        native=frozenset(native),
        by_upload=frozenset(upload),
        last_frame=card.last_frame and profile.last != "none",
        characters=card.characters if profile.characters != "none" else 0,
    )


def _fields(
    request: RenderRequest, card: ModelCard, profile: Profile
) -> dict[str, Any]:
    fields: dict[str, Any] = {"prompt": sent_words(request)}
    if profile.model == "always":
        fields["model"] = card.id
    fields[profile.seconds] = _seconds(request, profile)
    size = request.size
    match card.wire.get("size", profile.size):
        case "size":
            fields["size"] = str(size)
        case "ratio":
            if ratio := _ratio(request, card):
                fields["aspect_ratio"] = ratio
            fields["resolution"] = shapes.resolution(size)
        case "sides":
            fields |= {"width": size.width, "height": size.height}
    if profile.seed:
        fields["seed"] = request.seed
    return fields


def _ratio(request: RenderRequest, card: ModelCard) -> str:
    """The shape that is asked for; beside a still some models take only a word."""
    if sent_still(request) or request.last:
        return str(card.wire.get("still_ratio", shapes.ratio(request.size)))
    return shapes.ratio(request.size)


def _seconds(request: RenderRequest, profile: Profile) -> str | int:
    seconds = request.made_seconds
    return seconds if profile.seconds_as == "number" else str(seconds)


def _files(profile: Profile, given: Sequence[bytes | None]) -> list[Part]:
    """The pictures as files; a last one repeats the part, in order."""
    return [
        (profile.still_field, (pictures.NAME, picture, pictures.MIME))
        for picture in given
        if picture is not None
    ]


async def _pictures(
    profile: Profile, still: bytes | None, last: bytes | None
) -> dict[str, Any]:
    """The pictures inside a JSON order."""
    first_url = await pictures.data_url(still) if still else None
    last_url = await pictures.data_url(last) if last else None
    if profile.still == "frames":
        frames = [
            {"input_image": url, "frame": frame}
            for url, frame in ((first_url, "first"), (last_url, "last"))
            if url
        ]
        return {profile.still_field: {"frame_images": frames}} if frames else {}
    fields: dict[str, Any] = {}
    if first_url:
        fields[profile.still_field] = {"url": first_url}
    if last_url:
        fields[profile.last] = {"url": last_url}
    return fields
