"""Everything a person may read is there in every language, and fits where it goes."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.discord import buttons, desk, replies, roads
from bot import errors, features, quota
from bot.errors import BotError
from bot.languages import NAMES, TABLES, look_up, say, speaker
from bot.models import Shape, Tier
from bot.prompt.moods import LOOKS, SOUNDS, name_of
from bot.prompt.plan import MoveKind
from bot.providers import faults
from bot.wording import cards, plans

ROOT = Path(__file__).parent.parent
FOLDERS = ("bot", "adapters/discord")
ELSEWHERE = ("bot/commands", "bot/config", "bot/__main__")  # what only an owner reads
PLACES = re.compile(r"\{(\w+)[^}]*\}")


def sources() -> Iterator[ast.AST]:
    """Every part of the code that may speak to a person."""
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith(ELSEWHERE):
                yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def kinds() -> set[str]:
    """Names of the errors that a person may see."""
    return {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, BotError)
    }


def spoken() -> set[str]:
    """Every sentence in the code."""
    found = set(tables())
    raised = kinds()
    for node in sources():
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if isinstance(node.func, ast.Call):  # say_of(interaction)("…")
            name = "say"
        if name in {*raised, "say", "ClosedError"}:
            found |= set(words(node))
        found |= {
            key.value.value
            for key in node.keywords
            if key.arg == "description"
            and isinstance(key.value, ast.Constant)
            and isinstance(key.value.value, str)
        }
    return {str(text) for text in found}


def words(call: ast.Call) -> Iterator[str]:
    """The sentence and the hint in a call."""
    hints = [key.value for key in call.keywords if key.arg == "hint"]
    for value in [*call.args, *hints]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def tables() -> Iterator[str]:
    """Sentences that are looked up in tables."""
    yield from (*cards._STATES.values(), *cards._OPS.values(), *plans._EASES.values())
    yield from (*buttons.LABELS.values(), *roads.CLOSED.values(), *replies.HELP)
    yield from (desk.FAR, quota.MINE, quota.TOGETHER, *errors.ADVICE.values())
    yield from (*features.MENUS, *features.CAMERAS, *Shape, *Tier)
    yield from (name_of(mood) for mood in (*LOOKS, *SOUNDS))
    yield from moves()
    yield from (*faults.SENTENCES.values(), faults.PICTURE, faults.WORDS)
    for feature in features.FEATURES:
        yield feature.help
        yield from (option.help for option in feature.options)
    for name in kinds():
        yield getattr(errors, name).hint
    yield "This command is from another version of the bot."
    yield "Your clips: change them, find them"


def moves() -> Iterator[str]:
    """Every camera move as it is said."""
    for kind in (MoveKind.DOLLY, MoveKind.ZOOM, MoveKind.VERTIGO):
        yield from (f"{kind} in", f"{kind} out")
    yield from ("focus to the back", "focus to the front", "drift", "hold", "handheld")
    sideways = (MoveKind.PAN, MoveKind.TRUCK, MoveKind.ORBIT, MoveKind.ROLL)
    yield from (f"{kind} {way}" for kind in sideways for way in ("left", "right"))
    upright = (MoveKind.TILT, MoveKind.CRANE)
    yield from (f"{kind} {way}" for kind in upright for way in ("up", "down"))


def limited() -> Iterator[tuple[str, int]]:
    """Sentences for which Discord has a limit, and that limit (docs, 2026-08)."""
    for feature in features.FEATURES:
        yield feature.help, 100
        yield from ((option.help, 100) for option in feature.options)
    yield from ((menu, 32) for menu in features.MENUS)
    yield from ((choice, 100) for choice in (*features.CAMERAS, *Shape, *Tier))
    yield from ((label, 80) for label in buttons.LABELS.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_there(name: str) -> None:
    assert sorted(spoken() - set(TABLES[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_translated_that_nobody_says(name: str) -> None:
    assert sorted(set(TABLES[name]) - spoken()) == []


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_the_same_in_every_language(name: str) -> None:
    for english, said in TABLES[name].items():
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(said)), english


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_too_long_for_its_place(name: str) -> None:
    for english, most in limited():
        assert len(look_up(english, name) or "") <= most, english


def test_a_region_hears_its_language_and_others_hear_english() -> None:
    assert say("Done", "de-AT") == TABLES["de"]["Done"]
    assert speaker("ja")("Done") == TABLES["ja"]["Done"]
    assert say("Done", "xx") == say("Done") == "Done"
