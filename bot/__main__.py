"""The command line: `vivant` or `python -m bot`."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from bot import logs
from bot.config import Settings, load
from bot.errors import BotError, SetupError

USAGE_ERROR = 2
SETUP_ERROR = 69  # EX_UNAVAILABLE: the owner has to change something
INTERRUPTED = 130

EPILOG = """\
examples:
  vivant run                                     serve the page, and the chats
  vivant animate cat.jpg "dolly in 2 s, hold 1 s, pan left 1 s, golden hour"
  vivant animate cat.jpg "orbit right, snow" -o cat.mp4 --seconds 6
  vivant doctor                                  check this machine and the settings
  vivant admin key create montage --units 300    let a program in at /v1/videos
  vivant backup vivant.tar                       also while the bot runs

Settings come from the environment or from .env; docs/configuration.md lists them.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    logs.set_up(verbose=options.verbose)
    try:
        return asyncio.run(_command(options, load(Path.cwd())))
    except SetupError as error:
        for problem in error.problems:
            errors.print(problem, style="red", markup=False)
        return SETUP_ERROR
    except BotError as error:
        errors.print(str(error), style="red", markup=False)
        errors.print(error.hint, markup=False)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _command(
    options: argparse.Namespace, settings: Settings
) -> Coroutine[None, None, int]:
    """Look the command up; imported late, so that help and mistakes come at once."""
    # ruff: noqa: PLC0415
    match options.command:
        case "animate":
            from bot.commands.animate import animate

            made = animate(options, settings)
        case "demo":
            from bot.commands.animate import demo

            made = demo(options, settings)
        case "doctor":
            from bot.commands.doctor import doctor

            made = doctor(settings)
        case "models":
            from bot.commands.services import models

            made = models(settings)
        case "slack-manifest":
            from bot.commands.slack import show_manifest

            made = show_manifest(options)
        case "admin":
            from bot.commands.admin import admin

            made = admin(options, settings)
        case "backup":
            from bot.commands.backup import backup

            made = backup(options, settings)
        case "restore":
            from bot.commands.backup import restore

            made = restore(options, settings)
        case "health":
            from bot.commands.health import health

            made = health(settings)
        case _:
            from bot.commands.run import run

            made = run(settings)
    return made


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vivant",
        description="Bring still pictures to life: a photo in, a moving clip out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"vivant {version('vivant')}"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="log what the bot does"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("run", help="serve the page and connect the chats")
    _add_animate(commands)
    demo = commands.add_parser("demo", help="render the sample photos")
    demo.add_argument("-o", "--out", type=Path, default=Path("out"), metavar="FOLDER")
    commands.add_parser("doctor", help="check this machine and the settings")
    _add_backup(commands)
    commands.add_parser("health", help="ask the running bot whether it is well")
    commands.add_parser("models", help="list what can be rendered with, and its price")
    manifest = commands.add_parser("slack-manifest", help="print what Slack is to know")
    manifest.add_argument(
        "--low", action="store_true", help="with fewer scopes: see docs/slack.md"
    )
    manifest.add_argument(
        "--url", help="where Slack calls the bot over HTTPS, instead of Socket Mode"
    )
    _add_admin(commands)
    return parser


def _add_animate(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    animate = commands.add_parser(
        "animate",
        help="render one photo to a file",
        description="Render one photo to an MP4, here and now, with no key.",
    )
    animate.add_argument("photo", metavar="PHOTO", help="a picture file, or its link")
    animate.add_argument(
        "prompt",
        metavar="PROMPT",
        nargs="?",
        default="",
        help="how it should move; without words the camera pushes in gently",
    )
    animate.add_argument(
        "-o", "--out", type=Path, metavar="OUT.mp4", help="default: PHOTO's name.mp4"
    )
    animate.add_argument(
        "-s",
        "--seconds",
        type=int,
        help="length of the clip; default: what the prompt's times add up to, else 4",
    )
    animate.add_argument(
        "--shape",
        choices=("auto", "landscape", "portrait", "square"),
        default="auto",
        help="shape of the frame; default: the one nearest to the photo",
    )
    animate.add_argument(
        "--seed", type=int, help="the same number makes the same snow fall"
    )


def _add_backup(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    backup = commands.add_parser(
        "backup", help="write everything the bot knows to one file"
    )
    backup.add_argument(
        "file", metavar="FILE", help="a .tar or .tar.gz; “-” is standard output"
    )
    backup.add_argument(
        "--force", action="store_true", help="write over a file that is there"
    )
    restore = commands.add_parser("restore", help="bring a backup back")
    restore.add_argument("file", metavar="FILE", help="“-” is standard input")
    restore.add_argument(
        "--replace",
        action="store_true",
        help="move what is there aside; without it the folder must be empty",
    )
    restore.add_argument(
        "--into", type=Path, metavar="FOLDER", help="a folder in place of VIVANT_DATA"
    )


def _add_admin(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    admin = commands.add_parser("admin", help="what only the owner does")
    things = admin.add_subparsers(dest="thing", metavar="THING", required=True)
    quota = things.add_parser("quota", help="give one person their own daily units")
    quota.add_argument(
        "person", metavar="CHAT:ID", help="for example discord:8035162534"
    )
    quota.add_argument("units", help="clip-seconds a day, or “unlimited”")
    key = things.add_parser("key", help="let a program in at /v1/videos")
    deeds = key.add_subparsers(dest="deed", metavar="DEED", required=True)
    create = deeds.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", metavar="NAME", help="for example montage")
    create.add_argument("--units", help="clip-seconds a day, or “unlimited”")
    deeds.add_parser("list", help="show the names of all keys")
    revoke = deeds.add_parser("revoke", help="let a key open nothing any more")
    revoke.add_argument("name", metavar="NAME")


if __name__ == "__main__":
    sys.exit(main())
