"""Names in the environment that look like settings of ours and are none."""

from collections.abc import Collection, Mapping

from bot.checkup import nearest

OURS = "VIVANT_"
THEIRS = (
    *("DISCORD_", "SLACK_", "OPENAI_", "COMETAPI_", "OPENROUTER_"),
    *("FAL_", "GEMINI_", "REPLICATE_"),
)
NOT_SETTINGS = frozenset({"VIVANT_KEY", "VIVANT_URL"})  # of programs that call us
OTHER_NAMES = {  # that are known from other programs
    "DISCORD_BOT_TOKEN": "DISCORD_TOKEN",
    "FAL_API_KEY": "FAL_KEY",
    "GOOGLE_API_KEY": "GEMINI_API_KEY",
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "REPLICATE_API_KEY": "REPLICATE_API_TOKEN",
    "SLACK_TOKEN": "SLACK_BOT_TOKEN",
}


def unknown_names(
    env: Mapping[str, str], known: Collection[str], written: Collection[str]
) -> Mapping[str, str | None]:
    """Names that are no setting, and what was probably meant by each.

    The environment is everybody's, so a name there that could be another program's is
    ours only where it is nearly one of our own that is not set.

    Args:
        env: Names and values.
        known: Every setting there is.
        written: Names that stand in a file for this bot alone.
    """
    found: dict[str, str | None] = {}
    free = [name for name in known if not env.get(name)]
    for name in sorted(set(env) - set(known) - NOT_SETTINGS):
        ours = name.startswith(OURS) or (name in written and name.startswith(THEIRS))
        alike = 0.75 if name.startswith((OURS, *THEIRS)) else 0.85
        near = OTHER_NAMES.get(name) or nearest(name, free, at_least=alike)
        if ours or (near in free and env[name]):
            found[name] = near
    return found


def meant(name: str, near: str | None) -> str:
    """What to do about a name that is no setting."""
    remedy = f"did you mean {near}?" if near else "see docs/configuration.md."
    return f"{name} is not a setting: {remedy}"
