"""Keeps squares of loud mixes in the range of float32."""

from __future__ import annotations

import math

import numpy as np

from separation_engine.common.wav import Samples

# louder mixes are scaled down, and their stems up again
_LOUDEST = 2.0**40


def attenuation(mix: Samples) -> float:
    """Gain, a power of two, that brings the mix below the limit; 1 if it already is."""
    peak = float(np.abs(mix).max())
    if peak <= _LOUDEST:
        return 1.0
    return math.ldexp(1.0, math.floor(math.log2(_LOUDEST / peak)))
