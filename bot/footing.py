"""What the bot stands on, looked at before anything is opened: whether it is all there.

A database that is missing would be made anew, and then nobody would know the files
beside it; so that is a reason not to start.
"""

import logging
import os
import stat
from pathlib import Path

from bot.config import Settings
from bot.errors import SetupError
from bot.media import Media
from bot.store import latest_clips, never_used

log = logging.getLogger(__name__)

OURS = ("vivant.", "media", "secret.key", ".DS_Store")


def check(settings: Settings, media: Media) -> None:
    """Look whether database and files belong together, and who may read them. Blocks.

    Raises:
        SetupError: There are files, but no database that could know them.
    """
    make_private(settings.data)
    database = settings.database
    there = database.exists() and database.stat().st_size > 0
    if (not there and media.holds()) or (
        there and never_used(database) and media.holds(".mp4")
    ):
        clips = settings.data / "media"
        state = "is empty" if database.exists() else "does not exist"
        lost = f"{clips} holds clips, but their database {database} {state}."
        anew = f"To begin anew without those clips, move {clips} away."
        back = "put it back, or set VIVANT_DATA or VIVANT_DATABASE_URL to where it is"
        raise SetupError([f"{lost} To go on with them, {back}.", anew])
    known = latest_clips(database) if there else []
    if known and not any(media.path(key).exists() for key in known):
        log.warning(
            "%s holds none of the latest clips that %s knows: if these two do not"
            " belong together, stop the bot and put back what does. What nobody needs"
            " is kept in the trash for a day.",
            settings.data / "media",
            database,
        )


def make_private(folder: Path) -> None:
    """Let only the bot's user into its folder; tell it, if others live there too."""
    try:
        found = folder.stat()
        if stat.S_IMODE(found.st_mode) & 0o077 == 0:
            return
        if found.st_uid == os.geteuid() and all(
            entry.name.startswith(OURS) for entry in folder.iterdir()
        ):
            folder.chmod(0o700)
            return
    except OSError as error:
        log.info("%s: %s", folder, error)
    log.warning("%s can be read by others on this machine: chmod 700 it", folder)
