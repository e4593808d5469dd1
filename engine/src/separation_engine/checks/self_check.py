"""Checks at every load that a network separates a known segment as it did at installation.

A backend can return wrong audio for the life of a process without any error, so no network runs unchecked.
"""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from separation_engine.common.device import Precision
from separation_engine.common.errors import SelfCheckFailedError
from separation_engine.common.wav import Samples
from separation_engine.networks.interface import Network

_LOG = logging.getLogger(__name__)
_KEPT_SAMPLES = 1024
# backends differ by less than this; a broken process reaches 9 to 22 dB
_MIN_SNR_DB: dict[Precision, float] = {"fp32": 60.0, "tf32": 40.0, "fp16": 40.0, "bf16": 30.0}


def known_mix(samples: int, sample_rate: int) -> Samples:
    """A segment with a beat, a bass, chords and noise, (channels=2, samples); identical on every machine."""
    at = np.arange(samples) / sample_rate
    noise = np.random.PCG64(1).random_raw(2 * samples).reshape(2, samples) / 2.0**63 - 1.0
    beat = np.exp(-30 * (at % 0.5)) * 0.4
    bass = 0.5 * np.sin(2 * math.pi * 55 * at) * np.exp(-3 * (at % 1.0))
    chords = sum(np.sin(2 * math.pi * pitch * at) for pitch in (220.0, 277.18, 329.63, 440.0))
    swell = 0.1 * (1 + np.sin(2 * math.pi * 0.4 * at))
    mono = bass + chords * swell
    return np.stack([mono + noise[0] * beat, 0.7 * mono + noise[1] * beat]).astype(np.float32)


def fingerprint(network: Network, mix: Samples) -> Samples:
    """The stems of the known segment, decimated: (sources, channels=2, about 1024)."""
    stems = separate_segment(network, mix)
    return np.ascontiguousarray(stems[..., :: max(1, network.segment_samples // _KEPT_SAMPLES)])


def separate_segment(network: Network, mix: Samples, copies: int = 1) -> Samples:
    """Separate a segment with silence around it: (channels=2, samples) to (sources, channels=2, samples).

    copies: how many of it to put in one forward; the first result is returned.
    """
    samples = mix.shape[1]
    before = (network.input_samples(samples) - samples) // 2
    after = network.input_samples(samples) - samples - before
    padded = np.pad(mix, ((0, 0), (before, after)))
    stems: Samples = network.forward(np.repeat(padded[np.newaxis], copies, axis=0))[0]
    return stems[..., before : before + samples]


def snr_db(reference: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Energy of the reference over energy of the difference, in dB; 300 if they are equal."""
    if reference.shape != found.shape or not np.isfinite(found).all():
        return -math.inf
    difference = float(np.square(reference - found, dtype=np.float64).sum())
    energy = float(np.square(reference, dtype=np.float64).sum())
    return 10 * math.log10(max(energy, 1e-30) / difference) if difference else 300.0


def check_network(
    network: Network, mix: Samples, reference: Samples, precision: Precision, name: str
) -> float:
    """The CPU seconds of the segment. mix: the known one.

    Raises SelfCheckFailedError if the result is too far from the reference.
    """
    began = time.process_time()
    found = fingerprint(network, mix)
    cpu_seconds = time.process_time() - began
    found_db = snr_db(reference, found)
    if found_db < _MIN_SNR_DB[precision]:
        raise SelfCheckFailedError(
            f"{name} reaches {found_db:.1f} dB on the known segment, below {_MIN_SNR_DB[precision]:.0f} dB"
        )
    _LOG.info("self-check of %s passed at %.1f dB", name, found_db)
    return cpu_seconds


def reference_path(folder: Path, signature: str) -> Path:
    return folder / f"{signature}.reference.safetensors"


def read_reference(path: Path, weights_sha256: str) -> Samples | None:
    """The stored fingerprint of exactly these weights; None if there is none."""
    try:
        tensors = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    return tensors.get(weights_sha256)


def write_reference(path: Path, weights_sha256: str, reference: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    # save_file would create a file that only its owner can read
    temporary.write_bytes(save({weights_sha256: reference}))
    temporary.replace(path)
