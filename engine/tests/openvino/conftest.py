"""Fixtures for HTDemucs on OpenVINO."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from separation_engine.architectures.htdemucs.openvino.network import OpenvinoNetwork
from separation_engine.architectures.table import ARCHITECTURES
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.common.device import Precision
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings

if TYPE_CHECKING:
    import torch

Load = Callable[..., OpenvinoNetwork]


def weights_of(network: torch.nn.Module, settings: Mapping[str, object]) -> NetworkWeights:
    """The weights as if read from a file. settings: keyword arguments that made the network."""
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    digest = hashlib.sha256(b"".join(value.tobytes() for value in tensors.values())).hexdigest()
    architecture = ARCHITECTURES[f"{type(network).__module__}.{type(network).__name__}"]
    sources = [*vars(network)["sources"]]
    return NetworkWeights(architecture, (sources,), settings, "0" * 8, tensors, digest)


def stock_segment(network: torch.nn.Module, mix: Samples) -> Samples:
    """Demucs' own result for one segment: (sources, 2, samples)."""
    import torch

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
    """Loads weights in a given precision."""

    def load(weights: NetworkWeights, precision: Precision = "fp32") -> OpenvinoNetwork:
        network = weights.load(OpenvinoBackend(BackendSettings("cpu", precision, cache)))
        assert isinstance(network, OpenvinoNetwork)
        return network

    return load
