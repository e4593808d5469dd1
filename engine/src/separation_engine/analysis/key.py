"""Key of a song, from how strong its pitch classes are.

Pitch classes of spectral peaks with their subharmonics: Gomez, Tonal Description of Music Audio Signals
(2006). Key profiles: Albrecht and Shanahan, The Use of Large Corpora to Train a New Type of Key-Finding
Algorithm (Music Perception 31, 2013), correlated as by Krumhansl and Schmuckler (1990).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separation_engine.analysis.tones import Tones

Chroma = NDArray[np.float64]

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
_HARMONICS = 5
_HARMONIC_DECAY = 0.3
# how much a better correlation is worth, on songs of the synthesizer
_SHARPNESS = 25.0
_LEAST_CORRELATION = 0.4
# tones of a second
_FEWEST_FRAMES = 6


@dataclass(frozen=True)
class Key:
    """tonic: one of TONICS. mode: major or minor. confidence: from 0 to 1."""

    tonic: str
    mode: str
    confidence: float


def find_key(stems: Iterable[Tones], tuning: float) -> Key | None:
    """tuning: in cents. None if no key fits, or there are hardly any tones."""
    heard = [tones for tones in stems if len(np.unique(tones.frames)) >= _FEWEST_FRAMES]
    chroma = np.sum([_chroma(tones, tuning) for tones in heard], axis=0) if heard else np.zeros(12)
    centered = chroma - chroma.mean()
    size = np.linalg.norm(centered)
    if size < 1e-9:
        return None
    correlations = _TEMPLATES @ (centered / size)
    best = int(correlations.argmax())
    if correlations[best] < _LEAST_CORRELATION:
        return None
    shares = np.exp(_SHARPNESS * (correlations - correlations[best]))
    mode = list(_PROFILES)[best // 12]
    return Key(TONICS[best % 12], mode, float(1 / shares.sum()))


def _chroma(tones: Tones, tuning: float) -> Chroma:
    """Pitch classes of a stem, (12,), of unit length: a loud stem counts no more than a soft one."""
    chroma = np.zeros(12)
    strengths = np.sqrt(tones.amplitudes.astype(np.float64))
    for harmonic in range(1, _HARMONICS + 1):
        notes = tones.notes - tuning / 100 - 12 * np.log2(harmonic)
        nearest = np.round(notes)
        weights = strengths * _HARMONIC_DECAY ** (harmonic - 1) * np.cos(np.pi * (notes - nearest))
        np.add.at(chroma, nearest.astype(np.int64) % 12, weights)
    unit: Chroma = chroma / (np.linalg.norm(chroma) + 1e-12)
    return unit


def _templates() -> Chroma:
    """All keys, (24, 12): major ones first, each centered and of unit length."""
    rows = []
    for profile in _PROFILES.values():
        centered = np.array(profile) - np.mean(profile)
        rows += [np.roll(centered / np.linalg.norm(centered), tonic) for tonic in range(12)]
    return np.array(rows)


_TEMPLATES = _templates()
