"""Networks of HTDemucs in torch, and the same on the backend under test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from separation_engine.architectures.htdemucs.openvino.network import OpenvinoNetwork
from separation_engine.backends.base import BackendSettings, Precision, Samples
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.models.weights import NetworkWeights

Load = Callable[..., OpenvinoNetwork]


def weights_of(network: torch.nn.Module, settings: Mapping[str, object]) -> NetworkWeights:
    """The weights as they are read from a file. settings: keyword arguments that made the network."""
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    digest = hashlib.sha256(b"".join(value.tobytes() for value in tensors.values())).hexdigest()
    klass = f"{type(network).__module__}.{type(network).__name__}"
    return NetworkWeights(klass, ([*vars(network)["sources"]],), settings, "0" * 8, tensors, digest)


def stock(network: torch.nn.Module, mix: Samples) -> Samples:
    """What demucs makes of one segment: (sources, 2, samples)."""
    with torch.inference_mode():
        stems: Samples = network(torch.from_numpy(mix)[None])[0].numpy()
    return stems


def signal_to_noise(reference: Samples, found: Samples) -> float:
    """In dB."""
    noise = np.square(reference - found, dtype=np.float64).sum()
    return float(10 * np.log10(np.square(reference, dtype=np.float64).sum() / noise))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def load(cache: Path) -> Load:
    """Loads weights on the backend, in the wanted precision."""

    def load(weights: NetworkWeights, precision: Precision = "fp32") -> OpenvinoNetwork:
        return OpenvinoBackend(BackendSettings("cpu", precision, cache)).load(weights)

    return load
