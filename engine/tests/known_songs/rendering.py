"""Renders the stems of a known song as a separation leaves them: with noise, and bleed of each other."""

from __future__ import annotations

import numpy as np

from tests.known_songs.drummer import render_drummer
from tests.known_songs.song import KnownSong
from training.synthesis.accompaniment import render_other
from training.synthesis.bass import render_bass
from training.synthesis.rendering import reverberation
from training.synthesis.signals import Audio

_PLAYED = ("drums", "bass", "other")
# dB
_BLEED = (-34.0, -18.0)
_NOISE = (-75.0, -50.0)


def render_known(song: KnownSong) -> dict[str, Audio]:
    """Drums, bass and other: float32 (channels=2, samples) each, 44.1 kHz. Their sum peaks at 0.9."""
    random = song.random("separation")
    stages = {name: np.zeros((2, song.samples), np.float32) for name in _PLAYED}
    render_drummer(song, stages["drums"])
    render_bass(song, stages["bass"])
    render_other(song, stages["other"])
    for name, wet in (("drums", 0.1), ("other", 0.2)):
        stages[name] += reverberation(stages[name], random, float(random.uniform(0, wet)))
    for name, stage in stages.items():
        power = float(np.mean(np.square(stage)))
        stages[name] = stage * np.float32(10 ** (random.uniform(-4, 4) / 20) / np.sqrt(power + 1e-12))
    stems = {name: _with_bleed(name, stages, random) for name in _PLAYED}
    peak = float(np.abs(sum(stems.values())).max())
    return {name: _with_noise(stem * np.float32(0.9 / peak), random) for name, stem in stems.items()}


def _with_noise(stem: Audio, random: np.random.Generator) -> Audio:
    level = np.float32(10 ** (random.uniform(*_NOISE) / 20))
    noisy: Audio = stem + level * random.standard_normal(stem.shape, dtype=np.float32)
    return noisy


def _with_bleed(name: str, stages: dict[str, Audio], random: np.random.Generator) -> Audio:
    stem: Audio = stages[name].copy()
    for other in _PLAYED:
        if other != name:
            stem += stages[other] * np.float32(10 ** (random.uniform(*_BLEED) / 20))
    return stem
