"""Tempo, beats, key, tuning and loudness of a separated song, from its stems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from separation_engine.analysis.beats import seconds_of_beat, track_beats
from separation_engine.analysis.frames import SAMPLE_RATE
from separation_engine.analysis.key import find_key
from separation_engine.analysis.loudness import LoudnessMeter
from separation_engine.analysis.onsets import OnsetMeter
from separation_engine.analysis.tempo import find_pulse, strengths_of
from separation_engine.analysis.tones import ToneMeter, Tones
from separation_engine.analysis.true_peak import TruePeakMeter
from separation_engine.analysis.tuning import tuning_of
from separation_engine.common.errors import InvalidInputError
from separation_engine.common.wav import Samples

VERSION = 1
DRUMS = "drums"
# models of six stems split `other`
TONAL = ("bass", "other", "guitar", "piano")
_BLOCK = 10 * SAMPLE_RATE
_FEWEST_BEATS = 4
# dB below the mix: only bleed
_NO_DRUMS = 1e-4


class Source(Protocol):
    """A stereo sound of `samples` at `sample_rate` Hz, such as a WavReader."""

    samples: int
    sample_rate: int

    def read(self, start: int, samples: int) -> Samples: ...


class ArraySource:
    """Samples in memory, (channels=2, samples), 44.1 kHz."""

    sample_rate = SAMPLE_RATE

    def __init__(self, content: Samples) -> None:
        self._content = content
        self.samples = content.shape[1]

    def read(self, start: int, samples: int) -> Samples:
        return self._content[:, start : start + samples]


def analyze(mix: Source, stems: Mapping[str, Source], mix_gain: float = 1.0) -> dict[str, Any]:
    """The document that describes a song, ready for JSON.

    Reads blocks of 10 s, one after the other. That takes about 40 MB, and 8 kB more for each second of
    the song.

    mix: the song. stems: by name. mix_gain: amplitude that brings the mix to the level of the song.
    Raises InvalidInputError if a source is not at 44.1 kHz, or has another length than the mix.
    """
    for name, source in stems.items():
        if (source.sample_rate, source.samples) != (SAMPLE_RATE, mix.samples):
            raise InvalidInputError(f"the stem {name} does not fit its mix")
    if mix.sample_rate != SAMPLE_RATE:
        raise InvalidInputError(f"the mix has {mix.sample_rate} samples per second, not {SAMPLE_RATE}")
    onsets = OnsetMeter()
    tones = {name: ToneMeter() for name in stems if name in TONAL}
    levels = {name: _LevelMeter() for name in stems}
    mix_level = _LevelMeter()
    for start in range(0, mix.samples, _BLOCK):
        count = min(_BLOCK, mix.samples - start)
        mix_level.add(mix.read(start, count) * np.float32(mix_gain))
        for name, source in stems.items():
            block = source.read(start, count)
            levels[name].add(block)
            if name == DRUMS:
                onsets.add(block)
            if name in tones:
                tones[name].add(block)
    audible = DRUMS in levels and levels[DRUMS].energy > _NO_DRUMS * mix_level.energy
    key, tuning = _find_key([meter.finish() for meter in tones.values()])
    return {
        "version": VERSION,
        "tempo": _find_tempo(onsets) if audible else None,
        "key": key,
        "tuningCents": tuning,
        "loudness": {
            "mix": mix_level.finish(),
            "stems": {name: level.finish() for name, level in levels.items()},
        },
    }


class _LevelMeter:
    """Measures loudness, true peak and energy of one sound."""

    def __init__(self) -> None:
        self.energy = 0.0
        self._loudness = LoudnessMeter()
        self._peak = TruePeakMeter()

    def add(self, block: Samples) -> None:
        self.energy += float(np.vdot(block, block))
        self._loudness.add(block)
        self._peak.add(block)

    def finish(self) -> dict[str, float | None]:
        return {
            "integratedLufs": _rounded(self._loudness.integrated()),
            "truePeakDb": _rounded(self._peak.finish()),
            "rangeLu": _rounded(self._loudness.range()),
        }


def _find_tempo(onsets: OnsetMeter) -> dict[str, Any] | None:
    strengths = strengths_of(onsets.finish())
    pulse = find_pulse(strengths)
    if pulse is None:
        return None
    beats = track_beats(strengths.whole, pulse.period)
    if len(beats) < _FEWEST_BEATS:
        return None
    return {
        "bpm": round(60 / seconds_of_beat(np.asarray(beats)), 2),
        "confidence": round(pulse.confidence, 3),
        "beats": [round(float(beat), 4) for beat in beats],
    }


def _find_key(stems: list[Tones]) -> tuple[dict[str, Any] | None, float | None]:
    if not stems:
        return None, None
    together = Tones(
        np.concatenate([tones.frames for tones in stems]),
        np.concatenate([tones.notes for tones in stems]),
        np.concatenate([tones.amplitudes for tones in stems]),
    )
    tuning = tuning_of(together)
    if tuning is None:
        return None, None
    key = find_key(stems, tuning)
    found = {"tonic": key.tonic, "mode": key.mode, "confidence": round(key.confidence, 3)} if key else None
    return found, round(tuning, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
