"""Everything a person may read is there in every language, and fits where it goes."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from adapters.discord import buttons, forms
from adapters.slack import forms as slack_forms
from adapters.slack.fields import About
from bot import errors, features
from bot.errors import BotError
from bot.languages import NAMES, TABLES, look_up, say, speaker
from bot.mending import FAULTS, ClipFault, Mended
from bot.models import Shape, Tier
from bot.prompt.moods import LOOKS, SOUNDS, name_of
from bot.prompt.plan import Move, MoveKind
from bot.prompt.verbs import VERBS
from bot.wording import plans

ROOT = Path(__file__).parent.parent
FOLDERS = ("bot", "adapters/discord", "adapters/slack")
FOR_OWNERS = (
    *("bot.commands", "bot.config", "bot.__main__"),
    *("bot.backup", "bot.checkup", "bot.misspelt", "bot.remarks"),
    *("adapters.discord.checkup", "adapters.discord.supervisor"),
    *("adapters.slack.checkup", "adapters.slack.sockets", "adapters.slack.manifest"),
)
NOTES = (
    "bot.prompt",
    "bot.providers.local.render",
    "bot.providers.planning",
    "bot.providers.retiring",
    "bot.choice",
)  # stored as they were said

SENTENCE = re.compile(r"[A-Z“{].* .*\.")
CONSTANT = re.compile(r"_?[A-Z][A-Z_]+")
KEPT = re.compile(r"<@\{\w+\}>|\{[^}]*\}|/(?:animate|clip \w+)|`\w+`|https?://")
# Names what only the running bot knows, so it cannot be looked up.
UNWRITTEN = {"f\"Pick one of these: {', '.join(known)}.\""}


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module that may speak to a person, read."""
    found = {}
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            name = name.removesuffix(".__init__")
            if not name.startswith(FOR_OWNERS):
                found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


@cache
def spoken() -> frozenset[str]:
    """Every sentence in the code."""
    found = {str(text) for text in (*tables(), *moves())}
    for name, module in modules().items():
        for value in told(module):
            found |= set(texts(value, name))
        if not name.startswith(NOTES):
            found |= set(whole_sentences(module))
    return frozenset(found - {""})


def told(module: ast.Module) -> Iterator[ast.expr]:
    """What is said, raised as an error or its hint, or describes a command."""
    kinds = {name for name, kind in inspect.getmembers(errors, is_error)}
    for call in ast.walk(module):
        if not isinstance(call, ast.Call):
            continue
        if called(call) in {*kinds, "ClosedError", "FullError", "say"}:
            yield from (*call.args, *named(call, "hint"))
        if called(call) == "_everywhere_group":
            yield call.args[1]
        yield from named(call, "description")


def is_error(kind: object) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BotError)


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call():  # say_of(interaction)("…")
            return "say"
    return ""


def named(call: ast.Call, word: str) -> list[ast.expr]:
    return [key.value for key in call.keywords if key.arg == word]


def texts(value: ast.expr, module: str) -> Iterator[str]:
    """The strings that an expression may stand for: itself, or those of its table."""
    if isinstance(value, ast.JoinedStr):
        yield filled(value, module) or ""
        return
    for part in ast.walk(value):
        if isinstance(part, ast.Name) and CONSTANT.fullmatch(part.id):
            yield from strings(getattr(import_module(module), part.id))
    if isinstance(value, ast.Constant):
        yield from strings(value.value)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in strings(one))
    elif isinstance(value, tuple):
        yield from (text for one in value for text in strings(one))


def filled(value: ast.JoinedStr, module: str) -> str | None:
    """An f-string of nothing but constants, as it is said; else None."""
    code = compile(ast.Expression(value), module, "eval")
    try:
        return str(eval(code, vars(import_module(module))))
    except NameError:
        return None


def whole_sentences(module: ast.Module) -> Iterator[str]:
    """Strings that read like a sentence, wherever they stand: returned, in a table."""
    apart: set[int] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Expr | ast.JoinedStr):  # docs, and parts of a string
            apart |= {id(part) for part in ast.iter_child_nodes(node)}
        elif isinstance(node, ast.Call) and called(node) == "append":  # a note
            apart |= {id(part) for part in node.args}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and id(node) not in apart:
            yield from (s for s in strings(node.value) if SENTENCE.fullmatch(s))


def tables() -> Iterator[str]:
    """What is looked up by way of a variable."""
    yield from (*features.MENUS, *features.CAMERAS, *Shape, *Tier)
    yield from (name_of(mood) for mood in (*LOOKS, *SOUNDS))
    yield from (text for told in FAULTS.values() for text in told)
    for feature in features.FEATURES:
        yield feature.help
        yield from (option.help for option in feature.options)


def moves() -> Iterator[str]:
    """Every camera move as it is said, there and back."""
    for verb in VERBS:
        for way in (1, -1):
            dx = way if verb.kind is MoveKind.RACK else verb.dx * way
            yield plans._move(Move(kind=verb.kind, amount=1, dx=dx, dy=verb.dy * way))


def limited() -> Iterator[tuple[str, int]]:
    """Sentences for which Discord has a limit, and that limit (docs, 2026-08)."""
    for feature in features.FEATURES:
        yield feature.help, 100
        yield from ((option.help, 100) for option in feature.options)
    for call in ast.walk(modules()["adapters.discord.commands"]):
        if isinstance(call, ast.Call):
            for text in named(call, "description"):
                yield from ((said, 100) for said in texts(text, ""))
    yield from ((menu, 32) for menu in features.MENUS)
    yield from ((choice, 100) for choice in (*features.CAMERAS, *Shape, *Tier))
    yield from ((label, 20) for label in buttons.LABELS.values())  # five fit in a row
    yield from ((told.help, 100) for told in FAULTS.values())


def shown(part: object) -> Iterator[str]:
    """Every text in a form, as it goes to Discord."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name in {"title", "label", "description", "placeholder"} and value:
                yield value
            else:
                yield from shown(value)
    elif isinstance(part, list):
        yield from (text for one in part for text in shown(one))


def test_the_code_is_found() -> None:
    assert len(spoken()) > 250
    assert "The server behind that link does not answer." in spoken()  # returned
    assert "That is a Photoshop file." in spoken()  # in a table
    assert "pan left" in spoken()  # put together


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_there(name: str) -> None:
    assert sorted(spoken() - set(TABLES[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_translated_that_nobody_says(name: str) -> None:
    assert sorted(set(TABLES[name]) - spoken()) == []


def test_a_sentence_is_written_down_and_its_facts_come_later() -> None:
    unwritten = {
        ast.unparse(value)
        for name, module in modules().items()
        for value in told(module)
        if isinstance(value, ast.JoinedStr) and filled(value, name) is None
    }

    assert unwritten <= UNWRITTEN


@pytest.mark.parametrize("name", NAMES)
def test_facts_and_commands_are_the_same_in_every_language(name: str) -> None:
    for english, told_there in TABLES[name].items():
        assert sorted(KEPT.findall(english)) == sorted(KEPT.findall(told_there))


@pytest.mark.parametrize("name", NAMES)
def test_a_button_or_menu_is_called_what_it_says_on_it(name: str) -> None:
    labels = (*features.MENUS, *buttons.LABELS.values())
    for english, told_there in TABLES[name].items():
        for label in labels:
            if re.search(rf"([Pp]ress|Apps,) {label}\b", english):
                assert TABLES[name][label] in told_there


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_too_long_for_its_place(name: str) -> None:
    for english, most in limited():
        assert 0 < len(look_up(english, name) or "") <= most, english


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_in_a_form_is_cut_off(name: str) -> None:
    said = set()

    def remember(sentence: str, **facts: object) -> str:
        said.add(text := speaker(name)(sentence, **facts))
        return text

    studio = forms.studio("1", forms.Wish(), remember, needs_picture=True)
    mended = Mended(fault=ClipFault.JITTER, prompt="", seconds=4, notes=())
    small = (forms.remix, forms.extend, lambda _, say: forms.mended("1", mended, say))
    for form in (studio, *(form("1", remember) for form in small)):
        assert set(shown(form.to_dict())) <= said


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_form_of_slack_is_cut_off(name: str) -> None:
    said = set()

    def remember(sentence: str, **facts: object) -> str:
        said.add(text := speaker(name)(sentence, **facts))
        return text

    about = About(clip="1")
    mend = Mended(fault=ClipFault.DRIFT, prompt="x", seconds=4, notes=())
    for form in (
        slack_forms.studio(about, remember, models=()),
        slack_forms.remix(about, remember),
        slack_forms.extend(about, remember),
        slack_forms.wrong(about, remember),
        slack_forms.mended(about, mend, remember),
        slack_forms.told(remember, "x"),
    ):
        assert set(labels(form)) <= said
        for title in (form["title"], form.get("submit"), form["close"]):
            assert title is None or len(title["text"]) <= 24


def labels(part: object) -> Iterator[str]:
    """Every text without markup in a form, as it goes to Slack."""
    if isinstance(part, Mapping):
        if part.get("type") == "plain_text":
            yield part["text"]
        for value in part.values():
            yield from labels(value)
    elif isinstance(part, list):
        yield from (text for one in part for text in labels(one))


@pytest.mark.parametrize(
    ("locale", "name"),
    [("de", "de"), ("de-AT", "de"), ("ja", "ja"), ("ja-JP", "ja")],
)
def test_a_region_hears_its_language(locale: str, name: str) -> None:
    assert say("Done", locale) == speaker(locale)("Done") == TABLES[name]["Done"]


@pytest.mark.parametrize("locale", ["en-US", "xx", "", "pt-BR"])
def test_others_hear_english(locale: str) -> None:
    assert look_up("Done", locale) is None
    assert say("Done", locale) == speaker(locale)("Done") == "Done"
    assert say("{seconds} s", locale, seconds=4) == "4 s"


def test_what_nobody_translated_is_said_in_english() -> None:
    assert look_up("Nobody says {this}.", "de") is None
    assert say("Nobody says {this}.", "de", this="so") == "Nobody says so."
