"""What can be said after /animate, and how it is understood.

A known word counts only where the rest fits it, so that "show me the waves" is a
prompt.
"""

import re
from dataclasses import dataclass

from bot.features import FEATURES, Feature
from bot.languages import Say
from bot.orders import ID_LETTERS

COMMAND = "/animate"
CLIP = rf"(?P<clip>[{ID_LETTERS}]{{10}})"
WHO = r"<@(?P<who>[UW][A-Z0-9]+)(?:\|[^>]*)?>"

# What is said after the words of a command.
FORMS = {
    "clip remix": rf"\s+{CLIP}\s+(?P<words>.+)",
    "clip extend": rf"\s+{CLIP}(\s+(?P<seconds>\d{{1,3}}))?(\s+(?P<words>.+))?",
    "clip again": rf"\s+{CLIP}",
    "clip show": rf"\s+{CLIP}",
    "clip list": "",
    "clip tree": rf"\s+{CLIP}",
    "clip cancel": rf"(\s+{CLIP})?",
    "clip resend": rf"\s+{CLIP}",
    "clip delete": rf"\s+{CLIP}",
    "quota": "",
    "animate-admin quota": rf"\s+{WHO}\s+(?P<units>\S+)",
    "animate-admin usage": "",
    "help": "",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A command that was understood.

    Attributes:
        name: Of its feature, or `help`.
        given: What was said with it, by the groups of its form.
    """

    name: str
    given: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.given.get(name) or ""


def spoken(feature: str) -> str:
    """The words of a feature after /animate."""
    return feature.removeprefix("clip ").replace("animate-admin", "admin")


def read(text: str) -> Said | None:
    """The command in what was typed; None when it is a prompt."""
    for name, form in FORMS.items():
        found = re.fullmatch(spoken(name) + form, text.strip(), re.DOTALL)
        if found:
            return Said(name, {k: v for k, v in found.groupdict().items() if v})
    return None


HELP = (
    "Send /animate with a few words, and a form takes the picture.",
    "Or mention me with a picture, or use the menu of any message: Animate this image.",
    "Answer in the thread of a clip to change it.",
)


def usage(say: Say) -> list[str]:
    """Every command with what it does, a line each."""
    lines = [
        f"`{COMMAND} {spoken(feature.name)}{_shape(feature)}` {say(feature.help)}"
        for feature in FEATURES
        if feature.name in FORMS
    ]
    return [*lines, f"`{COMMAND} help` {say('What can be said')}"]


def _shape(feature: Feature) -> str:
    """What is said after the words of a command, as a person would write it."""
    return "".join(f" {option.name.upper()}" for option in feature.options)
