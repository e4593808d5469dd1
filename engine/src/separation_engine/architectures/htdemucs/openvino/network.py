"""HTDemucs on the CPU: Fourier transforms in NumPy, everything else in OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from separation_engine.architectures.htdemucs.openvino.graph import build_graph
from separation_engine.architectures.htdemucs.openvino.settings import (
    GRAPH_VERSION,
    HTDemucsSettings,
    read_htdemucs_settings,
)
from separation_engine.architectures.htdemucs.openvino.stft import SpectrumTransform, mean_and_std
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.segment_network import SegmentNetwork
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from separation_engine.networks.interface import Backend

# as in HTDemucs: keeps silence from being divided by zero
_EPSILON = 1e-5


def load_network(backend: Backend, weights: NetworkWeights) -> OpenvinoNetwork:
    """Takes a second with a compiled model in the cache, and many without."""
    if not isinstance(backend, OpenvinoBackend):
        raise TypeError(f"{backend.name} is not the openvino backend")
    settings = read_htdemucs_settings(weights)
    identity = (weights.sha256, settings, GRAPH_VERSION)
    inference = backend.compile(weights.signature, identity, partial(build_graph, settings, weights.tensors))
    return OpenvinoNetwork(weights, settings, inference, backend.threads)


class OpenvinoNetwork(SegmentNetwork):
    """Fourier transforms around the graph, whose inputs and outputs are normalized."""

    def __init__(
        self, network: NetworkSettings, settings: HTDemucsSettings, inference: Inference, threads: int
    ) -> None:
        super().__init__(network, [inference])
        self._inference = inference
        self._transform = SpectrumTransform(settings, threads)

    def close(self) -> None:
        self._transform.close()
        super().close()

    def separate(self, mix: Samples, stems: Sequence[int]) -> Samples:
        spectrum = self._transform.forward(mix)
        bins_mean, bins_std = mean_and_std(spectrum)
        spectrum -= np.float32(bins_mean)
        spectrum /= np.float32(_EPSILON + bins_std)
        mean, std = mean_and_std(mix)
        wave = (mix - np.float32(mean)) / np.float32(_EPSILON + std)
        with self._inference.run([spectrum[None], wave[None, :, None]]) as (spectra, waves):
            channels = [2 * stem + side for stem in stems for side in range(2)]
            found: Samples = waves[0, channels, 0]
            found *= np.float32(std)
            found += np.float32(mean)
            self._transform.add_inverse(found, spectra[0], channels, bins_mean, bins_std)
        return found.reshape(len(stems), 2, -1)
