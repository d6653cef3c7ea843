"""Frames as services word them: a ratio and a resolution instead of pixels."""

from bot.models import Size

# The wordings that services know, by their shape; the nearest is meant.
RATIOS = {
    "16:9": 16 / 9,
    "9:16": 9 / 16,
    "1:1": 1.0,
    "4:3": 4 / 3,
    "3:4": 3 / 4,
    "3:2": 3 / 2,
    "2:3": 2 / 3,
    "21:9": 21 / 9,
}
RESOLUTIONS = (360, 480, 540, 720, 768, 1080, 1440, 2160)  # of the shorter side


def ratio(size: Size) -> str:
    """The ratio that is nearest to a frame, as in `16:9`."""
    shape = size.width / size.height
    return min(RATIOS, key=lambda name: max(RATIOS[name] / shape, shape / RATIOS[name]))


def resolution(size: Size) -> str:
    """The resolution that is nearest to a frame, as in `720p`; 4k has its own word."""
    side = min(size) if ratio(size) != "1:1" else round(min(size) * 0.75)
    near = min(RESOLUTIONS, key=lambda lines: abs(lines - side))
    return "4k" if near == 2160 else f"{near}p"
