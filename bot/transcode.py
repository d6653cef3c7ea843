"""Films as H.264 and AAC in an MP4, which every chat and browser plays.

Only what does not play is encoded; the rest is copied. Frames come out upright, with
square pixels, in eight bits and ordinary colours. Runs in a worker.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph

from bot.containers import (
    MAX_FRAME_RATE,
    MAX_PIXELS,
    open_film,
    pixel_aspect,
    video_of,
)
from bot.errors import Fault, ProviderError

MAX_SIDE = 4_096  # pixels; larger frames are beyond many decoders
PLAYED_PIXELS = {"yuv420p", "yuvj420p"}
PLAYED_SOUND = {"aac", "mp3", "mp3float"}
RATE = 48_000  # samples a second of sound that is encoded
BT709, LIMITED = 1, 1  # FFmpeg's numbers of ordinary colours and their range
_HDR = {16, 18}  # FFmpeg's numbers of PQ and HLG
_WIDE = 9  # FFmpeg's number of the primaries of BT.2020
_Packet: TypeAlias = "av.Packet[Any]"
_TURNS = {90: ("cclock",), -90: ("clock",), 180: ("clock", "clock")}


def convert(film: Path) -> bool:
    """Make a film into one that plays everywhere. Blocks: may decode and encode.

    Args:
        film: It is replaced where that is necessary.

    Returns:
        Whether it was.

    Raises:
        ProviderError: It cannot be converted.
    """
    made = film.with_suffix(".h264.mp4")
    try:
        with open_film(film) as source:
            if _plays(source):
                return False
            _write(source, _first_frame(film), made)
        made.replace(film)
    except MemoryError:  # FFmpeg's is one of its own errors too
        raise
    except (av.FFmpegError, ValueError, IndexError, StopIteration) as error:
        raise ProviderError(
            Fault.UPSTREAM, "What came back is not a video that can be played."
        ) from error
    finally:
        made.unlink(missing_ok=True)
    return True


class Normalizer:
    """Makes frames upright, square in their pixels and ordinary in their colours.

    Args:
        first: A frame of the film.
        size: What to scale frames to, in even numbers.
    """

    def __init__(self, first: av.VideoFrame, size: tuple[int, int]) -> None:
        self._graph = Graph()
        turns = _TURNS.get(_turn(first), ())
        steps = [("transpose", turn) for turn in turns]
        steps += [("scale", _scaling(first, size)), ("setsar", "1")]
        last: Any = self._graph.add_buffer(
            width=first.width,
            height=first.height,
            format=first.format,
            time_base=first.time_base or Fraction(1, 1_000),
        )
        for name, options in [*steps, ("format", "yuv420p"), ("buffersink", None)]:
            step = self._graph.add(name, options)
            last.link_to(step)
            last = step
        self._graph.configure()

    def normalized(self, frame: av.VideoFrame) -> av.VideoFrame:
        """A frame in its new form, at the same moment."""
        self._graph.push(frame)
        made = self._graph.pull()
        if not isinstance(made, av.VideoFrame):
            raise TypeError(made)
        return made


def add_video(
    out: OutputContainer, size: tuple[int, int], rate: Fraction, base: Fraction
) -> av.VideoStream:
    """A stream of H.264 that plays everywhere."""
    video = out.add_stream("libx264", rate=rate)
    video.width, video.height, video.pix_fmt = *size, "yuv420p"
    video.codec_context.time_base = base  # else moments are rounded to whole frames
    # More threads would take more memory.
    video.options = {"crf": "18", "preset": "veryfast", "threads": "2"}
    context = video.codec_context
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    return video


class _Track(Protocol):
    def packets(self, packet: _Packet) -> Iterator[_Packet]:
        """What becomes of a packet; it may take some more until it comes."""

    def rest(self) -> list[_Packet]:
        """What has not come yet."""


class _Copied:
    """Hands packets on as they are."""

    def __init__(
        self, out: OutputContainer, stream: av.VideoStream | av.AudioStream
    ) -> None:
        self._to = out.add_stream_from_template(stream)

    def packets(self, packet: _Packet) -> Iterator[_Packet]:
        if packet.dts is not None:
            packet.stream = self._to
            yield packet

    def rest(self) -> list[_Packet]:
        return []


class _Video:
    def __init__(
        self, out: OutputContainer, stream: av.VideoStream, first: av.VideoFrame
    ) -> None:
        stream.codec_context.thread_count = 2  # each thread more holds frames
        size = shown_size(stream, first)
        self._normalizer = Normalizer(first, size)
        base = stream.time_base or Fraction(1, 1_000)
        rate = frame_rate(stream)
        self._to = add_video(out, size, rate, base)
        self._latest: int | None = None

    def packets(self, packet: _Packet) -> Iterator[_Packet]:
        for frame in packet.decode():
            moment = frame.pts
            if not isinstance(frame, av.VideoFrame) or moment is None:
                continue
            if self._latest is None or moment > self._latest:
                self._latest = moment
                yield from self._to.encode(self._normalizer.normalized(frame))

    def rest(self) -> list[_Packet]:
        return [*self._to.encode(None)]


class _Sound:
    def __init__(self, out: OutputContainer) -> None:
        self._to = out.add_stream("aac", rate=RATE)
        self._to.layout = "stereo"

    def packets(self, packet: _Packet) -> Iterator[_Packet]:
        for frame in packet.decode():
            if isinstance(frame, av.AudioFrame):
                yield from self._to.encode(frame)

    def rest(self) -> list[_Packet]:
        return [*self._to.encode(None)]


def frame_rate(stream: av.VideoStream) -> Fraction:
    """Frames a second as a film says, where that is possible; else 24."""
    rate = stream.average_rate or Fraction(24)
    return rate if 1 <= rate <= MAX_FRAME_RATE else Fraction(24)


def shown_size(stream: av.VideoStream, frame: av.VideoFrame) -> tuple[int, int]:
    """How large a film is on a screen, in even numbers; not beyond `MAX_SIDE`."""
    width, height = frame.width * pixel_aspect(stream), float(frame.height)
    if abs(_turn(frame)) == 90:
        width, height = height, width
    share = min(1.0, MAX_SIDE / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _plays(source: InputContainer) -> bool:
    video = video_of(source)
    if video.width * video.height > MAX_PIXELS:
        raise ValueError(video)
    sounds = source.streams.audio[:1]
    return _picture_plays(video) and all(_sound_plays(sound) for sound in sounds)


def _picture_plays(video: av.VideoStream) -> bool:
    alike = video.codec_context.name == "h264" and video.pix_fmt in PLAYED_PIXELS
    return alike and "mp4" in video.container.format.name  # others lack some times


def _sound_plays(sound: av.AudioStream) -> bool:
    context = sound.codec_context
    return context is not None and context.name in PLAYED_SOUND


def _write(source: InputContainer, first: av.VideoFrame, to: Path) -> None:
    video, sound = video_of(source), next(iter(source.streams.audio), None)
    with av.open(to, "w", "mp4", options={"movflags": "+faststart"}) as out:
        tracks: dict[int, _Track] = {
            video.index: _Copied(out, video)
            if _picture_plays(video)
            else _Video(out, video, first)
        }
        if sound is not None:
            kept = _sound_plays(sound)
            tracks[sound.index] = _Copied(out, sound) if kept else _Sound(out)
        for packet in source.demux([video, sound] if sound is not None else [video]):
            for made in tracks[packet.stream.index].packets(packet):
                out.mux(made)
        for track in tracks.values():
            out.mux(track.rest())


def _first_frame(film: Path) -> av.VideoFrame:
    with open_film(film) as source:
        return next(source.decode(video_of(source)))


def _turn(frame: av.VideoFrame) -> int:
    turn = frame.rotation % 360
    return turn - 360 if turn > 180 else turn


def _scaling(frame: av.VideoFrame, size: tuple[int, int]) -> str:
    scaling = f"{size[0]}:{size[1]}:out_color_matrix=bt709:out_range=tv"
    if frame.color_trc in _HDR or frame.color_primaries == _WIDE:
        scaling += ":out_primaries=bt709:out_transfer=bt709"
    return scaling
