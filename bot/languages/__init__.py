"""The bot's sentences in other languages, looked up by the English ones.

English is written where it is said; `de.toml` and its like hold the same sentences in
another language. What is missing there is said in English.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files

Say = Callable[..., str]

ENGLISH = "en"
NAMES = ("de", "ja")  # ISO 639; a file for each


def _read(name: str) -> Mapping[str, str]:
    text = (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


TABLES = {name: _read(name) for name in NAMES}


def look_up(sentence: str, locale: str) -> str | None:
    """The same sentence in another language; None where there is none.

    Args:
        sentence: In English, perhaps a template.
        locale: As in `de`, `pt-BR` or `en-US`.
    """
    return TABLES.get(locale.partition("-")[0], {}).get(sentence)


def say(sentence: str, locale: str = ENGLISH, **facts: object) -> str:
    """A sentence in a language, its facts filled in."""
    said = look_up(sentence, locale) or sentence
    return said.format(**facts) if facts else said


def speaker(locale: str) -> Say:
    """`say` in one language."""
    return partial(_say_in, locale)


def _say_in(locale: str, sentence: str, /, **facts: object) -> str:
    return say(sentence, locale, **facts)
