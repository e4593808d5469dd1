"""A transformer of a RoFormer: attention with rotary positions, along time or along the bands."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from separation_engine.architectures.roformer.description.settings import RoformerSettings, rotary_rates
from separation_engine.backends.openvino.graph_builder import Array, GraphBuilder
from separation_engine.backends.openvino.runtime import Node
from separation_engine.backends.openvino.tensors import Tensors

Axis: TypeAlias = Literal["time", "bands"]


class Transformer:
    """Keeps [bands, frames, features]: only attention knows along which axis it runs."""

    def __init__(
        self, build: GraphBuilder, tensors: Tensors, settings: RoformerSettings, name: str, along: Axis
    ) -> None:
        self._build = build
        self._tensors = tensors
        self._settings = settings
        self._name = name
        self._along = along

    def apply(self, value: Node, depth: int) -> Node:
        for index in range(depth):
            layer = f"{self._name}.layers.{index}"
            value = self._add(value, self._attention(f"{layer}.0", value))
            value = self._add(value, self._feed_forward(f"{layer}.1.net", value))
        return value if self._settings.final_norm else self._norm(self._name, value)

    def _attention(self, name: str, value: Node) -> Node:
        build, settings = self._build, self._settings
        bands, frames, _ = value.get_output_shape(0)
        heads, size = settings.heads, settings.head_size
        normal = self._norm(name, value)
        weight = self._tensors.read(f"{name}.to_qkv.weight")
        parts = weight.reshape(3, heads, size, -1)
        # the halves of a head instead of its odd and even values are rotated: products do not change
        parts[:2] = np.concatenate([parts[:2, :, ::2], parts[:2, :, 1::2]], 2)
        product = build.linear(normal, parts.reshape(weight.shape))
        product = build.reshape(product, (bands, frames, 3, heads, size))
        along_time = self._along == "time"
        product = build.transpose(product, (2, 0, 3, 1, 4) if along_time else (2, 1, 3, 0, 4))
        batch, positions = (bands, frames) if along_time else (frames, bands)
        query, key, values = (
            build.reshape(part, (batch, heads, positions, size)) for part in build.split(product, 0, 3)
        )
        cosine, sine = self._rotation(name, positions)
        heard = build.attention(self._rotate(query, cosine, sine), self._rotate(key, cosine, sine), values)
        gates = build.sigmoid(build.linear(normal, *self._tensors.layer(f"{name}.to_gates"), clamped=False))
        heard = build.transpose(heard, (0, 2, 1, 3) if along_time else (2, 0, 1, 3))
        heard = build.multiply(heard, build.reshape(gates, (bands, frames, heads, 1)))
        heard = build.reshape(heard, (bands, frames, heads * size))
        return build.linear(heard, self._tensors.read(f"{name}.to_out.0.weight"))

    def _feed_forward(self, name: str, value: Node) -> Node:
        build, tensors = self._build, self._tensors
        normal = build.rms_normalize(value, tensors.read(f"{name}.0.gamma"))
        inner = build.gelu(build.linear(normal, *tensors.layer(f"{name}.1"), clamped=False))
        return build.linear(inner, *tensors.layer(f"{name}.4"))

    def _norm(self, name: str, value: Node) -> Node:
        return self._build.rms_normalize(value, self._tensors.read(f"{name}.norm.gamma"))

    def _add(self, value: Node, change: Node) -> Node:
        with self._build.fp32():
            return self._build.add(value, change)

    def _rotation(self, name: str, positions: int) -> tuple[Array, Array]:
        """Cosines and sines of each position's angles, [positions, size / 2]."""
        stored, size = f"{name}.rotary_embed.freqs", self._settings.head_size
        rates = self._tensors.read(stored) if stored in self._tensors else rotary_rates(size)
        angles = np.arange(positions, dtype=np.float32)[:, None] * rates
        return np.cos(angles), np.sin(angles)

    def _rotate(self, value: Node, cosine: Array, sine: Array) -> Node:
        build = self._build
        first, second = build.split(value, 3, 2)
        return build.concat(
            [
                build.subtract(build.scale(first, cosine), build.scale(second, sine)),
                build.add(build.scale(second, cosine), build.scale(first, sine)),
            ],
            3,
        )
