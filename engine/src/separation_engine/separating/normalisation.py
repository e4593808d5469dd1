"""Normalizes a song as the networks expect: without DC offset, and at one level."""

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
    """The network sees (mix - offset) / std, and its stems are scaled back.

    offset: the mean of each channel, (channels=2, 1). std: of the mono mix.
    """

    offset: Samples
    std: np.float32

    @staticmethod
    def none() -> Normalisation:
        """For networks that take a song as it is."""
        return Normalisation(np.zeros((2, 1), np.float32), np.float32(1))

    def apply(self, mix: Samples) -> Samples:
        normalized = mix - self.offset
        normalized /= self.std
        return normalized

    def undo(self, stems: Samples, rest: int | None) -> Samples:
        """Scale the stems back. The offset goes to the stem `rest` alone: the stems add up to the song."""
        restored = stems * self.std
        if rest is not None:
            restored[rest] += self.offset
        return restored


def measure_normalisation(song: WavReader) -> Normalisation:
    """The mean of each channel, and the sample standard deviation of the mono mix.

    `demucs.api.Separator` removes the mean of the mono mix and adds it to every stem. For a song without DC
    offset both do the same. A constant mono mix (silence, a single sample, opposite phase) has no scale, so
    such a song keeps its level. Raises InvalidInputError for NaN and infinity.
    """
    # sums relative to the first sample: a constant song gives exactly 0
    anchor = song.read(0, 1).astype(np.float64)
    totals = np.zeros(2)
    squares = 0.0
    for start in range(0, song.samples, _BLOCK_SAMPLES):
        block = song.read(start, min(_BLOCK_SAMPLES, song.samples - start))
        if not np.isfinite(block).all():
            raise InvalidInputError("the input holds a sample that is not finite")
        shifted = block - anchor
        mono = shifted.mean(axis=0)
        totals += shifted.sum(axis=1)
        squares += float(mono @ mono)
    offset = (anchor[:, 0] + totals / max(1, song.samples)).astype(np.float32).reshape(2, 1)
    if song.samples < 2 or squares == 0.0:
        return Normalisation(offset, np.float32(1))
    total = float(totals.mean())
    variance = max(0.0, squares - total * total / song.samples) / (song.samples - 1)
    return Normalisation(offset, np.float32(math.sqrt(variance) + _EPSILON))
