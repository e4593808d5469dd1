"""True peak by ITU-R BS.1770-4, annex 2: 4-times oversampling."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import Samples

_FACTOR = 4
_TAPS = 12
# outputs between so many samples come from one row of the matrix below
_SEGMENT = 16
_CONTEXT = _SEGMENT + _TAPS - 1
_AT_ONCE = 1 << 14


class TruePeakMeter:
    """Keeps the largest absolute value of the oversampled signal.

    Only what may exceed the peak found before is oversampled: in music, few parts.
    """

    def __init__(self) -> None:
        self._matrix, self._most_gain = _interpolator()
        self._past: Samples = np.zeros((2, _TAPS - 1), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        """block: the next (channels=2, samples)."""
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
        joined = np.concatenate([self._past, block], axis=1)
        self._past = joined[:, joined.shape[1] - _TAPS + 1 :]
        segments = -(-block.shape[1] // _SEGMENT)
        missing = (segments + 1) * _SEGMENT - joined.shape[1]
        padded = np.pad(joined, ((0, 0), (0, missing)))
        for channel in padded:
            self._oversample(channel)

    def finish(self) -> float | None:
        """dB of full scale (dBTP); None for digital silence."""
        self.add(np.zeros((2, _TAPS - 1), np.float32))
        return 20 * math.log10(self._peak) if self._peak > 0 else None

    def _oversample(self, channel: Samples) -> None:
        peaks = np.abs(channel).reshape(-1, _SEGMENT).max(axis=1)
        # a segment needs the samples of the next one too
        reach = np.maximum(peaks[:-1], peaks[1:]) * self._most_gain
        windows = np.lib.stride_tricks.sliding_window_view(channel, _CONTEXT)[::_SEGMENT]
        chosen = np.flatnonzero(reach > self._peak)
        for start in range(0, len(chosen), _AT_ONCE):
            values = windows[chosen[start : start + _AT_ONCE]] @ self._matrix
            self._peak = max(self._peak, float(values.max()), -float(values.min()))


def _interpolator() -> tuple[NDArray[np.float32], float]:
    """The matrix (_CONTEXT, 3 _SEGMENT) that makes three samples between two, and its largest gain.

    A sinc in a Hann window of 49 taps; its other phase is the samples themselves.
    """
    middle = _TAPS // 2
    matrix = np.zeros((_CONTEXT, _FACTOR - 1, _SEGMENT), np.float32)
    gains = []
    for phase in range(1, _FACTOR):
        time = np.arange(_TAPS) - middle + phase / _FACTOR
        taps = np.sinc(time) * (0.5 + 0.5 * np.cos(np.pi * time / middle))
        gains.append(float(np.abs(taps).sum()))
        for at in range(_SEGMENT):
            matrix[at : at + _TAPS, phase - 1, at] = taps
    return matrix.reshape(_CONTEXT, -1), max(gains)
