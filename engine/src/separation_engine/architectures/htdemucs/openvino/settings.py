"""Settings of one HTDemucs, and whether the graph covers them. Imports nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from separation_engine.networks.architecture import NetworkSettings

# part of the key of compiled models: raise it with every change of the graph
GRAPH_VERSION = 7

# switches that change the network: (name, default of HTDemucs, value the graph is built for)
_SWITCHES: tuple[tuple[str, Any, Any], ...] = (
    ("audio_channels", 2, 2),
    ("channels_time", None, None),
    ("cac", True, True),
    ("rewrite", True, True),
    ("use_train_segment", True, True),
    ("t_emb", "sin", "sin"),
    ("t_norm_in", True, True),
    ("t_group_norm", False, False),
    ("t_norm_first", True, True),
    ("t_norm_out", True, True),
    ("t_layer_scale", True, True),
    ("t_gelu", True, True),
    ("t_sin_random_shift", 0, 0),
    ("t_sparse_self_attn", False, False),
    ("t_sparse_cross_attn", False, False),
)


@dataclass(frozen=True)
class HTDemucsSettings:
    """Sizes of one HTDemucs.

    segment_samples: length of the wave. frames, bins: size of its spectrum, without the Nyquist bin.
    depth: layers of each encoder. transformer_layers: per branch.
    bands: groups of `stride` bins in the spectrum's last layer. The first `margin` bins, and those after the
    last of `bins`, are cropped.
    """

    sources: tuple[str, ...]
    sample_rate: int
    segment_samples: int
    fft_size: int
    depth: int
    kernel: int
    stride: int
    dilated: bool
    frequency_embedding_scale: float
    bottleneck: bool
    transformer_layers: int
    heads: int
    cross_first: bool
    position_period: float
    position_weight: float

    @property
    def hop(self) -> int:
        return self.fft_size // 4

    @property
    def bins(self) -> int:
        return self.fft_size // 2

    @property
    def bands(self) -> int:
        return math.ceil(self.bins / self.stride) + 1

    @property
    def margin(self) -> int:
        return self.kernel // 4

    @property
    def frames(self) -> int:
        return math.ceil(self.segment_samples / self.hop)


def refusal(network: NetworkSettings) -> str | None:
    """Why the OpenVINO graph does not cover this network; None if it does."""
    arguments: Mapping[str, Any] = network.kwargs
    depth, stride, kernel, fft_size = _sizes(arguments)
    if len(network.args) > 1:
        return "HTDemucs takes sources as its only positional argument"
    for name, default, supported in _SWITCHES:
        if arguments.get(name, default) != supported:
            return f"OpenVINO does not support HTDemucs with {name}={arguments[name]!r}"
    if arguments.get("multi_freqs"):
        return "OpenVINO does not support HTDemucs with frequency bands (multi_freqs)"
    if arguments.get("norm_starts", 4) < depth:
        return "OpenVINO does not support HTDemucs with norms between its layers (norm_starts below depth)"
    if stride % 2 or kernel != 2 * stride or fft_size // 2 // stride ** (depth - 1) <= kernel:
        return f"OpenVINO does not support HTDemucs with depth {depth}, kernel {kernel} and stride {stride}"
    return None


def read_htdemucs_settings(network: NetworkSettings) -> HTDemucsSettings:
    """The sizes of a network that `refusal` accepts."""
    arguments: Mapping[str, Any] = network.kwargs
    depth, stride, kernel, fft_size = _sizes(arguments)
    embedding = arguments.get("freq_emb", 0.2)
    return HTDemucsSettings(
        sources=network.sources,
        sample_rate=network.sample_rate,
        segment_samples=network.segment_samples,
        fft_size=fft_size,
        depth=depth,
        kernel=kernel,
        stride=stride,
        dilated=arguments.get("dconv_depth", 2) > 0,
        frequency_embedding_scale=embedding * arguments.get("emb_scale", 10) if embedding else 0.0,
        bottleneck=bool(arguments.get("bottom_channels", 0)),
        transformer_layers=arguments.get("t_layers", 5),
        heads=arguments.get("t_heads", 8),
        cross_first=bool(arguments.get("t_cross_first", False)),
        position_period=arguments.get("t_max_period", 10000.0),
        position_weight=arguments.get("t_weight_pos_embed", 1.0),
    )


def _sizes(arguments: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Depth, stride, kernel size and FFT size."""
    sizes = (("depth", 4), ("stride", 4), ("kernel_size", 8), ("nfft", 4096))
    depth, stride, kernel, fft_size = (arguments.get(name, default) for name, default in sizes)
    return depth, stride, kernel, fft_size
