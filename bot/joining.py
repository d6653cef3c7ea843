"""Two clips as one: the first as it is, the second after it. PyAV, no other program.

Where both are encoded alike their packets are only put in a row; nothing is lost and it
takes milliseconds. Otherwise both are encoded anew in the first one's frame and rate.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from bot.containers import open_film, video_of
from bot.errors import Fault, ProviderError
from bot.transcode import RATE, Normalizer, add_video, frame_rate, shown_size

CHUNK = 1_024  # samples of an AAC frame


def complete(
    part: Path, before: Path, *, seconds: float, added: float, always: bool
) -> None:
    """Put the clip that was extended before what came, if it is not in it. Blocks.

    Args:
        part: The file that came; it is replaced.
        before: The clip that was extended.
        seconds: Its length.
        added: Seconds that were asked for on top.
        always: Whether it is surely not in what came.

    Raises:
        ProviderError: They cannot be joined.
    """
    if always or is_only_the_rest(part, before=seconds, added=added):
        whole = part.with_suffix(".joined.mp4")
        try:
            join(before, part, whole)
            whole.replace(part)
        finally:
            whole.unlink(missing_ok=True)


class Shape(NamedTuple):
    """How a clip is encoded, as far as it matters for putting packets in a row."""

    video: tuple[object, ...]
    audio: tuple[object, ...] | None


def join(first: Path, second: Path, to: Path) -> bool:
    """Write both clips to one MP4. Blocks: may decode and encode.

    Returns:
        Whether nothing had to be encoded anew.

    Raises:
        ProviderError: One of them is not a video, or a damaged one.
    """
    try:
        alike = shape_of(first) == shape_of(second)
        if alike:
            _in_a_row([first, second], to)
        else:
            _encoded([first, second], to)
    except MemoryError:  # FFmpeg's is one of its own errors too
        raise
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as error:
        to.unlink(missing_ok=True)
        raise ProviderError(
            Fault.UPSTREAM, "What came back cannot be joined to the clip."
        ) from error
    return alike


def seconds_of(file: Path) -> float:
    """How long a clip plays. Blocks.

    Raises:
        ProviderError: It is not a video.
    """
    try:
        with open_film(file) as container:
            stream = video_of(container)
            if stream.duration and stream.time_base:
                return float(stream.duration * stream.time_base)
            return float(container.duration or 0) / av.time_base
    except (av.FFmpegError, IndexError) as error:
        raise ProviderError(
            Fault.UPSTREAM, "What came back is not a video that can be played."
        ) from error


def is_only_the_rest(file: Path, *, before: float, added: float) -> bool:
    """Whether an extended clip came without its beginning. Blocks.

    Services differ in what they hand out, so the file is asked, not the service.

    Args:
        file: As it came.
        before: Seconds of the clip that was extended.
        added: Seconds that were asked for on top.
    """
    seconds = seconds_of(file)
    return abs(seconds - added) < abs(seconds - before - added)


def shape_of(file: Path) -> Shape:
    """How a clip is encoded."""
    with open_film(file) as container:
        stream = video_of(container)
        video = stream.codec_context
        audio = container.streams.audio[0] if container.streams.audio else None
        sound = audio.codec_context if audio else None
        return Shape(
            (
                video.name,
                video.width,
                video.height,
                video.pix_fmt,
                stream.sample_aspect_ratio,
                stream.time_base,
                stream.average_rate,
                bytes(video.extradata or b""),
            ),
            None
            if sound is None
            else (
                sound.name,
                sound.sample_rate,
                sound.layout.name,
                bytes(sound.extradata or b""),
            ),
        )


def _in_a_row(clips: list[Path], to: Path) -> None:
    """Copy the packets of each clip after those of the one before."""
    with av.open(to, "w", options={"movflags": "+faststart"}) as out:
        starts = Fraction(0)
        streams: dict[str, av.stream.Stream] = {}
        latest: dict[str, int] = {}
        for clip in clips:
            with open_film(clip) as source:
                chosen = [video_of(source), *source.streams.audio[:1]]
                for stream in chosen:
                    if stream.type not in streams:
                        streams[stream.type] = out.add_stream_from_template(stream)
                _copy(source, out, streams, starts, latest)
                starts += _length(source)


def _copy(
    source: InputContainer,
    out: OutputContainer,
    streams: dict[str, "av.stream.Stream"],
    starts: Fraction,
    latest: dict[str, int],
) -> None:
    chosen = [video_of(source), *source.streams.audio[:1]]
    for packet in source.demux(chosen):
        if packet.dts is None:
            continue
        offset = round(starts / packet.time_base)
        packet.dts += offset
        if packet.pts is not None:
            packet.pts += offset
        kind = packet.stream.type
        if packet.dts <= latest.get(kind, packet.dts - 1):
            continue  # sound that begins before the picture does, as AAC's does
        latest[kind] = packet.dts
        packet.stream = streams[kind]
        out.mux(packet)


def _length(source: InputContainer) -> Fraction:
    """To the end of the last frame, which is where the next clip begins."""
    stream = video_of(source)
    if stream.duration and stream.time_base:
        return Fraction(stream.duration * stream.time_base)
    return Fraction(source.duration or 0, av.time_base)


def _encoded(clips: list[Path], to: Path) -> None:
    """Encode both in the first one's frame and rate; silence where sound is missing."""
    with open_film(clips[0]) as first:
        stream = video_of(first)
        rate = frame_rate(stream)
        size = shown_size(stream, next(first.decode(stream)))
    sound = any(_has_sound(clip) for clip in clips)
    with av.open(to, "w", options={"movflags": "+faststart"}) as out:
        video = add_video(out, size, rate, 1 / rate)
        audio = out.add_stream("aac", rate=RATE) if sound else None
        if audio is not None:
            audio.layout = "stereo"
        shown = heard = 0
        for number, clip in enumerate(clips):
            # The second clip begins with the picture that the first one ended on.
            normalizer: Normalizer | None = None
            for frame in _frames(clip, rate, skip=number):
                normalizer = normalizer or Normalizer(frame, size)
                fitted = normalizer.normalized(frame)
                fitted.pts, fitted.time_base = shown, 1 / rate
                out.mux(video.encode(fitted))
                shown += 1
            if audio is not None:
                upto = round(shown / rate * RATE)
                for block in _sound(clip, upto - heard):
                    block.pts, block.time_base = heard, Fraction(1, RATE)
                    out.mux(audio.encode(block))
                    heard += block.samples
        out.mux(video.encode())
        if audio is not None:
            out.mux(audio.encode())


def _has_sound(clip: Path) -> bool:
    with open_film(clip) as source:
        return bool(source.streams.audio)


def _frames(clip: Path, rate: Fraction, *, skip: int) -> Iterator[av.VideoFrame]:
    """The frames of a clip at a steady rate: each is shown until the next is due."""
    with open_film(clip) as source:
        stream = video_of(source)
        stream.codec_context.thread_count = 2  # each thread more holds frames
        shown, held = 0, None
        for number, frame in enumerate(source.decode(stream)):
            if number < skip:
                continue
            due = round(float(frame.time or 0) * rate) - skip
            while held is not None and shown < due:
                yield held
                shown += 1
            held = frame
        if held is not None:
            yield held


def _sound(clip: Path, samples: int) -> Iterator[av.AudioFrame]:
    """Exactly so many samples of a clip's sound, then of silence."""
    left = samples
    with open_film(clip) as source:
        if source.streams.audio:
            resampler = AudioResampler("fltp", "stereo", RATE, frame_size=CHUNK)
            for frame in [*source.decode(source.streams.audio[0]), None]:
                for block in resampler.resample(frame):
                    if block.samples > left:
                        yield from _blocks(block.to_ndarray()[:, :left])
                        return
                    left -= block.samples
                    yield block
    while left > 0:
        some = min(CHUNK, left)
        yield from _blocks(np.zeros((2, some), np.float32))
        left -= some


def _blocks(samples: NDArray[Any]) -> Iterator[av.AudioFrame]:
    if samples.shape[1]:
        block = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.float32), format="fltp", layout="stereo"
        )
        block.sample_rate = RATE
        yield block
