"""The transformer between encoders and decoders, with cross-attention between the branches.

Positions of the spectrum are numbered frequency first. Attention ignores the order, and this one needs no
transpose out of the channels-last layout.
"""

from __future__ import annotations

import math

import numpy as np

from separation_engine.architectures.htdemucs.openvino.settings import HTDemucsSettings
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors

# of torch.nn.LayerNorm and GroupNorm
_EPSILON = 1e-5


def transformer(
    build: GraphBuilder, tensors: Tensors, settings: HTDemucsSettings, spectrum: Node, wave: Node
) -> tuple[Node, Node]:
    """spectrum: [1, C, F, T], wave: [1, C, 1, T2]; Returns the same shapes."""
    if settings.transformer_layers == 0:
        return spectrum, wave
    _, _, bins, frames = spectrum.get_output_shape(0)
    length = wave.get_output_shape(0)[3]
    spectrum, wave = _flatten(build, spectrum), _flatten(build, wave)
    if settings.bottleneck:
        spectrum = _pointwise(build, tensors, "channel_upsampler", spectrum)
        wave = _pointwise(build, tensors, "channel_upsampler_t", wave)
    name, width = "crosstransformer", spectrum.get_output_shape(0)[1]
    period, weight = settings.position_period, settings.position_weight
    spectrum = _norm(build, tensors, f"{name}.norm_in", spectrum)
    spectrum = build.shift(spectrum, spectrum_positions(width, bins, frames, period) * weight)
    wave = _norm(build, tensors, f"{name}.norm_in_t", wave)
    wave = build.shift(wave, wave_positions(width, length, period) * weight)
    for index in range(settings.transformer_layers):
        layer = _Layer(build, tensors, f"{name}.layers.{index}", settings.heads)
        layer_t = _Layer(build, tensors, f"{name}.layers_t.{index}", settings.heads)
        if (index % 2 == 1) != settings.cross_first:
            spectrum, wave = layer.across(spectrum, wave), layer_t.across(wave, spectrum)
        else:
            spectrum, wave = layer.within(spectrum), layer_t.within(wave)
    if settings.bottleneck:
        spectrum = _pointwise(build, tensors, "channel_downsampler", spectrum)
        wave = _pointwise(build, tensors, "channel_downsampler_t", wave)
    return _unflatten(build, spectrum, bins, frames), _unflatten(build, wave, 1, length)


class _Layer:
    def __init__(self, build: GraphBuilder, tensors: Tensors, name: str, heads: int) -> None:
        self._build = build
        self._tensors = tensors
        self._name = name
        self._heads = heads

    def within(self, value: Node) -> Node:
        """Self-attention. value: [positions, channels]."""
        build, width = self._build, value.get_output_shape(0)[1]
        weight, bias = self._projections("self_attn")
        product = build.linear(self._norm("norm1", value), weight, bias)
        parts = build.split(self._by_head(product, 3), 0, 3)
        return self._finish(value, parts, "self_attn", "norm2", width)

    def across(self, value: Node, other: Node) -> Node:
        """Cross-attention to the other branch."""
        build, width = self._build, value.get_output_shape(0)[1]
        weight, bias = self._projections("cross_attn")
        query = build.linear(self._norm("norm1", value), weight[:width], bias[:width])
        pairs = build.linear(self._norm("norm2", other), weight[width:], bias[width:])
        parts = [self._by_head(query, 1), *build.split(self._by_head(pairs, 2), 0, 2)]
        return self._finish(value, parts, "cross_attn", "norm3", width)

    def _finish(self, value: Node, parts: list[Node], attention: str, norm: str, width: int) -> Node:
        build = self._build
        heard = build.transpose(build.attention(*parts), (0, 2, 1, 3))
        heard = build.reshape(heard, (-1, width))
        heard = self._scaled_linear(f"{attention}.out_proj", "gamma_1", heard)
        with build.fp32():
            value = build.add(value, heard)
        weight, bias = self._tensors.layer(f"{self._name}.linear1")
        inner = build.linear(self._norm(norm, value), weight, bias, clamped=False)
        inner = self._scaled_linear("linear2", "gamma_2", build.gelu(inner))
        with build.fp32():
            value = build.add(value, inner)
        # a group norm with one group: over positions and channels
        return _affine(build, self._tensors, f"{self._name}.norm_out", value, (0, 1))

    def _norm(self, norm: str, value: Node) -> Node:
        return _norm(self._build, self._tensors, f"{self._name}.{norm}", value)

    def _projections(self, attention: str) -> tuple[Array, Array]:
        name = f"{self._name}.{attention}"
        return self._tensors.read(f"{name}.in_proj_weight"), self._tensors.read(f"{name}.in_proj_bias")

    def _by_head(self, value: Node, parts: int) -> Node:
        """[positions, parts * channels] to [parts, heads, positions, channels / heads]."""
        positions, width = list(value.get_output_shape(0))
        shape = (positions, parts, self._heads, width // parts // self._heads)
        return self._build.transpose(self._build.reshape(value, shape), (1, 2, 0, 3))

    def _scaled_linear(self, linear: str, gamma: str, value: Node) -> Node:
        """A linear layer with the layer scale folded into its weights."""
        weight, bias = self._tensors.layer(f"{self._name}.{linear}")
        scale = self._tensors.read(f"{self._name}.{gamma}.scale")
        return self._build.linear(value, weight * scale[:, None], bias * scale)


def _norm(build: GraphBuilder, tensors: Tensors, name: str, value: Node) -> Node:
    return _affine(build, tensors, name, value, (1,))


def _affine(build: GraphBuilder, tensors: Tensors, name: str, value: Node, axes: tuple[int, ...]) -> Node:
    weight, bias = tensors.layer(name)
    with build.fp32():
        return build.shift(build.scale(build.normalize(value, axes, _EPSILON), weight), bias)


def _pointwise(build: GraphBuilder, tensors: Tensors, name: str, value: Node) -> Node:
    weight, bias = tensors.layer(name)
    return build.linear(value, weight[:, :, 0], bias)


def _flatten(build: GraphBuilder, value: Node) -> Node:
    channels = value.get_output_shape(0)[1]
    return build.reshape(build.transpose(value, (0, 2, 3, 1)), (-1, channels))


def _unflatten(build: GraphBuilder, value: Node, bins: int, frames: int) -> Node:
    channels = value.get_output_shape(0)[1]
    return build.transpose(build.reshape(value, (1, bins, frames, channels)), (0, 3, 1, 2))


def wave_positions(width: int, length: int, period: float) -> Array:
    """[length, width], like demucs.transformer.create_sin_embedding."""
    half = width // 2
    exponent = np.arange(half) / np.float32(half - 1)
    phase = np.arange(length)[:, None] / np.float32(period) ** exponent[None]
    return np.concatenate([np.cos(phase), np.sin(phase)], 1).astype(np.float32)


def spectrum_positions(width: int, bins: int, frames: int, period: float) -> Array:
    """[bins * frames, width], like demucs.transformer.create_2d_sin_embedding."""
    half = width // 2
    rate = np.exp(np.arange(0, half, 2) * -(math.log(period) / half))
    table = np.zeros((bins, frames, width))
    across = np.arange(frames)[:, None] * rate
    along = (np.arange(bins)[:, None] * rate)[:, None]
    table[..., 0:half:2], table[..., 1:half:2] = np.sin(across), np.cos(across)
    table[..., half::2], table[..., half + 1 :: 2] = np.sin(along), np.cos(along)
    return table.reshape(-1, width).astype(np.float32)
