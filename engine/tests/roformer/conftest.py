"""Fixtures for RoFormers on every runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from separation_engine.architectures.roformer.openvino.network import RoformerNetwork
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import BackendSettings
from tests.roformer.weights import Load


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Loads weights on OpenVINO in float32."""
    cache = tmp_path_factory.mktemp("cache")

    def load(weights: NetworkWeights) -> RoformerNetwork:
        network = weights.load(OpenvinoBackend(BackendSettings("cpu", "fp32", Path(cache))))
        assert isinstance(network, RoformerNetwork)
        return network

    return load
