"""The residual of stems as they are stored: with the gain, rounded to 24 bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation_engine.common.wav import CHANNELS, WavReader
from separation_engine.separating.gain import amplitude

_BLOCK_SAMPLES = 1 << 16
_FULL_SCALE = 2**23
# rounding below this share of the rest changes the residual by less than 0.01 dB
_NEGLIGIBLE = 1e-3


def rounding_matters(rest_energy: float, samples: int, stems: int, gain_db: int) -> bool:
    """Whether rounding the stems may change a residual of this energy by 0.01 dB or more."""
    largest = stems * 0.5 / _FULL_SCALE / amplitude(gain_db)
    rest = math.sqrt(rest_energy / (CHANNELS * samples))
    return largest > _NEGLIGIBLE * rest


def stored_rest_energy(song: WavReader, stems: Sequence[Path], gain_db: int) -> float:
    """Energy of the song minus the sum of its stored stems, at the song's level."""
    gain = amplitude(gain_db)
    readers = [WavReader(path) for path in stems]
    try:
        energy = 0.0
        for first in range(0, song.samples, _BLOCK_SAMPLES):
            length = min(_BLOCK_SAMPLES, song.samples - first)
            rest = song.read(first, length).astype(np.float64)
            for reader in readers:
                rest -= round_to_24_bits(reader.read(first, length).astype(np.float64) * gain) / gain
            energy += float(np.square(rest).sum())
        return energy
    finally:
        for reader in readers:
            reader.close()


def round_to_24_bits(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """The samples of a master, as the encoder rounds them: to 32 bits first, then half up to 24."""
    fine = np.clip(np.rint(block * 2**31), -(2**31), 2**31 - 1) + 128
    return np.minimum(np.floor(fine / 256), _FULL_SCALE - 1) / _FULL_SCALE
