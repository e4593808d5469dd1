"""Joins overlapping segments into stems while holding little more than one segment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from separation_engine.common.wav import Samples
from separation_engine.networks.cutting import Cutting, frozen
from separation_engine.networks.interface import Accumulator, DeviceSamples
from separation_engine.separating.plan import Plan, Segment


class OverlapAdd:
    """Joins the estimates of one separation, like the code that the networks come from.

    cutting: the weights of a segment's samples.
    bag_weights: (sub-models, stems), the contribution of each sub-model; each column sums to 1.
    sums: a buffer of (stems, channels=2, plan.span) on the networks' device.
    """

    def __init__(self, plan: Plan, cutting: Cutting, bag_weights: Samples, sums: Accumulator) -> None:
        self._plan = plan
        self._cutting = cutting
        self._weights = bag_weights / plan.passes
        self._sums = sums
        self._count = 0

    def add(self, estimates: Sequence[DeviceSamples]) -> DeviceSamples:
        """Add each stem's estimate of the plan's next segment, (channels=2, segment.samples).

        May overwrite the estimates. Returns the samples that are final now, (stems, channels=2,
        samples >= 0), each of them once.
        """
        plan, index = self._plan, self._count
        segment = plan.segments[index]
        written = plan.finished[index - 1] if index else 0
        # samples of a shifted pass before the song begins
        skipped = max(0, -segment.start)
        window = self._window(segment)
        self._sums.add(
            [estimate[:, skipped:] for estimate in estimates],
            # the same array for equal segments: a device keeps it
            window[skipped:] if skipped else window,
            self._weights[segment.network],
            segment.start + skipped - written,
        )
        self._count += 1
        return self._sums.take(plan.finished[index] - written)

    def _window(self, segment: Segment) -> Samples:
        """The segment's weights divided by the sum of all weights of its pass, (segment.samples,)."""
        length, stride = self._plan.segment_samples, self._plan.stride
        reach = (length - 1) // stride
        index = (segment.start - segment.origin) // stride
        if segment.samples == length:
            return _full_window(self._cutting, length, stride, min(index, reach))
        total = np.zeros(segment.samples, np.float32)
        own = self._cutting.weights(length)
        for neighbor in range(max(0, index - reach), index + reach + 1):
            start = segment.origin + neighbor * stride
            low, high = max(start, segment.start), min(start + length, segment.end)
            if low < high:
                total[low - segment.start : high - segment.start] += own[low - start : high - start]
        return frozen(own[: segment.samples] / total)


@lru_cache(maxsize=8)
def _full_window(cutting: Cutting, length: int, stride: int, before: int) -> Samples:
    """The window of a full segment with `before` earlier neighbors and every later one that overlaps it."""
    total = np.zeros(length, np.float32)
    own = cutting.weights(length)
    for offset in range(-before * stride, length, stride):
        low, high = max(offset, 0), min(offset + length, length)
        total[low:high] += own[low - offset : high - offset]
    return frozen(own / total)
