"""The model cards, read from `catalogue.toml` and from the owner's own file over it.

Models live about half a year, so what they do and cost is data: every card says when
it retires and when a person last compared it with the source.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec

from bot.errors import SetupError
from bot.models import Carrier, ModelCard, Op, Size, Tier
from bot.providers.overlay import Table, laid_over

Dollars = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
Pattern = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")]
LONGEST = 600  # seconds of a clip
NEVER = date(1970, 1, 1)
Weight = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=LONGEST)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model as the file has it; what a field means is in `ModelCard`.

    Attributes:
        profiles: Dialects of `/v1/videos` that it is for; none are all.
        seconds: Lengths, or the first and last of a run as in `"3-10"`.
        usd_per_second: Dollars, or dollars by the frame's shorter side.
        usd_per_clip: The same for a whole clip.
        source: Where a person read all this.
    """

    provider: str
    id: str
    title: str
    seconds: list[Seconds] | str
    sizes: list[Pattern]
    profiles: list[str] = []
    tier: Tier | None = None
    text_only: bool = True
    last_frame: bool = False
    characters: int = 0
    audio: bool = False
    native: list[Op] = []
    by_upload: list[Op] = []
    upload_seconds: float | None = None
    adds: list[Seconds] | str = []
    longest: int | None = None
    weight: Weight = 1.0
    usd_per_second: Dollars | dict[str, Dollars] | None = None
    usd_per_clip: Dollars | dict[str, Dollars] | None = None
    prompt_limit: int = 4_000
    carrier: Carrier = Carrier.PART
    still_mb: int = 10
    retires_on: date | None = None
    checked_on: date | None = None
    source: str = ""
    wire: dict[str, Any] = {}

    def card(self, provider: str) -> ModelCard:
        """The card, of a provider by this name."""
        second, seconds = _micros(self.usd_per_second)
        clip, clips = _micros(self.usd_per_clip)
        return ModelCard(
            provider=provider,
            id=self.id,
            title=self.title,
            seconds=_run(self.seconds),
            sizes=tuple(read_size(size) for size in self.sizes),
            tier=self.tier,
            text_only=self.text_only,
            last_frame=self.last_frame,
            characters=self.characters,
            audio=self.audio,
            native=frozenset({Op.CREATE, *self.native}),
            by_upload=frozenset(self.by_upload),
            upload_seconds=self.upload_seconds,
            adds=_run(self.adds),
            longest=self.longest,
            weight=self.weight,
            micros_per_second=second,
            rates=seconds,
            micros_per_clip=clip,
            clip_rates=clips,
            priced=self.usd_per_second is not None or self.usd_per_clip is not None,
            prompt_limit=self.prompt_limit,
            carrier=self.carrier,
            still_bytes=self.still_mb << 20,
            retires_on=_iso(self.retires_on),
            checked_on=_iso(self.checked_on),
            wire=self.wire,
        )


class Catalogue:
    """Every model that a person has written down."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)

    def cards(
        self, kind: str, *, name: str | None = None, profile: str | None = None
    ) -> list[ModelCard]:
        """The cards of one provider, in the file's order, one for each model.

        An entry that names the profile comes before one for all of them.

        Args:
            kind: The provider as the file names it.
            name: As the owner has it, where that is another word.
            profile: Its dialect, where it has any.
        """
        chosen: dict[str, Entry] = {}
        for entry in self._entries:
            fits = profile is None or not entry.profiles or profile in entry.profiles
            if entry.provider != kind or not fits:
                continue
            before = chosen.get(entry.id)
            if before is None or (entry.profiles and not before.profiles):
                chosen[entry.id] = entry
        return [entry.card(name or kind) for entry in chosen.values()]


def load(own: Path | None = None) -> Catalogue:
    """Read the packaged catalogue and the owner's over it. Blocks.

    An entry of the owner's with a known provider and id changes the fields that it
    names: for the profiles that it names, else in every entry of that provider and id.
    Any other is a new model. The rest of the packaged entries stay as they are.

    Raises:
        SetupError: The owner's file cannot be read or has a mistake.
    """
    entries = _packaged()
    if own is not None:
        try:
            entries = laid_over(entries, _tables(own.read_text(encoding="utf-8")))
            return Catalogue(_checked(entries))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise SetupError([f"VIVANT_CATALOGUE={own} cannot be read ({why})."]) from (
                error
            )
        except (ValueError, TypeError, KeyError) as error:
            raise SetupError(
                [f"VIVANT_CATALOGUE={own}: {error}. Compare it with docs/providers.md."]
            ) from error
    return Catalogue(_checked(entries))


def read_size(text: str) -> Size:
    """A size such as `1280x720`."""
    width, _, height = text.partition("x")
    return Size(int(width), int(height))


@cache
def _packaged() -> list[Table]:
    file = files("bot.providers").joinpath("catalogue.toml")
    return _tables(file.read_text(encoding="utf-8"))


def _tables(text: str) -> list[Table]:
    tables = tomllib.loads(text).get("model", [])
    if not isinstance(tables, list):
        raise TypeError("models are written as [[model]]")
    return tables


def _checked(entries: Iterable[Mapping[str, Any]]) -> list[Entry]:
    read = [msgspec.convert(entry, Entry, strict=False) for entry in entries]
    for entry in read:
        card = entry.card(entry.provider)
        if not card.seconds or not card.sizes:
            raise ValueError(f"{card.name} makes no length or no size")
    return read


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _run(seconds: list[int] | str) -> tuple[int, ...]:
    if isinstance(seconds, str):
        first, _, last = seconds.partition("-")
        if not 1 <= int(first) <= int(last) <= LONGEST:
            raise ValueError(f"“{seconds}” is no run of seconds up to {LONGEST}")
        return tuple(range(int(first), int(last) + 1))
    return tuple(sorted(seconds))


def _micros(
    money: float | dict[str, float] | None,
) -> tuple[int, dict[int, int]]:
    """Millionths of a dollar: the dearest, for frames that are not named, and each."""
    if money is None:
        return 0, {}
    if isinstance(money, float):
        return round(money * 1e6), {}
    sides = {int(side): round(amount * 1e6) for side, amount in money.items()}
    return max(sides.values()), sides
