"""Ambient sound made of noise and sines: 48 kHz, stereo, no recordings.

What is heard at a moment depends on the seed alone, so that a longer clip begins like
a shorter one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000  # samples a second
LOUDNESS = 0.07  # root mean square that every ambience is brought to
CEILING = 0.85  # of full scale; a peak never passes it
FADE = 0.25  # seconds, at both ends
LISTEN = 4 * RATE  # samples from the beginning that an ambience is levelled by
LOOP = 1 << 19  # samples, some 11 s, after which noise comes again, without a seam
BETWEEN_BIRDS = 0.8  # seconds, more or less
LONGEST = 60  # seconds for which chance is rolled, whatever the clip's length

Sound = NDArray[Any]  # float32, samples x 2
Wave = NDArray[Any]  # float32, samples
Dice = np.random.Generator
Maker = Callable[[int, Dice], Sound]


def mix(kinds: Sequence[str], seconds: float, seed: int) -> Sound:
    """All ambiences together; unknown names are silent."""
    count = round(seconds * RATE)
    total = np.zeros((count, 2), np.float32)
    for number, kind in enumerate(kinds):
        if maker := AMBIENCES.get(kind):
            dice = np.random.default_rng(seed + 11 * number)
            heard = maker(max(count, LISTEN), dice)
            total += _levelled(heard, QUIETER.get(kind, 1.0))[:count]
    edge = min(count // 2, round(FADE * RATE))
    ramp = np.linspace(0, 1, edge, dtype=np.float32)[:, None]
    total[:edge] *= ramp
    total[count - edge :] *= ramp[::-1]
    return (np.tanh(total / CEILING) * CEILING).astype(np.float32)


def _levelled(sound: Sound, share: float) -> Sound:
    loudness = float(np.sqrt(np.mean(np.square(sound[:LISTEN])))) + 1e-9
    return sound * np.float32(share * LOUDNESS / loudness)


def _noise(
    count: int, dice: Dice, low: float, high: float, *, tilt: float = 0.0
) -> Sound:
    """Noise between two frequencies in hertz, different left and right."""
    hertz = np.fft.rfftfreq(LOOP, 1 / RATE)
    gain = 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 4)
    gain *= np.maximum(hertz, 20) ** tilt
    white = np.fft.rfft(dice.standard_normal((2, LOOP), dtype=np.float32))
    sides = np.fft.irfft(white * gain.astype(np.float32)).astype(np.float32)
    sides /= 3 * sides.std() + 1e-9
    # A filter in the frequency domain runs round, so the end meets the beginning.
    return np.take(sides.T, np.arange(count), axis=0, mode="wrap")


def _swell(count: int, dice: Dice, per_second: float, depth: float) -> Sound:
    """A slow random loudness between 1 - depth and 1."""
    knots = dice.random(int(LONGEST * per_second) + 2)
    curve = np.interp(_time(count) * per_second, np.arange(len(knots)), knots)
    return (1 - depth + depth * curve).astype(np.float32)[:, None]


def _time(count: int) -> Wave:
    return np.arange(count, dtype=np.float32) / RATE


def _placed(
    count: int, hits: Sequence[tuple[float, float, float]], shape: Wave
) -> Sound:
    """A short sound at (second, 0 left to 1 right, loudness)."""
    out = np.zeros((count, 2), np.float32)
    for second, side, loudness in hits:
        first = int(second * RATE)
        part = shape[: max(0, count - first)] * np.float32(loudness)
        out[first : first + len(part), 0] += part * np.float32(1 - side)
        out[first : first + len(part), 1] += part * np.float32(side)
    return out


def _click(seconds: float, hertz: float, decay: float) -> Wave:
    t = _time(int(seconds * RATE))
    return (np.sin(2 * np.pi * hertz * t) * np.exp(-t * decay)).astype(np.float32)


def _rain(count: int, dice: Dice) -> Sound:
    high = _noise(count, dice, 900, 9_000) * _swell(count, dice, 0.7, 0.25)
    return 3 * high + _noise(count, dice, 150, 900)


def _wind(count: int, dice: Dice) -> Sound:
    gusts = _noise(count, dice, 90, 600, tilt=-0.3) * _swell(count, dice, 0.45, 0.8)
    hiss = _noise(count, dice, 1_500, 5_000) * _swell(count, dice, 0.6, 0.9)
    return 6 * gusts + hiss


def _waves(count: int, dice: Dice) -> Sound:
    rise = (0.5 + 0.5 * np.sin(2 * np.pi * _time(count) / 6.5 - 1.2)) ** 2
    surf = _noise(count, dice, 150, 2_500) * rise.astype(np.float32)[:, None]
    return 4.5 * surf + _noise(count, dice, 60, 400)


def _stream(count: int, dice: Dice) -> Sound:
    return _noise(count, dice, 500, 5_000) * _swell(count, dice, 6, 0.3)


def _city(count: int, dice: Dice) -> Sound:
    hum = _noise(count, dice, 40, 350) * _swell(count, dice, 0.5, 0.4)
    return 4 * hum + _noise(count, dice, 500, 2_500) * _swell(count, dice, 1, 0.7)


def _cafe(count: int, dice: Dice) -> Sound:
    voices = _noise(count, dice, 250, 1_800) * _swell(count, dice, 5, 0.6)
    return 2 * voices + _noise(count, dice, 300, 1_200) * _swell(count, dice, 3.3, 0.7)


def _room(count: int, dice: Dice) -> Sound:
    return _noise(count, dice, 50, 400)


def _space(count: int, dice: Dice) -> Sound:
    return _noise(count, dice, 25, 140) * _swell(count, dice, 0.8, 0.3)


def _thunder(count: int, dice: Dice) -> Sound:
    length = int(3.2 * RATE)
    t = _time(length)
    roll = (
        _noise(length, dice, 25, 180)[:, 0] * np.exp(-1.1 * t) * (1 - np.exp(-30 * t))
    )
    roll = (roll * _swell(length, dice, 5, 0.5)[:, 0]).astype(np.float32)
    return _placed(count, [(0.6, 0.5, 1.0)], roll)


def _fire(count: int, dice: Dice) -> Sound:
    t = _time(int(0.03 * RATE))
    crack = (dice.standard_normal(len(t)) * np.exp(-260 * t)).astype(np.float32)
    hits = [
        (when * LONGEST, 0.2 + 0.6 * side, 2 * loud * loud)
        for when, side, loud in dice.random((14 * LONGEST, 3))
    ]
    bed = _noise(count, dice, 60, 500) * _swell(count, dice, 2, 0.4)
    return bed + _placed(count, hits, crack)


def _birds(count: int, dice: Dice) -> Sound:
    out = 0.03 * _noise(count, dice, 300, 3_000)
    for number in range(int(count / RATE / BETWEEN_BIRDS) + 1):
        start, side = BETWEEN_BIRDS * (number + dice.random()), dice.uniform(0.1, 0.9)
        pitch = 2_600 + 2_200 * dice.random()
        for note in range(int(dice.integers(2, 6))):
            t = _time(int((0.05 + 0.06 * dice.random()) * RATE))
            bend = 7_200 * (dice.random() - 0.3)
            tone = np.sin(2 * np.pi * (pitch * t + bend * t * t)) * np.hanning(len(t))
            hit = [(start + 0.13 * note, side, 0.13)]
            out += _placed(count, hit, tone.astype(np.float32))
    return out


def _crickets(count: int, dice: Dice) -> Sound:
    t = _time(count)
    gate = (np.sin(2 * np.pi * 28 * t) > 0) * (np.sin(2 * np.pi * 1.9 * t) > -0.2)
    chirp = (np.sin(2 * np.pi * 4_300 * t) * gate).astype(np.float32)
    sides = np.array([1.0, 0.7], np.float32)
    return chirp[:, None] * sides + 0.4 * _noise(count, dice, 200, 1_500)


def _pad(count: int, dice: Dice) -> Sound:  # noqa: ARG001 - a chord has no chance in it
    t = _time(count)
    chord = ((110.0, 0.5), (164.8, 0.35), (220.3, 0.3), (277.4, 0.18), (329.9, 0.15))
    tones = sum(
        np.float32(loud) * np.sin(2 * np.pi * hertz * t + number)
        for number, (hertz, loud) in enumerate(chord)
    )
    rise = np.minimum(1, t / 1.5)
    sides = np.array([1.0, 0.96], np.float32)
    return ((tones * rise)[:, None] * sides).astype(np.float32)


def _steps(count: int, dice: Dice) -> Sound:
    t = _time(int(0.09 * RATE))
    step = (_noise(len(t), dice, 80, 1_400)[:, 0] * np.exp(-60 * t)).astype(np.float32)
    times = np.arange(0.2, count / RATE, 0.56)
    hits = [(float(at), 0.42 + 0.16 * (n % 2), 1.0) for n, at in enumerate(times)]
    return _placed(count, hits, step)


def _clock(count: int, dice: Dice) -> Sound:  # noqa: ARG001 - a clock has no chance in it
    times = np.arange(0, count / RATE, 0.5)
    hits = [(float(at), 0.5, 1.0 if n % 2 else 0.8) for n, at in enumerate(times)]
    return _placed(count, hits, _click(0.012, 2_300, 500))


def _heart(count: int, dice: Dice) -> Sound:  # noqa: ARG001 - nor has a heart
    hits = [
        (float(at) + late, 0.5, loud)
        for at in np.arange(0.1, count / RATE, 0.95)
        for late, loud in ((0.0, 1.0), (0.24, 0.65))
    ]
    return _placed(count, hits, _click(0.16, 52, 22))


def _whoosh(count: int, dice: Dice) -> Sound:
    swell = np.exp(-(((_time(count) - 1) / 0.4) ** 2))
    return _noise(count, dice, 200, 3_500) * swell.astype(np.float32)[:, None]


AMBIENCES: Mapping[str, Maker] = {
    "rain": _rain,
    "wind": _wind,
    "waves": _waves,
    "stream": _stream,
    "city": _city,
    "cafe": _cafe,
    "room": _room,
    "space": _space,
    "thunder": _thunder,
    "fire": _fire,
    "birds": _birds,
    "crickets": _crickets,
    "pad": _pad,
    "steps": _steps,
    "clock": _clock,
    "heart": _heart,
    "whoosh": _whoosh,
}
# Sparse or faint things are not brought to the loudness of the sea.
QUIETER: Mapping[str, float] = {
    "room": 0.25,
    "clock": 0.25,
    "crickets": 0.5,
    "birds": 0.5,
    "heart": 0.6,
    "steps": 0.4,
    "pad": 0.8,
}
