"""Songs to separate, and functions to read and write them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from separation_engine.common.wav import Samples, WavReader, WavWriter

RATE = 44100


def song(samples: int, seed: int = 1) -> Samples:
    """Chords, a beat and noise, (channels=2, samples)."""
    random = np.random.default_rng(seed)
    time = np.arange(samples) / RATE
    mono = sum(0.08 * np.sin(2 * np.pi * pitch * time) for pitch in random.uniform(50, 3000, 8))
    beat = 0.1 * np.exp(-25 * (time % 0.5)) * random.standard_normal((2, samples))
    return (np.stack([mono, 0.8 * mono]) + beat).astype(np.float32)


def noise(samples: int) -> Samples:
    """Full-scale white noise."""
    return np.random.default_rng(2).uniform(-1, 1, (2, samples)).astype(np.float32)


def impulses(samples: int) -> Samples:
    """Single full-scale samples every 0.7 s."""
    mix = np.zeros((2, samples), np.float32)
    mix[0, :: int(0.7 * RATE)] = 1
    mix[1, 99 :: int(0.7 * RATE)] = -1
    return mix


def without_dc(mix: Samples) -> Samples:
    """The mix with a mean of 0 in each channel."""
    centered: Samples = (mix - mix.mean(axis=1, dtype=np.float64, keepdims=True)).astype(np.float32)
    return centered


def write_wav(path: Path, mix: Samples, rate: int = RATE) -> Path:
    writer = WavWriter(path, mix.shape[1], rate)
    writer.write(mix)
    writer.finish()
    return path


def read_wav(path: Path) -> Samples:
    with closing(WavReader(path)) as reader:
        return reader.read(0, reader.samples)
