"""What of HTDemucs this backend can build, read from the arguments stored beside the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from separation_engine.errors import WeightsMismatchError
from separation_engine.models.weights import HTDEMUCS, NetworkSettings

# switches that change the network: (name, default of HTDemucs, the value this graph is built for)
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
class Architecture:
    """Sizes of one HTDemucs.

    segment_samples: length of the wave, in samples; frames and bins: size of its spectrum
    without the Nyquist bin; depth: layers of each encoder; transformer_layers: per branch.
    bands: of `stride` bins, as the last layer of the spectrum gives them; its first `margin` bins and
    what comes after the last of `bins` are cut off.
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


def read_architecture(settings: NetworkSettings) -> Architecture:
    """Raises WeightsMismatchError for any class or switch that the graph does not cover."""
    if settings.klass != HTDEMUCS:
        raise WeightsMismatchError(f"{settings.klass.rsplit('.', 1)[-1]} is built with torch only")
    if len(settings.args) > 1:
        raise WeightsMismatchError("HTDemucs wants all arguments after its sources by name")
    arguments: Mapping[str, Any] = settings.kwargs
    for name, default, built in _SWITCHES:
        if arguments.get(name, default) != built:
            raise WeightsMismatchError(f"HTDemucs with {name}={arguments[name]!r} is not built")
    depth, stride = arguments.get("depth", 4), arguments.get("stride", 4)
    kernel, fft_size = arguments.get("kernel_size", 8), arguments.get("nfft", 4096)
    if arguments.get("multi_freqs"):
        raise WeightsMismatchError("HTDemucs with frequency bands (multi_freqs) is not built")
    if arguments.get("norm_starts", 4) < depth:
        raise WeightsMismatchError(
            "HTDemucs with norms between its layers (norm_starts below depth) is not built"
        )
    if stride % 2 or kernel != 2 * stride or fft_size // 2 // stride ** (depth - 1) <= kernel:
        raise WeightsMismatchError(
            f"HTDemucs with depth {depth}, kernel {kernel} and stride {stride} is not built"
        )
    embedding = arguments.get("freq_emb", 0.2)
    return Architecture(
        sources=settings.sources,
        sample_rate=settings.sample_rate,
        segment_samples=settings.segment_samples,
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
