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
from separation_engine.backends.openvino.numpy_accumulator import NumpyAccumulator
from separation_engine.common.errors import OutOfMemoryError
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkWeights
from separation_engine.networks.attenuation import attenuation
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
    return OpenvinoNetwork(settings, inference, backend.threads)


class OpenvinoNetwork:
    """Runs segments one by one."""

    max_batch = 1
    asynchronous = False

    def __init__(self, settings: HTDemucsSettings, inference: Inference, threads: int) -> None:
        self.sources = settings.sources
        self.sample_rate = settings.sample_rate
        self.segment_samples = settings.segment_samples
        self._inference = inference
        self._transform = SpectrumTransform(settings, threads)

    def input_samples(self, _samples: int, /) -> int:
        # every chunk is a whole segment
        return self.segment_samples

    def forward(self, mixes: Samples) -> Samples:
        stems = self.start(mixes)
        # avoids copying a single result
        return stems[0][np.newaxis] if len(stems) == 1 else np.stack(stems)

    def start(self, mixes: Samples) -> Sequence[Samples]:
        try:
            return [self._separate(mix).reshape(len(self.sources), 2, -1) for mix in mixes]
        except MemoryError as error:
            raise OutOfMemoryError("a segment does not fit in memory") from error

    def accumulator(self, stems: int, span: int) -> NumpyAccumulator:
        return NumpyAccumulator(stems, span)

    def close(self) -> None:
        self._transform.close()
        self._inference.close()

    def _separate(self, mix: Samples) -> Samples:
        """(channels=2, samples) to (2 * sources, samples)."""
        if (gain := attenuation(mix)) < 1:
            return np.divide(self._separate(mix * gain), gain)
        spectrum = self._transform.forward(mix)
        bins_mean, bins_std = mean_and_std(spectrum)
        spectrum -= np.float32(bins_mean)
        spectrum /= np.float32(_EPSILON + bins_std)
        mean, std = mean_and_std(mix)
        wave = (mix - np.float32(mean)) / np.float32(_EPSILON + std)
        with self._inference.run([spectrum[None], wave[None, :, None]]) as (spectra, waves):
            stems: Samples = waves[0, :, 0] * np.float32(std)
            stems += np.float32(mean)
            self._transform.add_inverse(stems, spectra[0], bins_mean, bins_std)
        return stems
