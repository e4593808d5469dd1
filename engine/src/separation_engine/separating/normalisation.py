"""Normalizes a song by its mean and standard deviation, as the networks expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples, WavReader

_BLOCK_SAMPLES = 1 << 18
# as in demucs.api.Separator
_EPSILON = 1e-8


@dataclass(frozen=True)
class Normalisation:
    """The network sees (mix - mean) / std, and its stems are scaled back the same way."""

    mean: np.float32
    std: np.float32

    def apply(self, mix: Samples) -> Samples:
        normalized = mix - self.mean
        normalized /= self.std
        return normalized

    def undo(self, stems: Samples) -> Samples:
        restored = stems * self.std
        restored += self.mean
        return restored


def measure_normalisation(song: WavReader) -> Normalisation:
    """Mean and sample standard deviation of the mono mix, like `demucs.api.Separator`.

    A constant mono mix (silence, a single sample, opposite phase) has no scale, so such a song stays as it
    is. Raises InvalidInputError for NaN and infinity.
    """
    # sums relative to the first sample: a constant song gives exactly 0
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
        return Normalisation(np.float32(0), np.float32(1))
    variance = max(0.0, squares - total * total / song.samples) / (song.samples - 1)
    mean = anchor + total / song.samples
    return Normalisation(np.float32(mean), np.float32(math.sqrt(variance) + _EPSILON))
