"""Builds a network of the demucs package and puts it on a torch device."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module

import torch

from separation_engine.architectures.demucs.no_host_sync import no_host_sync
from separation_engine.backends.torch.network import TorchNetwork, load_module
from separation_engine.common.device import GpuTrial
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(
    backend: Backend,
    weights: NetworkWeights,
    optimize: Callable[[torch.nn.Module], None] = lambda _: None,
    trials: frozenset[GpuTrial] = frozenset(),
) -> TorchNetwork:
    """Load onto the backend's device.

    optimize: replaces layers of the module in place, on the CPU. trials: those that it heeds.
    """

    def make() -> torch.nn.Module:
        module = _build_module(weights)
        optimize(module)
        return module

    return load_module(backend, weights, make, _call, trials)


def _call(module: torch.nn.Module, mixes: torch.Tensor, _stems: Sequence[int]) -> torch.Tensor:
    """Makes all stems: their layers are the same but for the last one."""
    with no_host_sync():
        stems: torch.Tensor = module(mixes)
    return stems


def _build_module(weights: NetworkWeights) -> torch.nn.Module:
    # reads and checks the file before anything is built from its settings
    tensors = {name: torch.from_numpy(array) for name, array in weights.tensors.items()}
    # safe: only classes of the table get here
    module_name, _, class_name = weights.architecture.klass.rpartition(".")
    klass = getattr(import_module(module_name), class_name)
    # like Demucs, drop training settings that the class no longer has
    known = inspect.signature(klass).parameters
    kwargs = {name: value for name, value in weights.kwargs.items() if name in known}
    try:
        module: torch.nn.Module = klass(*weights.args, **kwargs)
        module.load_state_dict(tensors)
    except (TypeError, RuntimeError) as error:
        raise WeightsMismatchError(f"{weights.signature} does not fit its network: {error}") from error
    return module
