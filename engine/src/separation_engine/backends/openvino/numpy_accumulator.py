"""Joins stems in the memory of the process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from separation_engine.backends.base import PendingSamples, Samples


class NumpyAccumulator:
    """The Accumulator of networks that give arrays of NumPy."""

    def __init__(self, stems: int, span: int) -> None:
        self._sums = np.zeros((stems, 2, span), np.float32)

    def add(self, estimates: Sequence[Samples], fade: Samples, shares: Samples, first: int) -> None:
        for sums, estimate, share in zip(self._sums, estimates, shares, strict=True):
            if share:
                np.multiply(estimate, share * fade, out=estimate)
                sums[:, first : first + fade.size] += estimate

    def take(self, samples: int) -> PendingSamples:
        done = self._sums[..., :samples]
        if samples:
            rest = np.zeros(self._sums.shape, np.float32)
            rest[..., : rest.shape[2] - samples] = self._sums[..., samples:]
            self._sums = rest
        return lambda: done
