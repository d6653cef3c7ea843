"""The five parts of a prompt, and what must stay, put together into one text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A prompt in parts, as a form asks for it; each may be left empty.

    Attributes:
        shot: Framing and camera.
        action: What happens, and when.
        mood: Light, weather and mood.
        sound: What is heard.
        keep: What must not change.
    """

    shot: str = ""
    action: str = ""
    mood: str = ""
    sound: str = ""
    keep: str = ""

    def prompt(self) -> str:
        """The parts in one text; a single one needs no label."""
        said = [
            ("Shot", self.shot),
            ("Action", self.action),
            ("Lighting", self.mood),
            ("Audio", self.sound),
            ("Keep", self.keep),
        ]
        given = [(label, " ".join(words.split())) for label, words in said]
        lines = [(label, words) for label, words in given if words]
        if len(lines) == 1 and lines[0][0] in {"Shot", "Action"}:
            return lines[0][1]
        return "\n".join(f"{label}: {words}" for label, words in lines)
