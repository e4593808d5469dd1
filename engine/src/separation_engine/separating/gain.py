"""The one gain of all stems of a song."""

from __future__ import annotations

import math


def holding_gain_db(peak: float) -> int:
    """The gain, 0 or a negative whole number of dB, that is just enough to keep `peak` within full scale.

    peak: largest absolute sample of all stems, linear, 0 or above. Whole steps change seldom while the peak
    grows, so that an encoder that follows the stems seldom has to start again.
    """
    return 0 if peak <= 1.0 else -math.ceil(20 * math.log10(peak))


def amplitude(decibels: float) -> float:
    """The linear factor of a gain in dB."""
    return float(10 ** (decibels / 20))
