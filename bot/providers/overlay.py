"""The owner's model cards over the packaged ones, as tables before anybody reads them.

A card is known by its provider, its id and its profiles: the same name may be another
model at another server. So an entry of the owner's never takes a card away that it does
not speak of.
"""

from collections.abc import Mapping
from typing import Any

from bot.providers.openai import profiles

PROVIDERS = ("openai", "openrouter", "fal", "gemini", "replicate")
OTHER_NAMES = {"cometapi": ("openai", "cometapi")}  # a service that speaks /v1/videos
Table = dict[str, Any]
Key = tuple[str, str]  # provider and id


def laid_over(packaged: list[Table], own: list[Table]) -> list[Table]:
    """The owner's models first: what somebody cares to write down, they prefer.

    Raises:
        ValueError: Two of the owner's entries are for the same, or for nobody.
        KeyError: One does not say its provider or its id.
    """
    own = [_named(entry) for entry in own]
    _check_repeats(own)
    everywhere = {_key(entry): entry for entry in own if not _profiles(entry)}
    taken: dict[Key, frozenset[str]] = {}
    for entry in own:
        taken[_key(entry)] = taken.get(_key(entry), frozenset()) | _profiles(entry)
    mine: list[Table] = []
    for entry in own:
        alike = [one for one in packaged if _key(one) == _key(entry)]
        if named := _profiles(entry):
            nearest = [one for one in alike if named & _profiles(one)]
            base = next(iter([*nearest, *alike]), {})
            mine.append(base | everywhere.get(_key(entry), {}) | entry)
        else:
            changed = [one | entry for one in alike] or [entry]
            mine += [left for one in changed for left in _left(one, taken)]
    rest = [one for one in packaged if _key(one) not in everywhere]
    return [*mine, *(left for one in rest for left in _left(one, taken))]


def _left(entry: Table, taken: Mapping[Key, frozenset[str]]) -> list[Table]:
    """An entry without the profiles that the owner wrote down apart; perhaps none."""
    if not entry.get("profiles"):
        return [entry]
    gone = taken.get(_key(entry), frozenset())
    left = [profile for profile in entry["profiles"] if profile not in gone]
    return [entry | {"profiles": left}] if left else []


def _named(entry: Table) -> Table:
    """An entry of the owner's, by the provider that the packaged ones name."""
    provider = entry["provider"]
    if provider in OTHER_NAMES:
        known, profile = OTHER_NAMES[provider]
        return entry | {"provider": known, "profiles": [profile]}
    if provider not in PROVIDERS:
        known_ones = ", ".join((*PROVIDERS, *OTHER_NAMES))
        raise ValueError(f"“{provider}” is not a provider: take one of {known_ones}")
    if unknown := _profiles(entry) - profiles.load().keys():
        raise ValueError(f"{', '.join(sorted(unknown))}: there is no such profile")
    return entry


def _check_repeats(own: list[Table]) -> None:
    """Two entries for the same thing: nobody could tell which one counts."""
    seen: set[tuple[Key, str]] = set()
    for entry in own:
        for profile in _profiles(entry) or {""}:
            if (_key(entry), profile) in seen:
                name = "/".join(_key(entry))
                where = f" for the profile {profile}" if profile else ""
                raise ValueError(f"{name} is there twice{where}: keep one entry")
            seen.add((_key(entry), profile))


def _key(entry: Table) -> Key:
    return entry["provider"], entry["id"]


def _profiles(entry: Table) -> frozenset[str]:
    return frozenset(entry.get("profiles", ()))
