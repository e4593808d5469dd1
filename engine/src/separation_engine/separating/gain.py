"""The single gain that all stems of a song share."""

from __future__ import annotations

import math


def gain_db_for_peak(peak: float) -> int:
    """The largest gain that keeps `peak` within full scale: a whole number of dB, 0 or below.

    peak: largest absolute sample of all stems, linear. Encoders follow the stems while they grow and restart
    when the gain drops. Whole steps make that rare.
    """
    return 0 if peak <= 1.0 else -math.ceil(20 * math.log10(peak))


def amplitude(decibels: float) -> float:
    """The linear factor of a gain in dB."""
    return float(10 ** (decibels / 20))
