"""Programs that were written for OpenAI's Videos API, at our own `/v1/videos`."""

from importlib.resources import files
from io import BytesIO
from pathlib import Path

import av
from openai import AsyncOpenAI
from PIL import Image

from tests.fakes.programs import open_programs

CAT = (files("bot") / "samples" / "chelsea.jpg").read_bytes()


async def test_the_official_sdk_does_all_that_it_can(tmp_path: Path) -> None:
    async with open_programs(tmp_path) as programs:
        program = await programs.program()
        async with program.sdk() as client:
            first = await client.videos.create_and_poll(
                prompt="push in",
                model="sora-2",
                seconds="4",
                size="1280x720",
                input_reference=("cat.jpg", CAT),
                poll_interval_ms=10,
            )
            assert (first.status, first.progress, first.seconds) == (
                "completed",
                100,
                "4",
            )
            await plays(client, first.id)
            remix = await client.videos.remix(first.id, prompt="add snow")
            remix = await client.videos.poll(remix.id, poll_interval_ms=10)
            assert (remix.status, remix.remixed_from_video_id) == (
                "completed",
                first.id,
            )
            listed = [video.id async for video in await client.videos.list(limit=1)]
            assert listed == [remix.id, first.id]
            gone = await client.videos.delete(first.id)
            assert (gone.deleted, gone.id) == (True, first.id)
            [left] = (await client.videos.list()).data
            assert left.id == remix.id


async def plays(client: AsyncOpenAI, video: str) -> None:
    content = await client.videos.download_content(video)
    with av.open(BytesIO(await content.aread()), "r") as clip:
        assert len(list(clip.decode(video=0))) == 4
    for variant, kind in (("thumbnail", "WEBP"), ("spritesheet", "JPEG")):
        content = await client.videos.download_content(video, variant=variant)  # type: ignore[arg-type]
        with Image.open(BytesIO(await content.aread())) as picture:
            assert picture.format == kind
