"""Onset strength of the drums, by spectral flux in bands.

Boeck, Krebs, Schedl: Evaluating the online capabilities of onset detection methods (ISMIR 2012): logarithmic
bands, compressed magnitudes, differences that are half-wave rectified.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from separation_engine.analysis.frames import SAMPLE_RATE, Framer, Frames, hann, mono_of
from separation_engine.common.wav import Samples

Curve = NDArray[np.float64]

HOP = 441
_SIZE = 1024
# an attack is spread over this many frames
_BACK = 2
_EDGES_HZ = (30.0, 130.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)
BANDS = len(_EDGES_HZ) - 1
# a power law, unlike a logarithm, needs no reference level
_COMPRESSION = 0.5


class OnsetMeter:
    """Collects BANDS values per HOP samples: 3.2 kB per second of song."""

    def __init__(self) -> None:
        self._framer = Framer(_SIZE, HOP)
        self._window = hann(_SIZE)
        self._edges = [round(edge * _SIZE / SAMPLE_RATE) for edge in _EDGES_HZ]
        self._last: Frames = np.zeros((_BACK, self._edges[-1]), np.float32)
        self._flux: list[Frames] = []

    def add(self, block: Samples) -> None:
        """block: the next (channels=2, samples) of the drums."""
        for frames in self._framer.add(mono_of(block)):
            self._measure(frames)

    def finish(self) -> Frames:
        """Onset strength, (frames, BANDS); frame n is at n HOP samples."""
        for frames in self._framer.finish():
            self._measure(frames)
        return np.concatenate(self._flux) if self._flux else np.zeros((0, BANDS), np.float32)

    def _measure(self, frames: Frames) -> None:
        spectrum = np.abs(np.fft.rfft(frames * self._window, axis=1)[:, : self._edges[-1]])
        magnitudes = np.concatenate([self._last, spectrum**_COMPRESSION])
        rise = np.maximum(magnitudes[_BACK:] - magnitudes[:-_BACK], 0)
        self._flux.append(np.add.reduceat(rise, self._edges[:-1], axis=1))
        self._last = magnitudes[-_BACK:]
