"""RoFormers with random weights, made with NumPy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.roformer.description.inventory import inventory
from separation_engine.architectures.roformer.description.settings import BS, MEL, read_roformer_settings
from separation_engine.architectures.roformer.openvino.network import RoformerNetwork
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from tests.sounds import RATE
from training.small_settings import ROFORMER_SIZE

Load = Callable[[NetworkWeights], RoformerNetwork]
SEGMENT = RATE
SMALL: dict[str, object] = {
    **ROFORMER_SIZE,
    "stft_hop_length": 441,
    "sources": ["vocals"],
    "segment": Fraction(SEGMENT, RATE),
}
# two layers of transformers each, two stems, a window and bands of their own
OTHER: dict[str, object] = {
    **SMALL,
    "time_transformer_depth": 2,
    "freq_transformer_depth": 2,
    "num_stems": 2,
    "sources": ["vocals", "drums"],
    "stft_n_fft": 1024,
    "stft_win_length": 1024,
    "stft_hop_length": 512,
    "freqs_per_bands": [4] * 8 + [60] * 8 + [1],
    "num_bands": 24,
    "zero_dc": False,
    "segment": Fraction(512 * 64, RATE),
}
CLASSES = {"bs": BS, "mel": MEL}


def make_weights(
    kind: str,
    settings: Mapping[str, object],
    *,
    mask_layers: int = 2,
    mask_features: int = 0,
    seed: int = 0,
) -> NetworkWeights:
    """Random weights in which every branch matters. kind: `bs` or `mel`."""
    network = NetworkSettings(ARCHITECTURES[CLASSES[kind]], (), settings)
    random = np.random.default_rng(seed)
    tensors = {
        name: _random(random, name, shape)
        for name, shape in inventory(
            read_roformer_settings(network), mask_layers=mask_layers, mask_features=mask_features
        )
    }
    digest = hashlib.sha256(b"".join(value.tobytes() for value in tensors.values())).hexdigest()
    return NetworkWeights(**vars(network), signature="0" * 8, tensors=tensors, sha256=digest)


def _random(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if name.endswith("gamma"):
        return random.uniform(0.7, 1.3, shape).astype(np.float32)
    if name.endswith("freqs"):
        # unlike the usual ones, which weights may leave out
        return (5000.0 ** -np.linspace(0, 1, shape[0])).astype(np.float32)
    width = shape[-1] if len(shape) > 1 else 32
    values: NDArray[np.float32] = (random.uniform(-1.7, 1.7, shape) / np.sqrt(width)).astype(np.float32)
    return values
