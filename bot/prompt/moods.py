"""The words that people use for looks and sounds, a row for each."""

import re
from collections.abc import Mapping

from bot.prompt.words import any_of


def _rows(rows: Mapping[str, str]) -> Mapping[str, re.Pattern[str]]:
    return {name: any_of(words) for name, words in rows.items()}


LOOKS = _rows(
    {
        "rain": r"rain(?:y|ing|fall|s)?\b|drizzl\w+|downpour|rainstorm",
        "snow": r"snow(?:y|ing|fall|flakes?|s|storm)?\b|blizzard|flurries",
        "haze": r"fog\w*|mist(?:y|s)?\b|haz[ey]\b|smoky\b|atmospheric",
        "dust": r"dust(?:y)?\b|motes\b|particles\b|pollen\b",
        "embers": r"embers?\b|sparks?\b|fireflies",
        "flicker": r"flicker\w*|candle\w*|firelight|torch\w*|strob\w+",
        "golden": (
            r"golden[- ](?:hour|light)|sunset|sunrise|magic hour|dusk light|amber\b"
            r"|warmer\b|warm (?:\w+[- ]?){0,2}(?:light|lighting|glow|evening|tones?)"
            r"|(?:early|late)[- ]evening"
        ),
        "night": r"night\b|nighttime|moonli\w+|midnight|nocturnal|blue hour",
        "noir": r"noir\b|black[- ]and[- ]white|monochrome|b&w",
        "cold": (
            r"cold (?:light|tones?|palette)|colder\b|cooler\b|icy\b|teal\b|overcast"
        ),
        "vintage": r"vintage|sepia|retro\b|super ?8|16 ?mm|film grain|grainy\b|vhs\b",
        "contrast": r"high[- ]contrast|dramatic light\w*|chiaroscuro|hard light",
        "soft": r"soft(?:er)? light\w*|diffus\w+|dreamy|pastel|(?:soft|light) bloom\b",
        "vignette": r"vignett\w*",
        "shallow": r"shallow depth|bokeh|blurr(?:ed|y) background",
        "lightrays": (
            r"god ?rays|light rays|sun ?beams|volumetric|light leak|lens flare"
        ),
    }
)

SOUNDS = _rows(
    {
        "rain": r"rain\b|raining|drizzle|downpour|patter",
        "thunder": r"thunder\w*",
        "wind": r"wind\b|windy|breeze|gust\w*|rustl\w+",
        "waves": r"waves?\b|ocean\b|sea\b|surf\b|shore\b",
        "birds": r"birds?\b|(?:sea)?gulls?\b|birdsong|chirp\w*|tweet\w*",
        "crickets": r"crickets?\b|cicadas?|night insects",
        "fire": r"crackl\w+|fireplace|campfire|bonfire",
        "city": r"city\b|traffic|street (?:noise|ambience|sounds?)|urban\b",
        "cafe": r"caf[eé]|chatter|crowd\b|murmur\w*|restaurant",
        "room": r"room tone|silence\b|quiet\b|hum\b|air con\w*",
        "stream": r"stream\b|river\b|brook\b|waterfall|fountain",
        "pad": (
            r"ambient (?:music|pad|synth)|synth pad|cinematic (?:swell|score|music)"
            r"|(?:soft |calm |gentle )?music\b|strings\b|piano\b"
        ),
        "steps": r"footsteps?",
        "clock": r"clock\b|ticking",
        "heart": r"heartbeat",
        "whoosh": r"whoosh|swoosh",
        "space": r"engine\b|spaceship|rumbl\w+",
    }
)
# These are heard even when nobody says "sound".
LOUD = any_of(
    r"rain\w*|drizzl\w*|thunder|wind\b|breeze|surf\b|(?:sea)?gulls?\b|birdsong|chirp\w*"
    r"|crickets|crackl\w*|room tone|chatter|murmur\w*|footsteps?|ticking|heartbeat"
    r"|whoosh|rumbl\w+|music\b|traffic\b"
    r"|(?:distant|crashing|gentle|breaking|soft|rolling) waves"
)
HEARD = any_of(
    r"sounds?\b|audio\b|ambien(?:ce|t)\b|noises?\b|hear\b|music\b|hum\b|score\b|sfx\b"
)

# What colours the whole picture: one "instead" of another.
PALETTE = frozenset({"golden", "night", "noir", "cold", "vintage"})
# What cannot be true at once: the later word wins.
CONTRARY: Mapping[str, frozenset[str]] = {
    "golden": frozenset({"night", "cold", "noir"}),
    "night": frozenset({"golden"}),
    "cold": frozenset({"golden", "noir"}),
    "noir": frozenset({"golden", "cold"}),
}

# Names of looks and sounds that are not already a word for them.
NAMES: Mapping[str, str] = {
    "haze": "fog",
    "golden": "golden light",
    "noir": "black and white",
    "cold": "cold light",
    "vintage": "a vintage look",
    "contrast": "hard light",
    "soft": "soft light",
    "shallow": "a blurred background",
    "lightrays": "rays of light",
    "flicker": "candlelight",
    "vignette": "dark corners",
    "room": "a quiet room",
    "cafe": "a café",
    "city": "the city",
    "pad": "soft music",
    "space": "engines",
    "steps": "footsteps",
    "clock": "a clock",
    "heart": "a heartbeat",
    "stream": "a stream",
    "whoosh": "a whoosh",
}


def name_of(mood: str) -> str:
    """A look or sound as people call it."""
    return NAMES.get(mood, mood)
