"""Tuning: how far tones lie from the equal-tempered scale at A4 = 440 Hz."""

from __future__ import annotations

import numpy as np

from separation_engine.analysis.tones import Tones

# below, a bin is wider than a quarter tone
_LOWEST_NOTE = 45.0
# tones that point in all directions have no tuning
_LEAST_AGREEMENT = 0.1


def tuning_of(tones: Tones) -> float | None:
    """Cents from -50 to 50: the circular mean of the deviations. None if the tones do not agree."""
    high = tones.notes > _LOWEST_NOTE
    weights = tones.amplitudes[high].astype(np.float64) ** 0.5
    if not weights.sum() > 0:
        return None
    mean = np.sum(weights * np.exp(2j * np.pi * tones.notes[high])) / weights.sum()
    if abs(mean) < _LEAST_AGREEMENT:
        return None
    return float(np.angle(mean) / (2 * np.pi) * 100)
