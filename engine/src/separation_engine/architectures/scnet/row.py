"""Row of the table: SCNet, on OpenVINO and on torch."""

from __future__ import annotations

from fractions import Fraction

from separation_engine.architectures.scnet.description.inventory import inventory
from separation_engine.architectures.scnet.description.settings import (
    GRAPH_VERSION,
    SCNET,
    read_scnet_settings,
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
from separation_engine.networks.inventory import require_inventory

# raise it with every change of what the torch layers compute
_LAYERS_VERSION = 1


def _load_on_openvino(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.scnet.openvino.network import load_network

    return load_network(backend, weights)


def _load_on_torch(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.scnet.torch.network import load_network

    return load_network(backend, weights)


def _check(network: NetworkSettings, tensors: Tensors) -> None:
    require_inventory(tensors, dict(inventory(read_scnet_settings(network))))


_BUILDERS = {
    "openvino": Builder(_load_on_openvino, {"cpu": {"graph": str(GRAPH_VERSION)}}, refusal),
    "torch": Builder(_load_on_torch, {"cuda": {"layers": str(_LAYERS_VERSION)}}, refusal),
}
SCNET_ROW = Architecture(SCNET, Fraction(11), False, FADES, _BUILDERS, _check)
