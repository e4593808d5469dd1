"""Renders a song: each stem with its own reverb and level, without clipping."""

from collections.abc import Callable

import numpy as np

from training.synthesis.accompaniment import render_other
from training.synthesis.bass import render_bass
from training.synthesis.drums import render_drums
from training.synthesis.signals import Audio, Random, fall, fast_length, low_pass, samples_of, shaped_noise
from training.synthesis.song import STEMS, Song
from training.synthesis.vocals import render_vocals

RENDERERS: dict[str, Callable[[Song, Audio], None]] = {
    "drums": render_drums,
    "bass": render_bass,
    "other": render_other,
    "vocals": render_vocals,
}
# maximum reverb of a stem, relative to its dry level
MOST_REVERB = {"drums": 0.15, "bass": 0.04, "other": 0.25, "vocals": 0.25}
# dB; drums are mostly silence between strokes, which lowers their RMS
LEVELS_DB = {"drums": 3.0, "bass": 0.0, "other": 0.0, "vocals": 1.0}


def render_stems(song: Song) -> Audio:
    """The stems of a song: float32 (stems=4, channels=2, samples), 44.1 kHz, in order of STEMS.

    Their sum is the mix. Its peak is between 0.3 and 0.95.
    """
    random = song.random("mixing")
    stems = np.zeros((len(STEMS), 2, song.samples), dtype=np.float32)
    for index, stem in enumerate(STEMS):
        stage = stems[index]
        RENDERERS[stem](song, stage)
        stage += reverberation(stage, random, random.uniform(0.0, MOST_REVERB[stem]))
        stage *= _gain_to(stage, 10.0 ** ((LEVELS_DB[stem] + random.uniform(-4.0, 4.0)) / 20.0))
    peak = float(np.abs(mix_of(stems)).max())
    stems *= np.float32(random.uniform(0.3, 0.95) / max(peak, 1e-9))
    return stems


def mix_of(stems: Audio) -> Audio:
    """The mix (2, samples) of stems (4, 2, samples)."""
    mix: Audio = stems.sum(axis=0, dtype=np.float32)
    return mix


def _gain_to(stage: Audio, level: float) -> float:
    """The gain that brings the audible part of a stage to an RMS of `level`; 1 for silence."""
    power = np.mean(stage**2, axis=0)
    sounding = power[power > 1e-6]
    if len(sounding) == 0:
        return 1.0
    return level / float(np.sqrt(sounding.mean()))


def reverberation(stage: Audio, random: Random, wet: float) -> Audio:
    """The reverb alone: convolution with decaying noise, different on each side."""
    seconds = random.uniform(0.25, 1.6)
    corner = random.uniform(2_500.0, 9_000.0)
    length = samples_of(seconds)
    size = fast_length(stage.shape[1] + length)
    result = np.empty_like(stage)
    for side in range(2):
        room = shaped_noise(random, length, lambda hertz: low_pass(hertz, corner))
        room *= fall(length, seconds)
        room[: samples_of(0.008)] = 0.0
        room *= np.float32(wet / np.sqrt(np.sum(room**2)))
        spectrum = np.fft.rfft(stage[side], size) * np.fft.rfft(room, size)
        result[side] = np.fft.irfft(spectrum, size)[: stage.shape[1]]
    return result
