"""RoFormers on the CPU: Fourier transforms and masks in NumPy, everything else in OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from separation_engine.architectures.roformer.description.settings import (
    GRAPH_VERSION,
    RoformerSettings,
    read_roformer_settings,
)
from separation_engine.architectures.roformer.openvino.graph import (
    build_features,
    build_graph,
    build_mask,
)
from separation_engine.backends.openvino.backend import OpenvinoBackend
from separation_engine.backends.openvino.compile_process import BuildModel
from separation_engine.backends.openvino.inference import Inference
from separation_engine.backends.openvino.segment_network import SegmentNetwork
from separation_engine.common.stft import CenteredStft, Spectrum
from separation_engine.common.wav import Samples
from separation_engine.networks.architecture import NetworkSettings, NetworkWeights
from separation_engine.networks.interface import Backend


def load_network(backend: Backend, weights: NetworkWeights) -> RoformerNetwork:
    """Takes seconds with a compiled model in the cache, and more without."""
    if not isinstance(backend, OpenvinoBackend):
        raise TypeError(f"{backend.name} is not the openvino backend")
    settings = read_roformer_settings(weights)
    given = (settings, weights.tensors)

    def compiled(part: str, build: BuildModel) -> Inference:
        return backend.compile(weights.signature, (weights.sha256, settings, GRAPH_VERSION, part), build)

    if len(weights.sources) == 1:
        return RoformerNetwork(weights, settings, None, [compiled("whole", partial(build_graph, *given))])
    # a graph for each mask, so that a stem's own layers run only for those who ask for it
    features = compiled("features", partial(build_features, *given))
    masks = [
        compiled(f"mask {stem}", partial(build_mask, *given, stem)) for stem in range(len(weights.sources))
    ]
    return RoformerNetwork(weights, settings, features, masks)


class RoformerNetwork(SegmentNetwork):
    """Fourier transforms, the graphs, and the masks that they return.

    features: what all stems share; None for a network of one stem. masks: of each stem.
    """

    def __init__(
        self,
        network: NetworkSettings,
        settings: RoformerSettings,
        features: Inference | None,
        masks: Sequence[Inference],
    ) -> None:
        super().__init__(network, [*filter(None, [features]), *masks])
        self._features = features
        self._masks = masks
        self._settings = settings
        self._stft = CenteredStft(settings.fft_size, settings.hop, settings.segment_samples)
        bands_of_bin = np.zeros(settings.fft_size // 2 + 1, np.float32)
        for band in settings.bands:
            bands_of_bin[band.start : band.stop] += 1
        self._bands_of_bin = bands_of_bin

    def separate(self, mix: Samples, stems: Sequence[int]) -> Samples:
        spectrum = self._stft.forward(mix)
        value = self._in_bands(spectrum)
        if self._features:
            with self._features.run([value]) as (features,):
                # the next graph frees this one's memory
                value = features.copy()
        found = np.empty((len(stems), *mix.shape), np.float32)
        for wave, stem in zip(found, stems, strict=True):
            with self._masks[stem].run([value]) as (mask,):
                masked = self._mean_mask(mask) * spectrum
            wave[...] = self._stft.inverse(masked)
        return found

    def _in_bands(self, spectrum: Spectrum) -> Samples:
        """(channels, frames, bins) to the graph's input."""
        # both channels of a bin side by side
        bins = spectrum.transpose(1, 2, 0)
        parts = [bins[:, band.start : band.stop].reshape(len(bins), -1) for band in self._settings.bands]
        joined: Samples = np.concatenate(parts, 1).view(np.float32)
        return joined

    def _mean_mask(self, mask: Samples) -> Spectrum:
        """A mask of the graph to (channels, frames, bins): the mean where bands overlap."""
        frames, start = len(mask), 0
        values = np.ascontiguousarray(mask).view(np.complex64)
        sums = np.zeros((frames, self._bands_of_bin.size, 2), np.complex64)
        for band in self._settings.bands:
            end = start + 2 * len(band)
            sums[:, band.start : band.stop] += values[:, start:end].reshape(frames, -1, 2)
            start = end
        sums /= self._bands_of_bin[:, np.newaxis]
        if self._settings.zero_dc:
            sums[:, 0] = 0
        spectrum: Spectrum = sums.transpose(2, 0, 1)
        return spectrum
