"""Overlap-add in the process's memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from separation_engine.common.wav import Samples


class NumpyAccumulator:
    """The Accumulator of networks that return NumPy arrays."""

    def __init__(self, stems: int, span: int) -> None:
        self._sums = np.zeros((stems, 2, span), np.float32)

    def add(self, estimates: Sequence[Samples], window: Samples, weights: Samples, first: int) -> None:
        for sums, estimate, weight in zip(self._sums, estimates, weights, strict=True):
            if weight:
                np.multiply(estimate, weight * window, out=estimate)
                sums[:, first : first + window.size] += estimate

    def take(self, samples: int) -> Samples:
        done = self._sums[..., :samples]
        if samples:
            rest = np.zeros(self._sums.shape, np.float32)
            rest[..., : rest.shape[2] - samples] = self._sums[..., samples:]
            self._sums = rest
        return done
