"""What a form is about, and what somebody filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import msgspec

from bot.errors import BotError, LinkError, OptionError, StillError
from bot.models import Ask, Shape, Tier
from bot.prompt.compose import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a form is about; Slack keeps it with the view.

    Attributes:
        channel: Where to report; empty is the direct messages with its person.
        file: The picture that was picked before, if one was.
        clip: The clip that is changed.
        seconds: How long it will be, where that is settled.
    """

    channel: str = ""
    thread: str | None = None
    file: str = ""
    name: str = ""
    clip: str = ""
    seconds: int = 0

    @classmethod
    def read(cls, metadata: str) -> Self:
        """What Slack kept."""
        return msgspec.json.decode(metadata.encode(), type=cls)

    def __str__(self) -> str:
        return msgspec.json.encode(asdict(self)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A form as it came back, or as it is shown again.

    Attributes:
        texts: What was typed or chosen, by the ids of the fields.
        files: Ids of the files that were attached.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> Self:
        """What somebody filled in."""
        texts: dict[str, str] = {}
        files: list[str] = []
        for name, actions in view["state"]["values"].items():
            for value in actions.values():
                files += [str(file["id"]) for file in value.get("files") or []]
                chosen = [value.get("selected_option"), *_many(value)]
                said = [str(option["value"]) for option in chosen if option]
                texts[name] = value.get("value") or ", ".join(said)
        return cls(texts=texts, files=files)

    def text(self, name: str) -> str:
        """The words in a field."""
        return self.texts.get(name, "").strip()

    def parts(self) -> Parts:
        """The studio's fields as the parts of a prompt."""
        return Parts(**{name: self.text(name) for name in Parts.__annotations__})

    def ask(self) -> Ask:
        """What is wanted, but for the picture.

        Raises:
            OptionError: The seconds are no number.
        """
        seconds = self.text("seconds")
        if seconds and not (seconds.isascii() and seconds.isdecimal()):
            raise OptionError("“{seconds}” is no number of seconds.", seconds=seconds)
        return Ask(
            prompt=self.parts().prompt(),
            seconds=int(seconds) if seconds else None,
            shape=Shape(self.text("shape") or Shape.AUTO),
            tier=Tier(self.text("quality") or Tier.DRAFT),
            model=self.text("model") or None,
        )


def field_of(error: BotError, known: Sequence[str]) -> str:
    """The field of a form that an error is about."""
    fields: tuple[str, ...] = ()
    if isinstance(error, LinkError):
        fields = ("link",)
    elif isinstance(error, StillError):
        fields = ("picture",)
    elif isinstance(error, OptionError):
        fields = ("seconds",)
    return next((f for f in (*fields, "action", "words") if f in known), known[0])


def _many(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(value.get("selected_options") or [])
