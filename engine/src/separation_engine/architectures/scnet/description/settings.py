"""Settings of one SCNet, and whether it is covered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.architecture import NetworkSettings

SCNET = "scnet.SCNet"

# part of the key of compiled models: raise it with every change of the graph
GRAPH_VERSION = 1

_CHANNELS = 2
_BANDS = 3
_DEFAULTS: Mapping[str, Any] = {
    "audio_channels": 2,
    "dims": [4, 32, 64, 128],
    "nfft": 4096,
    "hop_size": 1024,
    "win_size": 4096,
    "normalized": True,
    "band_SR": [0.175, 0.392, 0.433],
    "band_stride": [1, 4, 16],
    "band_kernel": [3, 4, 16],
    "conv_depths": [3, 2, 1],
    "compress": 4,
    "conv_kernel": 3,
    "num_dplayer": 6,
    "expand": 1,
}
_FACTS = {"sources", "samplerate", "segment"}


@dataclass(frozen=True)
class Band:
    """One of the three bands of an encoder layer.

    bins: before the layer. rows: after it. stride, kernel: of its convolution along the bins.
    begin, end: zeros around the bins. depth: residual branches after it.
    """

    bins: int
    rows: int
    stride: int
    kernel: int
    begin: int
    end: int
    depth: int


@dataclass(frozen=True)
class ScnetSettings:
    """Sizes of one SCNet.

    segment_samples: of the wave. fft_size, hop: of its spectrum, in samples.
    features: channels before and after each encoder layer. layers: the bands of each.
    hidden: of the residual branches in each layer. kernel: of their convolutions along time.
    paths: layers with LSTMs along both axes. widening: of their hidden states.
    """

    sources: tuple[str, ...]
    sample_rate: int
    segment_samples: int
    fft_size: int
    hop: int
    features: tuple[int, ...]
    layers: tuple[tuple[Band, ...], ...]
    hidden: tuple[int, ...]
    kernel: int
    paths: int
    widening: int

    @property
    def bins(self) -> int:
        return self.fft_size // 2 + 1

    @property
    def padded_samples(self) -> int:
        """Of the wave with zeros at its end: half of the layers transform an even number of frames."""
        padded = (self.segment_samples // self.hop + 1) * self.hop
        return padded if padded // self.hop % 2 else padded + self.hop

    @property
    def frames(self) -> int:
        return self.padded_samples // self.hop + 1


def refusal(network: NetworkSettings) -> str | None:
    """Why no runtime covers this network; None if they do."""
    # an unknown setting may change what the network computes
    if unknown := sorted(network.kwargs.keys() - _DEFAULTS.keys() - _FACTS):
        return f"SCNet with {unknown[0]}={network.kwargs[unknown[0]]!r} is not supported"
    try:
        read_scnet_settings(network)
    except (TypeError, ValueError, WeightsMismatchError) as error:
        return f"the settings do not describe a supported SCNet: {error}"
    return None


def read_scnet_settings(network: NetworkSettings) -> ScnetSettings:
    """The sizes of a network. Raises TypeError, ValueError or WeightsMismatchError for unsupported ones."""
    given = {**_DEFAULTS, **network.kwargs}
    fft_size, hop = int(given["nfft"]), int(given["hop_size"])
    if given["audio_channels"] != _CHANNELS or not given["normalized"] or given["win_size"] != fft_size:
        raise ValueError("other channels, or another spectrum")
    if not 0 < 2 * hop <= fft_size <= network.segment_samples:
        raise ValueError(f"a hop of {hop} in {network.segment_samples} samples")
    features = tuple(map(int, given["dims"]))
    if len(features) < 2 or features[0] != 2 * _CHANNELS or min(features) < 1:
        raise ValueError(f"dims of {list(features)}")
    compress, kernel, paths, widening = (
        int(given[name]) for name in ("compress", "conv_kernel", "num_dplayer", "expand")
    )
    if min(compress, paths, widening, kernel % 2) < 1 or paths % 2:
        raise ValueError("other convolutions or layers")
    return ScnetSettings(
        sources=network.sources,
        sample_rate=network.sample_rate,
        segment_samples=network.segment_samples,
        fft_size=fft_size,
        hop=hop,
        features=features,
        layers=tuple(_layers(given, fft_size // 2 + 1, len(features) - 1)),
        hidden=tuple(int(width / compress) for width in features[1:]),
        kernel=kernel,
        paths=paths,
        widening=widening,
    )


def _layers(given: Mapping[str, Any], bins: int, count: int) -> list[tuple[Band, ...]]:
    shares, strides, kernels, depths = (
        list(given[name]) for name in ("band_SR", "band_stride", "band_kernel", "conv_depths")
    )
    if {len(shares), len(strides), len(kernels), len(depths)} != {_BANDS} or min(strides + kernels) < 1:
        raise ValueError("other bands than three")
    layers = []
    for _ in range(count):
        low, middle = math.ceil(bins * shares[0]), math.ceil(bins * (shares[0] + shares[1]))
        sizes = (low, middle - low, bins - middle)
        layers.append(tuple(map(_band, sizes, strides, kernels, depths)))
        bins = sum(band.rows for band in layers[-1])
    return layers


def _band(bins: int, stride: int, kernel: int, depth: int) -> Band:
    zeros = kernel - stride if stride == 1 else (stride - bins % stride) % stride
    rows = (bins + zeros - kernel) // stride + 1
    if bins < 1 or rows < 1 or kernel < stride:
        raise ValueError("a band without bins")
    return Band(bins, rows, stride, kernel, zeros // 2, zeros - zeros // 2, abs(depth))
