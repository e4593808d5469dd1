"""Mean and deviation of a song, which the networks want their input scaled by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from separation_engine.errors import InvalidInputError
from separation_engine.wav import Samples, WavReader

_BLOCK_SAMPLES = 1 << 18
# as in demucs.api.Separator
_SMALLEST_DEVIATION = 1e-8


@dataclass(frozen=True)
class MixLevel:
    """The network sees (mix - mean) / deviation; its stems are scaled back the same way."""

    mean: np.float32
    deviation: np.float32

    def scale(self, mix: Samples) -> Samples:
        scaled = mix - self.mean
        scaled /= self.deviation
        return scaled

    def unscale(self, stems: Samples) -> Samples:
        unscaled = stems * self.deviation
        unscaled += self.mean
        return unscaled


def measure_mix(song: WavReader) -> MixLevel:
    """Mean and sample deviation of the mono mix, as `demucs.api.Separator` takes them.

    Where the mono mix never changes (silence, a single sample, sound in opposite phase) there is no scale to
    find: the song goes in as it is. Raises InvalidInputError for a sample that is not finite.
    """
    # sums around the first sample: a constant song gives exactly 0
    anchor = float(song.read(0, 1).mean(dtype=np.float64)) if song.samples else 0.0
    total = squares = 0.0
    for start in range(0, song.samples, _BLOCK_SAMPLES):
        block = song.read(start, min(_BLOCK_SAMPLES, song.samples - start))
        if not np.isfinite(block).all():
            raise InvalidInputError("the input holds a sample that is not finite")
        mono = block.mean(axis=0, dtype=np.float64) - anchor
        total += float(mono.sum())
        squares += float(mono @ mono)
    if song.samples < 2 or squares == 0.0:
        return MixLevel(np.float32(0), np.float32(1))
    variance = max(0.0, squares - total * total / song.samples) / (song.samples - 1)
    mean = anchor + total / song.samples
    return MixLevel(np.float32(mean), np.float32(math.sqrt(variance) + _SMALLEST_DEVIATION))
