"""Forms: the studio, and the words for a remix, an extension or a mend.

What is sent back is read from ids, so a form that was open during a restart still
works; only a picture that came with the command is lost then, and the form says so.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from adapters.discord.pictures import Upload
from bot.errors import StateError
from bot.features import CAMERAS, LONGEST_PROMPT
from bot.languages import Say
from bot.mending import Mended
from bot.models import Shape, Tier
from bot.prompt.compose import Parts
from bot.wording import messages

MOST_WISHES = 1_000  # forms that may be open at once; the oldest go first
LENGTHS = (1, 2, 4, 6, 8, 10)  # seconds that the form for an extension offers
LABEL = 45  # characters of a title or a label (docs, 2026-08)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said before the form: all but the words."""

    picture: Upload | None = None
    seconds: int | None = None
    shape: Shape = Shape.AUTO
    tier: Tier = Tier.DRAFT
    model: str | None = None


class Wishes:
    """What open forms will be about, until they are sent."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Wish] = OrderedDict()

    def keep(self, key: str, wish: Wish) -> None:
        """Remember a wish under the id of its form."""
        self._kept[key] = wish
        while len(self._kept) > MOST_WISHES:
            self._kept.popitem(last=False)

    def take(self, key: str) -> Wish:
        """The wish of a form.

        Raises:
            StateError: The bot was restarted in between.
        """
        try:
            return self._kept[key]
        except KeyError:
            raise StateError(
                "The bot was restarted while the form was open.",
                hint="Send the command once more.",
            ) from None


class Form(ui.Modal):
    """A form with an id that says what it is about."""

    def __init__(self, verb: str, about: str, title: str) -> None:
        super().__init__(title=title[:LABEL], custom_id=f"vivant:{verb}:{about}")

    def add(
        self,
        label: str,
        field: ui.Item[Any],
        *,
        help: str | None = None,  # noqa: A002
    ) -> None:
        """Add a field under its label."""
        self.add_item(ui.Label(text=label[:LABEL], component=field, description=help))


def studio(key: str, wish: Wish, say: Say, *, needs_picture: bool) -> Form:
    """The five parts of a prompt, and the picture if none has come yet."""
    form = Form("studio", key, say("Bring a picture to life"))
    if wish.picture is None:
        upload = ui.FileUpload[Any](
            custom_id="picture", required=needs_picture, min_values=int(needs_picture)
        )
        form.add(say("Picture"), upload)
    form.add(
        say("What happens?"),
        _words("action", say("dolly in 2 s, hold 1 s, then pan left")),
    )
    cameras = ui.Select[Any](
        custom_id="shot", required=False, min_values=0, max_values=3
    )
    for camera in CAMERAS:
        cameras.add_option(label=say(camera), value=camera)
    form.add(say("Camera"), cameras, help=say("In the order you pick, up to three"))
    form.add(
        say("Light, weather, sound"),
        _words("mood", say("golden hour, snow, distant waves"), long=False),
    )
    form.add(
        say("What must stay as it is?"),
        _words("keep", say("her face, the writing on the sign"), long=False),
    )
    return form


def remix(clip_id: str, say: Say) -> Form:
    """What to change of a clip."""
    form = Form("remix", clip_id, say("Remix this clip"))
    form.add(
        say("What should change?"),
        _words("words", say("slower, and add snow"), required=True),
    )
    return form


def extend(clip_id: str, say: Say) -> Form:
    """How much longer, and what happens then."""
    form = Form("extend", clip_id, say("Make this clip longer"))
    seconds = ui.Select[Any](custom_id="seconds", required=True)
    for length in LENGTHS:
        seconds.add_option(
            label=say("{seconds} s", seconds=length),
            value=str(length),
            default=length == 4,
        )
    form.add(say("By how much?"), seconds)
    form.add(say("What happens then?"), _words("words", say("pan right, hold")))
    return form


def mended(clip_id: str, mended: Mended, say: Say) -> Form:
    """The words that would mend a clip, to be changed and sent.

    The length is a part of the form's id: nothing else knows it after a restart.
    """
    form = Form("mend", f"{clip_id}:{mended.seconds}", say("Render it again"))
    notes = messages.mended(mended, say)
    form.add_item(ui.TextDisplay("\n".join(f"- {note}" for note in notes)))
    words = _words("words", say("dolly in 2 s, hold 1 s, then pan left"))
    words.default = mended.prompt or None
    form.add(say("With these words"), words)
    return form


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came back.

    Attributes:
        verb: What it is for.
        about: The clip, or the key of a wish.
        fields: What was filled in, by the ids of the fields.
        files: What was attached, by the same.
    """

    verb: str
    about: str
    fields: Mapping[str, list[str]]
    files: Mapping[str, list[Upload]]

    def text(self, field: str) -> str:
        """The words in a field."""
        return ", ".join(self.fields.get(field, []))

    def parts(self) -> Parts:
        """The studio's fields as the parts of a prompt."""
        return Parts(
            shot=self.text("shot"),
            action=self.text("action"),
            mood=self.text("mood"),
            keep=self.text("keep"),
        )


def read(data: Mapping[str, Any]) -> Sent | None:
    """The form in an interaction; None when it is not one of ours."""
    ours, _, rest = str(data.get("custom_id", "")).partition(":")
    verb, _, about = rest.partition(":")
    if ours != "vivant" or not about:
        return None
    resolved = data.get("resolved", {}).get("attachments", {})
    fields: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    for field in _fields(data.get("components", [])):
        name = str(field.get("custom_id", ""))
        values = [field["value"]] if "value" in field else field.get("values") or []
        said = [str(value) for value in values if value]
        fields[name] = said
        files[name] = [Upload.read(resolved[v]) for v in said if v in resolved]
    return Sent(verb, about, fields, files)


def _fields(components: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Every field of a form, out of its labels and rows."""
    for part in components:
        if "component" in part:
            yield part["component"]
        yield from itertools.chain(part.get("components", []))


def _words(
    name: str, example: str, *, required: bool = False, long: bool = True
) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=name,
        placeholder=example[:100],
        required=required,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=LONGEST_PROMPT if long else 300,
    )
