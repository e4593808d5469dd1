"""Normalizes a song as the networks expect: without DC offset, and at one level."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples

# fits in the cache, and is too short for the BLAS to use threads
BLOCK_SAMPLES = 1 << 13
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
    def of(blocks: Iterable[Samples], *, normalized: bool) -> Normalisation:
        """As a network expects it. Reads all blocks, because every network refuses NaN and infinity."""
        measured = measure_normalisation(blocks)
        return measured if normalized else Normalisation.none()

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


def measure_normalisation(blocks: Iterable[Samples]) -> Normalisation:
    """The mean of each channel, and the sample standard deviation of the mono mix.

    `demucs.api.Separator` removes the mean of the mono mix and adds it to every stem. For a song without DC
    offset both do the same. A constant mono mix (silence, a single sample, opposite phase) has no scale, so
    such a song keeps its level.

    blocks: of the song in its order, (BLOCK_SAMPLES or fewer, channels=2). Raises InvalidInputError for NaN
    and infinity.
    """
    anchor: NDArray[np.complex128] | None = None
    total, squares, samples = 0j, 0.0, 0
    for block in blocks:
        # left as the real part, right as the imaginary one: both are summed at once
        frames = block.view(np.complex64)[:, 0].astype(np.complex128)
        if anchor is None:
            anchor = frames[:1].copy()
        frames -= anchor
        total += complex(frames.sum())
        doubled = frames.real + frames.imag
        squares += float(doubled @ doubled) / 4
        samples += len(frames)
    if anchor is None:
        return Normalisation.none()
    return normalisation_of_sums(complex(anchor[0]), total, squares, samples)


def normalisation_of_sums(anchor: complex, total: complex, squares: float, samples: int) -> Normalisation:
    """The same from sums in float64, left as the real part and right as the imaginary one.

    anchor: the first sample. total: of all samples less the anchor, so a constant song gives exactly 0.
    squares: of their mono mix. samples: 1 or more. Raises InvalidInputError for NaN and infinity.
    """
    # a sample that is not finite spoils both sums, and finite ones do not overflow
    if not (cmath.isfinite(total) and math.isfinite(squares)):
        raise InvalidInputError("the input holds a sample that is not finite")
    means = [anchor.real + total.real / samples, anchor.imag + total.imag / samples]
    offset = np.array(means, np.float32).reshape(2, 1)
    if samples < 2 or squares == 0.0:
        return Normalisation(offset, np.float32(1))
    mono = (total.real + total.imag) / 2
    variance = max(0.0, squares - mono * mono / samples) / (samples - 1)
    return Normalisation(offset, np.float32(math.sqrt(variance) + _EPSILON))
