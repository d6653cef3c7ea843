"""What people can do, told once: command trees, manifests and docs come from here.

A chat that cannot show an option leaves it out; names and options are the same
everywhere, and a test holds every chat's commands against this table.
"""

from dataclasses import dataclass
from typing import NamedTuple

LONGEST_PROMPT = 4_000  # characters, as `ModelCard.prompt_limit`; a form takes as many


class Option(NamedTuple):
    """One thing that may be said with a command, and its help in a line."""

    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that people can do.

    Attributes:
        name: As it is typed; a space goes before a subcommand.
        help: What it does, in at most 100 characters.
        admin: Whether only those who manage the place may.
    """

    name: str
    help: str
    options: tuple[Option, ...] = ()
    admin: bool = False


_CLIP = Option("clip", "One of your clips; type to search")
_CHANGE = Option("prompt", "What should change, as in: slower, and add snow")

FEATURES = (
    Feature(
        "animate",
        "Bring a picture to life",
        (
            Option("picture", "The picture to start from"),
            Option("prompt", "How it should move; leave it out for a form"),
            Option("seconds", "How long; what your words add up to, else 4"),
            Option("shape", "The frame; the one nearest to the picture"),
            Option("quality", "A draft is quick or free, a final is better"),
            Option("model", "What renders; the owner's first choice"),
            Option("camera", "A camera move, put before your words"),
        ),
    ),
    Feature("clip remix", "Change a clip by what you say about it", (_CLIP, _CHANGE)),
    Feature(
        "clip extend",
        "Make a clip longer",
        (
            _CLIP,
            Option("seconds", "How many seconds to add"),
            Option("prompt", "What should happen in them"),
        ),
    ),
    Feature("clip again", "Render the same once more, with another seed", (_CLIP,)),
    Feature("clip show", "Look at a clip: what was asked, what was made", (_CLIP,)),
    Feature("clip list", "Your latest clips and renders"),
    Feature("clip tree", "Which clips a clip was made from", (_CLIP,)),
    Feature(
        "clip cancel",
        "Stop a render; what may have been billed by then counts",
        (Option("clip", "One of your unfinished renders"),),
    ),
    Feature("clip resend", "Post a finished clip here again", (_CLIP,)),
    Feature("clip delete", "Delete a clip and its files for good", (_CLIP,)),
    Feature("quota", "What you have left today"),
    Feature(
        "animate-admin quota",
        "Give a member their own clip-seconds a day here",
        (
            Option("member", "Whose quota"),
            Option("units", "Clip-seconds a day, or “unlimited”"),
        ),
        admin=True,
    ),
    Feature("animate-admin usage", "Who used how much here today", admin=True),
)
MENUS = ("Animate this picture", "Remix this clip")
SHORTCUTS = (  # Slack's menus: key, name in at most 24 characters, help
    ("animate_image", "Animate this image", "Bring the picture of a message to life"),
    ("remix_clip", "Remix this clip", "Change a clip by what you say about it"),
)

BUTTONS = {  # what can be done with a render or a clip
    "remix": "Remix",
    "again": "Again",
    "final": "Final",
    "extend": "Extend",
    "wrong": "Not right?",
    "delete": "Delete",
    "erase": "Delete it for good",
    "cancel": "Cancel",
}

BY_NAME = {feature.name: feature for feature in FEATURES}

# Camera moves worth offering; each is a phrase that `bot.prompt` reads.
CAMERAS = (
    "push in slowly",
    "dolly in",
    "pull back",
    "zoom in",
    "zoom out",
    "pan left",
    "pan right",
    "tilt up",
    "tilt down",
    "truck left",
    "truck right",
    "crane up",
    "crane down",
    "orbit left",
    "orbit right",
    "vertigo",
    "rack focus to the background",
    "drift",
    "handheld",
    "hold still",
)
