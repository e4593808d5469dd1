"""Rows of the table: Hybrid Demucs, and the older Demucs on waves only. Torch alone builds them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from importlib.metadata import version

from separation_engine.common.device import DeviceName
from separation_engine.networks.architecture import Architecture, Builder, NetworkWeights
from separation_engine.networks.interface import Backend, Network


def _load(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.demucs.torch_module import load_network

    return load_network(backend, weights)


def _versions(_device: DeviceName) -> Mapping[str, str]:
    return {"demucs": version("demucs")}


_BUILDERS = {"torch": Builder(_load, _versions)}
HDEMUCS = Architecture("demucs.hdemucs.HDemucs", Fraction(40), True, _BUILDERS)
DEMUCS = Architecture("demucs.demucs.Demucs", Fraction(40), True, _BUILDERS)
