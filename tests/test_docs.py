"""The docs say what the code does."""

import re
import tomllib
from pathlib import Path
from re import DOTALL, MULTILINE

from adapters.slack.manifest import SCOPES
from bot.__main__ import _parser as command_line

ROOT = Path(__file__).parent.parent
OURS = "VIVANT|DISCORD|SLACK|OPENAI|COMETAPI|OPENROUTER|FAL|GEMINI|REPLICATE"


def text(name: str) -> str:
    """One file of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def settings_in_the_code() -> set[str]:
    """Every name that `Settings.read` looks at."""
    return set(re.findall(rf'"((?:{OURS})_[A-Z_]+)"', text("bot/config.py")))


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \|", text("docs/configuration.md"), MULTILINE)

    assert set(table) == settings_in_the_code()
    assert len(table) == len(set(table))


def test_the_example_settings_exist() -> None:
    named = set(re.findall(r"^# ([A-Z_]+)=", text(".env.example"), MULTILINE))

    assert named <= settings_in_the_code()


def test_version_and_changelog_agree() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]

    [newest, *_] = re.findall(r"^## (\S+) - ", text("CHANGELOG.md"), MULTILINE)

    assert newest == version


def test_every_make_target_and_command_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), MULTILINE))
    help_text = command_line().format_help()
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        code = " ".join(
            re.findall(r"`[^`]+`|^```.*?^```", text(name), MULTILINE | DOTALL)
        )
        assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets
        for command in re.findall(r"\bvivant ([a-z]+)", code):
            assert command in help_text


def test_every_link_between_the_docs_leads_somewhere() -> None:
    for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file.name}: {link}"


def test_every_module_that_the_docs_name_exists() -> None:
    for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        found = file.read_text(encoding="utf-8")
        for path in re.findall(r"`((?:bot|adapters|tests|bench|docs)/[\w/.]+)`", found):
            assert (ROOT / path).exists(), f"{file.name}: {path}"


def test_every_figure_in_the_docs_names_its_bench() -> None:
    """A number with `x`, `s` or `MB` in README stands in a line that names a bench."""
    for name in re.findall(r"`?(bench/\w+\.py)`?", text("README.md")):
        assert (ROOT / name).exists()


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    """No absolute path of a developer's machine, no address of a package index."""
    suspicious = re.compile(r"[\"' ]/(?:work|root)/[a-z]|index-url|files\.pythonhosted")
    suffixes = {".py", ".md", ".toml", ".txt", ".yaml", ".js", ".css", ".html"}
    for top in ("bot", "adapters", "tests", "bench", "docs"):
        for file in (ROOT / top).rglob("*"):
            if file.suffix in suffixes and file.name != "test_docs.py":
                assert not suspicious.search(file.read_text(encoding="utf-8")), file


def test_every_scope_of_slack_is_explained_as_in_the_code() -> None:
    table = re.findall(
        r"^\| `([a-z_:.]+)` \| (.+) \|$", text("docs/slack.md"), MULTILINE
    )

    assert dict(table) == dict(SCOPES)
