"""Row of the table: HTDemucs, on OpenVINO and on torch."""

from __future__ import annotations

from fractions import Fraction

from separation_engine.architectures.htdemucs.openvino.settings import GRAPH_VERSION, refusal
from separation_engine.networks.architecture import Architecture, Builder, NetworkWeights
from separation_engine.networks.cutting import TRIANGLES
from separation_engine.networks.interface import Backend, Network

# raise it with every change of what the fused torch layers compute
_LAYERS_VERSION = 2


def _load_on_openvino(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.htdemucs.openvino.network import load_network

    return load_network(backend, weights)


def _load_on_torch(backend: Backend, weights: NetworkWeights) -> Network:
    from separation_engine.architectures.htdemucs.torch.fused_htdemucs import load_network

    return load_network(backend, weights)


HTDEMUCS = Architecture(
    klass="demucs.htdemucs.HTDemucs",
    default_segment=Fraction(10),
    segment_may_grow=False,
    cutting=TRIANGLES,
    builders={
        "openvino": Builder(_load_on_openvino, {"cpu": {"graph": str(GRAPH_VERSION)}}, refusal),
        "torch": Builder(_load_on_torch, {"cuda": {"layers": str(_LAYERS_VERSION)}}),
    },
)
