"""Loads an SCNet onto a torch device."""

from __future__ import annotations

from separation_engine.architectures.scnet.description.settings import read_scnet_settings
from separation_engine.architectures.scnet.torch.layers import Scnet
from separation_engine.backends.torch.network import TorchNetwork, load_module
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """Raises WeightsMismatchError if the tensors do not fit the settings."""
    return load_module(backend, weights, lambda: Scnet(read_scnet_settings(weights), weights.tensors))
