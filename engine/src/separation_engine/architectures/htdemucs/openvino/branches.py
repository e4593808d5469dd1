"""Encoder and decoder layers of the spectrum branch and the wave branch."""

from __future__ import annotations

import numpy as np

from separation_engine.architectures.htdemucs.openvino import winograd
from separation_engine.architectures.htdemucs.openvino.dconv import dconv
from separation_engine.architectures.htdemucs.openvino.settings import HTDemucsSettings
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors


class Branch:
    """One of the two U-Nets: the spectrum's strides along frequency, the wave's along time."""

    def __init__(
        self, build: GraphBuilder, tensors: Tensors, settings: HTDemucsSettings, *, spectral: bool
    ) -> None:
        self._build = build
        self._tensors = tensors
        self._settings = settings
        self._axis = 2 if spectral else 3
        self._prefix = "" if spectral else "t"

    def encode(self, value: Node, index: int) -> Node:
        """[1, C, F, T] to [1, C', F / stride, T], rounded up; the wave strides along T instead."""
        name = f"{self._prefix}encoder.{index}"
        stride, kernel = self._settings.stride, self._settings.kernel
        length = value.get_output_shape(0)[self._axis]
        weight, bias = self._tensors.layer(f"{name}.conv")
        build = self._build
        value = build.conv(
            value,
            self._kernel(weight),
            bias,
            stride=self._along(stride, 1),
            begin=self._along(kernel // 4, 0),
            end=self._along(kernel // 4 + -length % stride, 0),
        )
        value = build.gelu(value)
        value = self._dconv(value, name)
        weight, bias = self._tensors.layer(f"{name}.rewrite")
        return build.gated(value, self._kernel(weight), bias)

    def decode(self, value: Node, skip: Node, index: int, length: int) -> Node:
        """Back to `length` bins or samples; index counts from the bottleneck outwards.

        The spectrum's last layer returns its bins in bands: see GraphBuilder.conv_transposed_in_bands. In
        bfloat16 the runtime keeps everything after the last convolution in float32, but a transposed
        convolution does not count as one.
        """
        name = f"{self._prefix}decoder.{index}"
        stride, kernel = self._settings.stride, self._settings.kernel
        build = self._build
        value = build.add(value, skip)
        weight, bias = self._tensors.layer(f"{name}.rewrite")
        weight = self._kernel(weight)
        gated = winograd.gated if winograd.suits(value, weight) else GraphBuilder.gated
        value = gated(build, value, weight, bias)
        value = self._dconv(value, name)
        weight, bias = self._tensors.layer(f"{name}.conv_tr")
        weight = self._kernel(weight)
        last = index == self._settings.depth - 1
        if last and self._axis == 2:
            # keeps its output from being rounded to bfloat16
            with build.fp32():
                return build.conv_transposed_in_bands(value, weight, bias)
        cut = self._settings.margin
        whole = (value.get_output_shape(0)[self._axis] - 1) * stride + kernel
        value = build.conv_transposed(
            value,
            weight,
            bias,
            stride=self._along(stride, 1),
            begin=self._along(cut, 0),
            end=self._along(whole - cut - length, 0),
        )
        return value if last else build.gelu(value)

    def _dconv(self, value: Node, name: str) -> Node:
        dilated = self._settings.dilated
        return dconv(self._build, self._tensors, f"{name}.dconv", value, dilated=dilated)

    def _along(self, ours: int, other: int) -> tuple[int, int]:
        return (ours, other) if self._axis == 2 else (other, ours)

    def _kernel(self, weight: Array) -> Array:
        return weight if weight.ndim == 4 else weight[:, :, None, :]


def frequency_embedding(tensors: Tensors, settings: HTDemucsSettings) -> Array | None:
    """[1, C, F, 1] to add after the spectrum's first layer; None if the network has none."""
    if not settings.frequency_embedding_scale:
        return None
    table = tensors.read("freq_emb.embedding.weight")
    scaled: Array = table.T * np.float32(settings.frequency_embedding_scale)
    return scaled[None, :, :, None]
