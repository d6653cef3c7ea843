"""A member's way through Slack: every door, the card, the clip, the thread."""

from pathlib import Path

import pytest

from bot.models import Op
from tests.fakes.office import open_office, photo

TRANSPORTS = pytest.mark.parametrize("transport", ["socket", "http"])


@TRANSPORTS
async def test_a_photo_becomes_a_clip_a_remix_and_an_extension(
    tmp_path: Path, transport: str
) -> None:
    """The whole way, over a restart, with the unmodified app."""
    async with open_office(tmp_path, transport=transport) as office:
        clip = await office.clip("pan left", picture=photo())
        assert clip.thread_ts is None
        assert clip.uploads[0].data[4:8] == b"ftyp"
        card = await office.card("Done")

        await office.ada.say(office.channel, "slower, and add snow", thread=clip)
        remix = await office.next_clip()
        assert remix.thread_ts == clip.ts
        assert "slower, and add snow" in remix.words
        await office.disconnect()
        await office.connect()

        await office.ada.press(card, "Again")
        again = await office.next_clip()
        assert again.thread_ts == clip.ts
        await office.ada.press(card, "Extend")
        view = await office.ada.modal()
        await office.ada.submit(view, {"words": "pull back"})
        await office.next_clip()

        jobs = await office.jobs()
        assert [job.request.op for job in jobs] == [
            Op.EXTEND,
            Op.CREATE,
            Op.REMIX,
            Op.CREATE,
        ]
        assert jobs[0].request.seconds == 8
        assert await office.house.ledger() == [("charged", 4)] * 3 + [("charged", 8)]
