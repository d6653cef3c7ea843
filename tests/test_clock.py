"""Time is measured: a wall clock that is set anew moves nothing at once."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.clock import DAY, Clock, Mark, boot_id, keep, open_clock, ticks
from bot.errors import QuotaError
from bot.store import open_sqlite
from tests.fakes.house import PLENTY, open_fake_house

NOON = 1_800_000_000.0 - 1_800_000_000.0 % DAY + DAY / 2
HOUR = 3_600.0


@dataclass
class Machine:
    """Both clocks of a machine."""

    wall: float = NOON
    up: float = 500.0

    def clock(self, mark: Mark | None = None, boot: str = "b") -> Clock:
        return Clock(mark, boot=boot, wall=lambda: self.wall, ticks=lambda: self.up)

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR, 20 * HOUR, -20 * HOUR])
def test_a_jump_of_hours_is_hardly_seen(jump: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += jump

    machine.run(600.0)

    assert clock() == pytest.approx(NOON + 600.0, abs=6.1)
    machine.wall -= jump
    machine.run(600.0)
    assert clock() == pytest.approx(NOON + 1_200.0, abs=12.1)


def test_it_comes_nearer_to_the_wall_clock_and_never_goes_back() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall -= HOUR
    before = clock()
    for _ in range(200):
        machine.run(HOUR)
        assert clock() > before
        before = clock()

    assert clock() == pytest.approx(machine.wall, abs=1.0)


@pytest.mark.parametrize("years", [30, -30])
def test_a_great_difference_is_believed_after_a_day(years: int) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += years * 365 * DAY
    for _ in range(23):
        machine.run(HOUR)
        assert clock() == pytest.approx(NOON, abs=2 * DAY)

    machine.run(2 * HOUR)

    machine.run(1.0)
    clock()
    assert clock() == pytest.approx(machine.wall, abs=2 * DAY)


def test_a_restart_takes_as_long_as_the_machine_says() -> None:
    """Whatever the wall clock says in between."""
    machine = Machine()
    mark = machine.clock().mark()
    machine.run(100.0)
    machine.wall += 2 * HOUR

    assert machine.clock(mark)() == NOON + 100.0


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        (NOON + 3 * DAY, NOON + 3 * DAY),
        (NOON - HOUR, NOON),
        (NOON - 900 * DAY, NOON - 900 * DAY),
    ],
)
@pytest.mark.parametrize("mark", [Mark(NOON, 500.0, "a"), Mark(NOON, 9e9, "b")])
def test_after_a_start_of_the_machine_it_goes_by_the_wall_clock_but_not_back(
    mark: Mark, wall: float, said: float
) -> None:
    """Unless it was years ahead."""
    machine = Machine(wall=wall)

    assert machine.clock(mark)() == said


def test_a_monotonic_clock_of_decades_is_none() -> None:
    """Seen where a tool fakes both clocks."""
    machine = Machine(up=1.8e9)

    assert machine.clock(Mark(NOON, 500.0, "b"))() == NOON


async def test_what_it_said_outlives_the_process(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "v.sqlite3")
    ahead = Mark(NOON + 900 * DAY, ticks(), "boot")
    clock = Clock(ahead, boot="boot")
    await keep(store, clock)

    again = await open_clock(store, boot="boot")

    assert again() == pytest.approx(clock(), abs=5.0)
    assert await asyncio.to_thread(boot_id) == await asyncio.to_thread(boot_id)
    await store.close()


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR, 20 * HOUR])
async def test_no_cap_ends_early_when_the_wall_clock_jumps(
    tmp_path: Path, jump: float
) -> None:
    """Over midnight, over the end of a month, or by an hour of free renders."""
    machine = Machine(wall=NOON + 11 * HOUR)
    caps = replace(PLENTY, person_day=4)
    async with open_fake_house(tmp_path, caps=caps, now=machine.clock()) as house:
        await house.submit()
        machine.wall += jump
        machine.run(600.0)

        with pytest.raises(QuotaError, match="0 of 4 left"):
            await house.submit()

        machine.wall -= jump
        machine.run(HOUR)
        await house.submit()  # a new day
