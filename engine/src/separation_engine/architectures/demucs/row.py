"""Rows of the table: Hybrid Demucs, and the older Demucs on waves only. Torch alone builds them."""

from __future__ import annotations

from fractions import Fraction

from separation_engine.networks.architecture import Architecture, Builder, NetworkWeights
from separation_engine.networks.cutting import TRIANGLES
from separation_engine.networks.interface import Backend, Network


def _load(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.demucs.torch_module import load_network

    return load_network(backend, weights)


_BUILDERS = {"torch": Builder(_load)}
HDEMUCS = Architecture("demucs.hdemucs.HDemucs", Fraction(40), True, TRIANGLES, _BUILDERS)
DEMUCS = Architecture("demucs.demucs.Demucs", Fraction(40), True, TRIANGLES, _BUILDERS)
