"""Work that may hang or crash is done in a process that can be killed."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import BotError, ProviderError, StillError, WorkshopError
from bot.workshop import Workshop

BENCH = "tests.fakes.benches:work"


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    opened = Workshop(BENCH, name="tests", nice=3, memory_bytes=1 << 30)
    yield opened
    await opened.close()


async def pid_of(workshop: Workshop) -> int:
    return int((await workshop.call({"do": "echo", "say": ""}))["pid"])


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_call_is_answered_and_tells_its_progress(workshop: Workshop) -> None:
    told: list[float] = []

    answer = await workshop.call({"do": "echo", "say": "hé"}, on_progress=told.append)

    assert answer["said"] == "hé"
    assert answer["pid"] != os.getpid()
    assert told == [0.5]


async def test_the_child_is_nice_and_lives_from_call_to_call(
    workshop: Workshop,
) -> None:
    await workshop.warm()
    answers = await asyncio.gather(
        *(workshop.call({"do": "echo", "say": n}) for n in range(5))
    )

    assert [answer["said"] for answer in answers] == [0, 1, 2, 3, 4]
    assert len({answer["pid"] for answer in answers}) == 1
    assert answers[0]["nice"] == os.nice(0) + 3


async def test_the_child_is_told_no_secrets(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary")

    answer = await workshop.call({"do": "secrets"})

    assert "canary" not in str(answer)


async def test_an_error_in_words_comes_back_as_it_was(workshop: Workshop) -> None:
    with pytest.raises(StillError) as raised:
        await workshop.call({"do": "refuse"})

    assert str(raised.value) == "It has 7 sides."
    assert raised.value.sentence == "It has {sides} sides."
    assert raised.value.hint == "Count again."


async def test_an_error_with_more_to_it_keeps_its_words(workshop: Workshop) -> None:
    with pytest.raises(BotError, match="It is busy") as raised:
        await workshop.call({"do": "decline"})

    assert not isinstance(raised.value, ProviderError)
    assert raised.value.hint == "Try again in a few minutes."


async def test_a_bug_reaches_the_log_and_not_the_person(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    pid = await pid_of(workshop)

    with pytest.raises(WorkshopError) as raised:
        await workshop.call({"do": "break"})

    assert str(raised.value) == "Something broke in the bot's worker for tests."
    assert "KeyError: '/home/ann/secret'" in caplog.text
    assert await pid_of(workshop) == pid


async def test_a_call_that_takes_too_long_is_killed(workshop: Workshop) -> None:
    pids: list[float] = []
    await workshop.warm()

    with pytest.raises(WorkshopError, match=r"longer than 0\.2 s") as raised:
        await workshop.call({"do": "hang"}, on_progress=pids.append, seconds=0.2)

    assert raised.value.retryable
    assert await pid_of(workshop) != pids[0]
    assert is_gone(int(pids[0]))


async def test_a_call_that_wants_too_much_memory_fails_alone(
    workshop: Workshop,
) -> None:
    with pytest.raises(WorkshopError, match="more memory"):
        await workshop.call({"do": "hoard", "bytes": 4 << 30})

    assert (await workshop.call({"do": "hoard", "bytes": 9}))["size"] == 9


@pytest.mark.parametrize(
    ("by", "why"), [("SIGKILL", "more memory"), ("SIGTERM", "stopped in the middle")]
)
async def test_a_child_that_dies_fails_its_call_and_is_replaced(
    workshop: Workshop, by: str, why: str
) -> None:
    with pytest.raises(WorkshopError, match=why):
        await workshop.call({"do": "die", "by": by})

    assert (await workshop.call({"do": "echo", "say": 1}))["said"] == 1


async def test_a_child_that_died_in_its_sleep_is_replaced(workshop: Workshop) -> None:
    before = await pid_of(workshop)
    os.kill(before, signal.SIGKILL)
    [child] = workshop._idle
    await child.process.wait()

    assert await pid_of(workshop) != before


async def test_a_call_that_works_too_much_is_ended_and_the_next_is_not() -> None:
    workshop = Workshop(BENCH, name="tests", cpu_seconds=0.2)

    with pytest.raises(WorkshopError, match="more work than"):
        await workshop.call({"do": "spin"})

    assert (await workshop.call({"do": "echo", "say": 1}))["said"] == 1
    await workshop.close()


async def test_a_crowd_of_one_person_s_calls_delays_nobody_else(
    tmp_path: Path,
) -> None:
    """Ann's ten calls are taken in turn with Bob's one, and leave it a child."""
    workshop = Workshop(BENCH, name="tests", children=2)
    gate = tmp_path / "gate"
    done: list[str] = []
    started = asyncio.Event()

    async def call(person: str, args: dict[str, str]) -> None:
        await workshop.call(args, person=person, on_progress=lambda _: started.set())
        done.append(person)

    slow = {"do": "wait", "file": str(gate)}
    ann = [asyncio.create_task(call("ann", slow)) for _ in range(10)]
    await started.wait()

    await call("bob", {"do": "echo", "say": ""})

    assert done == ["bob"]
    await asyncio.to_thread(gate.touch)
    await asyncio.gather(*ann)
    await workshop.close()


async def test_people_take_turns_at_the_only_child(workshop: Workshop) -> None:
    done: list[str] = []

    async def call(person: str) -> None:
        await workshop.call({"do": "echo", "say": ""}, person=person)
        done.append(person)

    await asyncio.gather(*map(call, ["ann"] * 4 + ["bob", "bob", "eve"]))

    assert done == ["ann", "bob", "ann", "eve", "bob", "ann", "ann"]


async def test_a_child_that_hangs_does_not_hold_up_the_other() -> None:
    workshop = Workshop(BENCH, name="tests", children=2, seconds=0.3)
    await workshop.warm()
    hanging = asyncio.create_task(workshop.call({"do": "hang"}, person="ann"))

    answer = await workshop.call({"do": "echo", "say": 1}, person="bob", seconds=20)

    assert answer["said"] == 1
    with pytest.raises(WorkshopError, match="longer than"):
        await hanging
    await workshop.close()


async def test_cancelling_a_call_kills_the_child(workshop: Workshop) -> None:
    started = asyncio.get_running_loop().create_future()
    call = asyncio.create_task(
        workshop.call({"do": "hang"}, on_progress=started.set_result)
    )
    pid = int(await started)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert is_gone(pid)
    assert await pid_of(workshop) != pid


async def test_closing_fails_what_is_under_way_and_what_comes_later(
    workshop: Workshop,
) -> None:
    started = asyncio.get_running_loop().create_future()
    call = asyncio.create_task(
        workshop.call({"do": "hang"}, on_progress=started.set_result)
    )
    waiting = asyncio.create_task(pid_of(workshop))
    pid = int(await started)

    await workshop.close()

    with pytest.raises(WorkshopError, match="stopped in the middle"):
        await call
    with pytest.raises(WorkshopError, match="shutting down"):
        await waiting
    assert is_gone(pid)


async def test_a_long_answer_arrives_whole(workshop: Workshop) -> None:
    answer = await workshop.call({"do": "babble", "length": 1 << 20})

    assert len(answer["words"]) == 1 << 20


async def test_a_target_that_cannot_be_imported_is_an_error_and_no_hang(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.WARNING)
    workshop = Workshop("tests.no_such_module:work", name="nothing")

    with pytest.raises(WorkshopError, match="worker for nothing stopped"):
        await workshop.warm()

    assert "No module named 'tests.no_such_module'" in capfd.readouterr().err


LIFE = """
import asyncio
from bot.workshop import Workshop

async def live():
    workshop = Workshop("tests.fakes.benches:work", name="tests")
    tell = lambda pid: print(int(pid), flush=True)
    await workshop.call({"do": "hang"}, on_progress=tell)

asyncio.run(live())
"""


@pytest.mark.kill
def test_the_child_goes_when_the_parent_is_killed_in_mid_call() -> None:
    root = Path(__file__).parents[1]
    read, write = os.pipe()  # the child holds its stderr until it is gone
    life = subprocess.Popen(
        [sys.executable, "-c", LIFE], cwd=root, stdout=subprocess.PIPE, stderr=write
    )
    os.close(write)
    with life, os.fdopen(read, "rb") as held:
        assert life.stdout is not None
        pid = int(life.stdout.readline())

        life.kill()

        assert held.read() == b""
    assert pid != life.pid
