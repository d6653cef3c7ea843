"""The words for what is in a picture and what it does, which one photo cannot show."""

import re
from collections.abc import Sequence

from bot.prompt.words import any_of

SUBJECT = any_of(
    r"(?:he|she|they|it|his|her|hers|their|its|subject|m[ae]n|wom[ae]n|girls?|boys?"
    r"|child(?:ren)?|person|people|model|character|dogs?|cats?|birds?|horses?|cars?"
    r"|trains?|hair|fur|eyes?|hands?|paws?|tails?|ears?|arms?|heads?|faces?|lips|mouth"
    r"|fingers?|leaves|grass|flames?|water|waves?|clouds?|curtains?|flags?|dress|smoke"
    r"|crowd|dancers?|players?|runners?|astronauts?|robots?|knights?|ships?|boats?"
    r"|trees?|branch(?:es)?|petals?|flowers?|steam|rockets?|coffee|milk|rivers?"
    r"|waterfalls?|sails?|balloons?|bees?|butterfl(?:y|ies)|fish)\b"
)
_DOES = (  # "she lights a lamp" is a deed, "she wears a hat" is how it looks
    r"s?he (?:\w+ly )?(?!(?:is|has|was|wears|stands|sits|lies|holds|looks|faces|rests"
    r"|remains|stays|seems|appears|always|pass|this|its|his)\b)\w+s"
)
ACTION = any_of(
    rf"(?:{_DOES}|(?:make|let) (?:the|his|her|their|my) \w+ \w+"
    r"|rais\w+|lift\w*|walk\w*|run(?:s|ning)?|jump\w*|danc\w+|turn(?:s|ing|ed)?"
    r"|blink\w*|wink\w*|smil\w+|laugh\w*|cry|cries|crying|nod\w*|speak\w*|talk\w*|says?"
    r"|sing\w*|wav(?:e|es|ing) (?:at|to|hand|his|her|their|its|a|the|back|hello)"
    r"|look(?:s|ing) (?:up|down|back|at|over|away|toward|around)|glanc\w+|reach\w*"
    r"|pick\w* up|open\w*|clos(?:e|es|ing) (?:his|her|their|its|the|eyes?)|grab\w*"
    r"|throw\w*|catch\w*|fall\w*|sit\w* down|stand\w* up|sip\w*|drink\w*|eat\w*"
    r"|fl(?:y|ies) (?:away|off|past)|blow\w*|swing\w*|spin\w*|transform\w*|morph\w*"
    r"|appear\w*|disappear\w*|explod\w*|launch\w*|take(?:s|ing)? off|lift(?:s|ing)? off"
    r"|enter\w*|leav(?:e|es|ing) (?:the )?frame|kneel\w*|ris(?:es?|ing)|burn\w*"
    r"|point\w*|flow(?:s|ing)?"
    r"|breath(?:es|ing)|trembl\w+|flutter\w*|rippl\w*|pour\w*|driv(?:e|es|ing)|gallop\w*"
    r"|swim\w*|climb\w*|stir\w*|wag(?:s|ging)?|purr\w*|head turn|hand gesture"
    r"|tear rolls?|moves? (?:his|her|their|its))\b"
)
FOLLOWING = any_of(r"(?:follow(?:s|ing)?|chas(?:es?|ing))\s+(?!by\b)\w+")
# Cuts, speech, changes of time, songs.
OTHER: Sequence[re.Pattern[str]] = (
    any_of(r"cuts? to\b|scene change|(?:second|next) shot|montage"),
    any_of(r"says|dialog(?:ue)?|voice[- ]?over|narrat\w+|lip[- ]?sync"),
    any_of(r"time[- ]?lapse|slow[- ]?mo(?:tion)?\b"),
    any_of(r"song\b|lyrics\b"),
)
QUOTED = re.compile(r'["“][^"”\n]{3,300}["”]')
