"""Proves at every load that a network still makes of a known segment what it made when it was set up.

A backend can give wrong audio for the life of a process without any error, so no network works unproven.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from separation_engine.backends.base import Network, Precision, Samples
from separation_engine.errors import SelfCheckFailedError

_LOG = logging.getLogger(__name__)
_KEPT_SAMPLES = 1024
# what the backends differ by is above these, what a broken process gives is at 9 to 22 dB
_LEAST_DB: dict[Precision, float] = {"fp32": 60.0, "tf32": 40.0, "bf16": 30.0}


def known_mix(samples: int, sample_rate: int) -> Samples:
    """A segment with a beat, a bass, chords and noise, (channels=2, samples); the same everywhere."""
    time = np.arange(samples) / sample_rate
    noise = np.random.PCG64(1).random_raw(2 * samples).reshape(2, samples) / 2.0**63 - 1.0
    beat = np.exp(-30 * (time % 0.5)) * 0.4
    bass = 0.5 * np.sin(2 * math.pi * 55 * time) * np.exp(-3 * (time % 1.0))
    chords = sum(np.sin(2 * math.pi * pitch * time) for pitch in (220.0, 277.18, 329.63, 440.0))
    swell = 0.1 * (1 + np.sin(2 * math.pi * 0.4 * time))
    mono = bass + chords * swell
    return np.stack([mono + noise[0] * beat, 0.7 * mono + noise[1] * beat]).astype(np.float32)


def fingerprint(network: Network, mix: Samples) -> Samples:
    """What the network makes of the known segment, thinned: (sources, channels=2, about 1024)."""
    stems = separate_segment(network, mix)
    return np.ascontiguousarray(stems[..., :: max(1, network.segment_samples // _KEPT_SAMPLES)])


def separate_segment(network: Network, mix: Samples, copies: int = 1) -> Samples:
    """A segment with silence around it, (channels=2, samples), to (sources, channels=2, samples).

    copies: of it in one forward; what comes of the first is given.
    """
    samples = mix.shape[1]
    before = (network.input_samples(samples) - samples) // 2
    after = network.input_samples(samples) - samples - before
    padded = np.pad(mix, ((0, 0), (before, after)))
    stems: Samples = network.forward(np.repeat(padded[np.newaxis], copies, axis=0))[0]
    return stems[..., before : before + samples]


def likeness_db(reference: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Energy of the reference over the energy of the difference, in dB; 300 where they are equal."""
    if reference.shape != found.shape or not np.isfinite(found).all():
        return -math.inf
    difference = float(np.square(reference - found, dtype=np.float64).sum())
    energy = float(np.square(reference, dtype=np.float64).sum())
    return 10 * math.log10(max(energy, 1e-30) / difference) if difference else 300.0


def check_network(
    network: Network, mix: Samples, reference: Samples, precision: Precision, name: str
) -> None:
    """mix: the known segment. Raises SelfCheckFailedError where the network is off."""
    likeness = likeness_db(reference, fingerprint(network, mix))
    if likeness < _LEAST_DB[precision]:
        raise SelfCheckFailedError(
            f"{name} is at {likeness:.1f} dB on the known segment, below {_LEAST_DB[precision]:.0f} dB"
        )
    _LOG.info("self-check of %s passed at %.1f dB", name, likeness)


def reference_path(folder: Path, signature: str) -> Path:
    return folder / f"{signature}.reference.safetensors"


def read_reference(path: Path, weights_sha256: str) -> Samples | None:
    """The stored fingerprint; None where there is none for exactly these weights."""
    try:
        tensors = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    return tensors.get(weights_sha256)


def write_reference(path: Path, weights_sha256: str, reference: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    # not save_file, which makes files that only their owner can read
    temporary.write_bytes(save({weights_sha256: reference}))
    temporary.replace(path)
