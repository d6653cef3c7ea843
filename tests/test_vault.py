"""What others entrusted to the bot is sealed."""

import stat
from pathlib import Path

from bot.store import open_sqlite
from bot.vault import Vault


async def test_a_secret_comes_back_after_a_restart_and_not_after_it_was_removed(
    tmp_path: Path,
) -> None:
    for life in range(2):
        store = await open_sqlite(tmp_path / "db.sqlite3")
        vault = Vault(store, tmp_path / "secret.key")
        if life == 0:
            await vault.put("slack T1", "xoxb-first")
            await vault.put("slack T1", "xoxb-second")
        assert await vault.get("slack T1") == "xoxb-second"
        await store.close()

    store = await open_sqlite(tmp_path / "db.sqlite3")
    await Vault(store, tmp_path / "secret.key").remove("slack T1")
    assert await Vault(store, tmp_path / "secret.key").get("slack T1") is None
    assert await store.rows("SELECT * FROM secrets") == []
    await store.close()


async def test_the_database_alone_opens_nothing(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "db.sqlite3")
    key = tmp_path / "secret.key"
    await Vault(store, key).put("slack T1", "xoxb-secret")

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    [row] = await store.rows("SELECT sealed FROM secrets")
    assert "xoxb" not in row["sealed"]
    key.unlink()
    assert await Vault(store, key).get("slack T1") is None
    await store.close()
