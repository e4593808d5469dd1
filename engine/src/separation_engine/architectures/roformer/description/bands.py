"""How RoFormers cut a spectrum into bands: side by side, or overlapping on the mel scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# of the paper, for 1025 bins: narrow where pitch matters
BS_WIDTHS = (*[2] * 24, *[4] * 12, *[12] * 8, *[24] * 8, *[48] * 8, 128, 129)

# the mel scale of Slaney's Auditory Toolbox: linear up to 1 kHz, then logarithmic
_LINEAR_HZ = 200 / 3
_KNEE_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27


def adjacent_bands(widths: tuple[int, ...]) -> list[range]:
    """Bins of each band, one after the other."""
    ends = np.cumsum(widths)
    return [range(int(end) - width, int(end)) for end, width in zip(ends, widths, strict=True)]


def mel_bands(count: int, fft_size: int, sample_rate: int) -> list[range]:
    """Bins of each band: those under a triangle of a mel filter bank. Neighbors overlap.

    As in the training code, the first band also has bin 0, and the last one the Nyquist bin.
    """
    edges = _hertz(np.linspace(0.0, _mel(np.array(sample_rate / 2)), count + 2))
    bins = np.linspace(0.0, sample_rate / 2, fft_size // 2 + 1)
    bands = []
    for low, high in zip(edges[:-2], edges[2:], strict=True):
        inside = np.flatnonzero((bins > low) & (bins < high))
        bands.append(range(int(inside[0]), int(inside[-1]) + 1) if inside.size else range(0))
    bands[0] = range(bands[0].stop)
    bands[-1] = range(bands[-1].start, len(bins))
    return bands


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    above = knee + np.log(np.maximum(hertz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP
    found: NDArray[np.float64] = np.where(hertz < _KNEE_HZ, hertz / _LINEAR_HZ, above)
    return found


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - knee))
    found: NDArray[np.float64] = np.where(mel < knee, mel * _LINEAR_HZ, above)
    return found
