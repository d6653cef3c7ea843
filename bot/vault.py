"""Secrets of others that the bot keeps, such as the tokens of workspaces.

They lie sealed in the database; what opens them is a file beside it that only the
owner may read. A copy of the database alone is worth nothing.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from nacl.encoding import URLSafeBase64Encoder as Letters
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random

from bot.errors import StorageError
from bot.store import Store, secrets

log = logging.getLogger(__name__)


class Vault:
    """Keeps secrets under names.

    Args:
        store: Where they lie, sealed.
        file: What opens them; made when it is first needed.
        now: Unix time in seconds.
    """

    def __init__(
        self, store: Store, file: Path, *, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._file = file
        self._now = now
        self._box: SecretBox | None = None

    async def put(self, name: str, secret: str) -> None:
        """Keep a secret in place of the one before.

        Raises:
            StorageError: Its key cannot be written or read.
        """
        box = await self._opened()
        sealed = box.encrypt(secret.encode(), encoder=Letters).decode()
        await secrets.put(self._store, name, sealed, now=self._now())

    async def get(self, name: str) -> str | None:
        """A secret; None when there is none, or its key was lost."""
        sealed = await secrets.get(self._store, name)
        if sealed is None:
            return None
        box = await self._opened()
        try:
            return box.decrypt(sealed.encode(), encoder=Letters).decode()
        except CryptoError:
            log.warning("%s was sealed with another key than %s", name, self._file)
            return None

    async def remove(self, name: str) -> None:
        """Forget a secret."""
        await secrets.remove(self._store, name)

    async def _opened(self) -> SecretBox:
        if self._box is None:
            try:
                key = await asyncio.to_thread(_key, self._file)
            except (OSError, ValueError) as error:
                raise StorageError("The bot's own key cannot be read.") from error
            self._box = SecretBox(key, encoder=Letters)
        return self._box


def _key(file: Path) -> bytes:
    """The key in a file, which is made where there is none."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as fresh:
            fresh.write(Letters.encode(random(SecretBox.KEY_SIZE)))
    return file.read_bytes()
