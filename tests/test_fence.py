"""One part's trouble is its own: the others go on, and the health tells of it."""

import asyncio
import logging
import re
import sys
from pathlib import Path

import pytest

from bot import checking
from bot.errors import OptionError
from bot.fence import Pauses, brief, fenced
from bot.health import Health
from bot.logs import Foreign
from tests.fakes.house import open_fake_house

AT_ONCE = Pauses(first=0.0, longest=0.0)


async def test_what_breaks_is_started_again_and_told_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health(now=iter([1.0, 2.0, 3.0, 4.0]).__next__)
    starts = 0

    async def part() -> None:
        nonlocal starts
        starts += 1
        if starts < 4:
            raise TypeError("a secret, or somebody's words")
        health.up("part")

    with caplog.at_level(logging.WARNING):
        await fenced("part", part, health, pauses=AT_ONCE)

    assert starts == 4
    assert health.parts["part"].up
    assert len(caplog.records) == 3
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_pauses_grow_until_a_part_has_lived_for_long() -> None:
    clock = 0.0
    lives = iter([1.0, 1.0, 1.0, 50.0, 1.0])
    paused = []

    async def part() -> None:
        nonlocal clock
        clock += next(lives)  # StopIteration ends as RuntimeError in a coroutine
        raise OSError

    async def pausing() -> None:
        pauses = Pauses(first=2.0, longest=7.0, healthy=10.0)
        await fenced("part", part, Health(), pauses=pauses, clock=lambda: clock)

    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 5:
            raise asyncio.CancelledError
        await real(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await pausing()

    assert paused == [2.0, 4.0, 7.0, 2.0, 4.0]


def test_trouble_is_told_with_the_time_at_which_it_began() -> None:
    times = iter([10.0, 20.0, 30.0])
    health = Health(now=times.__next__)
    health.up("slack")
    health.down("slack", "away")
    health.down("slack", "still away")

    assert health.parts["slack"].since == 20.0
    assert health.parts["slack"].reason == "still away"


async def test_jobs_go_on_after_a_database_that_could_not_be_read(
    tmp_path: Path,
) -> None:
    """Whatever the store raises, it ends neither the runner nor the bot."""
    async with open_fake_house(tmp_path) as house:
        await house.submit()
        await house.store.rows("ALTER TABLE jobs RENAME TO away")
        running = asyncio.create_task(
            fenced("jobs", house.runner.run, Health(), pauses=AT_ONCE)
        )
        for _ in range(20):
            await house.store.rows("SELECT 1 AS n")
        assert not running.done()

        await house.store.rows("ALTER TABLE away RENAME TO jobs")
        await house.finish()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert [kind for kind, _ in await house.ledger()] == ["charged"]


def test_libraries_say_the_same_thing_once_a_minute_and_no_secret() -> None:
    now = 0.0
    let_through = Foreign(clock=lambda: now)
    log = logging.getLogger("slack_sdk.web")

    def said(text: str, error: Exception | None = None) -> logging.LogRecord:
        why = (type(error), error, None) if error else None
        return log.makeRecord(log.name, logging.ERROR, "f", 7, text, (), why)

    first = said(
        "Failed at wss://u:p@wss.slack.com/link?ticket=abc\nThe server responded with:"
        " {'url': 'x'}",
        OSError(24, "too many open files"),
    )
    assert let_through.filter(first)
    told = logging.Formatter("%(message)s").format(first)
    assert told == "Failed at wss://wss.slack.com/… (OSError)"
    assert not any(let_through.filter(said("again", OSError())) for _ in range(390))
    now = 61.0
    assert let_through.filter(said("again", OSError()))


def test_our_own_lines_are_let_through_whole() -> None:
    log = logging.getLogger("bot.jobs")
    record = log.makeRecord(log.name, logging.ERROR, "f", 7, "job %s", ("a",), None)
    let_through = Foreign()

    assert all(let_through.filter(record) for _ in range(3))
    assert record.getMessage() == "job a"


def test_an_error_is_brief() -> None:
    assert brief(ExceptionGroup("many", [KeyError("x")])) == "KeyError"
    with pytest.raises(OptionError) as raised:
        _ = checking.units("x" * 99)
    assert re.fullmatch(r"OptionError at checking.py:\d+", brief(raised.value))


SAID = """
import logging
from bot import logs

logs.set_up(verbose=True)
logging.getLogger("httpx").info("HTTP Request: GET https://a.example/?key=s3cret")
logging.getLogger("slack_sdk.web").warning("body: {'url': 'wss://b?ticket=s3cret'}")
logging.getLogger("discord.http").error("POST https://c.example/webhooks/1/s3cret")
logging.getLogger("bot.jobs").info("job a runs")
try:
    raise OSError(24, "s3cret")
except OSError:
    logging.getLogger("asyncio").exception("socket.accept() out of system resource")
"""


async def test_no_secret_of_a_service_is_logged_even_when_much_is() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SAID), stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()

    assert b"job a runs" in told
    assert b"https://c.example/" in told
    assert b"s3cret" not in told
    assert b"Traceback" not in told
    assert len(told.splitlines()) == 4
