"""Modals: the studio, and the words for a remix or an extension.

What is sent back is read from ids and from what Slack keeps with the view, so a form
that was open during a restart still works.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.slack.blocks import Block, aside, error_blocks, label, section
from adapters.slack.fields import About, Fields
from adapters.slack.text import SLACK
from bot.errors import BotError
from bot.features import CAMERAS
from bot.languages import Say
from bot.mending import FAULTS, Mended
from bot.models import Shape, Tier
from bot.wording import messages

LONGEST = 3_000  # characters that a field of Slack takes
TITLE = 24
MOST_OPTIONS = 100
MOST_CAMERAS = 3
LENGTHS = (1, 2, 4, 6, 8, 10)  # seconds that the form for an extension offers
FILES = ["jpg", "jpeg", "png", "webp", "gif", "avif", "heic", "heif"]
LARGE = "Up to 10 MB here; send a larger one in a message that mentions me."
LOST = "Slack took too long to show the form."


def studio(
    about: About,
    say: Say,
    *,
    models: Sequence[str],
    left: str = "",
    fields: Fields | None = None,
    trouble: BotError | None = None,
) -> Block:
    """The parts of a prompt, the picture if none has come yet, and all the options.

    Args:
        about: Kept with the form.
        say: The person's language.
        models: `provider/model` of each that can be asked for.
        left: What the person has left today.
        fields: What is filled in already.
        trouble: Why the form is shown again.
    """
    filled = fields or Fields()
    blocks = error_blocks(trouble, say) if trouble else []
    if about.file:
        blocks += aside([say("Picture: {name}", name=_bare(about.name) or about.file)])
    else:
        blocks += _picture(say)
    blocks += [
        _words(
            "action",
            say("What happens?"),
            say("dolly in 2 s, hold 1 s, then pan left"),
            filled,
            long=True,
        ),
        _cameras(say),
        _words("mood", say("Light, weather, mood"), say("golden hour, snow"), filled),
        _words("sound", say("Sound"), say("distant waves"), filled),
        _words(
            "keep",
            say("What must stay as it is?"),
            say("her face, the writing on the sign"),
            filled,
        ),
        _field("seconds", say("Seconds"), {"type": "number_input", **WHOLE}),
        _choice("shape", say("Shape"), {shape: say(shape) for shape in Shape}),
        _choice("quality", say("Quality"), {tier: say(tier) for tier in Tier}),
    ]
    if len(models) > 1:
        names = dict(zip(models, models, strict=True))
        blocks.append(_choice("model", say("Model"), names, first=False))
    blocks += aside([left])
    title = say("Animate a picture")
    return _view("studio", title, say("Animate"), about, blocks, say)


def again(
    verb: str, about: About, say: Say, *, fields: Fields, trouble: BotError
) -> Block:
    """A form about a clip that was sent and refused, as it was filled in."""
    match verb:
        case "extend":
            view = extend(about, say, fields)
        case "mend":
            view = _mend(about, say, fields, [])
        case _:
            view = remix(about, say, fields)
    return view | {"blocks": [*error_blocks(trouble, say), *view["blocks"]]}


def remix(about: About, say: Say, fields: Fields | None = None) -> Block:
    """What to change of a clip."""
    words = _words(
        "words",
        say("What should change?"),
        say("slower, and add snow"),
        fields or Fields(),
        long=True,
        optional=False,
    )
    title = say("Remix this clip")
    return _view("remix", title, say("Remix"), about, [words], say)


def extend(about: About, say: Say, fields: Fields | None = None) -> Block:
    """How much longer, and what happens then."""
    filled = fields or Fields()
    lengths = {str(n): say("{seconds} s", seconds=n) for n in LENGTHS}
    chosen = filled.text("seconds") or "4"
    seconds = _choice("seconds", say("By how much?"), lengths, chosen=chosen)
    words = _words(
        "words", say("What happens then?"), say("pan right, hold"), filled, long=True
    )
    title = say("Make it longer")
    return _view("extend", title, say("Extend"), about, [seconds, words], say)


def wrong(about: About, say: Say) -> Block:
    """What may be wrong with a clip."""
    options = {str(fault): say(offer.label) for fault, offer in FAULTS.items()}
    choice = _choice("fault", say("What is wrong with it?"), options, optional=False)
    lines = [say(offer.help) for offer in FAULTS.values()]
    for option, line in zip(choice["element"]["options"], lines, strict=True):
        option["description"] = label(line[:75])
    title = say("Not right?")
    return _view("wrong", title, say("Mend"), about, [choice], say)


def mended(about: About, mend: Mended, say: Say) -> Block:
    """The words that would mend a clip, to be changed and sent."""
    notes = section(
        [SLACK.plain(line, most=600) for line in messages.mended(mend, say)]
    )
    filled = Fields(texts={"words": mend.prompt})
    return _mend(replace(about, seconds=mend.seconds), say, filled, [notes])


def waiting(say: Say) -> Block:
    """What is shown while a slow picture comes."""
    line = section([say("Fetching the picture. You may close this: a card follows.")])
    return _note(say, [line])


def told(say: Say, line: str) -> Block:
    """Words in place of a form."""
    return _note(say, [section([line])])


WHOLE = {
    "is_decimal_allowed": False,
    "min_value": "1",
    "max_value": "60",
    "action_id": "value",
}


def _mend(about: About, say: Say, filled: Fields, notes: list[Block]) -> Block:
    words = _words("words", say("Say it like this"), "", filled, long=True)
    title = say("Render it again")
    return _view("mend", title, say("Animate"), about, [*notes, words], say)


def _picture(say: Say) -> list[Block]:
    upload = {
        "type": "file_input",
        "action_id": "value",
        "filetypes": FILES,
        "max_files": 1,
    }
    link = {"type": "url_text_input", "action_id": "value"}
    return [
        _field("picture", say("Picture"), upload) | {"hint": label(say(LARGE))},
        _field("link", say("… or a link to one"), link),
    ]


def _cameras(say: Say) -> Block:
    options = [{"text": label(say(name)), "value": name} for name in CAMERAS]
    element = {
        "type": "multi_static_select",
        "action_id": "value",
        "options": options,
        "max_selected_items": MOST_CAMERAS,
    }
    return _field("shot", say("Camera"), element)


def _words(
    name: str,
    title: str,
    example: str,
    filled: Fields,
    *,
    long: bool = False,
    optional: bool = True,
) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": long,
        "max_length": LONGEST,
    }
    if example:
        element["placeholder"] = label(example[:150])
    if said := filled.text(name)[:LONGEST]:
        element["initial_value"] = said
    return _field(name, title, element, optional=optional)


def _choice(
    name: str,
    title: str,
    options: Mapping[str, str],
    *,
    first: bool = True,
    chosen: str | None = None,
    optional: bool = True,
) -> Block:
    """One of several; the first, or the chosen one, is chosen already."""
    made = {v: {"text": label(t[:75]), "value": v} for v, t in options.items()}
    every = list(made.values())[:MOST_OPTIONS]
    element: Block = {"type": "static_select", "action_id": "value", "options": every}
    if chosen or first:
        element["initial_option"] = made[chosen] if chosen else every[0]
    return _field(name, title, element, optional=optional)


def _field(name: str, title: str, element: Block, *, optional: bool = True) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": label(title),
        "element": element,
    }


def _view(
    verb: str, title: str, send: str, about: About, blocks: list[Block], say: Say
) -> Block:
    return {
        "type": "modal",
        "callback_id": f"vivant_{verb}",
        "private_metadata": str(about),
        "title": label(title[:TITLE]),
        "submit": label(send[:TITLE]),
        "close": label(say("Close")[:TITLE]),
        "blocks": blocks,
    }


def _note(say: Say, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "title": label(say("Animate a picture")[:TITLE]),
        "close": label(say("Close")[:TITLE]),
        "blocks": blocks,
    }


def _bare(name: str) -> str:
    return " ".join(name.replace("<", " ").replace(">", " ").split())[:100]
