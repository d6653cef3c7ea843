"""The words that people use for moves, looks and sounds, one row each.

Patterns are read in lower case and must begin at the start of a word.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.prompt.plan import MoveKind

Direction = tuple[int, int]


class Verb(NamedTuple):
    """A family of words for one move.

    Attributes:
        kind: The move.
        amount: How far it goes when nothing is said of how far; units as in `Move`.
        dx: Where it goes when nothing is said.
        dy: Where it goes when nothing is said.
    """

    words: re.Pattern[str]
    kind: MoveKind
    amount: float
    dx: int = 0
    dy: int = 0


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})", re.IGNORECASE)


K = MoveKind
VERBS: Sequence[Verb] = (
    Verb(_any(r"dolly[- ]?zoom\w*|vertigo|zolly|trombone"), K.VERTIGO, 0.30, dy=1),
    Verb(_any(r"whip[- ]?pan\w*"), K.PAN, 0.30, dx=1),
    Verb(
        _any(
            r"(?:rack|pull|shift)(?:s|ing|ed)? (?:the )?focus|focus (?:pull|rack|shift)"
            r"|racks? to"
        ),
        K.RACK,
        1.0,
        dx=1,
    ),
    Verb(
        _any(
            r"(?:crane|boom|jib|pedestal|elevat)\w*|rising shot|drone (?:up|rise)"
            r"|(?:camera|shot) (?:\w+ly )?(?:rise|lift|ascend|descend|lower|sink)s?\b"
            r"|ris(?:e|es|ing) up\b"
        ),
        K.CRANE,
        0.12,
        dy=-1,
    ),
    Verb(
        _any(r"orbit\w*|arc(?:s|ing)?\b|circl(?:e|es|ing)\b|revolv\w+|rotat\w+ around"),
        K.ORBIT,
        0.10,
        dx=1,
    ),
    Verb(
        _any(
            r"truck(?:s|ing|ed)?\b|track(?:s|ing|ed)?\b|slid(?:e|es|ing)\b|lateral\w*"
            r"|crab(?:s|bing)?\b|parallax|strafe\w*"
        ),
        K.TRUCK,
        0.10,
        dx=1,
    ),
    Verb(
        _any(
            r"push(?:es|ing|ed)?\b|doll(?:y|ies|ied|ying)\b|creep(?:s|ing)?\b"
            r"|mov(?:e|es|ing) (?:in|closer|forward|toward)|approach(?:es|ing)?\b"
            r"|glid(?:e|es|ing)\b|fl(?:y|ies|ying)[- ]?(?:in|through|forward|over)\b"
            r"|fpv\b|advance[sd]?\b"
            r"|(?:drift|float)(?:s|ing)? (?:in|forward|closer|toward)"
        ),
        K.DOLLY,
        0.26,
        dy=1,
    ),
    Verb(
        _any(
            r"pull(?:s|ing|ed)?[- ]?(?:back|out|away)|mov(?:e|es|ing) (?:back|away|out)"
            r"|retreat\w*|back(?:s|ing)? away"
        ),
        K.DOLLY,
        0.26,
        dy=-1,
    ),
    Verb(_any(r"zoom(?:s|ing|ed)?\b|punch(?:es)?[- ]in|ken burns"), K.ZOOM, 0.28, dy=1),
    Verb(_any(r"tilt(?:s|ing|ed)?\b"), K.TILT, 0.10, dy=-1),
    Verb(_any(r"pan(?:s|ning|ned)?\b|sweep(?:s|ing)?\b|swivel\w*"), K.PAN, 0.12, dx=1),
    Verb(
        _any(r"(?:dutch|canted) angle|roll(?:s|ing|ed)?\b|rotat(?:e|es|ing)\b"),
        K.ROLL,
        5.0,
        dx=1,
    ),
    Verb(
        _any(
            r"drift(?:s|ing|ed)?\b|float(?:s|ing|ed)?\b|sway(?:s|ing|ed)?\b|breath\w*"
        ),
        K.DRIFT,
        0.04,
        dx=1,
    ),
)

HOLD = _any(
    r"start(?:s|ing)? (?:static|still|locked)|static|locked[- ]?off"
    r"|lock(?:s|ed|ing)? (?:the )?(?:shot|camera)|hold(?:s|ing)?\b|paus(?:e|es|ing)\b"
    r"|stay(?:s|ing)? still|still (?:shot|camera|frame)|tripod|linger(?:s|ing)?"
    r"|settl(?:e|es|ing)\b|freez(?:e|es)\b|rests?\b|fixed (?:camera|shot)"
    r"|no (?:camera )?(?:movement|motion|move)|do(?:es)? ?n[o']t move"
    r"|camera (?:is |stays |remains )?(?:still|fixed|static)"
)
HANDHELD = _any(
    r"hand[- ]?held|shaky|documentary|camera shake|vlog|phone footage|gonzo"
)
CAMERA = _any(r"camera\b|shot\b|frame\b|lens\b|we\b|view\b")

DIRECTIONS: Sequence[tuple[re.Pattern[str], Direction]] = (
    (_any(r"left(?:\s+\w+)?\s+to\s+(?:the\s+)?right"), (1, 0)),
    (_any(r"right(?:\s+\w+)?\s+to\s+(?:the\s+)?left"), (-1, 0)),
    (_any(r"left(?:wards?)?\b"), (-1, 0)),
    (_any(r"right(?:wards?)?\b"), (1, 0)),
    (_any(r"up(?:wards?)?\b|ris(?:es?|ing)\b|lifts?\b|ascend\w*|skyward"), (0, -1)),
    (_any(r"down(?:wards?)?\b|descend\w*|lower\w*|sink\w*"), (0, 1)),
    (_any(r"counter[- ]?clockwise\b|ccw\b"), (-1, 0)),
    (_any(r"clockwise\b|cw\b"), (1, 0)),
)
IN_OUT: Sequence[tuple[re.Pattern[str], int]] = (
    (_any(r"(?:out|back|backwards?|away)\b"), -1),
    (_any(r"(?:in|into|forward|closer|towards?)\b"), 1),
)
SIZES: Sequence[tuple[re.Pattern[str], float]] = (
    (
        _any(r"barely|imperceptibl[ey]|tiny|very (?:slight|subtle|slow)\w*|minimal"),
        0.35,
    ),
    (
        _any(
            r"subtl[ey]|slight(?:ly)?\b|gentl[ey]|soft(?:ly)?\b|small\b|slow(?:ly)?\b"
            r"|little\b|light(?:ly)?\b|delicate"
        ),
        0.62,
    ),
    (
        _any(
            r"dramatic(?:ally)?\b|big\b|wide\b|strong(?:ly)?\b|fast\b|quick(?:ly)?\b"
            r"|rapid(?:ly)?\b|sharp\b|crash\b|whip|extreme\b|sweeping|heavy|thick"
        ),
        1.6,
    ),
)

LOOKS: Mapping[str, re.Pattern[str]] = {
    name: _any(words)
    for name, words in {
        "rain": r"rain(?:y|ing|fall|s)?\b|drizzl\w+|downpour|rainstorm",
        "snow": r"snow\w*|blizzard|flurries",
        "haze": r"fog\w*|mist\w*|haz[ey]\w*|smoky\b|atmospheric",
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
        "soft": r"soft light\w*|diffus\w+|dreamy|pastel|bloom\b",
        "vignette": r"vignett\w*",
        "shallow": r"shallow depth|bokeh|blurr(?:ed|y) background",
        "lightrays": (
            r"god ?rays|light rays|sun ?beams|volumetric|light leak|lens flare"
        ),
    }.items()
}

SOUNDS: Mapping[str, re.Pattern[str]] = {
    name: _any(words)
    for name, words in {
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
    }.items()
}
# These are heard even when nobody says "sound".
LOUD = _any(
    r"rain\w*|drizzl\w*|thunder|wind\b|breeze|surf\b|(?:sea)?gulls?\b|birdsong|chirp\w*"
    r"|crickets|crackl\w*|room tone|chatter|murmur\w*|footsteps?|ticking|heartbeat"
    r"|whoosh|rumbl\w+|music\b|(?:distant|crashing|gentle|breaking|soft|rolling) waves"
)
HEARD = _any(
    r"sounds?\b|audio\b|ambien(?:ce|t)\b|noises?\b|hear\b|music\b|hum\b|score\b|sfx\b"
)

SUBJECT = _any(
    r"(?:he|she|they|it|his|her|hers|their|its|subject|m[ae]n|wom[ae]n|girls?|boys?"
    r"|child(?:ren)?|person|people|model|character|dogs?|cats?|birds?|horses?|cars?"
    r"|trains?|hair|fur|eyes?|hands?|paws?|tails?|ears?|arms?|heads?|faces?|lips|mouth"
    r"|fingers?|leaves|grass|flames?|water|waves?|clouds?|curtains?|flags?|dress|smoke"
    r"|crowd|dancers?|players?|runners?|astronauts?|robots?|knights?|ships?|boats?"
    r"|trees?|branch(?:es)?|petals?|flowers?|steam|rockets?|coffee|milk)\b"
)
ACTION = _any(
    r"(?:rais\w+|lift\w*|walk\w*|run(?:s|ning)?|jump\w*|danc\w+|turn(?:s|ing|ed)?"
    r"|blink\w*|wink\w*|smil\w+|laugh\w*|cry|cries|crying|nod\w*|speak\w*|talk\w*|says?"
    r"|sing\w*|wav(?:e|es|ing) (?:at|to|hand|his|her|their|its|a|the|back|hello)"
    r"|look(?:s|ing) (?:up|down|back|at|over|away|toward|around)|glanc\w+|reach\w*"
    r"|pick\w* up|open\w*|clos(?:e|es|ing) (?:his|her|their|its|the|eyes?)|grab\w*"
    r"|throw\w*|catch\w*|fall\w*|sit\w* down|stand\w* up|sip\w*|drink\w*|eat\w*"
    r"|fl(?:y|ies) (?:away|off|past)|blow\w*|swing\w*|spin\w*|transform\w*|morph\w*"
    r"|appear\w*|disappear\w*|explod\w*|launch\w*|take(?:s|ing)? off|lift(?:s|ing)? off"
    r"|enter\w*|leav(?:e|es|ing) (?:the )?frame|kneel\w*|ris(?:es?|ing)|burn\w*"
    r"|point\w*"
    r"|breath(?:es|ing)|trembl\w+|flutter\w*|rippl\w*|pour\w*|driv(?:e|es|ing)|gallop\w*"
    r"|swim\w*|climb\w*|stir\w*|wag(?:s|ging)?|purr\w*|head turn|hand gesture"
    r"|tear rolls?|moves? (?:his|her|their|its))\b"
)
OTHER: Sequence[tuple[re.Pattern[str], str]] = (
    (_any(r"cuts? to\b|scene change|(?:second|next) shot|montage"), "cuts"),
    (
        re.compile(
            r'["“][^"”]{3,200}["”]|\b(?:says|dialog(?:ue)?|voice[- ]?over|narrat\w+'
            r"|lip[- ]?sync)",
            re.IGNORECASE,
        ),
        "speech",
    ),
    (_any(r"time[- ]?lapse|slow[- ]?mo(?:tion)?\b"), "time effects"),
    (_any(r"song\b|lyrics\b"), "songs"),
)
FOLLOWING = _any(r"(?:follow(?:s|ing)?|chas(?:es?|ing))\s+(?!by\b)\w+")
