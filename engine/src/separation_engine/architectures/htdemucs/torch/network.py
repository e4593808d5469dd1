"""HTDemucs on torch: Demucs' own layers on a CPU, fused ones on CUDA."""

from __future__ import annotations

import torch
from demucs.htdemucs import HTDemucs

from separation_engine.architectures.demucs.torch_module import load_network as load_stock
from separation_engine.architectures.htdemucs.torch.fused_htdemucs import fuse_layers
from separation_engine.backends.torch.network import TorchNetwork
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> TorchNetwork:
    """Load onto the backend's device."""

    def optimize(module: torch.nn.Module) -> None:
        if backend.device == "cuda" and isinstance(module, HTDemucs):
            fuse_layers(module, tf32=backend.precision == "tf32")

    return load_stock(backend, weights, optimize)
