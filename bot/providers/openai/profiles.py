"""The dialects of `/v1/videos`, as data; see `profiles.toml`."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from bot.models import Carrier, ModelCard, Op, Size

LENGTHS = (4, 8, 12)  # of the reference wire: every dialect takes one of them
SIZES = (Size(1280, 720), Size(720, 1280))


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one server wants to be spoken to. Paths are relative to its base address.

    Attributes:
        base_url: Where it is; None when only the owner knows.
        encoding: Of an order: a multipart form even without a file, or JSON.
        idempotent: Whether an order with the same `Idempotency-Key` is the same one.
        list: Whether orders can be listed, so that a lost one is found.
        delete: What DELETE does to a render that is under way.
        remix: By the clip's id in the path or in the body, by our file, or not.
        extend: The same.
        seconds: Name of the field; `seconds_as` says what its value is.
        size: `1280x720`, a ratio and a resolution, both sides, or not at all.
        still: How the first picture goes: a file, an object with a data URL, a list.
        last: How the last one goes: the same part again, in its own field, or not.
        characters: How an order says who is to be seen, if it can.
        model: Whether its name is sent.
        models: Where it lists those that it has.
        content: Whether clips lie at `/content`.
        links: Where in the answer the clip's address may be.
        prefer: Which of the two is tried first.
        free: Whether it runs on the owner's own hardware.
        webhooks: Whether it calls as Standard Webhooks say.
    """

    title: str
    checked_on: date
    base_url: str | None = None
    encoding: Literal["form", "json"] = "form"
    create: str = "videos"
    idempotent: bool = False
    list: bool = False
    delete: Literal["none", "forgets", "cancels"] = "none"
    remix: Literal["none", "remix", "upload"] = "none"
    remix_path: str = "videos/{id}/remix"
    extend: Literal["none", "id", "upload"] = "none"
    extend_path: str = "videos/extensions"
    seconds: str = "seconds"
    seconds_as: Literal["text", "number"] = "text"
    size: Literal["size", "ratio", "sides", "none"] = "size"
    still: Literal["file", "object", "frames"] = "file"
    still_field: str = "input_reference"
    last: str = "none"
    characters: Literal["none", "json", "form"] = "none"
    model: Literal["always", "never"] = "always"
    models: str = "models"
    seed: bool = False
    content: bool = True
    links: tuple[str, ...] = ()
    prefer: Literal["content", "link"] = "content"
    free: bool = False
    webhooks: bool = False

    def card(self, provider: str, model: str) -> ModelCard:
        """A card for a model that no catalogue knows: only what all of them do."""
        return ModelCard(
            provider=provider,
            id=model,
            title=model,
            seconds=LENGTHS,
            sizes=SIZES,
            text_only=True,
            native=frozenset({Op.CREATE}),
            weight=0.0 if self.free else 1.0,
            priced=self.free,
            carrier=Carrier.PART if self.still == "file" else Carrier.DATA,
        )


@cache
def load() -> Mapping[str, Profile]:
    """Every profile by its name. Blocks."""
    text = files(__package__ or "").joinpath("profiles.toml").read_text("utf-8")
    return {
        name: msgspec.convert(table, Profile)
        for name, table in tomllib.loads(text).items()
    }


def guess(base_url: str | None, profiles: Mapping[str, Profile]) -> str:
    """The profile whose own address this is; of an unknown one, the generic."""
    for name, profile in profiles.items():
        if base_url is None or base_url == profile.base_url:
            return name
    return "generic"
