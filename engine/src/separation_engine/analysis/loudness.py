"""Loudness by ITU-R BS.1770-4, and loudness range by EBU Tech 3342 (2016), of stereo at 44.1 kHz."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from separation_engine.analysis.frames import SAMPLE_RATE
from separation_engine.analysis.k_weighting import KWeighting
from separation_engine.common.wav import Samples

Powers = NDArray[np.float64]

# the gating blocks of 400 ms overlap by 75 %
_HOP = SAMPLE_RATE // 10
_GATING_HOPS, _SHORT_TERM_HOPS = 4, 30
_ABSOLUTE_GATE = -70.0
_GATE, _RANGE_GATE = -10.0, -20.0
_RANGE_PERCENTILES = (10, 95)


class LoudnessMeter:
    """Collects the power of each 100 ms: 80 B per second of song."""

    def __init__(self) -> None:
        self._weighting = KWeighting()
        self._rest: Powers = np.zeros(0)
        self._powers: list[Powers] = []

    def add(self, block: Samples) -> None:
        """block: the next (channels=2, samples)."""
        for weighted in self._weighting.add(block):
            power = np.concatenate([self._rest, weighted])
            whole = len(power) // _HOP * _HOP
            self._powers.append(power[:whole].reshape(-1, _HOP).mean(axis=1, dtype=np.float64))
            self._rest = power[whole:]

    def integrated(self) -> float | None:
        """LUFS; None where everything is below the absolute gate of -70 LUFS."""
        powers = _gated(_sliding(self._all(), _GATING_HOPS), _GATE)
        return _lufs(float(powers.mean())) if len(powers) else None

    def range(self) -> float | None:
        """Loudness range in LU; None where no 3 s are above -70 LUFS."""
        powers = np.sort(_gated(_sliding(self._all(), _SHORT_TERM_HOPS), _RANGE_GATE))
        if not len(powers):
            return None
        low, high = (powers[round((len(powers) - 1) * percent / 100)] for percent in _RANGE_PERCENTILES)
        return 10 * math.log10(high / low)

    def _all(self) -> Powers:
        return np.concatenate(self._powers) if self._powers else np.zeros(0)


def _sliding(powers: Powers, hops: int) -> Powers:
    """The mean of each `hops` successive powers."""
    if len(powers) < hops:
        return np.zeros(0)
    means: Powers = np.lib.stride_tricks.sliding_window_view(powers, hops).mean(axis=1)
    return means


def _gated(powers: Powers, relative_gate: float) -> Powers:
    """The powers above both gates. relative_gate: in LU above the mean of those above the absolute one."""
    loud = powers[powers > _power(_ABSOLUTE_GATE)]
    if not len(loud):
        return loud
    gated: Powers = loud[loud > loud.mean() * 10 ** (relative_gate / 10)]
    return gated


# the weighting amplifies 997 Hz by 0.691 dB
def _lufs(power: float) -> float:
    return 10 * math.log10(power) - 0.691


def _power(lufs: float) -> float:
    return 10 ** ((lufs + 0.691) / 10)
