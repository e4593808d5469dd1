"""Rows of the table: both RoFormers, on OpenVINO and on torch."""

from __future__ import annotations

from fractions import Fraction

from separation_engine.architectures.roformer.description.inventory import check_tensors
from separation_engine.architectures.roformer.description.settings import (
    BS,
    GRAPH_VERSION,
    MEL,
    read_roformer_settings,
    refusal,
)
from separation_engine.networks.architecture import (
    Architecture,
    Builder,
    NetworkSettings,
    NetworkWeights,
    Tensors,
)
from separation_engine.networks.cutting import FADES
from separation_engine.networks.interface import Backend, Network

# raise it with every change of what the torch layers compute
_LAYERS_VERSION = 1


def _load_on_openvino(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.roformer.openvino.network import load_network

    return load_network(backend, weights)


def _load_on_torch(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.roformer.torch.network import load_network

    return load_network(backend, weights)


def _check(network: NetworkSettings, tensors: Tensors) -> None:
    check_tensors(read_roformer_settings(network), tensors)


_BUILDERS = {
    "openvino": Builder(_load_on_openvino, {"cpu": {"graph": str(GRAPH_VERSION)}}, refusal),
    "torch": Builder(_load_on_torch, {"cuda": {"layers": str(_LAYERS_VERSION)}}, refusal),
}
BS_ROFORMER = Architecture(BS, Fraction(8), False, FADES, _BUILDERS, _check)
MEL_BAND_ROFORMER = Architecture(MEL, Fraction(8), False, FADES, _BUILDERS, _check)
