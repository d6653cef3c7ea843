"""Frames and sound into an MP4 that plays everywhere: H.264, AAC, index first."""

import queue
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np

from bot.media import draft_of
from bot.models import Size
from bot.providers.local.plates import Plane
from bot.providers.local.sound import RATE, Sound

PRESET, QUALITY = "veryfast", "20"  # same CPU as superfast, a seventh of the bytes
MOST_BITS = 9  # a second and pixel; only grain and heavy rain ever ask for more
BUFFERS = 4  # frames between the drawing and the encoding thread
BT709 = 1  # in FFmpeg's tables of primaries, transfer and matrix
TELL_EVERY = 4  # frames
COMMENT = "Animated still, made with Vivant"

Draw = Callable[[int, Plane], None]


def encode(
    file: Path,
    draw: Draw,
    *,
    frames: int,
    size: Size,
    fps: int,
    sound: Sound | None,
    on_progress: Callable[[float], None],
) -> None:
    """Draw in one thread and encode in this one; the file is whole or not there.

    Args:
        file: Where the MP4 goes.
        draw: Draws a frame into an NV12 buffer of 1.5 x height rows.
        frames: How many.
        size: The frame; both sides even.
        fps: Frames a second.
        sound: Samples x 2 at 48 kHz, or None for a silent clip.
        on_progress: Told the share of frames that are done.
    """
    draft = draft_of(file)
    options = {"movflags": "+faststart"}
    try:
        with av.open(draft, "w", format="mp4", options=options) as container:
            container.metadata["comment"] = COMMENT
            video = _video(container, size, fps)
            if sound is not None:
                _write_sound(container, sound)
            with _Drawing(draw, frames, size) as drawing:
                for number, buffer in drawing:
                    picture = av.VideoFrame.from_ndarray(buffer, format="nv12")
                    picture.pts = number
                    drawing.give_back(buffer)
                    container.mux(video.encode(picture))
                    if number % TELL_EVERY == 0:
                        on_progress(number / frames)
            container.mux(video.encode(None))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


class _Drawing:
    """Frames drawn ahead in a thread of their own; OpenCV lets go of the GIL."""

    def __init__(self, draw: Draw, frames: int, size: Size) -> None:
        self._draw = draw
        self._frames = frames
        self._free: queue.Queue[Plane | None] = queue.Queue()
        self._ready: queue.Queue[tuple[int, Plane] | BaseException] = queue.Queue()
        for _ in range(BUFFERS):
            self._free.put(np.empty((size.height * 3 // 2, size.width), np.uint8))
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._free.put(None)
        self._thread.join()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[int, Plane]:
        drawn = self._ready.get()
        if isinstance(drawn, BaseException):
            raise drawn
        return drawn

    def give_back(self, buffer: Plane) -> None:
        self._free.put(buffer)

    def _work(self) -> None:
        try:
            for number in range(self._frames):
                buffer = self._free.get()
                if buffer is None:
                    return
                self._draw(number, buffer)
                self._ready.put((number, buffer))
            self._ready.put(StopIteration())
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            self._ready.put(error)


def _video(
    container: av.container.OutputContainer, size: Size, fps: int
) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt = "nv12"
    stream.time_base = Fraction(1, fps)
    most = str(MOST_BITS * size.width * size.height)
    stream.options = {
        "preset": PRESET,
        "crf": QUALITY,
        "maxrate": most,
        "bufsize": most,
        "profile": "high",
        "threads": "2",
        "colorprim": "bt709",
        "transfer": "bt709",
        "colormatrix": "bt709",
    }
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = 1  # limited
    return stream


def _write_sound(container: av.container.OutputContainer, sound: Sound) -> None:
    stream = container.add_stream("aac", rate=RATE)
    stream.layout = "stereo"
    stream.bit_rate = 128_000
    samples = np.ascontiguousarray((sound * 32767).astype(np.int16).reshape(1, -1))
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    frame.sample_rate = RATE
    frame.pts = 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
