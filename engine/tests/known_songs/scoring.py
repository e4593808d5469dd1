"""Compares an analysis with the truth of its song."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from separation_engine.analysis.key import TONICS
from tests.known_songs.song import KnownSong
from training.synthesis.signals import Curve

_TEMPO_TOLERANCE = 0.01
# as usual in the field: Davies, Degara, Plumbley, Evaluation Methods for Musical Audio Beat Tracking (2009)
_BEAT_TOLERANCE = 0.07


@dataclass(frozen=True)
class Score:
    """tempo and key: right. octave: tempo right, or half or twice. tuning: error in cents."""

    tempo: bool
    octave: bool
    beats: float
    key: bool
    tuning: float
    tempo_confidence: float
    key_confidence: float


def score(song: KnownSong, found: dict[str, Any]) -> Score:
    tempo, key, tuning = found["tempo"], found["key"], found["tuningCents"]
    ratio = tempo["bpm"] / song.tempo if tempo else 0.0
    octaves = [abs(ratio / octave - 1) <= _TEMPO_TOLERANCE for octave in (0.5, 1.0, 2.0)]
    return Score(
        tempo=octaves[1],
        octave=any(octaves),
        beats=f_measure(np.array(tempo["beats"] if tempo else []), song.beats),
        key=bool(key) and (key["tonic"], key["mode"]) == (TONICS[song.tonic], song.scale),
        tuning=abs(tuning - song.tuning) if tuning is not None else 100.0,
        tempo_confidence=tempo["confidence"] if tempo else 0.0,
        key_confidence=key["confidence"] if key else 0.0,
    )


def f_measure(found: Curve, true: Curve) -> float:
    """Of the beats between the first and the last true one, in seconds; each counts once."""
    inside = (found > true[0] - _BEAT_TOLERANCE) & (found < true[-1] + _BEAT_TOLERANCE)
    left = list(found[inside])
    hits = 0
    for beat in true:
        near = [other for other in left if abs(other - beat) <= _BEAT_TOLERANCE]
        if near:
            hits += 1
            left.remove(near[0])
    return 2 * hits / (int(inside.sum()) + len(true))
