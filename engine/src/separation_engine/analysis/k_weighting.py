"""The K-weighting of ITU-R BS.1770-4, as a convolution.

NumPy has no recursive filters. The impulse response of the two biquads has decayed by 150 dB after 86 ms.
So a fast convolution gives the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from separation_engine.analysis.frames import SAMPLE_RATE
from separation_engine.common.wav import Samples

_SIZE = 1 << 16
_TAPS = 3797
_STEP = _SIZE - _TAPS + 1


class KWeighting:
    """Filters blocks of any length. Holds 86 ms between them."""

    def __init__(self) -> None:
        # complex numbers carry left and right through one transform
        self._past = np.zeros(_TAPS - 1, np.complex64)
        self._response = _response()

    def add(self, block: Samples) -> Iterator[Samples]:
        """block: the next (channels=2, samples). Yields its power, summed over channels, (samples,)."""
        both = np.empty(block.shape[1], np.complex64)
        both.real, both.imag = block
        for start in range(0, len(both), _STEP):
            piece = np.concatenate([self._past, both[start : start + _STEP]])
            weighted = np.fft.ifft(np.fft.fft(piece, _SIZE) * self._response)[_TAPS - 1 : len(piece)]
            yield np.square(weighted.real) + np.square(weighted.imag)
            self._past = piece[len(piece) - _TAPS + 1 :]


@cache
def _response() -> NDArray[np.complex64]:
    """The spectrum of the impulse response of both biquads."""
    impulse = np.zeros(_TAPS)
    impulse[0] = 1
    return np.fft.fft(_biquad(*_high_pass(), _biquad(*_shelf(), impulse)), _SIZE).astype(np.complex64)


def _shelf() -> tuple[tuple[float, float, float], tuple[float, float]]:
    """The head: 4 dB more above 1.7 kHz.

    The standard lists coefficients for 48 kHz. These are the analog values that give them, found by
    libebur128, for our sample rate.
    """
    k, q = math.tan(math.pi * 1681.974450955533 / SAMPLE_RATE), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    scale = 1 + k / q + k * k
    zeros = (
        (high + band * k / q + k * k) / scale,
        2 * (k * k - high) / scale,
        (high - band * k / q + k * k) / scale,
    )
    return zeros, (2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)


def _high_pass() -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Revised low-frequency B curve, below 38 Hz."""
    k, q = math.tan(math.pi * 38.13547087602444 / SAMPLE_RATE), 0.5003270373238773
    scale = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)


def _biquad(
    zeros: tuple[float, float, float], poles: tuple[float, float], samples: NDArray[np.float64]
) -> NDArray[np.float64]:
    output = np.zeros(len(samples) + 2)
    padded = np.concatenate([[0.0, 0.0], samples])
    for at in range(2, len(output)):
        output[at] = zeros[0] * padded[at] + zeros[1] * padded[at - 1] + zeros[2] * padded[at - 2]
        output[at] -= poles[0] * output[at - 1] + poles[1] * output[at - 2]
    return output[2:]
