"""SCNet on the CPU: Fourier transforms in NumPy, everything else in OpenVINO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.scnet.description.inventory import inventory
from separation_engine.architectures.scnet.description.settings import (
    GRAPH_VERSION,
    ScnetSettings,
    read_scnet_settings,
)
from separation_engine.architectures.scnet.openvino.encoder import decode, encode
from separation_engine.architectures.scnet.openvino.paths import dual_path, to_frequencies, to_time
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.graph_builder import GraphBuilder
from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.runtime import Model, ov
from separation_engine.backends.openvino.segment_network import SegmentNetwork
from separation_engine.backends.openvino.tensors import Tensors
from separation_engine.common.stft import CenteredStft
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from separation_engine.networks.interface import Backend
from separation_engine.networks.inventory import require_inventory


def load_network(backend: Backend, weights: NetworkWeights) -> ScnetNetwork:
    """Takes seconds with a compiled model in the cache, and more without."""
    if not isinstance(backend, OpenvinoBackend):
        raise TypeError(f"{backend.name} is not the openvino backend")
    settings = read_scnet_settings(weights)
    identity = (weights.sha256, settings, GRAPH_VERSION)
    inference = backend.compile(weights.signature, identity, partial(build_graph, settings, weights.tensors))
    return ScnetNetwork(weights, settings, inference)


def build_graph(settings: ScnetSettings, weights: Mapping[str, NDArray[Any]]) -> tuple[Model, frozenset[str]]:
    """The model, and the names of the operations that must stay in float32.

    Its input is [1, 4, bins, frames]: real and imaginary part of each channel. Its output has those of all
    stems.
    """
    require_inventory(weights, dict(inventory(settings)))
    build, tensors = GraphBuilder(), Tensors(weights)
    spectrum = build.parameter([1, settings.features[0], settings.bins, settings.frames], "spectrum")
    value, skips = spectrum, []
    for index, bands in enumerate(settings.layers):
        value, skip = encode(build, tensors, f"encoder.{index}", value, bands)
        skips.append(skip)
    for index in range(settings.paths):
        value = dual_path(build, tensors, f"separation_net.dp_modules.{index}", value)
        value = to_time(build, value) if index % 2 else to_frequencies(build, value)
    for index, bands in enumerate(reversed(settings.layers)):
        value = decode(build, tensors, f"decoder.{index}", value, skips.pop(), bands)
    result = build.result(value, "stems")
    tensors.require_all_used()
    return ov.Model([result], [spectrum], "scnet"), frozenset(build.fp32_names)


class ScnetNetwork(SegmentNetwork):
    """Fourier transforms around the graph."""

    def __init__(self, network: NetworkSettings, settings: ScnetSettings, inference: Inference) -> None:
        super().__init__(network, [inference])
        self._inference = inference
        size = settings.fft_size
        self._padding = settings.padded_samples - settings.segment_samples
        # frames without a window, as the network was trained
        self._stft = CenteredStft(
            size, settings.hop, settings.padded_samples, window=np.ones(size), scale=size**-0.5
        )

    def separate(self, mix: Samples, stems: Sequence[int]) -> Samples:
        spectrum = self._stft.forward(np.pad(mix, ((0, 0), (0, self._padding))))
        parts = np.stack([spectrum.real, spectrum.imag], 1)
        inputs = np.ascontiguousarray(parts.reshape(1, -1, *spectrum.shape[1:]).swapaxes(2, 3))
        with self._inference.run([inputs]) as (outputs,):
            spectra = outputs.reshape(len(self.sources), 2, 2, *outputs.shape[2:])[[*stems]]
        spectra = spectra.reshape(-1, *spectra.shape[2:]).swapaxes(2, 3)
        waves = self._stft.inverse(spectra[:, 0] + np.complex64(1j) * spectra[:, 1])
        return waves[:, : self.segment_samples].reshape(len(stems), 2, -1)
