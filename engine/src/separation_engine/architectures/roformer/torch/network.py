"""Loads a RoFormer onto a torch device."""

from __future__ import annotations

from separation_engine.architectures.roformer.description.settings import read_roformer_settings
from separation_engine.architectures.roformer.torch.layers import Roformer
from separation_engine.backends.torch.network import TorchNetwork, load_module
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """Raises WeightsMismatchError if the tensors do not fit the settings."""
    return load_module(backend, weights, lambda: Roformer(read_roformer_settings(weights), weights.tensors))
