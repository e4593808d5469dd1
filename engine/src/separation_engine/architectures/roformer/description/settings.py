"""Settings of one RoFormer, and whether the graph covers them. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separation_engine.architectures.roformer.description.bands import BS_WIDTHS, adjacent_bands, mel_bands
from separation_engine.common.errors import WeightsMismatchError
from separation_engine.networks.architecture import NetworkSettings

BS = "bs_roformer.BSRoformer"
MEL = "bs_roformer.MelBandRoformer"

# part of the key of compiled models: raise it with every change of the graph
GRAPH_VERSION = 2

_CHANNELS = 2
# of Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021
_ROTARY_BASE = 10_000.0
# switches that change the network: (name, default of the training code, value the graph is built for)
_SWITCHES: tuple[tuple[str, Any, Any], ...] = (
    ("stereo", False, True),
    ("linear_transformer_depth", 0, 0),
    ("freq_range", None, None),
    ("stft_normalized", False, False),
    ("skip_connection", False, False),
    ("use_pope", False, False),
)
_KNOWN = {
    "sources",
    "samplerate",
    "segment",
    "dim",
    "depth",
    "num_stems",
    "time_transformer_depth",
    "freq_transformer_depth",
    "dim_head",
    "heads",
    "freqs_per_bands",
    "num_bands",
    "stft_n_fft",
    "stft_hop_length",
    "stft_win_length",
    "zero_dc",
}


@dataclass(frozen=True)
class RoformerSettings:
    """Sizes of one RoFormer.

    segment_samples: length of the wave. fft_size, hop: of its spectrum, in samples.
    bands: bins of each band. Mel bands overlap.
    layers: pairs of transformers, along time and along the bands, of these depths each.
    features: of each band in each frame.
    final_norm: whether one norm follows all transformers, instead of one each.
    zero_dc: whether the stems have no DC offset in any frame.
    """

    sources: tuple[str, ...]
    sample_rate: int
    segment_samples: int
    fft_size: int
    hop: int
    bands: tuple[range, ...]
    layers: int
    time_depth: int
    band_depth: int
    heads: int
    head_size: int
    features: int
    final_norm: bool
    zero_dc: bool

    @property
    def frames(self) -> int:
        return self.segment_samples // self.hop + 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of a band in one frame: real and imaginary parts of both channels."""
        return tuple(2 * _CHANNELS * len(band) for band in self.bands)


def refusal(network: NetworkSettings) -> str | None:
    """Why the OpenVINO graph does not cover this network; None if it does."""
    arguments: Mapping[str, Any] = network.kwargs
    # an unknown one may change what the network computes
    if unknown := sorted(arguments.keys() - _KNOWN - {name for name, _, _ in _SWITCHES}):
        return f"RoFormers with {unknown[0]}={arguments[unknown[0]]!r} are not supported"
    for name, default, supported in _SWITCHES:
        if arguments.get(name, default) != supported:
            return f"RoFormers with {name}={arguments.get(name, default)!r} are not supported"
    try:
        settings = read_roformer_settings(network)
        _check_sizes(settings)
    except (TypeError, ValueError, WeightsMismatchError) as error:
        return f"the settings do not describe a supported RoFormer: {error}"
    window, stems = arguments.get("stft_win_length", 2048), arguments.get("num_stems", 1)
    if window != settings.fft_size:
        return f"a window of {window!r} samples in a transform of {settings.fft_size} is not supported"
    if stems != len(settings.sources):
        return f"the network makes {stems!r} stems, and its settings name {len(settings.sources)}"
    return None


def _check_sizes(settings: RoformerSettings) -> None:
    if not 0 < 2 * settings.hop <= settings.fft_size <= settings.segment_samples:
        raise ValueError(f"a hop of {settings.hop} in {settings.segment_samples} samples")
    if settings.segment_samples % settings.hop:
        raise ValueError(
            f"a segment of {settings.segment_samples} is not a multiple of {settings.hop} samples"
        )
    covered = {index for band in settings.bands for index in band}
    if not all(settings.bands) or covered != set(range(settings.fft_size // 2 + 1)):
        raise ValueError("the bands do not cover the spectrum")


def read_roformer_settings(network: NetworkSettings) -> RoformerSettings:
    """The sizes of a network. Raises TypeError, ValueError or WeightsMismatchError for malformed ones."""
    arguments: Mapping[str, Any] = network.kwargs
    fft_size = int(arguments.get("stft_n_fft", 2048))
    return RoformerSettings(
        sources=network.sources,
        sample_rate=network.sample_rate,
        segment_samples=network.segment_samples,
        fft_size=fft_size,
        hop=int(arguments.get("stft_hop_length", 512)),
        bands=tuple(_bands(network, fft_size)),
        layers=_required(arguments, "depth"),
        time_depth=int(arguments.get("time_transformer_depth", 2)),
        band_depth=int(arguments.get("freq_transformer_depth", 2)),
        heads=int(arguments.get("heads", 8)),
        head_size=int(arguments.get("dim_head", 64)),
        features=_required(arguments, "dim"),
        final_norm=network.architecture.klass == BS,
        zero_dc=bool(arguments.get("zero_dc", True)),
    )


def _bands(network: NetworkSettings, fft_size: int) -> list[range]:
    if network.architecture.klass == MEL:
        count = network.kwargs.get("num_bands", 60)
        if not isinstance(count, int) or not 1 < count <= fft_size // 2:
            raise ValueError(f"{count!r} bands")
        return mel_bands(count, fft_size, network.sample_rate)
    widths = network.kwargs.get("freqs_per_bands", BS_WIDTHS)
    if not isinstance(widths, (list, tuple)) or not all(isinstance(width, int) for width in widths):
        raise ValueError("freqs_per_bands is not a list of numbers")
    return adjacent_bands(tuple(widths))


def _required(arguments: Mapping[str, Any], name: str) -> int:
    if name not in arguments:
        raise ValueError(f"{name} is missing")
    return int(arguments[name])


def rotary_rates(head_size: int) -> NDArray[np.float32]:
    """Radians per position of each pair of values, for weights that do not store them."""
    rates: NDArray[np.float32] = (_ROTARY_BASE ** -(np.arange(0, head_size, 2) / head_size)).astype(
        np.float32
    )
    return rates
