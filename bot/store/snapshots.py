"""A copy of the database in a file of its own, as a backup has it. All of it blocks."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SetupError
from bot.store.schema import MAYBE_ORDERED, MIGRATIONS

ENDED = "('done', 'failed', 'cancelled')"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in a copy.

    Attributes:
        schema: Version of its tables.
        unfinished: Jobs that go on when a bot is started on it.
    """

    schema: int
    jobs: int
    clips: int
    unfinished: int


def read_facts(file: Path) -> Facts:
    """Count what is in a copy.

    Raises:
        SetupError: It is damaged, no database, or from a newer version.
    """
    try:
        with closing(_opened(file)) as db:
            [(schema,)] = db.execute("PRAGMA user_version")
            if schema > len(MIGRATIONS):
                raise SetupError(
                    [f"{file.name} is from a newer Vivant: update this one first."]
                )
            [(state,)] = db.execute("PRAGMA quick_check(1)")
            if state != "ok":
                raise SetupError([f"{file.name} is a damaged database ({state})."])
            counted = [
                db.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
                for what in ("jobs", "clips", f"jobs WHERE state NOT IN {ENDED}")
            ]
    except sqlite3.Error as error:
        raise SetupError([f"{file.name} is no good database ({error})."]) from error
    return Facts(schema, *counted)


def mark_begun(file: Path) -> int:
    """Let every unfinished job look before it leaps when it goes on.

    The bot that wrote the copy went on after it: what is queued in the copy may have
    been ordered since, and what is rendered may have been posted. A job that was run
    and ordered before looks first, so each is made one that was.

    Returns:
        How many unfinished jobs there are.
    """
    with closing(_opened(file)) as db, db:
        db.execute(MAYBE_ORDERED)
        return db.execute(
            f"UPDATE jobs SET run = run + 1 WHERE state NOT IN {ENDED}"
        ).rowcount


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file)
