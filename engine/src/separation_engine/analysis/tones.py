"""Finds the tones of a stem: peaks that stand out of the spectrum.

The frequency of a peak comes from a parabola through three logarithmic magnitudes: Smith and Serra, PARSHL
(ICMC 1987).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.analysis.frames import SAMPLE_RATE, Framer, Frames, hann, mono_of
from separation_engine.common.wav import Samples

_SIZE = 16_384
HOP = 8192
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 2000.0
# noise stays below six times its median in practice: one bin in 10^7
_OVER_MEDIAN = 6.0
_MEDIAN_BINS = 32
# the strongest of a frame
_MAX_PEAKS = 20
# tones below -80 dB of full scale are not heard
_QUIETEST = 1e-4


@dataclass(frozen=True)
class Tones:
    """Peaks of a song: `frames`, `notes` (MIDI, fractional) and `amplitudes`, each (peaks,)."""

    frames: NDArray[np.int32]
    notes: NDArray[np.float32]
    amplitudes: NDArray[np.float32]


class ToneMeter:
    """Collects the peaks of a stem: at most 1.3 kB per second of song."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, HOP)
        self._window = hann(_SIZE)
        self._hertz = SAMPLE_RATE / _SIZE
        self._first = round(_LOWEST_HZ / self._hertz)
        bins = round((_HIGHEST_HZ - _LOWEST_HZ) / self._hertz)
        self._bins = bins // _MEDIAN_BINS * _MEDIAN_BINS
        self._count = 0
        self._found: list[tuple[NDArray[np.int32], Frames, Frames]] = []

    def add(self, block: Samples) -> None:
        """block: the next (channels=2, samples) of a stem."""
        for frames in self._framer.add(mono_of(block)):
            self._measure(frames)

    def finish(self) -> Tones:
        """All peaks, in order of time."""
        for frames in self._framer.finish():
            self._measure(frames)
        if not self._found:
            return Tones(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32))
        return Tones(*(np.concatenate(part) for part in zip(*self._found, strict=True)))

    def _measure(self, frames: Frames) -> None:
        spectrum = np.fft.rfft(frames * self._window, axis=1)
        # a sine of amplitude 1 has the magnitude 1
        wide = np.abs(spectrum[:, self._first - 1 : self._first + self._bins + 1]) * np.float32(4 / _SIZE)
        inner = wide[:, 1:-1]
        parts = inner.reshape(len(inner), -1, _MEDIAN_BINS)
        floor = np.repeat(np.median(parts, axis=2), _MEDIAN_BINS, axis=1)
        is_peak = (inner > wide[:, :-2]) & (inner >= wide[:, 2:])
        is_peak &= inner > np.maximum(_OVER_MEDIAN * floor, _QUIETEST)
        loud = np.where(is_peak, inner, 0)
        weakest = np.partition(loud, -_MAX_PEAKS, axis=1)[:, -_MAX_PEAKS, None]
        rows, columns = np.nonzero(is_peak & (loud >= weakest))
        before, at, after = (np.log(wide[rows, columns + step] + 1e-12) for step in range(3))
        offset = 0.5 * (before - after) / (before - 2 * at + after)
        hertz = (self._first + columns + offset) * self._hertz
        notes = 69 + 12 * np.log2(hertz / 440)
        self._found.append(
            ((rows + self._count).astype(np.int32), notes.astype(np.float32), inner[rows, columns])
        )
        self._count += len(frames)
