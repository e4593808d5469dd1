"""Loads an SCNet onto a torch device."""

from __future__ import annotations

from contextlib import nullcontext

import torch

from separation_engine.architectures.scnet.description.settings import read_scnet_settings
from separation_engine.architectures.scnet.torch.layers import Scnet
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.backends.torch.transfer import translated_errors
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """Raises WeightsMismatchError if the tensors do not fit the settings."""
    device = torch.device(backend.device)
    with translated_errors("out of memory for the network"):
        module = Scnet(read_scnet_settings(weights), weights.tensors).eval()
        module.to(device)
    facts = (weights.sources, weights.sample_rate, weights.segment_samples)
    return TorchNetwork(module, *facts, device, backend.precision, nullcontext)
