"""Loads a RoFormer onto a torch device."""

from __future__ import annotations

from contextlib import nullcontext

import torch

from separation_engine.architectures.roformer.description.settings import read_roformer_settings
from separation_engine.architectures.roformer.torch.layers import Roformer
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.backends.torch.transfer import translated_errors
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """Raises WeightsMismatchError if the tensors do not fit the settings."""
    device = torch.device(backend.device)
    with translated_errors("out of memory for the network"):
        module = Roformer(read_roformer_settings(weights), weights.tensors).eval()
        module.to(device)
    facts = (weights.sources, weights.sample_rate, weights.segment_samples)
    return TorchNetwork(module, *facts, device, backend.precision, nullcontext)
