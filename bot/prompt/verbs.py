"""The words that people use for the camera: a row for each move, way and size."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.prompt.plan import Ease, MoveKind
from bot.prompt.words import any_of

Way = tuple[int, int]


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


K = MoveKind
VERBS: Sequence[Verb] = (
    Verb(any_of(r"dolly[- ]?zoom\w*|vertigo|zolly|trombone"), K.VERTIGO, 0.30, dy=1),
    Verb(any_of(r"whip[- ]?pan\w*"), K.PAN, 0.30, dx=1),
    Verb(
        any_of(
            r"(?:rack|pull|shift)(?:s|ing|ed)? (?:the )?focus|focus (?:pull|rack|shift)"
            r"|racks? to"
        ),
        K.RACK,
        1.0,
        dx=1,
    ),
    Verb(
        any_of(
            r"(?:crane|boom|jib|pedestal|elevat)\w*|rising shot|drone (?:up|rise)"
            r"|(?:camera|shot) (?:\w+ly )?(?:rise|lift|ascend|descend|lower|sink)s?\b"
            r"|ris(?:e|es|ing) up\b"
        ),
        K.CRANE,
        0.12,
        dy=-1,
    ),
    Verb(
        any_of(
            r"orbit\w*|arc(?:s|ing)?\b|circl(?:e|es|ing)\b|revolv\w+|rotat\w+ around"
        ),
        K.ORBIT,
        0.10,
        dx=1,
    ),
    Verb(
        any_of(
            r"truck(?:s|ing|ed)?\b|track(?:s|ing|ed)?\b|slid(?:e|es|ing)\b|lateral\w*"
            r"|crab(?:s|bing)?\b|parallax|strafe\w*"
        ),
        K.TRUCK,
        0.10,
        dx=1,
    ),
    Verb(
        any_of(
            r"push(?:es|ing|ed)?\b|doll(?:y|ies|ied|ying)\b|creep(?:s|ing)?\b"
            r"|mov(?:e|es|ing) (?:in|into|closer|forwards?|towards?)\b"
            r"|approach(?:es|ing)?\b|glid(?:e|es|ing)\b"
            r"|fl(?:y|ies|ying)[- ]?(?:in|through|forward|over)\b"
            r"|fpv\b|advance[sd]?\b"
            r"|(?:drift|float)(?:s|ing)? (?:in|into|forwards?|closer|towards?)\b"
        ),
        K.DOLLY,
        0.26,
        dy=1,
    ),
    Verb(
        any_of(
            r"pull(?:s|ing|ed)?[- ]?(?:back|out|away)|mov(?:e|es|ing) (?:back|away|out)"
            r"|retreat\w*|back(?:s|ing)? away"
        ),
        K.DOLLY,
        0.26,
        dy=-1,
    ),
    Verb(
        any_of(r"zoom(?:s|ing|ed)?\b|punch(?:es)?[- ]in|ken burns"), K.ZOOM, 0.28, dy=1
    ),
    Verb(any_of(r"tilt(?:s|ing|ed)?\b"), K.TILT, 0.10, dy=-1),
    Verb(
        any_of(r"pan(?:s|ning|ned)?\b|sweep(?:s|ing)?\b|swivel\w*"), K.PAN, 0.12, dx=1
    ),
    Verb(
        any_of(r"(?:dutch|canted) angle|roll(?:s|ing|ed)?\b|rotat(?:e|es|ing)\b"),
        K.ROLL,
        5.0,
        dx=1,
    ),
    Verb(
        any_of(
            r"drift(?:s|ing|ed)?\b|float(?:s|ing|ed)?\b|sway(?:s|ing|ed)?\b|breath\w*"
        ),
        K.DRIFT,
        0.04,
        dx=1,
    ),
)

HOLD = any_of(
    r"start(?:s|ing)? (?:static|still|locked)|static|stillness|locked[- ]?off"
    r"|lock(?:s|ed|ing)? (?:the )?(?:shot|camera)"
    # "She holds the cup" is no hold, "hold the shot" is.
    r"|hold(?:s|ing)?\b"
    r"(?! (?:hands|onto|(?:an?|the|his|her|their|its) (?!shot|frame|camera|\w*second"
    r"|moment|beat|view|last|final|end)))"
    r"|paus(?:e|es|ing)\b|wait\b|stops?(?= (?:for )?(?:\d|an? |one|half|two))|^stops?$"
    r"|stay(?:s|ing)? still|still (?:shot|camera|frame)|tripod|linger(?:s|ing)?"
    r"|settl(?:e|es|ing)\b|freez(?:e|es)\b|rests?\b(?! (?:on|in|against))"
    r"|fixed (?:camera|shot)"
    r"|keep(?:s|ing)? (?:the )?(?:camera |shot )?(?:still|fixed|static|locked)"
    r"|camera (?:is |stays |remains )?(?:still|fixed|static|locked|stops)"
)
MOTIONLESS = any_of(  # the one negation that names a move, a hold
    r"no (?:camera )?(?:movement|motion|move)\b|do(?:es)?(?: not|n'?t) move"
)
HANDHELD = any_of(
    r"hand[- ]?held|shaky|shake\b|documentary|camera shake|vlog|phone footage|gonzo"
)
CAMERA = any_of(r"camera\b|shot\b|frame\b|lens\b|we\b|view\b|(?:let|make) it\b")

# "On the left" and "right hand" say where something is, not where the camera goes.
_NOT_A_PART = r"(?! (?:hand|eye|arm|leg|foot|ear|shoulder|cheek|of)\b)"
WAYS: Sequence[tuple[re.Pattern[str], Way]] = (
    (any_of(r"left(?:\s+\w+)?\s+to\s+(?:the\s+)?right"), (1, 0)),
    (any_of(r"right(?:\s+\w+)?\s+to\s+(?:the\s+)?left"), (-1, 0)),
    (any_of(rf"(?<!on the )left(?:wards?)?\b{_NOT_A_PART}"), (-1, 0)),
    (any_of(rf"(?<!on the )right(?:wards?)?\b{_NOT_A_PART}"), (1, 0)),
    (any_of(r"up(?:wards?)?\b|ris(?:es?|ing)\b|lifts?\b|ascend\w*|skyward"), (0, -1)),
    (any_of(r"down(?:wards?)?\b|descend\w*|lower\w*|sink\w*"), (0, 1)),
    (any_of(r"counter[- ]?clockwise\b|ccw\b"), (-1, 0)),
    (any_of(r"(?<!counter[- ])clockwise\b|cw\b"), (1, 0)),
)
# "In 2 s" is a time and "in the rain" a place.
_NOT_A_TIME = (
    r"(?!\s+(?:the\s+(?:last|first|final)\s+)?"
    r"(?:\d|(?:an?|half|one|two|three|four|five|six|last|first|final)\b))"
)
IN_OUT: Sequence[tuple[re.Pattern[str], int]] = (
    (any_of(rf"back in(?:to)?\b{_NOT_A_TIME}"), 1),
    (any_of(r"(?:out|back|backwards?|away)\b"), -1),
    (any_of(rf"(?:in\b{_NOT_A_TIME}|(?:into|forwards?|closer|towards?)\b)"), 1),
)
STRAIGHT_ON = re.compile(
    r"\s+(?:\w+ly\s+)?(?:(?P<back>out|back|backwards?|away)"
    r"|(?:in|forwards?|closer|towards?))\b"
    rf"{_NOT_A_TIME}(?! (?:the|an?|his|her|their|this|that|front)\b)"
)
TO_THE_BACK = re.compile(
    r"to (?:the )?(?:back|background|distan)|from (?:the )?fore", re.IGNORECASE
)

# A "wide shot" or "soft light" says nothing about how far the camera goes.
_NOT_OF_A_THING = (
    r"(?! (?:shots?|angle|view|lens|lights?|lighting|music|focus|chatter|girl|boy|child"
    r"|dog|cat|house|bird|town|village|m[ae]n|wom[ae]n|old|young|city|tree|flower|room"
    r"|eyes?|smile|colou?rs?|background|contrast)\b)"
)
SIZES: Sequence[tuple[re.Pattern[str], float]] = (
    (
        any_of(
            r"barely|imperceptibl[ey]|tiny|very (?:slight|subtle|slow|gentle)\w*"
            rf"|minimal{_NOT_OF_A_THING}"
        ),
        0.35,
    ),
    (
        any_of(
            r"(?:subtl[ey]|slight(?:ly)?|gentl[ey]|soft(?:ly)?|small|slow(?:ly)?"
            rf"|a little|delicate)\b{_NOT_OF_A_THING}"
            r"|lightly\b|light(?= (?:rain|snow|fog|mist|haze|drizzle|dust|push|pan))"
        ),
        0.62,
    ),
    (
        any_of(
            r"(?:dramatic(?:ally)?|big|wide|strong(?:ly)?|fast|quick(?:ly)?"
            r"|rapid(?:ly)?|sharp|extreme|sweeping|heavy|thick)\b"
            rf"{_NOT_OF_A_THING}|whip|crash(?= (?:zoom|push|in)\b)"
        ),
        1.6,
    ),
)

EASES: Sequence[tuple[re.Pattern[str], Ease]] = (
    (any_of(r"linear|constant (?:speed|rate|pace)|steady\b|steadily"), Ease.LINEAR),
    (any_of(r"ease[- ]?in\b(?![- /]*(?:and[- ])?out)|accelerat"), Ease.IN),
    (any_of(r"ease[- ]?out|decelerat|settles?\b"), Ease.OUT),
    (
        any_of(r"whip|crash(?:es)? (?:zoom|push|in)|snap(?:s|py)?\b|abrupt"),
        Ease.SNAP,
    ),
)
