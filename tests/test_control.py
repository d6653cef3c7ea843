"""The owner's commands reach a bot that runs, over a socket of the owner's alone."""

import asyncio
import errno
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.control import connect, serve
from adapters.control.socket import NAME, folder_of, listen
from bot.assembly import House, open_house
from bot.commands.admin import OPERATIONS
from bot.commands.control import find_running, operations, perform, started
from bot.commands.doctor import CHECKS, look
from bot.commands.machine_checks import check_renderer
from bot.config import Settings
from bot.errors import SetupError
from bot.models import Person

ADDRESS = "http://127.0.0.1:8321"


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[House]:
    """A bot that takes its owner's commands."""
    async with open_house(settings) as house:
        table = operations(house, OPERATIONS, started(ADDRESS, ("discord",)))
        async with serve(
            settings.data, table, store=house.store, resting=house.resting
        ):
            yield house


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return at(tmp_path / "data")


def at(data: Path) -> Settings:
    return Settings(data=data, database_url=f"sqlite:///{data}/vivant.sqlite3")


async def ask(settings: Settings, operation: str, /, **words: object) -> Any:
    return await perform(settings, OPERATIONS, operation, **words)


async def test_a_key_opens_and_closes_while_the_bot_runs(settings: Settings) -> None:
    async with running(settings) as house:
        made = await ask(settings, "key-create", name="montage", units="300")
        key = made.splitlines()[0]
        assert await house.service.holder(key) == Person(chat="api", id="montage")
        assert "montage  since" in await ask(settings, "key-list")

        await ask(settings, "key-revoke", name="montage")
        assert await house.service.holder(key) is None

    assert "no key" in await ask(settings, "key-list")  # now without a bot


async def test_what_cannot_be_done_is_said_the_same_with_and_without_a_bot(
    settings: Settings,
) -> None:
    async def told() -> str:
        with pytest.raises(SetupError) as refused:
            await ask(settings, "key-revoke", name="gone")
        return str(refused.value)

    without = await told()
    async with running(settings):
        assert (
            await told()
            == without
            == "There is no key gone: see `vivant admin key list`."
        )


async def test_a_running_bot_tells_of_itself(settings: Settings) -> None:
    assert await find_running(settings) is None

    async with running(settings):
        found = await find_running(settings)
        assert found
        assert found.pid == os.getpid()
        assert ADDRESS in found.told
        assert await ask(settings, "database") == ["0 jobs, the ledger adds up"]

    assert await find_running(settings) is None


async def test_the_doctor_finds_a_running_bot_well(settings: Settings) -> None:
    checks = [one for one in CHECKS if one[1] is not check_renderer]
    async with running(settings):
        found = [one async for one in look(settings, lambda _: None, checks=checks)]

    assert all(one.good and not one.warns for one in found), found
    told = {one.name: one.detail for one in found}
    assert told["bot"].startswith("running since")
    assert told["database"] == "0 jobs, the ledger adds up"


async def test_nobody_else_may_open_the_socket(settings: Settings) -> None:
    async with running(settings):
        folder = folder_of(settings.data)
        assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_folder_with_a_long_path_has_a_socket_too(tmp_path: Path) -> None:
    settings = at(tmp_path / ("a" * 120) / ("b" * 120))

    async with running(settings):
        assert (await ask(settings, "key-list")).startswith("There is no key")


async def test_what_a_killed_bot_has_left_is_in_nobodys_way(settings: Settings) -> None:
    (
        await asyncio.to_thread(listen, settings.data)
    ).close()  # its file stays, as after a kill
    left = folder_of(settings.data) / "snapshot-0.sqlite3"
    left.touch()

    assert (await ask(settings, "key-list")).startswith("There is no key")
    async with running(settings):
        assert await find_running(settings)
        assert not left.exists()
    folder = folder_of(settings.data)
    (folder / NAME).write_bytes(b"no socket at all")
    async with running(settings):
        assert await find_running(settings)


async def test_two_bots_do_not_share_a_folder(settings: Settings) -> None:
    async with running(settings):
        other = replace(settings, database_url=f"sqlite:///{settings.data}/other.db")
        with pytest.raises(SetupError, match="is in use"):
            async with running(other):
                pass
        assert await find_running(settings)


async def test_a_bot_that_hangs_is_told_apart(settings: Settings) -> None:
    """It takes the connection, as a stopped process does, and breaks it off."""
    line = await asyncio.to_thread(listen, settings.data)
    line.setblocking(False)  # noqa: FBT003 - as the library has it
    asking = asyncio.create_task(find_running(settings))
    loop = asyncio.get_running_loop()
    for _ in range(2):  # one looks whether anybody is there
        taken, _ = await loop.sock_accept(line)
        taken.close()

    with pytest.raises(SetupError, match="does not answer"):
        await asking
    line.close()


async def test_a_bot_that_is_stopped_is_told_in_time(settings: Settings) -> None:
    """The system takes connections for it, and nobody ever answers them."""
    line = await asyncio.to_thread(listen, settings.data)
    with pytest.raises(SetupError, match="it takes too long"):
        await connect(settings.data, patience=aiohttp.ClientTimeout(total=0.05))
    line.close()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"name": 7}', b"\xff"])
async def test_odd_words_are_answered_in_words(settings: Settings, body: bytes) -> None:
    async with running(settings):
        path = str(folder_of(settings.data) / NAME)
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session,
            session.post("http://x/operations/key-create", data=body) as response,
        ):
            said = await response.json()
            assert response.status in (400, 422) or "result" in said
        bot = await connect(settings.data)
        assert bot
        with pytest.raises(SetupError, match="another version"):
            await bot.ask("nonesuch")


async def test_a_disk_without_sockets_stops_no_bot(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    async with running(settings) as house:
        await house.service.healthy()
        assert await find_running(settings) is None
