"""A clip encoded anew so that it fits into so many bytes: two passes, smaller frames.

Runs in a workshop. The first pass learns where the bits are needed, the second spends
them; where a frame would get too few it is made smaller, down a ladder.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.audio.resampler import AudioResampler
from av.codec.context import Flags

from bot.containers import open_film, video_of
from bot.errors import DeliveryError
from bot.transcode import Normalizer, frame_rate, shown_size

LADDER = (1.0, 0.75, 0.5, 0.375, 0.25)
ENOUGH = 0.04  # bits a pixel and frame below which x264 smears a moving camera
SPARE = 0.94  # share of the room that is aimed at: the index and rate control's error
LESS = 0.8  # of the bits, when an attempt came out too large
TRIES = 4
VOICE = 48_000  # bits a second of sound where there is little room
QUIET = 0.25  # share of the room that sound may take as it is


class Aim(NamedTuple):
    """What an attempt goes for; the frame's sides are even, bits are a second's."""

    width: int
    height: int
    video: int
    sound: int | None


def work(
    args: Mapping[str, Any],
    on_progress: Callable[[float], None],
) -> dict[str, Any]:
    """Make a copy of `clip` at `to` of at most `most` bytes.

    Raises:
        DeliveryError: Even the smallest frame is too large.
    """
    clip, to, most = Path(args["clip"]), Path(args["to"]), int(args["most"])
    share = SPARE
    for tried in range(TRIES):
        aim = plan(clip, int(most * share))
        log = to.with_suffix(".log")
        try:
            for number in (1, 2):
                encode(clip, to, aim, number=number, log=log)
                on_progress((tried * 2 + number) / (TRIES * 2))
        finally:
            for file in log.parent.glob(f"{log.name}*"):
                file.unlink(missing_ok=True)
        if to.stat().st_size <= most:
            return {"width": aim.width, "height": aim.height}
        share *= LESS
    raise DeliveryError("The clip could not be made small enough for this place.")


def plan(clip: Path, room: int) -> Aim:
    """How to spend so many bytes on a clip."""
    with open_film(clip) as source:
        stream = video_of(source)
        seconds = max(0.1, float((source.duration or 0) / av.time_base))
        rate = float(frame_rate(stream))
        width, height = shown_size(stream, next(source.decode(stream)))
        bits = room * 8 / seconds
        sound = None
        if source.streams.audio:
            asked = source.streams.audio[0].bit_rate or 128_000
            sound = asked if asked < bits * QUIET else VOICE
        video = max(8_000, int(bits - (sound or 0)))
        rungs = [
            Aim(_even(width * scale), _even(height * scale), video, sound)
            for scale in LADDER
        ]
    good = (r for r in rungs if video / (r.width * r.height * rate) >= ENOUGH)
    return next(good, rungs[-1])


def _even(side: float) -> int:
    return max(16, round(side / 2) * 2)


def encode(clip: Path, to: Path, aim: Aim, *, number: int, log: Path) -> None:
    """Run pass one, which only writes its log, or pass two, which writes the copy."""
    options = {"movflags": "+faststart"}
    with open_film(clip) as source, av.open(to, "w", "mp4", options=options) as out:
        stream = video_of(source)
        rate = frame_rate(stream)
        video = out.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = aim.width, aim.height, "yuv420p"
        base = stream.time_base or 1 / rate
        video.codec_context.time_base = base  # else moments are whole frames
        video.bit_rate = aim.video
        video.options = {"preset": "medium", "profile": "high", "stats": str(log)}
        video.codec_context.flags |= Flags.pass1 if number == 1 else Flags.pass2
        if aim.sound and number == 2:
            _add_sound(clip, out, aim.sound)
        normalizer: Normalizer | None = None
        for frame in source.decode(stream):
            normalizer = normalizer or Normalizer(frame, (aim.width, aim.height))
            out.mux(video.encode(normalizer.normalized(frame)))
        out.mux(video.encode(None))


def _add_sound(clip: Path, out: av.container.OutputContainer, bits: int) -> None:
    stream = out.add_stream("aac", rate=48_000)
    stream.layout = "stereo" if bits > VOICE else "mono"
    stream.bit_rate = bits
    for frame in _samples(clip, stream.layout.name):
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _samples(clip: Path, layout: str) -> Iterator[av.AudioFrame]:
    resampler = AudioResampler(format="fltp", layout=layout, rate=48_000)
    with open_film(clip) as source:
        for frame in source.decode(audio=0):
            yield from resampler.resample(frame)
        yield from resampler.resample(None)
