"""Cuts a signal that arrives in blocks into overlapping frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples

SAMPLE_RATE = 44_100

Frames = NDArray[np.float32]
# frames that are transformed at once: bounds the memory
_AT_ONCE = 1 << 20


class Framer:
    """Frames of `size` samples, `hop` apart, each centered on a multiple of `hop`.

    Holds less than one frame between blocks.
    """

    def __init__(self, size: int, hop: int) -> None:
        self._size = size
        self._hop = hop
        self._rest: Samples = np.zeros(size // 2, np.float32)

    def add(self, mono: Samples) -> Iterator[Frames]:
        """mono: the next (samples,). Yields (frames, size), not to be written to."""
        self._rest = np.concatenate([self._rest, mono])
        count = (len(self._rest) - self._size) // self._hop + 1
        if count <= 0:
            return
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, self._size)[:: self._hop]
        step = max(1, _AT_ONCE // self._size)
        for start in range(0, count, step):
            yield frames[start : min(start + step, count)]
        self._rest = self._rest[count * self._hop :]

    def finish(self) -> Iterator[Frames]:
        """The frames that reach beyond the end, which is followed by silence."""
        yield from self.add(np.zeros(self._size // 2, np.float32))


def mono_of(stereo: Samples) -> Samples:
    """The mean of both channels."""
    mono: Samples = 0.5 * (stereo[0] + stereo[1])
    return mono


def hann(size: int) -> Samples:
    """The periodic window."""
    window: Samples = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    return window
