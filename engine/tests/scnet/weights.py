"""SCNets with random weights, made with NumPy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.scnet.description.inventory import inventory
from separation_engine.architectures.scnet.description.settings import SCNET, read_scnet_settings
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from tests.sounds import RATE

SMALL: dict[str, object] = {
    "dims": [4, 8, 16],
    "nfft": 1024,
    "win_size": 1024,
    "hop_size": 256,
    "conv_depths": [2, 1, 1],
    "num_dplayer": 2,
    "sources": ["drums", "bass", "other", "vocals"],
    "segment": Fraction(30_000, RATE),
}
# other bands, three layers, two stems, a number of frames that the padding makes even in another way
OTHER: dict[str, object] = {
    **SMALL,
    "dims": [4, 4, 8, 8],
    "band_SR": [0.225, 0.372, 0.403],
    "band_stride": [1, 2, 4],
    "band_kernel": [3, 4, 4],
    "num_dplayer": 4,
    "expand": 2,
    "conv_kernel": 5,
    "compress": 2,
    "sources": ["vocals", "other"],
    "segment": Fraction(256 * 100, RATE),
}


def make_weights(settings: Mapping[str, object]) -> NetworkWeights:
    """Random weights in which every branch matters."""
    network = NetworkSettings(ARCHITECTURES[SCNET], (), settings)
    random = np.random.default_rng(0)
    tensors = {name: _random(random, name, shape) for name, shape in inventory(read_scnet_settings(network))}
    digest = hashlib.sha256(b"".join(value.tobytes() for value in tensors.values())).hexdigest()
    return NetworkWeights(**vars(network), signature="0" * 8, tensors=tensors, sha256=digest)


def _random(random: np.random.Generator, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    is_gain = name.endswith("weight") and len(shape) == 1
    low, high = (0.7, 1.3) if is_gain else (-1.0, 1.0)
    scale = 1.0 if is_gain else np.sqrt(np.prod(shape[1:]) or 1.0)
    return (random.uniform(low, high, shape) / scale).astype(np.float32)
