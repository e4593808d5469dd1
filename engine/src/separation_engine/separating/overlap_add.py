"""Joins overlapping segments into stems while holding little more than one segment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples
from separation_engine.networks.interface import Accumulator, DeviceSamples, PendingSamples
from separation_engine.separating.plan import Plan, Segment


class OverlapAdd:
    """Joins the estimates of one separation. Equals `demucs.apply.apply_model(split=True)`.

    bag_weights: (sub-models, stems), the contribution of each sub-model; each column sums to 1.
    sums: a buffer of (stems, channels=2, plan.span) on the networks' device.
    """

    def __init__(self, plan: Plan, bag_weights: Samples, sums: Accumulator) -> None:
        self._plan = plan
        self._weights = bag_weights / plan.passes
        self._sums = sums
        self._count = 0

    def add(self, estimates: Sequence[DeviceSamples]) -> PendingSamples:
        """Add each stem's estimate of the plan's next segment, (channels=2, segment.samples).

        May overwrite the estimates. Returns the samples that are final now, (stems, channels=2,
        samples >= 0), each of them once.
        """
        plan, index = self._plan, self._count
        segment = plan.segments[index]
        written = plan.finished[index - 1] if index else 0
        # samples of a shifted pass before the song begins
        skipped = max(0, -segment.start)
        self._sums.add(
            [estimate[:, skipped:] for estimate in estimates],
            self._window(segment)[skipped:],
            self._weights[segment.network],
            segment.start + skipped - written,
        )
        self._count += 1
        return self._sums.take(plan.finished[index] - written)

    def _window(self, segment: Segment) -> Samples:
        """The segment's triangle divided by the sum of all triangles of its pass, (segment.samples,)."""
        length, stride = self._plan.segment_samples, self._plan.stride
        reach = (length - 1) // stride
        index = (segment.start - segment.origin) // stride
        if segment.samples == length:
            return _full_window(length, stride, min(index, reach))
        total = np.zeros(segment.samples, np.float32)
        triangle = _triangle(length)
        for neighbor in range(max(0, index - reach), index + reach + 1):
            start = segment.origin + neighbor * stride
            low, high = max(start, segment.start), min(start + length, segment.end)
            if low < high:
                total[low - segment.start : high - segment.start] += triangle[low - start : high - start]
        return _as_samples(triangle[: segment.samples] / total)


@lru_cache(maxsize=4)
def _triangle(length: int) -> Samples:
    half = length // 2
    ramp = np.concatenate([np.arange(1, half + 1), np.arange(length - half, 0, -1)])
    return _as_samples(ramp.astype(np.float32) / np.float32(ramp.max()))


@lru_cache(maxsize=8)
def _full_window(length: int, stride: int, before: int) -> Samples:
    """The window of a full segment with `before` earlier neighbors and every later one that overlaps it."""
    total = np.zeros(length, np.float32)
    triangle = _triangle(length)
    for offset in range(-before * stride, length, stride):
        low, high = max(offset, 0), min(offset + length, length)
        total[low:high] += triangle[low - offset : high - offset]
    return _as_samples(triangle / total)


def _as_samples(values: NDArray[np.float32]) -> Samples:
    values.flags.writeable = False
    return values
